//! Words of 8-bit integers in plain code: the oracle, and what the compiler makes vector code of.

use super::columns::{Columns, Span};
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile};

#[inline(always)]
pub(super) fn round(row: &[f32], bytes: &mut [u8]) -> Span {
    const LANES: usize = 16;
    let mut least = [f32::INFINITY; LANES];
    let mut most = [f32::NEG_INFINITY; LANES];
    // 0 for finite numbers, not a number for all others; kept through the sum.
    let mut strange = [0.0_f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    let mut last = [row.first().copied().unwrap_or(0.0); LANES];
    last[..rest.len()].copy_from_slice(rest);
    for block in blocks.iter().chain([&last]) {
        for lane in 0..LANES {
            let value = block[lane];
            least[lane] = if value < least[lane] { value } else { least[lane] };
            most[lane] = if value > most[lane] { value } else { most[lane] };
            strange[lane] += value * 0.0;
        }
    }
    let mut span = (f32::INFINITY, f32::NEG_INFINITY, 0.0);
    for lane in 0..LANES {
        span.0 = if least[lane] < span.0 { least[lane] } else { span.0 };
        span.1 = if most[lane] > span.1 { most[lane] } else { span.1 };
        span.2 += strange[lane];
    }
    let (least, most, strange) = span;
    let scale = (most - least) / 255.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    for (byte, value) in bytes.iter_mut().zip(row) {
        // Adding 2^23 rounds to an integer and leaves it in the lowest byte.
        const ROUND: f32 = 8_388_608.0;
        *byte = ((value - least) * inverse + ROUND).to_bits() as u8;
    }
    if let Some(after) = bytes.get_mut(row.len()..) {
        after.fill(0);
    }
    Span { least, scale: scale + strange }
}

#[inline(always)]
pub(super) fn round_weights(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    const LANES: usize = 16;
    let mut most = [0.0_f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    // 0 for finite numbers, not a number for all others; kept through the sum.
    let mut strange = [0.0_f32; LANES];
    for block in blocks.iter().chain([&last]) {
        for lane in 0..LANES {
            let size = block[lane].abs();
            most[lane] = if size > most[lane] { size } else { most[lane] };
            strange[lane] += block[lane] * 0.0;
        }
    }
    let most = most.iter().fold(0.0, |most: f32, lane| most.max(*lane));
    let scale = most / 127.0 + strange.iter().sum::<f32>();
    // Smaller ones have no reciprocal; what they measure counts as 0.
    let inverse = if scale >= f32::MIN_POSITIVE { 1.0 / scale } else { 0.0 };
    let mut total = 0_i32;
    for (byte, value) in bytes.iter_mut().zip(row) {
        // Adding 1.5 * 2^23 rounds to an integer, nearest and even, and leaves it in the lowest byte.
        const ROUND: f32 = 12_582_912.0;
        *byte = (value * inverse + ROUND).to_bits() as i8;
        total += i32::from(*byte);
    }
    if let Some(after) = bytes.get_mut(row.len()..) {
        after.fill(0);
    }
    (scale, total)
}

pub(super) fn tile(tile: Tile<'_>, spans: &[Span], columns: &Columns, target: Target<'_>) {
    for (row, span) in spans.iter().enumerate() {
        let mut sums = [0_i32; PANEL];
        for (step, line) in tile.lines.iter().enumerate() {
            let four = tile.word(row, step).to_le_bytes().map(i32::from);
            for (sum, word) in sums.iter_mut().zip(&line.0) {
                let weight = word.to_le_bytes().map(|byte| i32::from(byte as i8));
                *sum += four[0] * weight[0]
                    + four[1] * weight[1]
                    + four[2] * weight[2]
                    + four[3] * weight[3];
            }
        }
        let out = &mut target.out[row * target.out_stride..][..target.width];
        columns.finish(span, &sums, out);
    }
}
