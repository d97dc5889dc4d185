//! Packing and products.

use std::ops::Range;

use super::columns::{Columns, Span};
use super::unit::Unit;
use crate::kernel::isa::Isa;
use crate::kernel::matmul::Rows;
use crate::kernel::matmul::words::{Panels, Target, Tile};

/// Longest sum that fits into 32 bits.
const DEPTH_MAX: usize = i32::MAX as usize / (255 * 127);

/// A weight matrix in 8 bits, packed in panels.
#[derive(Clone, Debug, Default)]
pub struct Int8Panels {
    depth: usize,
    panels: Panels,
    /// Value of one step of each column's integers.
    scales: Vec<f32>,
    /// Sum of each column's integers.
    totals: Vec<i32>,
}

/// Left-hand rows in 8 bits; memory for them is used again.
#[derive(Clone, Debug, Default)]
pub struct Int8Rows {
    words: Vec<u32>,
    spans: Vec<Span>,
}

impl Int8Panels {
    /// Packs the transpose of `source`, `columns` rows of `depth` numbers: a linear layer's weights
    /// as PyTorch stores them. Weights that are not finite make every product of their column so.
    ///
    /// # Panics
    /// If `source` is shorter than that, or `depth` above 66,311.
    pub fn pack_transposed(source: &[f32], columns: usize, depth: usize) -> Int8Panels {
        assert!(depth <= DEPTH_MAX, "sums of {depth} terms may not fit into 32 bits");
        let unit = Unit::of(Isa::detect());
        let (mut scales, mut totals) = (Vec::new(), Vec::new());
        let panels = Panels::pack(depth.div_ceil(4), columns, |column, words| {
            let (scale, total) = unit.round_weights(&source[column * depth..][..depth], words);
            scales.push(scale);
            totals.push(total);
        });
        Int8Panels { depth, panels, scales, totals }
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

/// Rounds the left-hand rows of products by `rhs`.
///
/// # Panics
/// If `lhs` is too short for these shapes.
pub fn round_int8(isa: Isa, rows: usize, lhs: Rows<'_>, rhs: &Int8Panels, integers: &mut Int8Rows) {
    round_by(Unit::of(isa), rows, lhs, rhs, integers);
}

pub(super) fn round_by(
    unit: Unit,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Int8Panels,
    integers: &mut Int8Rows,
) {
    let (Int8Rows { words, spans }, depth) = (integers, rhs.panels.depth());
    words.resize(rows * depth, 0);
    spans.resize(rows, Span::default());
    for (row, span) in spans.iter_mut().enumerate() {
        let words = &mut words[row * depth..][..depth];
        *span = unit.round(&lhs.data[row * lhs.stride..][..rhs.depth], words);
    }
}

/// `out = lhs * rhs + bias` as [`multiply_part`](crate::kernel::matmul::multiply_part), of rows that
/// [`round_int8`] made.
///
/// # Panics
/// If a slice does not have these shapes, or `part` starts inside of a panel.
pub fn multiply_int8(
    isa: Isa,
    integers: &Int8Rows,
    rhs: &Int8Panels,
    part: Range<usize>,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    multiply_by(Unit::of(isa), integers, rhs, part, bias, out, out_stride);
}

pub(super) fn multiply_by(
    unit: Unit,
    integers: &Int8Rows,
    rhs: &Int8Panels,
    part: Range<usize>,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    let (depth, columns) = (rhs.panels.depth(), rhs.columns());
    let (Int8Rows { words, spans }, rows) = (integers, integers.spans.len());
    assert!(bias.is_empty() || bias.len() == columns, "bias and columns differ");
    assert_eq!(words.len(), rows * depth, "rows that were rounded for another product");
    if rows == 0 || part.is_empty() {
        return;
    }
    assert!(out.len() >= (rows - 1) * out_stride + part.len(), "output too short");
    for (first, width, lines) in rhs.panels.panels(part.clone()) {
        let mut column = Columns::default();
        column.scales[..width].copy_from_slice(&rhs.scales[first..][..width]);
        column.totals[..width].copy_from_slice(&rhs.totals[first..][..width]);
        for ((sum, total), scale) in column.sums.iter_mut().zip(column.totals).zip(column.scales) {
            *sum = total as f32 * scale;
        }
        if !bias.is_empty() {
            column.bias[..width].copy_from_slice(&bias[first..][..width]);
        }
        for row in (0..rows).step_by(unit.rows_max()) {
            let count = unit.rows_max().min(rows - row);
            let tile = Tile { lhs: &words[row * depth..][..count * depth], lines };
            let target = Target {
                out: &mut out[row * out_stride + first - part.start..],
                out_stride,
                width,
            };
            unit.run(tile, &spans[row..row + count], &column, target);
        }
    }
}
