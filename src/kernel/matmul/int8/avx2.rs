//! Tiles of 8-bit words in AVX2 registers, with AVX-VNNI and without.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::columns::{Columns, Span};
use super::scalar;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile, with_rows};

#[target_feature(enable = "avx2")]
pub(super) fn round(row: &[f32], bytes: &mut [u8]) -> Span {
    scalar::round(row, bytes)
}

#[target_feature(enable = "avx2")]
pub(super) fn round_weights(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    scalar::round_weights(row, bytes)
}

/// # Safety
/// Needs AVX2 and AVX-VNNI, 1 to 3 spans, and as many rows on both sides.
#[target_feature(enable = "avx2,fma,avxvnni")]
pub(super) unsafe fn tile_vnni(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2] 3, vnni_rows(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_vnni`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx2,fma,avxvnni")]
unsafe fn vnni_rows<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    let mut sums = [[_mm256_setzero_si256(); 4]; ROWS];
    let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
    for (step, line) in tile.lines.iter().enumerate() {
        // SAFETY: a line is 32 words; row `r < ROWS` has `lines.len()` words.
        unsafe {
            let mut fours = [_mm256_setzero_si256(); ROWS];
            for (row, four) in fours.iter_mut().enumerate() {
                *four = _mm256_set1_epi32(*lhs.add(row * depth + step) as i32);
            }
            for part in 0..4 {
                let words = _mm256_load_si256(line.0.as_ptr().add(8 * part).cast());
                for (sums, four) in sums.iter_mut().zip(fours) {
                    sums[part] = _mm256_dpbusd_avx_epi32(sums[part], four, words);
                }
            }
        }
    }
    finish(&sums, spans, columns, target);
}

/// # Safety
/// Needs AVX2 and FMA, 1 or 2 spans, and as many rows on both sides.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile(tile: Tile<'_>, spans: &[Span], columns: &Columns, target: Target<'_>) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1] 2, rows_of(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx2,fma")]
unsafe fn rows_of<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    let lower = _mm256_set1_epi16(0xff);
    let mut sums = [[_mm256_setzero_si256(); 4]; ROWS];
    let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
    for (step, line) in tile.lines.iter().enumerate() {
        // SAFETY: a line is 32 words; row `r < ROWS` has `lines.len()` words.
        unsafe {
            let mut factors = [[_mm256_setzero_si256(); 2]; ROWS];
            for (row, factors) in factors.iter_mut().enumerate() {
                let word = _mm256_set1_epi32(*lhs.add(row * depth + step) as i32);
                *factors = [_mm256_and_si256(word, lower), _mm256_srli_epi16::<8>(word)];
            }
            for part in 0..4 {
                let words = _mm256_load_si256(line.0.as_ptr().add(8 * part).cast());
                let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(words));
                let odd = _mm256_srai_epi16::<8>(words);
                for (sums, factors) in sums.iter_mut().zip(&factors) {
                    let first = _mm256_madd_epi16(factors[0], even);
                    let second = _mm256_madd_epi16(factors[1], odd);
                    sums[part] = _mm256_add_epi32(sums[part], _mm256_add_epi32(first, second));
                }
            }
        }
    }
    finish(&sums, spans, columns, target);
}

/// [`Columns::finish`] for all rows of a tile.
#[target_feature(enable = "avx2,fma")]
fn finish<const ROWS: usize>(
    sums: &[[__m256i; 4]; ROWS],
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    for (row, (sums, span)) in sums.iter().zip(spans).enumerate() {
        let mut whole = [0_i32; PANEL];
        for (part, sum) in whole.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
            // SAFETY: a part is eight numbers of 32 bits, as long as a register.
            unsafe { _mm256_storeu_si256(part.as_mut_ptr().cast(), *sum) };
        }
        let out = &mut target.out[row * target.out_stride..][..target.width];
        columns.finish(span, &whole, out);
    }
}
