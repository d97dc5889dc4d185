//! Tiles of bfloat16 words in NEON registers: sixteen of them hold the sums of two rows.

#![allow(unsafe_code)]

use std::arch::aarch64::*;

use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile, with_rows};

/// # Safety
/// Needs `1 <= rows <= 2` and slices long enough for `rows` rows.
#[target_feature(enable = "neon")]
pub(super) unsafe fn tile(tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
    // SAFETY: the caller's promise, with `ROWS == rows`.
    unsafe { with_rows!(rows, [1] 2, constant_rows(tile, start, target)) }
}

/// # Safety
/// As [`tile`], with `rows == ROWS`.
#[target_feature(enable = "neon")]
unsafe fn constant_rows<const ROWS: usize>(
    tile: Tile<'_>,
    start: &[f32; PANEL],
    target: Target<'_>,
) {
    const PARTS: usize = PANEL / 4;
    let upper = vdupq_n_u32(0xffff_0000);
    let even = |words| vreinterpretq_f32_u32(vshlq_n_u32::<16>(words));
    let odd = |words| vreinterpretq_f32_u32(vandq_u32(words, upper));
    // SAFETY: `start` and lines are 32 words each; row `r < ROWS` has `lines.len()` words;
    // results are stored through an array of 32.
    unsafe {
        let mut sums = [[vdupq_n_f32(0.0); PARTS]; ROWS];
        for sums in &mut sums {
            for (part, sum) in sums.iter_mut().enumerate() {
                *sum = vld1q_f32(start.as_ptr().add(4 * part));
            }
        }
        let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
        for (step, line) in tile.lines.iter().enumerate() {
            let mut factors = [[vdupq_n_f32(0.0); 2]; ROWS];
            for (row, factors) in factors.iter_mut().enumerate() {
                let word = vdupq_n_u32(*lhs.add(row * depth + step));
                *factors = [even(word), odd(word)];
            }
            for part in 0..PARTS {
                let words = vld1q_u32(line.0.as_ptr().add(4 * part));
                let (evens, odds) = (even(words), odd(words));
                for (sums, factors) in sums.iter_mut().zip(&factors) {
                    sums[part] = vfmaq_f32(sums[part], factors[0], evens);
                    sums[part] = vfmaq_f32(sums[part], factors[1], odds);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut whole = [0.0_f32; PANEL];
            for (part, sum) in sums.iter().enumerate() {
                vst1q_f32(whole.as_mut_ptr().add(4 * part), *sum);
            }
            let out = &mut target.out[row * target.out_stride..][..target.width];
            out.copy_from_slice(&whole[..target.width]);
        }
    }
}
