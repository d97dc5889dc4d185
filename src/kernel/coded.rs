//! Sums of rows of whole numbers, each row with a factor: how a text's vector is made of its tokens'.
//!
//! Every number of a sum is a product and an addition of its own, so that variants agree to the last bit.

#![allow(unsafe_code)]

use super::isa::Isa;
#[cfg(target_arch = "x86_64")]
use super::isa::Level;

/// What is added to a code of four bits, to make it one that is not negative.
pub const NIBBLE_OFFSET: u8 = 8;

/// Rows of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Signed bytes.
    Bytes,
    /// Two codes in a byte, [`NIBBLE_OFFSET`] added to each: the low halves of all bytes are the first half of a row's
    /// numbers.
    Nibbles,
}

/// Adds `factor` times a row to a sum; of numbers that only one of both has, nothing. Cost: one pass over the sum.
pub fn add_coded(isa: Isa, codes: Codes, row: &[u8], factor: f32, sum: &mut [f32]) {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` of this level is only made where the processor has it.
        Level::Avx512 => unsafe { add_avx512(codes, row, factor, sum) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { add_avx2(codes, row, factor, sum) },
        _ => add(codes, row, factor, sum),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn add_avx512(codes: Codes, row: &[u8], factor: f32, sum: &mut [f32]) {
    add(codes, row, factor, sum);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_avx2(codes: Codes, row: &[u8], factor: f32, sum: &mut [f32]) {
    add(codes, row, factor, sum);
}

#[inline(always)]
fn add(codes: Codes, row: &[u8], factor: f32, sum: &mut [f32]) {
    match codes {
        Codes::Bytes => {
            for (sum, byte) in sum.iter_mut().zip(row) {
                *sum += factor * f32::from(*byte as i8);
            }
        }
        Codes::Nibbles => {
            let (low, high) = sum.split_at_mut(row.len().min(sum.len()));
            let code = |half: u8| f32::from(half as i8 - NIBBLE_OFFSET as i8);
            for ((low, high), byte) in low.iter_mut().zip(high).zip(row) {
                *low += factor * code(byte & 15);
                *high += factor * code(byte >> 4);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_adds_the_same() {
        for bytes in [0, 1, 15, 16, 17, 63, 192, 384] {
            let row: Vec<u8> = (0..bytes).map(|at| (at * 151 + 7) as u8).collect();
            for (codes, numbers) in [(Codes::Bytes, bytes), (Codes::Nibbles, 2 * bytes)] {
                let start: Vec<f32> = (0..numbers).map(|at| at as f32 / 7.0).collect();
                let code = |at: usize| match codes {
                    Codes::Bytes => i32::from(row[at] as i8),
                    Codes::Nibbles if at < bytes => i32::from(row[at] & 15) - 8,
                    Codes::Nibbles => i32::from(row[at - bytes] >> 4) - 8,
                };
                let expected: Vec<f32> =
                    (0..numbers).map(|at| start[at] + 0.3 * code(at) as f32).collect();
                for isa in Isa::available() {
                    let mut sum = start.clone();
                    add_coded(isa, codes, &row, 0.3, &mut sum);
                    assert_eq!(sum, expected, "{codes:?} {bytes} {}", isa.name());
                }
            }
        }
    }
}
