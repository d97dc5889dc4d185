//! Products with packed panels, in single precision.

use std::ops::Range;

use super::panel::{Line, PANEL};
use super::panels::Panels;
use super::tile::{self, Tile};
use crate::kernel::isa::Isa;

/// A matrix in a slice: rows of equal length that start `stride` numbers apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// Distance between the starts of two rows.
    pub stride: usize,
}

/// `out = lhs * rhs + bias`, where `lhs` has `rows` rows of `rhs.depth()` numbers and `out` gets
/// `rhs.columns()` numbers at every multiple of `out_stride`. An empty `bias` stands for zeros.
///
/// # Panics
/// If a slice is too short for these shapes.
pub fn multiply(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Panels,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    assert!(bias.is_empty() || bias.len() == rhs.columns, "bias and columns differ");
    let (steps, columns) = (0..rhs.depth, 0..rhs.columns);
    multiply_part(isa, rows, lhs, rhs, steps, columns, bias, out, out_stride);
}

/// [`multiply`] by the part of `rhs` in the rows `steps` and the columns `columns`, of which the
/// first is a multiple of [`PANEL`]: the left-hand rows have `steps.len()` numbers, `out` gets
/// `columns.len()`. `bias` is that of all columns of `rhs`.
///
/// # Panics
/// If a slice is too short for these shapes, or `columns` starts inside of a panel.
#[allow(clippy::too_many_arguments)]
pub fn multiply_part(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Panels,
    steps: Range<usize>,
    columns: Range<usize>,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    if rows == 0 || columns.is_empty() {
        return;
    }
    assert!(columns.start.is_multiple_of(PANEL), "columns start inside of a panel");
    assert!(columns.end <= rhs.columns && steps.end <= rhs.depth, "a part outside of the matrix");
    assert!(out.len() >= (rows - 1) * out_stride + columns.len(), "output too short");
    for first in columns.clone().step_by(PANEL) {
        let width = PANEL.min(columns.end - first);
        let lines = &rhs.lines[first / PANEL * rhs.depth..][steps.clone()];
        let mut start = [0.0; PANEL];
        if !bias.is_empty() {
            start[..width].copy_from_slice(&bias[first..first + width]);
        }
        let out = &mut out[first - columns.start..];
        multiply_panel(isa, rows, lhs, lines, &start, out, out_stride, width);
    }
}

/// `rows` rows times the first `width` columns of one panel.
#[allow(clippy::too_many_arguments)]
pub(super) fn multiply_panel(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    lines: &[Line],
    start: &[f32; PANEL],
    out: &mut [f32],
    out_stride: usize,
    width: usize,
) {
    assert!(lhs.data.len() >= (rows - 1) * lhs.stride + lines.len(), "left-hand side too short");
    let rows_max = tile::rows_max(isa);
    for row in (0..rows).step_by(rows_max) {
        let tile = Tile {
            lhs: &lhs.data[row * lhs.stride..],
            lhs_stride: lhs.stride,
            lines,
            start,
            out: &mut out[row * out_stride..],
            out_stride,
            width,
        };
        tile::run(tile, isa, rows_max.min(rows - row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in -1..1 from a fixed sequence.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn agrees_with_sums_in_double_precision_for_every_shape() {
        for isa in Isa::available() {
            for (rows, depth, columns) in [
                (1, 1, 1),
                (2, 5, 31),
                (3, 8, 32),
                (12, 16, 33),
                (25, 48, 96),
                (13, 7, 1),
                (5, 0, 3),
            ] {
                let (lhs_stride, out_stride) = (depth + 3, columns + 2);
                let lhs = numbers(rows * lhs_stride, 1);
                let weights = numbers(columns * depth, 2);
                let bias = numbers(columns, 3);
                let mut panels = Panels::default();
                panels.pack_transposed(&weights, depth, columns, depth);
                let mut out = vec![7.0; rows * out_stride];
                let view = Rows { data: &lhs, stride: lhs_stride };
                multiply(isa, rows, view, &panels, &bias, &mut out, out_stride);
                for row in 0..rows {
                    for column in 0..columns {
                        let want = (0..depth).fold(f64::from(bias[column]), |sum, step| {
                            sum + f64::from(lhs[row * lhs_stride + step])
                                * f64::from(weights[column * depth + step])
                        });
                        let got = f64::from(out[row * out_stride + column]);
                        assert!((got - want).abs() < 1e-5, "{isa:?} {rows}x{depth}x{columns}");
                    }
                    assert_eq!(out[row * out_stride + columns], 7.0, "wrote past the columns");
                }
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        let (rows, depth, columns) = (29, 40, 50);
        let lhs = numbers(rows * depth, 4);
        let source = numbers(depth * columns, 5);
        for isa in Isa::available() {
            let mut panels = Panels::default();
            panels.pack(&source, columns, columns, depth);
            let mut together = vec![0.0; rows * columns];
            let view = Rows { data: &lhs, stride: depth };
            multiply(isa, rows, view, &panels, &[], &mut together, columns);
            for row in 0..rows {
                let mut alone = vec![0.0; columns];
                let view = Rows { data: &lhs[row * depth..][..depth], stride: depth };
                multiply(isa, 1, view, &panels, &[], &mut alone, columns);
                assert_eq!(alone, together[row * columns..][..columns], "{isa:?} row {row}");
            }
        }
    }

    #[test]
    fn packing_again_forgets_the_matrix_before() {
        let mut panels = Panels::default();
        panels.pack(&numbers(64 * 40, 6), 40, 40, 64);
        panels.pack(&[1.0; 9], 3, 3, 3);
        let mut out = [0.0; 3];
        let view = Rows { data: &[1.0; 3], stride: 3 };
        multiply(Isa::detect(), 1, view, &panels, &[], &mut out, 3);
        assert_eq!(out, [3.0; 3]);
        assert_eq!((panels.depth(), panels.columns()), (3, 3));
    }
}
