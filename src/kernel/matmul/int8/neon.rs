//! Tiles of 8-bit words in NEON registers.
//!
//! NEON multiplies bytes of equal sign only, so 128 is taken off the left-hand bytes (their highest
//! bit is turned) and 128 times the sum of the column's weights is added at the end.

#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::columns::{Columns, Span};
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile, with_rows};

/// Registers of one line: four columns each.
const PARTS: usize = PANEL / 4;
/// Turns the highest bit of each of the four bytes.
const HIGHEST: u32 = 0x8080_8080;

/// # Safety
/// Needs the dot-product instructions, 1 to 3 spans, and as many rows on both sides.
#[target_feature(enable = "neon,dotprod")]
pub(super) unsafe fn tile_dot(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2] 3, dot(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_dot`], with `spans.len() == ROWS`.
#[target_feature(enable = "neon,dotprod")]
unsafe fn dot<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    let mut sums = [[vdupq_n_s32(0); PARTS]; ROWS];
    let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
    for (step, line) in tile.lines.iter().enumerate() {
        // SAFETY: a line is 32 words; row `r < ROWS` has `lines.len()` words.
        unsafe {
            let mut fours = [vdupq_n_u32(0); ROWS];
            for (row, four) in fours.iter_mut().enumerate() {
                *four = vdupq_n_u32(*lhs.add(row * depth + step) ^ HIGHEST);
            }
            for part in 0..PARTS {
                let words = vld1q_u32(line.0.as_ptr().add(4 * part));
                for (sums, four) in sums.iter_mut().zip(fours) {
                    // The intrinsic is not stable yet (rust-lang/rust 117224).
                    asm!(
                        "sdot {sum:v}.4s, {four:v}.16b, {words:v}.16b",
                        sum = inlateout(vreg) sums[part],
                        four = in(vreg) four,
                        words = in(vreg) words,
                        options(pure, nomem, nostack, preserves_flags),
                    );
                }
            }
        }
    }
    for (row, (sums, span)) in sums.iter().zip(spans).enumerate() {
        let out = &mut target.out[row * target.out_stride..][..target.width];
        finish(sums, span, columns, out);
    }
}

/// # Safety
/// Needs one span and one row on both sides.
#[target_feature(enable = "neon")]
pub(super) unsafe fn tile(tile: Tile<'_>, spans: &[Span], columns: &Columns, target: Target<'_>) {
    // Each column has two sums, of its even and its odd pairs of steps.
    let mut sums = [[vdupq_n_s32(0); 2]; PARTS];
    for (word, line) in tile.lhs.iter().zip(tile.lines) {
        let four = vreinterpret_s8_u32(vdup_n_u32(word ^ HIGHEST));
        for (part, sums) in sums.iter_mut().enumerate() {
            // SAFETY: a line is 32 words.
            let words = unsafe { vld1q_s8(line.0.as_ptr().add(4 * part).cast()) };
            sums[0] = vpadalq_s16(sums[0], vmull_s8(four, vget_low_s8(words)));
            sums[1] = vpadalq_s16(sums[1], vmull_s8(four, vget_high_s8(words)));
        }
    }
    let sums = sums.map(|[low, high]| vpaddq_s32(low, high));
    for span in spans {
        finish(&sums, span, columns, &mut target.out[..target.width]);
    }
}

/// Adds what was taken off the left-hand bytes.
#[target_feature(enable = "neon")]
fn finish(sums: &[int32x4_t; PARTS], span: &Span, columns: &Columns, out: &mut [f32]) {
    let mut whole = [0_i32; PANEL];
    for (part, sum) in whole.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
        // SAFETY: a part is four numbers of 32 bits, as long as a register.
        unsafe { vst1q_s32(part.as_mut_ptr(), *sum) };
    }
    for (sum, total) in whole.iter_mut().zip(columns.totals) {
        *sum += 128 * total;
    }
    columns.finish(span, &whole, out);
}
