//! Packing and products.

use std::ops::Range;

use super::unit::Unit;
use crate::kernel::isa::Isa;
use crate::kernel::matmul::Rows;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Panels, Target, Tile};

/// A weight matrix in bfloat16, packed in panels.
#[derive(Clone, Debug, Default)]
pub struct Bf16Panels {
    depth: usize,
    panels: Panels,
}

impl Bf16Panels {
    /// Packs the transpose of `source`, `columns` rows of `depth` numbers: a linear layer's weights
    /// as PyTorch stores them.
    ///
    /// # Panics
    /// If `source` is shorter than that.
    pub fn pack_transposed(source: &[f32], columns: usize, depth: usize) -> Bf16Panels {
        let unit = Unit::of(Isa::detect());
        let panels = Panels::pack(depth.div_ceil(2), columns, |column, words| {
            unit.round(&source[column * depth..][..depth], words);
        });
        Bf16Panels { depth, panels }
    }

    /// Length of the left-hand rows.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the product.
    pub fn columns(&self) -> usize {
        self.panels.columns()
    }
}

/// Rounds the left-hand rows of products by `rhs` to `words`.
///
/// # Panics
/// If `lhs` is too short for these shapes.
pub fn round_bf16(isa: Isa, rows: usize, lhs: Rows<'_>, rhs: &Bf16Panels, words: &mut Vec<u32>) {
    round_by(Unit::of(isa), rows, lhs, rhs, words);
}

pub(super) fn round_by(
    unit: Unit,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Bf16Panels,
    words: &mut Vec<u32>,
) {
    let depth = rhs.panels.depth();
    words.resize(rows * depth, 0);
    for (row, words) in words.chunks_exact_mut(depth.max(1)).enumerate() {
        unit.round(&lhs.data[row * lhs.stride..][..rhs.depth], words);
    }
}

/// `out = lhs * rhs + bias` as [`multiply_part`](crate::kernel::matmul::multiply_part), of `rows` rows that
/// [`round_bf16`] made.
///
/// # Panics
/// If a slice does not have these shapes, or `part` starts inside of a panel.
#[allow(clippy::too_many_arguments)]
pub fn multiply_bf16(
    isa: Isa,
    rows: usize,
    words: &[u32],
    rhs: &Bf16Panels,
    part: Range<usize>,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    multiply_by(Unit::of(isa), rows, words, rhs, part, bias, out, out_stride);
}

#[allow(clippy::too_many_arguments)]
pub(super) fn multiply_by(
    unit: Unit,
    rows: usize,
    words: &[u32],
    rhs: &Bf16Panels,
    part: Range<usize>,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    let (depth, columns) = (rhs.panels.depth(), rhs.columns());
    assert!(bias.is_empty() || bias.len() == columns, "bias and columns differ");
    assert_eq!(words.len(), rows * depth, "rows that were rounded for another product");
    if rows == 0 || part.is_empty() {
        return;
    }
    assert!(out.len() >= (rows - 1) * out_stride + part.len(), "output too short");
    for (first, width, lines) in rhs.panels.panels(part.clone()) {
        let mut start = [0.0; PANEL];
        if !bias.is_empty() {
            start[..width].copy_from_slice(&bias[first..first + width]);
        }
        for row in (0..rows).step_by(unit.rows_max()) {
            let count = unit.rows_max().min(rows - row);
            let tile = Tile { lhs: &words[row * depth..][..count * depth], lines };
            let target = Target {
                out: &mut out[row * out_stride + first - part.start..],
                out_stride,
                width,
            };
            unit.run(tile, count, &start, target);
        }
    }
}
