//! Exact scores: dot products of stored rows and a query.
//!
//! Every variant gives the same bits, so a database gives the same answer on every machine:
//!
//! - **int8**: products are summed as 32-bit integers, where order does not matter, and the sum is
//!   turned into a score by one conversion and two multiplications in a fixed order.
//! - **f16, f32**: lane `j` of sixteen sums elements `j`, `j + 16`, `j + 32`, ... in that order, starting
//!   from zero; then lanes are folded in halves (`j` with `j + 8`, `+ 4`, `+ 2`, `+ 1`). Products
//!   are rounded before they are added: a fused multiply-add would save one instruction of a loop
//!   that waits for memory, and would make processors without it crawl.
//!
//! Rows are scored one after the other, not several together: one stream of reads is what a
//! processor's prefetcher follows best (two to three times faster out of cache than four streams).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dispatch;
#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
mod row;
mod rows;
mod scalar;
#[cfg(test)]
mod tests;

pub use self::dispatch::score;
pub use self::rows::Rows;
