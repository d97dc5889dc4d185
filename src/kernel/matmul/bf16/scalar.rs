//! Words of bfloat16 in plain code: the oracle, and what the compiler makes vector code of.

use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile};

/// Two numbers, rounded to nearest even, in one word.
#[inline(always)]
fn pair(even: f32, odd: f32) -> u32 {
    (rounded(even) >> 16) | (rounded(odd) & 0xffff_0000)
}

/// The bits of the nearest number whose lower half is 0; what is not a number stays so.
#[inline(always)]
pub(super) fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let nearest = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
    if value.is_nan() { bits | 0x0040_0000 } else { nearest }
}

#[inline(always)]
pub(super) fn round(row: &[f32], words: &mut [u32]) {
    let (pairs, rest) = row.as_chunks::<2>();
    for (word, two) in words.iter_mut().zip(pairs) {
        *word = pair(two[0], two[1]);
    }
    if let ([last], Some(word)) = (rest, words.last_mut()) {
        *word = pair(*last, 0.0);
    }
}

pub(super) fn tile(tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
    let halves = |word: u32| (f32::from_bits(word << 16), f32::from_bits(word & 0xffff_0000));
    for row in 0..rows {
        let mut sums = *start;
        for (step, line) in tile.lines.iter().enumerate() {
            let (even, odd) = halves(tile.word(row, step));
            for (sum, word) in sums.iter_mut().zip(&line.0) {
                let (first, second) = halves(*word);
                *sum += even * first;
                *sum += odd * second;
            }
        }
        let out = &mut target.out[row * target.out_stride..][..target.width];
        out.copy_from_slice(&sums[..target.width]);
    }
}
