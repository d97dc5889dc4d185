//! Weights packed for one of the precisions that a model may run in.

use std::ops::Range;

use super::bf16::{Bf16Panels, multiply_bf16, round_bf16};
use super::int8::{Int8Panels, Int8Rows, multiply_int8, round_int8};
use super::panels::Panels;
use super::product::{Rows, multiply_part};
use crate::kernel::isa::Isa;

/// What factors of matrix products are rounded to. Sums of bfloat16 products are in single
/// precision, those of 8-bit integers exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Not rounded: single precision.
    #[default]
    F32,
    /// To 8 significant bits.
    Bf16,
    /// To 8-bit integers: weights by output, left-hand sides by row.
    Int8,
}

impl Precision {
    /// All of them, from exact to fast.
    pub const ALL: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

    /// Its name for people and files.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
            Precision::Int8 => "int8",
        }
    }

    /// The one of this name.
    pub fn by_name(name: &str) -> Option<Precision> {
        Precision::ALL.into_iter().find(|precision| precision.name() == name)
    }
}

/// A linear layer's weights.
#[derive(Clone, Debug)]
pub enum Packed {
    /// In single precision.
    F32(Panels),
    /// In bfloat16.
    Bf16(Bf16Panels),
    /// In 8-bit integers.
    Int8(Int8Panels),
}

/// Left-hand sides in the weights' precision; memory that is used again.
#[derive(Clone, Debug, Default)]
pub struct Rounded {
    words: Vec<u32>,
    integers: Int8Rows,
}

impl Packed {
    /// Packs the transpose of `source`, `outputs` rows of `inputs` numbers as PyTorch stores them.
    ///
    /// # Panics
    /// If `source` is shorter than that.
    pub fn new(precision: Precision, source: &[f32], outputs: usize, inputs: usize) -> Packed {
        match precision {
            Precision::F32 => {
                let mut panels = Panels::default();
                panels.pack_transposed(source, inputs, outputs, inputs);
                Packed::F32(panels)
            }
            Precision::Bf16 => Packed::Bf16(Bf16Panels::pack_transposed(source, outputs, inputs)),
            Precision::Int8 => Packed::Int8(Int8Panels::pack_transposed(source, outputs, inputs)),
        }
    }

    /// Length of the left-hand rows.
    pub fn inputs(&self) -> usize {
        match self {
            Packed::F32(panels) => panels.depth(),
            Packed::Bf16(panels) => panels.depth(),
            Packed::Int8(panels) => panels.depth(),
        }
    }

    /// Columns of the product.
    pub fn outputs(&self) -> usize {
        match self {
            Packed::F32(panels) => panels.columns(),
            Packed::Bf16(panels) => panels.columns(),
            Packed::Int8(panels) => panels.columns(),
        }
    }

    /// Rounds the left-hand rows of products, as the weights are.
    ///
    /// # Panics
    /// If `lhs` is too short for `rows` rows.
    pub fn round(&self, isa: Isa, rows: usize, lhs: Rows<'_>, rounded: &mut Rounded) {
        match self {
            Packed::F32(_) => {}
            Packed::Bf16(panels) => round_bf16(isa, rows, lhs, panels, &mut rounded.words),
            Packed::Int8(panels) => round_int8(isa, rows, lhs, panels, &mut rounded.integers),
        }
    }

    /// `out = lhs * weights + bias` for `rows` rows, which [`Packed::round`] has rounded, and the
    /// outputs `part`, of which the first is a multiple of [`PANEL`](super::PANEL); `out` gets
    /// `part.len()` numbers at every multiple of `out_stride`. `bias` is that of all outputs.
    ///
    /// # Panics
    /// If a slice does not have these shapes, or `part` is not such a part.
    #[allow(clippy::too_many_arguments)]
    pub fn multiply(
        &self,
        isa: Isa,
        rows: usize,
        lhs: Rows<'_>,
        rounded: &Rounded,
        part: Range<usize>,
        bias: &[f32],
        out: &mut [f32],
        out_stride: usize,
    ) {
        match self {
            Packed::F32(panels) => {
                let steps = 0..panels.depth();
                multiply_part(isa, rows, lhs, panels, steps, part, bias, out, out_stride);
            }
            Packed::Bf16(panels) => {
                multiply_bf16(isa, rows, &rounded.words, panels, part, bias, out, out_stride);
            }
            Packed::Int8(panels) => {
                multiply_int8(isa, &rounded.integers, panels, part, bias, out, out_stride);
            }
        }
    }
}
