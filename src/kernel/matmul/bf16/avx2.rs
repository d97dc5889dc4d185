//! Tiles of bfloat16 words in AVX2 registers.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::scalar;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile, with_rows};

#[target_feature(enable = "avx2")]
pub(super) fn round(row: &[f32], words: &mut [u32]) {
    scalar::round(row, words);
}

/// # Safety
/// Needs AVX2 and FMA, `1 <= rows <= 2`, and slices long enough for `rows` rows.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile(tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1] 2, rows_of(tile, start, target)) }
}

/// # Safety
/// As [`tile`], with `rows == ROWS`.
#[target_feature(enable = "avx2,fma")]
unsafe fn rows_of<const ROWS: usize>(tile: Tile<'_>, start: &[f32; PANEL], target: Target<'_>) {
    let upper = _mm256_set1_epi32(0xffff_0000_u32 as i32);
    let even = |words| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(words));
    let odd = |words| _mm256_castsi256_ps(_mm256_and_si256(words, upper));
    // SAFETY: `start` and lines are 32 words each; row `r < ROWS` has `lines.len()` words; results are stored through an array of 32.
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
