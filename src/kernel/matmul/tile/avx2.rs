//! Tiles in AVX2 registers: twelve of them hold the sums of three rows.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::shape::Tile;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::with_rows;

/// # Safety
/// Needs AVX2 and FMA, `1 <= rows <= 3`, and slices long enough for `rows` rows.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run(tile: Tile<'_>, rows: usize) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1 2] 3, constant_rows(tile)) }
}

/// # Safety
/// As [`run`], with `rows == ROWS`.
#[target_feature(enable = "avx2,fma")]
unsafe fn constant_rows<const ROWS: usize>(tile: Tile<'_>) {
    // SAFETY: `start` and every line are 32 numbers; row `r < ROWS` of the left-hand side has
    // `lines.len()` numbers from `r * lhs_stride`; a ragged last panel is stored through an array of 32.
    unsafe {
        let mut sums = [[_mm256_setzero_ps(); 4]; ROWS];
        for sums in &mut sums {
            for (part, sum) in sums.iter_mut().enumerate() {
                *sum = _mm256_loadu_ps(tile.start.as_ptr().add(8 * part));
            }
        }
        let (lhs, stride) = (tile.lhs.as_ptr(), tile.lhs_stride);
        for (step, line) in tile.lines.iter().enumerate() {
            let mut factors = [_mm256_setzero_ps(); ROWS];
            for (row, factor) in factors.iter_mut().enumerate() {
                *factor = _mm256_set1_ps(*lhs.add(row * stride + step));
            }
            for part in 0..4 {
                let value = _mm256_load_ps(line.0.as_ptr().add(8 * part));
                for (sums, factor) in sums.iter_mut().zip(factors) {
                    sums[part] = _mm256_fmadd_ps(factor, value, sums[part]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut whole = [0.0_f32; PANEL];
            for (part, sum) in sums.iter().enumerate() {
                _mm256_storeu_ps(whole.as_mut_ptr().add(8 * part), *sum);
            }
            let out = &mut tile.out[row * tile.out_stride..][..tile.width];
            out.copy_from_slice(&whole[..tile.width]);
        }
    }
}
