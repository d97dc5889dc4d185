//! Tiles of bfloat16 words in AVX-512 and AVX2 registers.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::super::words::{Target, Tile, with_rows};
use super::{PANEL, round_body};

#[target_feature(enable = "avx512f")]
pub(super) fn round_avx512(row: &[f32], words: &mut [u32]) {
    round_body(row, words);
}

#[target_feature(enable = "avx2")]
pub(super) fn round_avx2(row: &[f32], words: &mut [u32]) {
    round_body(row, words);
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
    unsafe { with_rows!(rows, [1 2 3 4 5 6 7] 8, avx512_bf16(tile, start, target)) }
}

/// # Safety
/// As [`tile_avx512_bf16`], with `rows == ROWS`.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn avx512_bf16<const ROWS: usize>(tile: Tile<'_>, start: &[f32; PANEL], target: Target<'_>) {
    // SAFETY: `start` and lines are 32 words each; row `r < ROWS` has `lines.len()` words.
    // Registers of 512 bits are the same whatever their numbers are.
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
        store(&sums, target);
    }
}

/// # Safety
/// Needs AVX-512F, `1 <= rows <= 8`, and slices long enough for `rows` rows.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn tile_avx512(
    tile: Tile<'_>,
    rows: usize,
    start: &[f32; PANEL],
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1 2 3 4 5 6 7] 8, avx512(tile, start, target)) }
}

/// # Safety
/// As [`tile_avx512`], with `rows == ROWS`.
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const ROWS: usize>(tile: Tile<'_>, start: &[f32; PANEL], target: Target<'_>) {
    // SAFETY: as in [`avx512_bf16`].
    unsafe {
        let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
        let even = |words| _mm512_castsi512_ps(_mm512_slli_epi32::<16>(words));
        let odd = |words| _mm512_castsi512_ps(_mm512_and_si512(words, upper));
        let low = _mm512_loadu_ps(start.as_ptr());
        let high = _mm512_loadu_ps(start.as_ptr().add(16));
        let mut sums = [[low, high]; ROWS];
        let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
        for (step, line) in tile.lines.iter().enumerate() {
            let words = [0, 16].map(|at| _mm512_load_si512(line.0.as_ptr().add(at).cast()));
            let (evens, odds) = (words.map(even), words.map(odd));
            for (row, sums) in sums.iter_mut().enumerate() {
                let word = _mm512_set1_epi32(*lhs.add(row * depth + step) as i32);
                for (half, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm512_fmadd_ps(even(word), evens[half], *sum);
                    *sum = _mm512_fmadd_ps(odd(word), odds[half], *sum);
                }
            }
        }
        store(&sums, target);
    }
}

/// # Safety
/// Needs AVX-512F and a target long enough for `ROWS` rows.
#[target_feature(enable = "avx512f")]
unsafe fn store<const ROWS: usize>(sums: &[[__m512; 2]; ROWS], target: Target<'_>) {
    let mask = u32::MAX >> (PANEL - target.width);
    for (row, sums) in sums.iter().enumerate() {
        // SAFETY: row `row` of the target is there; the masks keep stores inside `width`.
        unsafe {
            let out = target.out.as_mut_ptr().add(row * target.out_stride);
            _mm512_mask_storeu_ps(out, mask as u16, sums[0]);
            _mm512_mask_storeu_ps(out.wrapping_add(16), (mask >> 16) as u16, sums[1]);
        }
    }
}

/// # Safety
/// Needs AVX2 and FMA, `1 <= rows <= 2`, and slices long enough for `rows` rows.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile_avx2(
    tile: Tile<'_>,
    rows: usize,
    start: &[f32; PANEL],
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1] 2, avx2(tile, start, target)) }
}

/// # Safety
/// As [`tile_avx2`], with `rows == ROWS`.
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const ROWS: usize>(tile: Tile<'_>, start: &[f32; PANEL], target: Target<'_>) {
    let upper = _mm256_set1_epi32(0xffff_0000_u32 as i32);
    let even = |words| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(words));
    let odd = |words| _mm256_castsi256_ps(_mm256_and_si256(words, upper));
    // SAFETY: as in [`avx512_bf16`]; results are stored through an array of 32.
    unsafe {
        let first = [0, 8, 16, 24].map(|at| _mm256_loadu_ps(start.as_ptr().add(at)));
        let mut sums = [first; ROWS];
        let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
        for (step, line) in tile.lines.iter().enumerate() {
            let mut factors = [[_mm256_setzero_ps(); 2]; ROWS];
            for (row, factors) in factors.iter_mut().enumerate() {
                let word = _mm256_set1_epi32(*lhs.add(row * depth + step) as i32);
                *factors = [even(word), odd(word)];
            }
            for part in 0..4 {
                let words = _mm256_load_si256(line.0.as_ptr().add(8 * part).cast());
                let (evens, odds) = (even(words), odd(words));
                for (sums, factors) in sums.iter_mut().zip(&factors) {
                    sums[part] = _mm256_fmadd_ps(factors[0], evens, sums[part]);
                    sums[part] = _mm256_fmadd_ps(factors[1], odds, sums[part]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut whole = [0.0_f32; PANEL];
            for (part, sum) in sums.iter().enumerate() {
                _mm256_storeu_ps(whole.as_mut_ptr().add(8 * part), *sum);
            }
            let out = &mut target.out[row * target.out_stride..][..target.width];
            out.copy_from_slice(&whole[..target.width]);
        }
    }
}
