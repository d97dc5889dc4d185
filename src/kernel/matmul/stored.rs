//! Products with weights that stay as a file holds them: in their own type and order, mapped.
//!
//! A panel is turned and widened to single precision when a product reaches it and forgotten
//! after, so a model of 14 GB in half precision runs in its 14 GB and half a megabyte. The price is
//! one pass over the weights per product: a few per cent for the hundreds of rows of a pass of
//! documents, and no more than reading the weights from memory for the rows of one query.

#![allow(unsafe_code)]

use std::ops::Range;

use super::panel::{Line, PANEL};
use super::panels::Panels;
use super::product::{Rows, multiply_panel};
use super::transpose;
use crate::kernel::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::kernel::isa::Level;

/// How a number is stored; all little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of a single-precision number.
    Bf16,
}

impl Number {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Number::F32 => 4,
            Number::F16 | Number::Bf16 => 2,
        }
    }
}

/// A linear layer's weights as PyTorch stores them: one row of inputs for each output.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    number: Number,
    bytes: &'a [u8],
    inputs: usize,
    outputs: usize,
}

impl<'a> Stored<'a> {
    /// # Panics
    /// If `bytes` are not exactly `outputs * inputs` numbers; callers check shapes when they load.
    pub fn new(number: Number, bytes: &'a [u8], outputs: usize, inputs: usize) -> Stored<'a> {
        assert_eq!(Some(bytes.len()), outputs.checked_mul(inputs * number.size()), "bytes");
        Stored { number, bytes, inputs, outputs }
    }

    /// Length of the left-hand rows.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Columns of the product.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Writes the weights of one output to `row` in single precision: a row of an embedding table.
    ///
    /// # Panics
    /// If there is no such output, or `row` has another length than `inputs()`.
    pub fn read(&self, isa: Isa, output: usize, row: &mut [f32]) {
        assert_eq!(row.len(), self.inputs, "length of a row");
        self.widen(isa, output, 0..self.inputs, row);
    }

    fn widen(&self, isa: Isa, output: usize, steps: Range<usize>, row: &mut [f32]) {
        let size = self.number.size();
        let start = (output * self.inputs + steps.start) * size;
        let bytes = &self.bytes[start..start + steps.len() * size];
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Isa` is only made where the processor has it.
            Level::Avx512 => unsafe { widen_avx512(self.number, bytes, row) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Level::Avx2 => unsafe { widen_avx2(self.number, bytes, row) },
            // What NEON can do, every AArch64 processor can, and the compiler knows.
            _ => widen(self.number, bytes, row),
        }
    }
}

/// `out = lhs * transposed(weights) + bias` for the outputs `part`, as
/// [`multiply_part`](super::multiply_part) by packed weights, to the same bits. `panel` is working
/// memory, `32 * inputs` numbers.
///
/// # Panics
/// If a slice is too short for these shapes.
#[allow(clippy::too_many_arguments)]
pub fn multiply_stored(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    weights: Stored<'_>,
    part: Range<usize>,
    bias: &[f32],
    panel: &mut Panels,
    out: &mut [f32],
    out_stride: usize,
) {
    let Stored { inputs, outputs, .. } = weights;
    assert!(bias.is_empty() || bias.len() == outputs, "bias and columns differ");
    if rows == 0 || part.is_empty() {
        return;
    }
    assert!(part.end <= outputs, "a part outside of the matrix");
    assert!(out.len() >= (rows - 1) * out_stride + part.len(), "output too short");
    panel.lines.resize(inputs, Line([0.0; PANEL]));
    (panel.depth, panel.columns) = (inputs, PANEL);
    for first in part.clone().step_by(PANEL) {
        let width = PANEL.min(part.end - first);
        transpose::pack(isa, &mut panel.lines, width, |column, steps, row| {
            weights.widen(isa, first + column, steps, row);
        });
        let mut start = [0.0; PANEL];
        if !bias.is_empty() {
            start[..width].copy_from_slice(&bias[first..first + width]);
        }
        let out = &mut out[first - part.start..];
        multiply_panel(isa, rows, lhs, &panel.lines, &start, out, out_stride, width);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn widen_avx512(number: Number, bytes: &[u8], row: &mut [f32]) {
    widen(number, bytes, row);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn widen_avx2(number: Number, bytes: &[u8], row: &mut [f32]) {
    widen(number, bytes, row);
}

#[inline(always)]
fn widen(number: Number, bytes: &[u8], row: &mut [f32]) {
    match number {
        Number::F32 => {
            for (value, bytes) in row.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*bytes);
            }
        }
        Number::F16 => {
            for (value, bytes) in row.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = f32_from_f16(u16::from_le_bytes(*bytes));
            }
        }
        Number::Bf16 => {
            for (value, bytes) in row.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
            }
        }
    }
}

/// Half to single precision without a branch, so that a loop of it becomes vector code: the bits
/// are moved to their places and the exponent is corrected by one exact multiplication, which makes
/// subnormal numbers normal; infinity and what is not a number keep their greatest exponent.
#[inline(always)]
fn f32_from_f16(half: u16) -> f32 {
    const TWO_POWER_112: f32 = f32::from_bits((112 + 127) << 23);
    let magnitude = u32::from(half & 0x7fff) << 13;
    let value = (f32::from_bits(magnitude) * TWO_POWER_112).to_bits();
    let special = if half & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(value | special | (u32::from(half & 0x8000) << 16))
}

#[cfg(test)]
mod tests {
    use super::super::multiply;
    use super::*;
    use crate::kernel::quantize;

    #[test]
    fn every_half_is_widened_exactly() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        let count = bytes.len() / 2;
        for isa in Isa::available() {
            let mut row = vec![0.0; count];
            Stored::new(Number::F16, &bytes, 1, count).read(isa, 0, &mut row);
            for (half, got) in (0..=u16::MAX).zip(&row) {
                let want = quantize::f32_from_f16(half);
                let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
                assert!(same, "{isa:?} {half:#x}: {got}, not {want}");
            }
            Stored::new(Number::Bf16, &bytes, 1, count).read(isa, 0, &mut row);
            for (upper, got) in (0..=u16::MAX).zip(&row) {
                assert_eq!(got.to_bits(), u32::from(upper) << 16, "{isa:?} {upper:#x}");
            }
        }
    }

    #[test]
    fn gives_the_bits_of_packed_weights_for_every_shape_and_type() {
        // Numbers that all three types hold.
        let exact = |at: usize| ((at * 2_654_435_761) >> 7 & 0xff) as f32 / 64.0 - 2.0;
        for (rows, depth, columns) in
            [(1, 1, 1), (3, 16, 32), (9, 37, 33), (20, 64, 70), (2, 3, 16)]
        {
            let weights: Vec<f32> = (0..depth * columns).map(exact).collect();
            let lhs: Vec<f32> = (7..7 + rows * depth).map(exact).collect();
            let bias: Vec<f32> = (0..columns).map(exact).collect();
            let view = Rows { data: &lhs, stride: depth };
            let mut packed = Panels::default();
            packed.pack_transposed(&weights, depth, columns, depth);
            for isa in Isa::available() {
                let mut want = vec![0.0; rows * columns];
                multiply(isa, rows, view, &packed, &bias, &mut want, columns);
                for number in [Number::F32, Number::F16, Number::Bf16] {
                    let bytes: Vec<u8> = weights
                        .iter()
                        .flat_map(|value| match number {
                            Number::F32 => value.to_le_bytes().to_vec(),
                            Number::F16 => quantize::f16_from_f32(*value).to_le_bytes().to_vec(),
                            Number::Bf16 => value.to_le_bytes()[2..].to_vec(),
                        })
                        .collect();
                    let stored = Stored::new(number, &bytes, columns, depth);
                    let (mut got, mut panel) = (vec![0.0; rows * columns], Panels::default());
                    // In two parts, where there is more than one panel.
                    let middle = columns.min(PANEL);
                    for part in [0..middle, middle..columns] {
                        let (panel, got) = (&mut panel, &mut got[part.start..]);
                        multiply_stored(isa, rows, view, stored, part, &bias, panel, got, columns);
                    }
                    assert_eq!(got, want, "{isa:?} {number:?} {rows}x{depth}x{columns}");
                }
            }
        }
    }
}
