//! Products of numbers rounded to bfloat16 (the upper half of single precision), summed in single
//! precision: half the bytes and, with AVX512-BF16, half the instructions of
//! [`multiply`](super::multiply), for a relative error of up to 0.4 % a factor.
//!
//! A word holds the numbers of an even step (lower half) and the next. Processors without
//! AVX512-BF16 widen both and multiply in single precision; results differ by the rounding of sums.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use super::words::{Panels, Target, Tile};
use super::{PANEL, Rows};
use crate::kernel::isa::{Isa, Level};

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

fn round_by(unit: Unit, rows: usize, lhs: Rows<'_>, rhs: &Bf16Panels, words: &mut Vec<u32>) {
    let depth = rhs.panels.depth();
    words.resize(rows * depth, 0);
    for (row, words) in words.chunks_exact_mut(depth.max(1)).enumerate() {
        unit.round(&lhs.data[row * lhs.stride..][..rhs.depth], words);
    }
}

/// `out = lhs * rhs + bias` as [`multiply_part`](super::multiply_part), of `rows` rows that
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
fn multiply_by(
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

/// Two numbers, rounded to nearest even, in one word.
#[inline(always)]
fn pair(even: f32, odd: f32) -> u32 {
    (rounded(even) >> 16) | (rounded(odd) & 0xffff_0000)
}

/// The bits of the nearest number whose lower half is 0; what is not a number stays so.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let nearest = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
    if value.is_nan() { bits | 0x0040_0000 } else { nearest }
}

/// What multiplies; only [`Unit::of`] and [`Unit::available`] make one, where the processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// AVX512-BF16: an instruction multiplies both numbers of 16 words.
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

impl Unit {
    fn of(isa: Isa) -> Unit {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512bf16") => Unit::Avx512Bf16,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Unit::Avx512,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Unit::Avx2,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => Unit::Neon,
            Level::Portable => Unit::Portable,
        }
    }

    /// All that this processor has.
    #[cfg(test)]
    fn available() -> Vec<Unit> {
        let units = Isa::available().into_iter().map(Unit::of);
        #[cfg(target_arch = "x86_64")]
        let units = units.chain(is_x86_feature_detected!("avx512bf16").then_some(Unit::Avx512));
        units.collect()
    }

    /// Rows of a tile: as many as leave room in the registers.
    fn rows_max(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => 2,
            #[cfg(target_arch = "aarch64")]
            Unit::Neon => 2,
            _ => 8,
        }
    }

    fn round(self, row: &[f32], words: &mut [u32]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Bf16 | Unit::Avx512 => unsafe { x86::round_avx512(row, words) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { x86::round_avx2(row, words) },
            // What NEON can do, every AArch64 processor can, and the compiler knows.
            _ => round_body(row, words),
        }
    }

    fn run(self, tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
        target.check(tile, rows, self.rows_max());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it; lengths were checked above.
            Unit::Avx512Bf16 => unsafe { x86::tile_avx512_bf16(tile, rows, start, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx512 => unsafe { x86::tile_avx512(tile, rows, start, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { x86::tile_avx2(tile, rows, start, target) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Unit::Neon => unsafe { neon::tile(tile, rows, start, target) },
            Unit::Portable => tile_body(tile, rows, start, target),
        }
    }
}

#[inline(always)]
fn round_body(row: &[f32], words: &mut [u32]) {
    let (pairs, rest) = row.as_chunks::<2>();
    for (word, two) in words.iter_mut().zip(pairs) {
        *word = pair(two[0], two[1]);
    }
    if let ([last], Some(word)) = (rest, words.last_mut()) {
        *word = pair(*last, 0.0);
    }
}

fn tile_body(tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
    let halves = |word: u32| (f32::from_bits(word << 16), f32::from_bits(word & 0xffff_0000));
    for row in 0..rows {
        let mut sums = *start;
        for (step, line) in tile.lines.iter().enumerate() {
            let (even, odd) = halves(tile.word(row, step));
            for (sum, word) in sums.iter_mut().zip(&line.0) {
                let (first, second) = halves(*word);
                *sum += even * first;
                *sum += odd * second;
            }
        }
        let out = &mut target.out[row * target.out_stride..][..target.width];
        out.copy_from_slice(&sums[..target.width]);
    }
}
