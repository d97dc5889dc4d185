//! Products of 8-bit integers: a quarter of the bytes and, with AVX-512 VNNI, a quarter of the
//! instructions of [`multiply`](super::multiply).
//!
//! Weights are rounded to -127..=127 with a scale for each output, left-hand rows when they come to
//! 0..=255 between their own least and greatest value. Sums are exact in 32 bits, so all processors
//! agree up to the rounding of the three numbers at the end of each sum. A word holds four successive
//! steps, the first in the lowest byte.

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

/// A row's numbers are `least + scale * integer`.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    least: f32,
    scale: f32,
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

fn round_by(unit: Unit, rows: usize, lhs: Rows<'_>, rhs: &Int8Panels, integers: &mut Int8Rows) {
    let (Int8Rows { words, spans }, depth) = (integers, rhs.panels.depth());
    words.resize(rows * depth, 0);
    spans.resize(rows, Span::default());
    for (row, span) in spans.iter_mut().enumerate() {
        let words = &mut words[row * depth..][..depth];
        *span = unit.round(&lhs.data[row * lhs.stride..][..rhs.depth], words);
    }
}

/// `out = lhs * rhs + bias` as [`multiply_part`](super::multiply_part), of rows that
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

fn multiply_by(
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

/// What belongs to the columns of one panel.
struct Columns {
    scales: [f32; PANEL],
    /// Sums of the integers.
    totals: [i32; PANEL],
    /// Sums of the rounded weights: what a 1 in every step of a row adds.
    sums: [f32; PANEL],
    bias: [f32; PANEL],
}

impl Columns {
    /// A row's results from its sums of products of integers.
    fn finish(&self, span: &Span, sums: &[i32; PANEL], out: &mut [f32]) {
        for (column, (sum, result)) in sums.iter().zip(out).enumerate() {
            let product = *sum as f32 * self.scales[column] * span.scale;
            *result = product + span.least * self.sums[column] + self.bias[column];
        }
    }
}

impl Default for Columns {
    fn default() -> Columns {
        let zeros = [0.0; PANEL];
        Columns { scales: zeros, totals: [0; PANEL], sums: zeros, bias: zeros }
    }
}

/// What multiplies; only [`Unit::of`] and [`Unit::available`] make one, where the processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// An instruction adds the four products of each of 16 words.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// Two instructions do, of words widened to 16 bits a number.
    #[cfg(target_arch = "x86_64")]
    Avx512Bw,
    /// An instruction adds the four products of each of 8 words.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// An instruction adds the four products of each of 4 words.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

impl Unit {
    fn of(isa: Isa) -> Unit {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512vnni") => Unit::Avx512Vnni,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512bw") => Unit::Avx512Bw,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 if is_x86_feature_detected!("avxvnni") => Unit::AvxVnni,
            #[cfg(target_arch = "x86_64")]
            // Whatever has AVX-512 has AVX2.
            Level::Avx512 | Level::Avx2 => Unit::Avx2,
            #[cfg(target_arch = "aarch64")]
            Level::Neon if std::arch::is_aarch64_feature_detected!("dotprod") => Unit::NeonDot,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => Unit::Neon,
            Level::Portable => Unit::Portable,
        }
    }

    /// All that this processor has.
    #[cfg(test)]
    fn available() -> Vec<Unit> {
        let mut units: Vec<Unit> = Isa::available().into_iter().map(Unit::of).collect();
        #[cfg(target_arch = "x86_64")]
        if units.contains(&Unit::Avx512Vnni) && is_x86_feature_detected!("avx512bw") {
            units.push(Unit::Avx512Bw);
        }
        #[cfg(target_arch = "x86_64")]
        if units.contains(&Unit::AvxVnni) {
            units.push(Unit::Avx2);
        }
        #[cfg(target_arch = "aarch64")]
        if units.contains(&Unit::NeonDot) {
            units.push(Unit::Neon);
        }
        units
    }

    /// Rows of a tile: as many as leave room in the registers.
    fn rows_max(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Unit::AvxVnni => 3,
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => 2,
            #[cfg(target_arch = "aarch64")]
            Unit::NeonDot => 3,
            #[cfg(target_arch = "aarch64")]
            Unit::Neon => 1,
            _ => 8,
        }
    }

    /// Rounds a row into words; the last is filled with zeros.
    fn round(self, row: &[f32], words: &mut [u32]) -> Span {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Vnni | Unit::Avx512Bw => unsafe { x86::round_avx512(row, bytes) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::AvxVnni | Unit::Avx2 => unsafe { x86::round_avx2(row, bytes) },
            // What NEON can do, every AArch64 processor can, and the compiler knows.
            _ => round_body(row, bytes),
        }
    }

    /// Rounds a column of weights into words, the last filled with zeros; returns the value of one
    /// step and the sum of the integers.
    fn round_weights(self, row: &[f32], words: &mut [u32]) -> (f32, i32) {
        let bytes: &mut [i8] = bytemuck::cast_slice_mut(words);
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Vnni | Unit::Avx512Bw => unsafe { x86::round_weights_avx512(row, bytes) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::AvxVnni | Unit::Avx2 => unsafe { x86::round_weights_avx2(row, bytes) },
            _ => round_weights_body(row, bytes),
        }
    }

    fn run(self, tile: Tile<'_>, spans: &[Span], columns: &Columns, target: Target<'_>) {
        target.check(tile, spans.len(), self.rows_max());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it; lengths were checked above.
            Unit::Avx512Vnni => unsafe { x86::tile_avx512_vnni(tile, spans, columns, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx512Bw => unsafe { x86::tile_avx512_bw(tile, spans, columns, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::AvxVnni => unsafe { x86::tile_avx_vnni(tile, spans, columns, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { x86::tile_avx2(tile, spans, columns, target) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Unit::NeonDot => unsafe { neon::tile_dot(tile, spans, columns, target) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Unit::Neon => unsafe { neon::tile(tile, spans, columns, target) },
            Unit::Portable => tile_body(tile, spans, columns, target),
        }
    }
}

#[inline(always)]
fn round_body(row: &[f32], bytes: &mut [u8]) -> Span {
    const LANES: usize = 16;
    let mut least = [f32::INFINITY; LANES];
    let mut most = [f32::NEG_INFINITY; LANES];
    // 0 for finite numbers, not a number for all others; kept through the sum.
    let mut strange = [0.0_f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    let mut last = [row.first().copied().unwrap_or(0.0); LANES];
    last[..rest.len()].copy_from_slice(rest);
    for block in blocks.iter().chain([&last]) {
        for lane in 0..LANES {
            let value = block[lane];
            least[lane] = if value < least[lane] { value } else { least[lane] };
            most[lane] = if value > most[lane] { value } else { most[lane] };
            strange[lane] += value * 0.0;
        }
    }
    let mut span = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
    for lane in 0..LANES {
        span.0 = if least[lane] < span.0 { least[lane] } else { span.0 };
        span.1 = if most[lane] > span.1 { most[lane] } else { span.1 };
        span.2 += strange[lane];
    }
    let (least, most, strange) = span;
    let scale = (most - least) / 255.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    for (byte, value) in bytes.iter_mut().zip(row) {
        // Adding 2^23 rounds to an integer and leaves it in the lowest byte.
        const ROUND: f32 = 8_388_608.0;
        *byte = ((value - least) * inverse + ROUND).to_bits() as u8;
    }
    if let Some(after) = bytes.get_mut(row.len()..) {
        after.fill(0);
    }
    Span { least, scale: scale + strange }
}

#[inline(always)]
fn round_weights_body(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    const LANES: usize = 16;
    let mut most = [0.0_f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    // 0 for finite numbers, not a number for all others; kept through the sum.
    let mut strange = [0.0_f32; LANES];
    for block in blocks.iter().chain([&last]) {
        for lane in 0..LANES {
            let size = block[lane].abs();
            most[lane] = if size > most[lane] { size } else { most[lane] };
            strange[lane] += block[lane] * 0.0;
        }
    }
    let most = most.iter().fold(0.0, |most: f32, lane| most.max(*lane));
    let scale = most / 127.0 + strange.iter().sum::<f32>();
    // Smaller ones have no reciprocal; what they measure counts as 0.
    let inverse = if scale >= f32::MIN_POSITIVE { 1.0 / scale } else { 0.0 };
    let mut total = 0_i32;
    for (byte, value) in bytes.iter_mut().zip(row) {
        // Adding 1.5 * 2^23 rounds to an integer, nearest and even, and leaves it in the lowest byte.
        const ROUND: f32 = 12_582_912.0;
        *byte = (value * inverse + ROUND).to_bits() as i8;
        total += i32::from(*byte);
    }
    if let Some(after) = bytes.get_mut(row.len()..) {
        after.fill(0);
    }
    (scale, total)
}

fn tile_body(tile: Tile<'_>, spans: &[Span], columns: &Columns, target: Target<'_>) {
    for (row, span) in spans.iter().enumerate() {
        let mut sums = [0_i32; PANEL];
        for (step, line) in tile.lines.iter().enumerate() {
            let four = tile.word(row, step).to_le_bytes().map(i32::from);
            for (sum, word) in sums.iter_mut().zip(&line.0) {
                let weight = word.to_le_bytes().map(|byte| i32::from(byte as i8));
                *sum += four[0] * weight[0]
                    + four[1] * weight[1]
                    + four[2] * weight[2]
                    + four[3] * weight[3];
            }
        }
        let out = &mut target.out[row * target.out_stride..][..target.width];
        columns.finish(span, &sums, out);
    }
}
