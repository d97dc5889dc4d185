//! Codes whose errors cancel where queries would see them: the choice of points after
//! [`nearest_points`](super::points::nearest_points), when some directions count more than others.
//!
//! The error of a row's estimate is the product of the query with what its codes leave out. Where all queries have a direction
//! in common, the error along it counts in each of them; points that are a little farther from their sub-vectors, but whose
//! errors along it cancel, tell more (score-aware quantisation: Guo et al., ICML 2020, with one direction more).

#![allow(unsafe_code)]

use super::isa::Isa;
#[cfg(target_arch = "x86_64")]
use super::isa::Level;
use super::points::{LANES, POINTS};

/// Sixteen residuals, side by side as [points](super::points) take them, and what errors of their codes count.
#[derive(Clone, Copy, Debug)]
pub struct Balance<'a> {
    /// What the codes stand for, `[sub-quantizer][sub_dimension]`.
    pub residuals: &'a [[f32; LANES]],
    /// A direction of each lane, as long as `residuals`.
    pub rows: &'a [[f32; LANES]],
    /// A direction of all lanes, as long as `residuals`.
    pub axis: &'a [f32],
    /// What decoded residuals are multiplied with.
    pub scales: [f32; LANES],
    /// What the square of an error's product with `rows` counts beside the square of its length.
    pub row_weights: [f32; LANES],
    /// The same for `axis`.
    pub axis_weights: [f32; LANES],
}

/// Goes through the sub-quantizers once and chooses the point of each anew, for the least weighed error of all codes
/// together. Of equally good points the lowest wins; additions have one order. Costs about twenty instructions per point and
/// block of sixteen.
///
/// # Panics
///
/// When `sub_dimension` is not 2 or 4, or lengths do not fit each other.
pub fn balance_codes(
    isa: Isa,
    balance: &Balance<'_>,
    points: &[f32],
    sub_dimension: usize,
    codes: &mut [[u8; LANES]],
) {
    let numbers = codes.len() * sub_dimension;
    assert!(matches!(sub_dimension, 2 | 4), "sub-vectors of {sub_dimension}");
    assert_eq!(points.len(), numbers * POINTS, "points of every sub-quantizer");
    let lengths = [balance.residuals.len(), balance.rows.len(), balance.axis.len()];
    assert_eq!(lengths, [numbers; 3], "residuals and directions");
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` is only made where the processor has it.
        Level::Avx512 => unsafe { avx512(balance, points, sub_dimension, codes) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { avx2(balance, points, sub_dimension, codes) },
        // What NEON can do, every AArch64 processor can, and the compiler knows.
        _ => body(balance, points, sub_dimension, codes),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(balance: &Balance<'_>, points: &[f32], sub: usize, codes: &mut [[u8; LANES]]) {
    body(balance, points, sub, codes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(balance: &Balance<'_>, points: &[f32], sub: usize, codes: &mut [[u8; LANES]]) {
    body(balance, points, sub, codes);
}

#[inline(always)]
fn body(balance: &Balance<'_>, points: &[f32], sub: usize, codes: &mut [[u8; LANES]]) {
    match sub {
        2 => sized::<2>(balance, points, codes),
        _ => sized::<4>(balance, points, codes),
    }
}

#[inline(always)]
fn sized<const SUB: usize>(balance: &Balance<'_>, points: &[f32], codes: &mut [[u8; LANES]]) {
    let Balance { scales, row_weights, axis_weights, .. } = balance;
    let (residuals, _) = balance.residuals.as_chunks::<SUB>();
    let (rows, _) = balance.rows.as_chunks::<SUB>();
    let (axis, _) = balance.axis.as_chunks::<SUB>();
    let (columns, _) = points.as_chunks::<POINTS>();
    let (tables, _) = columns.as_chunks::<SUB>();
    let parts = || residuals.iter().zip(rows).zip(axis).zip(tables);
    // Products of all codes' errors with the two directions.
    let (mut along_rows, mut along_axis) = ([0.0; LANES], [0.0; LANES]);
    for ((((residual, row), axis), table), codes) in parts().zip(&*codes) {
        for element in 0..SUB {
            for lane in 0..LANES {
                let decoded = table[element][usize::from(codes[lane] & 15)];
                let error = residual[element][lane] - scales[lane] * decoded;
                along_rows[lane] += row[element][lane] * error;
                along_axis[lane] += axis[element] * error;
            }
        }
    }
    for ((((residual, row), axis), table), codes) in parts().zip(codes) {
        // The errors without this sub-quantizer's point.
        for element in 0..SUB {
            for lane in 0..LANES {
                let decoded = scales[lane] * table[element][usize::from(codes[lane] & 15)];
                along_rows[lane] += row[element][lane] * decoded;
                along_axis[lane] += axis[element] * decoded;
            }
        }
        let mut least = [f32::INFINITY; LANES];
        let (mut best, mut best_rows, mut best_axis) = ([0u32; LANES], along_rows, along_axis);
        for number in 0..POINTS {
            let point = table.map(|column| column[number]);
            let square = point.iter().fold(0.0, |sum, value| sum + value * value);
            let on_axis = axis.iter().zip(point).fold(0.0, |sum, (a, b)| sum + a * b);
            let (mut product, mut on_row) = ([0.0; LANES], [0.0; LANES]);
            for element in 0..SUB {
                for lane in 0..LANES {
                    product[lane] += residual[element][lane] * point[element];
                    on_row[lane] += row[element][lane] * point[element];
                }
            }
            for lane in 0..LANES {
                let scale = scales[lane];
                let rows = along_rows[lane] - scale * on_row[lane];
                let axis = along_axis[lane] - scale * on_axis;
                let error = scale * (scale * square - 2.0 * product[lane])
                    + (row_weights[lane] * (rows * rows) + axis_weights[lane] * (axis * axis));
                let better = error < least[lane];
                least[lane] = if better { error } else { least[lane] };
                best[lane] = if better { number as u32 } else { best[lane] };
                best_rows[lane] = if better { rows } else { best_rows[lane] };
                best_axis[lane] = if better { axis } else { best_axis[lane] };
            }
        }
        *codes = best.map(|number| number as u8);
        (along_rows, along_axis) = (best_rows, best_axis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::points::nearest_points;
    use crate::kernel::random::Random;

    fn numbers(count: usize, random: &mut Random) -> Vec<f32> {
        (0..count).map(|_| random.below(2001) as f32 / 1000.0 - 1.0).collect()
    }

    fn lanes(random: &mut Random) -> [f32; LANES] {
        std::array::from_fn(|_| random.below(2001) as f32 / 1000.0)
    }

    /// The weighed error of one lane's codes, in double precision.
    fn error(
        balance: &Balance<'_>,
        points: &[f32],
        sub: usize,
        codes: &[[u8; LANES]],
        lane: usize,
    ) -> f64 {
        let (mut square, mut rows, mut axis) = (0.0, 0.0, 0.0);
        for at in 0..balance.residuals.len() {
            let decoded = points[at * POINTS + usize::from(codes[at / sub][lane])];
            let left = f64::from(balance.residuals[at][lane])
                - f64::from(balance.scales[lane]) * f64::from(decoded);
            square += left * left;
            rows += left * f64::from(balance.rows[at][lane]);
            axis += left * f64::from(balance.axis[at]);
        }
        let [row_weight, axis_weight] =
            [balance.row_weights, balance.axis_weights].map(|weights| f64::from(weights[lane]));
        square + row_weight * rows * rows + axis_weight * axis * axis
    }

    #[test]
    fn every_choice_is_the_best_one_where_it_is_made_on_every_processor() {
        let mut random = Random::new(4);
        for (sub, quantizers) in [(2, 1), (4, 1), (4, 5), (2, 7), (4, 24)] {
            let points = numbers(quantizers * sub * POINTS, &mut random);
            let [residuals, rows] =
                [(); 2].map(|()| numbers(quantizers * sub * LANES, &mut random));
            let balance = Balance {
                residuals: residuals.as_chunks().0,
                rows: rows.as_chunks().0,
                axis: &numbers(quantizers * sub, &mut random),
                scales: lanes(&mut random),
                row_weights: lanes(&mut random),
                axis_weights: lanes(&mut random).map(|weight| 50.0 * weight),
            };
            let mut nearest = vec![[0; LANES]; quantizers];
            nearest_points(Isa::detect(), balance.residuals, &points, sub, &mut nearest);
            // One choice after the other, all of the later ones as they were.
            let mut expected = nearest.clone();
            for at in 0..quantizers {
                for lane in 0..LANES {
                    let errors = (0..POINTS).map(|point| {
                        expected[at][lane] = point as u8;
                        error(&balance, &points, sub, &expected, lane)
                    });
                    let errors: Vec<f64> = errors.collect();
                    let least = (0..POINTS).min_by(|a, b| errors[*a].total_cmp(&errors[*b]));
                    expected[at][lane] = least.expect("sixteen") as u8;
                }
            }
            for isa in Isa::available() {
                let mut codes = nearest.clone();
                balance_codes(isa, &balance, &points, sub, &mut codes);
                assert_eq!(codes, expected, "{isa:?}, {quantizers} x {sub}");
            }
        }
    }

    #[test]
    fn without_weights_the_nearest_points_stay() {
        let mut random = Random::new(5);
        let points = numbers(6 * 4 * POINTS, &mut random);
        let residuals = numbers(6 * 4 * LANES, &mut random);
        let residuals = residuals.as_chunks().0;
        let mut nearest = vec![[0; LANES]; 6];
        nearest_points(Isa::detect(), residuals, &points, 4, &mut nearest);
        let balance = Balance {
            residuals,
            rows: residuals,
            axis: &[1.0; 24],
            scales: [1.0; LANES],
            row_weights: [0.0; LANES],
            axis_weights: [0.0; LANES],
        };
        let mut codes = nearest.clone();
        balance_codes(Isa::detect(), &balance, &points, 4, &mut codes);
        assert_eq!(codes, nearest);
    }
}
