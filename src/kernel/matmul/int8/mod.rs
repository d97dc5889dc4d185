//! Products of 8-bit integers: a quarter of the bytes and, with AVX-512 VNNI, a quarter of the
//! instructions of [`multiply`](super::multiply).
//!
//! Weights are rounded to -127..=127 with a scale for each output, left-hand rows to
//! 0..=255 between their own least and greatest value. Sums are exact in 32 bits, so all processors
//! agree up to the rounding of the three numbers at the end of each sum. A word holds four successive
//! steps, the first in the lowest byte.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod columns;
#[cfg(target_arch = "aarch64")]
mod neon;
mod product;
mod scalar;
#[cfg(test)]
mod tests;
mod unit;

pub use self::product::{Int8Panels, Int8Rows, multiply_int8, round_int8};
