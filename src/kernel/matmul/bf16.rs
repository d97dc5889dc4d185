//! Products of numbers rounded to bfloat16 (the upper half of single precision), summed in single
//! precision: half the bytes and, with AVX512-BF16, half the instructions of
//! [`multiply`](super::multiply), for a relative error of up to 0.4 % a factor.
//!
//! A word holds the numbers of an even step (lower half) and the next. Processors without
//! AVX512-BF16 widen both and multiply in single precision; results differ by the rounding of sums.

#![allow(unsafe_code)]

use super::words::{Panels, Tile};
use super::{PANEL, Rows};
use crate::kernel::isa::{Isa, Level};

/// Rows of a tile.
const TILE_ROWS: usize = 8;

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
        let panels = Panels::pack(depth.div_ceil(2), columns, |column, step| {
            let row = &source[column * depth..][..depth];
            pair(row[2 * step], row.get(2 * step + 1).copied().unwrap_or(0.0))
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

/// `out = lhs * rhs + bias` as [`multiply`](super::multiply), the factors rounded to bfloat16.
/// `words` is working memory.
///
/// # Panics
/// If a slice is too short for these shapes.
#[allow(clippy::too_many_arguments)]
pub fn multiply_bf16(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Bf16Panels,
    bias: &[f32],
    words: &mut Vec<u32>,
    out: &mut [f32],
    out_stride: usize,
) {
    let (depth, columns) = (rhs.panels.depth(), rhs.columns());
    assert!(bias.is_empty() || bias.len() == columns, "bias and columns differ");
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(out.len() >= (rows - 1) * out_stride + columns, "output too short");
    words.resize(rows * depth, 0);
    for (row, words) in words.chunks_exact_mut(depth.max(1)).enumerate() {
        round(isa, &lhs.data[row * lhs.stride..][..rhs.depth], words);
    }
    for (first, width, lines) in rhs.panels.panels() {
        let mut start = [0.0; PANEL];
        if !bias.is_empty() {
            start[..width].copy_from_slice(&bias[first..first + width]);
        }
        for row in (0..rows).step_by(TILE_ROWS) {
            let count = TILE_ROWS.min(rows - row);
            let tile = Tile { lhs: &words[row * depth..][..count * depth], lines };
            let target = Target { out: &mut out[row * out_stride + first..], out_stride, width };
            run(isa, tile, count, &start, target);
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

fn round(isa: Isa, row: &[f32], words: &mut [u32]) {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` is only made where the processor has it.
        Level::Avx512 => unsafe { x86::round_avx512(row, words) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { x86::round_avx2(row, words) },
        Level::Portable => round_body(row, words),
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

/// Where a tile's results go: `width` numbers at every multiple of `out_stride`.
struct Target<'a> {
    out: &'a mut [f32],
    out_stride: usize,
    width: usize,
}

fn run(isa: Isa, tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
    assert_eq!(tile.lhs.len(), rows * tile.lines.len());
    assert!(target.out.len() >= (rows - 1) * target.out_stride + target.width);
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if is_x86_feature_detected!("avx512bf16") => {
            // SAFETY: the processor has both, and lengths were checked above.
            unsafe { x86::tile_avx512_bf16(tile, rows, start, target) };
        }
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx512 => unsafe { x86::tile_avx512(tile, rows, start, target) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { x86::tile_avx2(tile, rows, start, target) },
        Level::Portable => tile_body(tile, rows, start, target),
    }
}

#[inline(always)]
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

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The same in registers.

    use std::arch::x86_64::*;
    use std::mem::transmute;

    use super::super::words::{Tile, with_rows};
    use super::{PANEL, Target, round_body, tile_body};

    #[target_feature(enable = "avx512f")]
    pub(super) fn round_avx512(row: &[f32], words: &mut [u32]) {
        round_body(row, words);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn round_avx2(row: &[f32], words: &mut [u32]) {
        round_body(row, words);
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn tile_avx512(
        tile: Tile<'_>,
        rows: usize,
        start: &[f32; PANEL],
        target: Target<'_>,
    ) {
        tile_body(tile, rows, start, target);
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn tile_avx2(tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
        tile_body(tile, rows, start, target);
    }

    /// # Safety
    /// Needs AVX-512F and BF16, `1 <= rows <= 8`, and slices long enough for `rows` rows.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn tile_avx512_bf16(
        tile: Tile<'_>,
        rows: usize,
        start: &[f32; PANEL],
        target: Target<'_>,
    ) {
        // SAFETY: the caller's promise, with `ROWS == rows`.
        unsafe { with_rows!(rows, constant_rows(tile, start, target)) }
    }

    /// # Safety
    /// As [`tile_avx512_bf16`], with `rows == ROWS`.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn constant_rows<const ROWS: usize>(
        tile: Tile<'_>,
        start: &[f32; PANEL],
        target: Target<'_>,
    ) {
        // SAFETY: `start` and lines are 32 words each; row `r < ROWS` has `lines.len()` words; the
        // masks keep stores inside `width`. Registers of 512 bits are the same whatever their
        // numbers are.
        unsafe {
            let low = _mm512_loadu_ps(start.as_ptr());
            let high = _mm512_loadu_ps(start.as_ptr().add(16));
            let mut sums = [[low, high]; ROWS];
            let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
            for (step, line) in tile.lines.iter().enumerate() {
                let low: __m512bh = transmute(_mm512_load_si512(line.0.as_ptr().cast()));
                let high: __m512bh = transmute(_mm512_load_si512(line.0.as_ptr().add(16).cast()));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let word = *lhs.add(row * depth + step) as i32;
                    let factor: __m512bh = transmute(_mm512_set1_epi32(word));
                    sums[0] = _mm512_dpbf16_ps(sums[0], factor, low);
                    sums[1] = _mm512_dpbf16_ps(sums[1], factor, high);
                }
            }
            let mask = u32::MAX >> (PANEL - target.width);
            for (row, sums) in sums.iter().enumerate() {
                let out = target.out.as_mut_ptr().add(row * target.out_stride);
                _mm512_mask_storeu_ps(out, mask as u16, sums[0]);
                _mm512_mask_storeu_ps(out.wrapping_add(16), (mask >> 16) as u16, sums[1]);
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
        fn agrees_with_double_precision_of_rounded_factors(
            rows in 1usize..20, depth in 1usize..70, columns in 1usize..70, seed in 0usize..1000,
        ) {
            let number = |at: usize| {
                ((at + seed).wrapping_mul(2_654_435_761) >> 7 & 0xffff) as f32 / 32_768.0 - 1.0
            };
            let lhs: Vec<f32> = (0..rows * (depth + 2)).map(number).collect();
            let weights: Vec<f32> = (9_000..9_000 + columns * depth).map(number).collect();
            let bias: Vec<f32> = (50..50 + columns).map(number).collect();
            let packed = Bf16Panels::pack_transposed(&weights, columns, depth);
            let half = |value: f32| f64::from(f32::from_bits(rounded(value) & 0xffff_0000));
            for isa in Isa::available() {
                let mut out = vec![7.0; rows * (columns + 1)];
                // What a longer row has left must not matter.
                let mut words = vec![u32::MAX; 3];
                let view = Rows { data: &lhs, stride: depth + 2 };
                multiply_bf16(isa, rows, view, &packed, &bias, &mut words, &mut out, columns + 1);
                for row in 0..rows {
                    for column in 0..columns {
                        let want = (0..depth).fold(f64::from(bias[column]), |sum, step| {
                            let factor = half(lhs[row * (depth + 2) + step]);
                            sum + factor * half(weights[column * depth + step])
                        });
                        let got = f64::from(out[row * (columns + 1) + column]);
                        prop_assert!((got - want).abs() < 2e-5, "{:?} {} {}", isa, got, want);
                    }
                    prop_assert_eq!(out[row * (columns + 1) + columns], 7.0);
                }
                let (mut alone, last) = (vec![0.0; columns], (rows - 1) * (depth + 2));
                let view = Rows { data: &lhs[last..], stride: depth };
                multiply_bf16(isa, 1, view, &packed, &bias, &mut words, &mut alone, columns);
                prop_assert_eq!(&alone, &out[(rows - 1) * (columns + 1)..][..columns]);
            }
        }
    }

    #[test]
    fn rounding_is_to_nearest_even_and_keeps_what_is_not_a_number() {
        let upper = |value: f32| rounded(value) >> 16;
        assert_eq!(upper(f32::from_bits(0x3f80_8000)), 0x3f80);
        assert_eq!(upper(f32::from_bits(0x3f81_8000)), 0x3f82);
        assert_eq!(upper(f32::from_bits(0x3f80_8001)), 0x3f81);
        assert_eq!(upper(f32::INFINITY), 0x7f80);
        assert!(f32::from_bits(upper(f32::from_bits(0x7f80_0001)) << 16).is_nan());
    }
}
