//! Products of 8-bit integers: a quarter of the bytes and, with AVX-512 VNNI, a quarter of the
//! instructions of [`multiply`](super::multiply).
//!
//! Weights are rounded to -127..=127 with a scale for each output, left-hand rows when they come to
//! 0..=255 between their own least and greatest value. Sums are exact in 32 bits, so all processors
//! agree up to the rounding of the three numbers at the end of each sum. A word holds four successive
//! steps, the first in the lowest byte.

#![allow(unsafe_code)]

use super::words::{Panels, Tile};
use super::{PANEL, Rows};
use crate::kernel::isa::{Isa, Level};

/// Rows of a tile.
const TILE_ROWS: usize = 8;

/// Longest sum that fits into 32 bits.
const DEPTH_MAX: usize = i32::MAX as usize / (255 * 127);

/// A weight matrix in 8 bits, packed in panels.
#[derive(Clone, Debug, Default)]
pub struct Int8Panels {
    depth: usize,
    panels: Panels,
    /// Value of one step of each column's integers.
    scales: Vec<f32>,
    /// Sum of each column's rounded weights: what a 1 in every step of a row adds.
    sums: Vec<f32>,
}

/// Left-hand rows in 8 bits; memory for them is used again.
#[derive(Clone, Debug, Default)]
pub struct Int8Rows {
    words: Vec<u32>,
    ranges: Vec<Range>,
}

/// A row's numbers are `least + scale * integer`.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
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
        let row = |column: usize| &source[column * depth..][..depth];
        let scale = |column: usize| {
            let finite = row(column).iter().all(|value| value.is_finite());
            let most = row(column).iter().fold(0.0, |most: f32, value| most.max(value.abs()));
            if finite { most / 127.0 } else { f32::NAN }
        };
        let scales: Vec<f32> = (0..columns).map(scale).collect();
        let rounded = |column: usize, step: usize| {
            let value = row(column).get(step).copied().unwrap_or(0.0) / scales[column];
            // Not a number, from a column of zeros or of such, becomes 0.
            value.round_ties_even() as i8
        };
        let panels = Panels::pack(depth.div_ceil(4), columns, |column, word| {
            let four = [0, 1, 2, 3].map(|step| rounded(column, 4 * word + step) as u8);
            u32::from_le_bytes(four)
        });
        let sum = |column: usize| {
            let sum: i32 = (0..depth).map(|step| i32::from(rounded(column, step))).sum();
            sum as f32 * scales[column]
        };
        let sums = (0..columns).map(sum).collect();
        Int8Panels { depth, panels, scales, sums }
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

/// `out = lhs * rhs + bias` as [`multiply`](super::multiply), the factors rounded to 8 bits.
/// `integers` is working memory.
///
/// # Panics
/// If a slice is too short for these shapes.
#[allow(clippy::too_many_arguments)]
pub fn multiply_int8(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Int8Panels,
    bias: &[f32],
    integers: &mut Int8Rows,
    out: &mut [f32],
    out_stride: usize,
) {
    let (depth, columns) = (rhs.panels.depth(), rhs.columns());
    assert!(bias.is_empty() || bias.len() == columns, "bias and columns differ");
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(out.len() >= (rows - 1) * out_stride + columns, "output too short");
    let Int8Rows { words, ranges } = integers;
    words.resize(rows * depth, 0);
    ranges.resize(rows, Range::default());
    for (row, range) in ranges.iter_mut().enumerate() {
        let words = &mut words[row * depth..][..depth];
        *range = round(isa, &lhs.data[row * lhs.stride..][..rhs.depth], words);
    }
    for (first, width, lines) in rhs.panels.panels() {
        let mut column = Columns::default();
        column.scales[..width].copy_from_slice(&rhs.scales[first..][..width]);
        column.sums[..width].copy_from_slice(&rhs.sums[first..][..width]);
        if !bias.is_empty() {
            column.bias[..width].copy_from_slice(&bias[first..][..width]);
        }
        for row in (0..rows).step_by(TILE_ROWS) {
            let count = TILE_ROWS.min(rows - row);
            let tile = Tile { lhs: &words[row * depth..][..count * depth], lines };
            let target = Target { out: &mut out[row * out_stride + first..], out_stride, width };
            run(isa, tile, &ranges[row..row + count], &column, target);
        }
    }
}

/// What belongs to the columns of one panel.
struct Columns {
    scales: [f32; PANEL],
    sums: [f32; PANEL],
    bias: [f32; PANEL],
}

impl Default for Columns {
    fn default() -> Columns {
        Columns { scales: [0.0; PANEL], sums: [0.0; PANEL], bias: [0.0; PANEL] }
    }
}

/// Where a tile's results go: `width` numbers at every multiple of `out_stride`.
struct Target<'a> {
    out: &'a mut [f32],
    out_stride: usize,
    width: usize,
}

/// Rounds a row into words; the last is filled with zeros.
fn round(isa: Isa, row: &[f32], words: &mut [u32]) -> Range {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` is only made where the processor has it.
        Level::Avx512 => unsafe { x86::round_avx512(row, bytes) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { x86::round_avx2(row, bytes) },
        Level::Portable => round_body(row, bytes),
    }
}

#[inline(always)]
fn round_body(row: &[f32], bytes: &mut [u8]) -> Range {
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
    let mut range = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
    for lane in 0..LANES {
        range.0 = if least[lane] < range.0 { least[lane] } else { range.0 };
        range.1 = if most[lane] > range.1 { most[lane] } else { range.1 };
        range.2 += strange[lane];
    }
    let (least, most, strange) = range;
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
    Range { least, scale: scale + strange }
}

fn run(isa: Isa, tile: Tile<'_>, ranges: &[Range], columns: &Columns, target: Target<'_>) {
    let rows = ranges.len();
    assert_eq!(tile.lhs.len(), rows * tile.lines.len());
    assert!(target.out.len() >= (rows - 1) * target.out_stride + target.width);
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if is_x86_feature_detected!("avx512vnni") => {
            // SAFETY: the processor has both; lengths were checked above.
            unsafe { x86::tile_avx512_vnni(tile, ranges, columns, target) };
        }
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx512 => unsafe { x86::tile_avx512(tile, ranges, columns, target) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { x86::tile_avx2(tile, ranges, columns, target) },
        Level::Portable => tile_body(tile, ranges, columns, target),
    }
}

#[inline(always)]
fn tile_body(tile: Tile<'_>, ranges: &[Range], columns: &Columns, target: Target<'_>) {
    for (row, range) in ranges.iter().enumerate() {
        let results = &mut target.out[row * target.out_stride..][..target.width];
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
        for (column, (sum, result)) in sums.iter().zip(results).enumerate() {
            let product = *sum as f32 * columns.scales[column] * range.scale;
            *result = product + range.least * columns.sums[column] + columns.bias[column];
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The same in registers.

    use std::arch::x86_64::*;

    use super::super::words::{Tile, with_rows};
    use super::{Columns, PANEL, Range, Target, round_body, tile_body};

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn round_avx512(row: &[f32], bytes: &mut [u8]) -> Range {
        round_body(row, bytes)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn round_avx2(row: &[f32], bytes: &mut [u8]) -> Range {
        round_body(row, bytes)
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn tile_avx512(
        tile: Tile<'_>,
        ranges: &[Range],
        columns: &Columns,
        target: Target<'_>,
    ) {
        tile_body(tile, ranges, columns, target);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn tile_avx2(
        tile: Tile<'_>,
        ranges: &[Range],
        columns: &Columns,
        target: Target<'_>,
    ) {
        tile_body(tile, ranges, columns, target);
    }

    /// # Safety
    /// Needs AVX-512F and VNNI, 1 to 8 ranges, and as many rows on both sides.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) unsafe fn tile_avx512_vnni(
        tile: Tile<'_>,
        ranges: &[Range],
        columns: &Columns,
        target: Target<'_>,
    ) {
        // SAFETY: the caller's promise, with `ROWS == ranges.len()`.
        unsafe { with_rows!(ranges.len(), rows(tile, ranges, columns, target)) }
    }

    /// # Safety
    /// As [`tile_avx512_vnni`], with `ranges.len() == ROWS`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn rows<const ROWS: usize>(
        tile: Tile<'_>,
        ranges: &[Range],
        columns: &Columns,
        target: Target<'_>,
    ) {
        // SAFETY: lines and what belongs to columns are 32 words each; row `r < ROWS` has
        // `lines.len()` words; the masks keep stores inside `width`.
        unsafe {
            let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
            let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
            for (step, line) in tile.lines.iter().enumerate() {
                let low = _mm512_load_si512(line.0.as_ptr().cast());
                let high = _mm512_load_si512(line.0.as_ptr().add(16).cast());
                for (row, sums) in sums.iter_mut().enumerate() {
                    let four = _mm512_set1_epi32(*lhs.add(row * depth + step) as i32);
                    sums[0] = _mm512_dpbusd_epi32(sums[0], four, low);
                    sums[1] = _mm512_dpbusd_epi32(sums[1], four, high);
                }
            }
            let mask = u32::MAX >> (PANEL - target.width);
            for half in 0..2 {
                let part = |of: &[f32; PANEL]| _mm512_loadu_ps(of.as_ptr().add(16 * half));
                let (scale, sum, bias) =
                    (part(&columns.scales), part(&columns.sums), part(&columns.bias));
                for (row, (sums, range)) in sums.iter().zip(ranges).enumerate() {
                    let product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[half]), scale);
                    let least = _mm512_fmadd_ps(_mm512_set1_ps(range.least), sum, bias);
                    let whole = _mm512_fmadd_ps(product, _mm512_set1_ps(range.scale), least);
                    let out = target.out.as_mut_ptr().add(row * target.out_stride);
                    let mask = (mask >> (16 * half)) as u16;
                    _mm512_mask_storeu_ps(out.wrapping_add(16 * half), mask, whole);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn agrees_with_double_precision_within_the_steps_of_rounding(
            rows in 1usize..20, depth in 1usize..70, columns in 1usize..70, seed in 0usize..1000,
        ) {
            let number = |at: usize| {
                ((at + seed).wrapping_mul(2_654_435_761) >> 7 & 0xffff) as f32 / 32_768.0 - 1.0
            };
            let lhs: Vec<f32> = (0..rows * (depth + 2)).map(number).collect();
            let weights: Vec<f32> = (9_000..9_000 + columns * depth).map(number).collect();
            let bias: Vec<f32> = (50..50 + columns).map(number).collect();
            let packed = Int8Panels::pack_transposed(&weights, columns, depth);
            let mut first: Option<Vec<f32>> = None;
            for isa in Isa::available() {
                let mut out = vec![7.0; rows * (columns + 1)];
                let mut integers = Int8Rows::default();
                let view = Rows { data: &lhs, stride: depth + 2 };
                multiply_int8(isa, rows, view, &packed, &bias, &mut integers, &mut out, columns + 1);
                for row in 0..rows {
                    for column in 0..columns {
                        let terms = (0..depth).map(|step| {
                            f64::from(lhs[row * (depth + 2) + step])
                                * f64::from(weights[column * depth + step])
                        });
                        let want = f64::from(bias[column]) + terms.sum::<f64>();
                        let got = f64::from(out[row * (columns + 1) + column]);
                        // Half a step of each factor, with factors of at most 1.
                        let allowed = depth as f64 * (1.0 / 255.0 + 0.5 / 127.0 + 1e-4);
                        prop_assert!((got - want).abs() < allowed, "{:?} {} {}", isa, got, want);
                    }
                    prop_assert_eq!(out[row * (columns + 1) + columns], 7.0);
                }
                for (one, other) in first.get_or_insert_with(|| out.clone()).iter().zip(&out) {
                    prop_assert!((one - other).abs() < 1e-4, "{:?} {} {}", isa, one, other);
                }
                let (mut alone, last) = (vec![0.0; columns], (rows - 1) * (depth + 2));
                let view = Rows { data: &lhs[last..], stride: depth };
                multiply_int8(isa, 1, view, &packed, &bias, &mut integers, &mut alone, columns);
                prop_assert_eq!(&alone, &out[(rows - 1) * (columns + 1)..][..columns]);
            }
        }
    }

    #[test]
    fn rows_of_one_value_and_numbers_on_the_grid_are_exact() {
        let weights = [127.0, -127.0, 3.0, 5.0, 127.0, 0.0, 0.0, 64.0, 0.0, 0.0, 0.0, 0.0];
        let packed = Int8Panels::pack_transposed(&weights, 3, 4);
        for isa in Isa::available() {
            let rows = [2.0, 2.0, 2.0, 2.0, 0.0, 255.0, 10.0, 1.0];
            let mut out = [7.0; 6];
            let view = Rows { data: &rows, stride: 4 };
            let mut integers = Int8Rows::default();
            multiply_int8(isa, 2, view, &packed, &[], &mut integers, &mut out, 3);
            let want = [16.0, 382.0, 0.0, -127.0 * 255.0 + 35.0, 64.0, 0.0];
            for (got, want) in out.iter().zip(want) {
                assert!((got - want).abs() < 1e-2, "{isa:?} {out:?}");
            }
        }
    }

    #[test]
    fn a_value_that_is_not_finite_is_not_hidden() {
        let packed = Int8Panels::pack_transposed(&[1.0; 40], 2, 20);
        for isa in Isa::available() {
            for strange in [f32::NAN, f32::INFINITY] {
                let mut row = [0.5; 20];
                row[17] = strange;
                let (mut out, view) = ([0.0; 2], Rows { data: &row, stride: 20 });
                multiply_int8(isa, 1, view, &packed, &[], &mut Int8Rows::default(), &mut out, 2);
                assert!(out.iter().all(|value| !value.is_finite()), "{isa:?} {out:?}");
            }
        }
        let broken = Int8Panels::pack_transposed(&[1.0, f32::NAN], 1, 2);
        let (mut out, view) = ([0.0], Rows { data: &[1.0, 2.0], stride: 2 });
        let isa = Isa::detect();
        multiply_int8(isa, 1, view, &broken, &[], &mut Int8Rows::default(), &mut out, 1);
        assert!(out[0].is_nan());
    }
}
