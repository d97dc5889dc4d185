//! Tiles in AVX-512 registers: sixteen of them hold the sums of eight rows.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::shape::Tile;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::with_rows;

/// # Safety
/// Needs AVX-512F, `1 <= rows <= 8`, and slices long enough for `rows` rows.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn run(tile: Tile<'_>, rows: usize) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1 2 3 4 5 6 7] 8, constant_rows(tile)) }
}

/// # Safety
/// As [`run`], with `rows == ROWS`.
#[target_feature(enable = "avx512f")]
unsafe fn constant_rows<const ROWS: usize>(tile: Tile<'_>) {
    // SAFETY: `start` and every line are 32 numbers; row `r < ROWS` of the left-hand side has
    // `lines.len()` numbers from `r * lhs_stride`; the masks keep stores inside `width`.
    unsafe {
        let low = _mm512_loadu_ps(tile.start.as_ptr());
        let high = _mm512_loadu_ps(tile.start.as_ptr().add(16));
        let mut sums = [[low, high]; ROWS];
        let (lhs, stride) = (tile.lhs.as_ptr(), tile.lhs_stride);
        for (step, line) in tile.lines.iter().enumerate() {
            let low = _mm512_load_ps(line.0.as_ptr());
            let high = _mm512_load_ps(line.0.as_ptr().add(16));
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = _mm512_set1_ps(*lhs.add(row * stride + step));
                sums[0] = _mm512_fmadd_ps(factor, low, sums[0]);
                sums[1] = _mm512_fmadd_ps(factor, high, sums[1]);
            }
        }
        let mask = u32::MAX >> (PANEL - tile.width);
        for (row, sums) in sums.iter().enumerate() {
            let out = tile.out.as_mut_ptr().add(row * tile.out_stride);
            _mm512_mask_storeu_ps(out, mask as u16, sums[0]);
            _mm512_mask_storeu_ps(out.wrapping_add(16), (mask >> 16) as u16, sums[1]);
        }
    }
}
