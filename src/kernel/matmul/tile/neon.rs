//! Tiles in NEON registers: 24 of them hold the sums of three rows.

#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::shape::Tile;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::with_rows;

/// # Safety
/// Needs `1 <= rows <= 3`, and slices long enough for `rows` rows.
#[target_feature(enable = "neon")]
pub(super) unsafe fn run(tile: Tile<'_>, rows: usize) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1 2] 3, constant_rows(tile)) }
}

/// # Safety
/// As [`run`], with `rows == ROWS`.
#[target_feature(enable = "neon")]
unsafe fn constant_rows<const ROWS: usize>(tile: Tile<'_>) {
    // SAFETY: `start` and every line are 32 numbers; row `r < ROWS` of the left-hand side has
    // `lines.len()` numbers from `r * lhs_stride`; results are stored through an array of 32.
    unsafe {
        let mut sums = [[vdupq_n_f32(0.0); PANEL / 4]; ROWS];
        for sums in &mut sums {
            for (part, sum) in sums.iter_mut().enumerate() {
                *sum = vld1q_f32(tile.start.as_ptr().add(4 * part));
            }
        }
        let (lhs, stride) = (tile.lhs.as_ptr(), tile.lhs_stride);
        for (step, line) in tile.lines.iter().enumerate() {
            let mut factors = [vdupq_n_f32(0.0); ROWS];
            for (row, factor) in factors.iter_mut().enumerate() {
                *factor = vdupq_n_f32(*lhs.add(row * stride + step));
            }
            for part in 0..PANEL / 4 {
                let value = vld1q_f32(line.0.as_ptr().add(4 * part));
                for (sums, factor) in sums.iter_mut().zip(factors) {
                    sums[part] = vfmaq_f32(sums[part], factor, value);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut whole = [0.0_f32; PANEL];
            for (part, sum) in sums.iter().enumerate() {
                vst1q_f32(whole.as_mut_ptr().add(4 * part), *sum);
            }
            let out = &mut tile.out[row * tile.out_stride..][..tile.width];
            out.copy_from_slice(&whole[..tile.width]);
        }
    }
}
