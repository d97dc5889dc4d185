//! Products of dense matrices, and the eigenvectors of a small symmetric one.

use super::bags::in_parts;
use crate::kernel::Isa;
use crate::kernel::matmul::{Panels, Rows, multiply};

/// Parts per thread: the last one ends soon after the others.
const PARTS: usize = 4;

/// `a` (`m` x `k`) times `b`, which is `k` x `n`, or `n` x `k` when `turned`; all rows first. The same on
/// any number of `threads`.
pub(super) fn product(
    a: &[f32],
    b: &[f32],
    (m, k, n): (usize, usize, usize),
    turned: bool,
    threads: usize,
) -> Vec<f32> {
    let mut rhs = Panels::default();
    if turned {
        rhs.pack_transposed(b, k, n, k)
    } else {
        rhs.pack(b, n, n, k)
    };
    let mut out = vec![0.0; m * n];
    let rows = m.div_ceil(threads.max(1) * PARTS).max(1);
    in_parts(threads, out.chunks_mut(rows * n).zip(a.chunks(rows * k)), |(out, data)| {
        multiply(Isa::detect(), out.len() / n, Rows { data, stride: k }, &rhs, &[], out, n);
    });
    out
}

/// The transposed of a matrix with `columns` columns.
pub(super) fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        out.extend(matrix.iter().skip(column).step_by(columns));
    }
    out
}

/// Sweeps of [`eigenvectors`]; it converges quadratically, six to ten are usual.
const SWEEPS_MAX: usize = 30;

/// Eigenvectors of a symmetric `n` x `n` matrix, one per row, greatest eigenvalue first.
///
/// Jacobi's method with cyclic sweeps (Golub and Van Loan, section 8.5). O(n^3) a sweep.
pub(super) fn eigenvectors(matrix: &[f32], n: usize) -> Vec<f32> {
    let mut a: Vec<f64> = matrix.iter().map(|&value| f64::from(value)).collect();
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    let total = a.iter().map(|value| value * value).sum::<f64>();
    for _ in 0..SWEEPS_MAX {
        let diagonal = (0..n).map(|i| a[i * n + i] * a[i * n + i]).sum::<f64>();
        if total - diagonal <= 1e-12 * total {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                let apq = a[p * n + q];
                if apq == 0.0 {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    rotate(&mut a, k * n + p, k * n + q, c, s);
                }
                rotate_rows(&mut a, n, (p, q), c, s);
                rotate_rows(&mut v, n, (p, q), c, s);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&x, &y| a[y * n + y].total_cmp(&a[x * n + x]));
    order.iter().flat_map(|&row| v[row * n..(row + 1) * n].iter().map(|&x| x as f32)).collect()
}

fn rotate(values: &mut [f64], p: usize, q: usize, c: f64, s: f64) {
    let (x, y) = (values[p], values[q]);
    values[p] = c * x - s * y;
    values[q] = s * x + c * y;
}

/// Rotates two rows, `p` before `q`.
fn rotate_rows(values: &mut [f64], n: usize, (p, q): (usize, usize), c: f64, s: f64) {
    let (upper, lower) = values.split_at_mut(q * n);
    for (x, y) in upper[p * n..(p + 1) * n].iter_mut().zip(&mut lower[..n]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        assert_eq!(product(&a, &b, (2, 3, 2), false, 2), [4.0, 5.0, 10.0, 11.0]);
        let turned = transposed(&b, 2);
        assert_eq!(turned, [1.0, 0.0, 1.0, 0.0, 1.0, 1.0]);
        assert_eq!(product(&a, &turned, (2, 3, 2), true, 2), [4.0, 5.0, 10.0, 11.0]);
    }

    #[test]
    fn eigenvectors_diagonalise() {
        let n = 6;
        let root: Vec<f32> = (0..n * n).map(|i| ((i * 37 + 11) % 23) as f32 / 23.0 - 0.4).collect();
        let matrix = product(&root, &root, (n, n, n), true, 2);
        let vectors = eigenvectors(&matrix, n);
        let image = product(&vectors, &matrix, (n, n, n), false, 2);
        let diagonal = product(&image, &vectors, (n, n, n), true, 2);
        for i in 0..n {
            for j in 0..n {
                let value = diagonal[i * n + j];
                assert!(i == j || value.abs() < 1e-4, "{i} {j}: {value}");
            }
            assert!(i == 0 || diagonal[i * n + i] <= diagonal[(i - 1) * n + i - 1] + 1e-5);
        }
    }
}
