//! Products of numbers rounded to bfloat16 (the upper half of single precision), summed in single
//! precision: half the bytes and, with AVX512-BF16, half the instructions of
//! [`multiply`](super::multiply), for a relative error of up to 0.4 % a factor.
//!
//! A word holds the numbers of an even step (lower half) and the next. Processors without
//! AVX512-BF16 widen both and multiply in single precision; results differ by the rounding of sums.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod product;
mod scalar;
#[cfg(test)]
mod tests;
mod unit;

pub use self::product::{Bf16Panels, multiply_bf16, round_bf16};
