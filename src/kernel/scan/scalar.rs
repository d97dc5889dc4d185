//! The oracle of the scan, in the plainest code.

use super::block::{BLOCK_ROWS, CELL_BYTES, QUAD};
use super::candidates::Candidates;
use super::lookup::{Cell, LookUp};
use super::rows::{CodedRows, ScanRange};
use crate::kernel::quantize::f32_from_f16;

pub(super) fn fill(look_up: &mut LookUp, query: &[f32], points: &[f32], sub_dimension: usize) {
    look_up.fill(query, points, sub_dimension);
}

pub(super) fn scan(
    rows: &CodedRows<'_>,
    ranges: &[ScanRange],
    look_up: &LookUp,
    candidates: &mut Candidates,
) {
    for range in ranges {
        for block in range.blocks() {
            let sums = sums(rows.block(block, look_up), look_up.cells());
            let mut estimates = [0.0; BLOCK_ROWS];
            let mut survivors = 0;
            for (lane, scale) in rows.block_scales(block).iter().enumerate() {
                let product = sums[lane] as f32 * look_up.step() + look_up.offset();
                estimates[lane] = product * f32_from_f16(*scale) + range.bias;
                let below = estimates[lane] < candidates.threshold();
                survivors |= u16::from(!below) << lane;
            }
            let survivors = survivors & rows.mask(block, range);
            candidates.push_lanes(&estimates, survivors, rows.first_id(block));
        }
    }
}

/// Sums of looked-up bytes, one lane per row.
fn sums(codes: &[u8], cells: &[Cell]) -> [i32; BLOCK_ROWS] {
    let mut sums = [0; BLOCK_ROWS];
    for (codes, tables) in codes.chunks_exact(CELL_BYTES).zip(cells) {
        for (at, byte) in codes.iter().enumerate() {
            let (row, table) = (at / QUAD, at % QUAD * 16);
            let low = tables.low()[table + usize::from(byte & 0x0f)];
            let high = tables.high()[table + usize::from(byte >> 4)];
            sums[row] += i32::from(low) + i32::from(high);
        }
    }
    sums
}
