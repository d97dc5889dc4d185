//! Tiles of bfloat16 words in AVX-512 registers.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::mem::transmute;

use super::scalar;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile, with_rows};

#[target_feature(enable = "avx512f")]
pub(super) fn round(row: &[f32], words: &mut [u32]) {
    scalar::round(row, words);
}

/// # Safety
/// Needs AVX-512F and BF16, `1 <= rows <= 8`, and slices long enough for `rows` rows.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) unsafe fn tile_bf16(
    tile: Tile<'_>,
    rows: usize,
    start: &[f32; PANEL],
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1 2 3 4 5 6 7] 8, bf16_rows(tile, start, target)) }
}

/// # Safety
/// As [`tile_bf16`], with `rows == ROWS`.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn bf16_rows<const ROWS: usize>(tile: Tile<'_>, start: &[f32; PANEL], target: Target<'_>) {
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
pub(super) unsafe fn tile(tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1 2 3 4 5 6 7] 8, rows_of(tile, start, target)) }
}

/// # Safety
/// As [`tile`], with `rows == ROWS`.
#[target_feature(enable = "avx512f")]
unsafe fn rows_of<const ROWS: usize>(tile: Tile<'_>, start: &[f32; PANEL], target: Target<'_>) {
    // SAFETY: as in [`bf16_rows`].
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
