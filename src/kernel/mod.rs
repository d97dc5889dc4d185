//! Arithmetic on slices: the loops in which a search spends its time.
//!
//! # Exact scoring
//!
//! A search scores stored rows against one query: [`Rows`] are the stored vectors (int8 with a
//! scale, half or single precision), [`Query`] the vector to compare them with, a [`Kernel`] one
//! way of computing the dot products on this processor.
//!
//! | variant | processor |
//! |---|---|
//! | `scalar` | every one; the oracle that the others are held against |
//! | `avx2` | x86-64 with AVX2 and F16C |
//! | `avx512` | x86-64 with AVX-512 F, BW, DQ, VL and VNNI |
//! | `avx512vbmi` | the same with VBMI, which only the scan of codes uses |
//! | `neon` | every AArch64 |
//!
//! The fastest is chosen once, at run time, by [`kernel`].
//!
//! # Estimates
//!
//! An index is searched by estimates of those products, from codes of four bits: [`scan`].
//!
//! # Every variant gives the same bits
//!
//! A database gives the same answer on every machine:
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
//! Vector instructions, and with them `unsafe`, live in one file a processor.

mod isa;
pub mod matmul;
mod norm;
mod pages;
pub mod points;
pub mod quantize;
mod query;
pub mod random;
pub mod rotate;
mod rows;
mod scalar;
pub mod scan;
#[cfg(test)]
mod tests;
mod topk;
#[cfg(feature = "bert")]
pub mod transformer;
pub mod zdict;

#[cfg(target_arch = "aarch64")]
#[path = "aarch64/neon.rs"]
mod neon;
#[cfg(target_arch = "aarch64")]
#[path = "aarch64/scan.rs"]
mod neon_scan;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

pub use isa::Isa;
pub use norm::{norm, normalize};
pub use query::Query;
pub use rows::Rows;
pub use topk::{Tie, TopK};

/// Scores the rows `ids` of int8 `codes` and their `scales`. Unsafe to call on a processor without
/// the instructions of the variant, and only for that reason.
type ScoreInt8 = unsafe fn(codes: &[i8], scales: &[f32], &Query, ids: &[u32], &mut [f32]);

/// Scores the rows `ids` of floating-point `values`. Unsafe as [`ScoreInt8`] is.
type ScoreFloat<T> = unsafe fn(values: &[T], &Query, ids: &[u32], &mut [f32]);

/// One way to compute scores; see the module's table.
pub struct Kernel {
    name: &'static str,
    int8: ScoreInt8,
    f16: ScoreFloat<u16>,
    f32: ScoreFloat<f32>,
    fill: scan::Fill,
    scan: scan::Scan,
}

impl Kernel {
    /// The variant's name, as in the module's table.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Every variant that this processor can run, the scalar one first, the fastest last.
    pub fn available() -> Vec<&'static Kernel> {
        #[allow(unused_mut)]
        let mut kernels = vec![&scalar::KERNEL];
        #[cfg(target_arch = "x86_64")]
        kernels.extend(x86::available());
        #[cfg(target_arch = "aarch64")]
        kernels.push(&neon::KERNEL);
        kernels
    }

    /// Writes the dot product of the query and row `ids[i]` to `scores[i]`, for every `i`.
    ///
    /// Ids may be in any order and repeat; ascending ones are fastest. The cost is that of reading the
    /// rows: about 30 bytes a cycle of rows in cache.
    ///
    /// # Panics
    ///
    /// When `ids` and `scores` differ in length, or an id is not below
    /// [`Rows::count`]`(query.dimension())`, or that count does not exist.
    #[allow(unsafe_code)]
    pub fn score(&self, rows: &Rows<'_>, query: &Query, ids: &[u32], scores: &mut [f32]) {
        let count = rows.count(query.dimension());
        let count = count.expect("rows must be whole vectors of the query's dimension");
        assert_eq!(ids.len(), scores.len(), "one score an id");
        if let Some(last) = ids.iter().max() {
            assert!((*last as usize) < count, "row {last} of {count}");
        }
        match *rows {
            // SAFETY: a kernel is reachable only through `available`, which asks the processor.
            Rows::Int8 { codes, scales } => unsafe {
                (self.int8)(codes, scales, query, ids, scores);
            },
            // SAFETY: as above.
            Rows::F16(values) => unsafe { (self.f16)(values, query, ids, scores) },
            // SAFETY: as above.
            Rows::F32(values) => unsafe { (self.f32)(values, query, ids, scores) },
        }
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kernel").field(&self.name).finish()
    }
}

/// Row `id` of `values`, as long as the query.
#[inline(always)]
fn row<'a, T>(values: &'a [T], id: u32, query: &Query) -> &'a [T] {
    &values[id as usize * query.dimension()..][..query.dimension()]
}

/// The end of a row, followed by zeros, which add nothing to any lane.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn padded<T: Copy + Default>(rest: &[T]) -> [T; 16] {
    let mut elements = [T::default(); 16];
    elements[..rest.len()].copy_from_slice(rest);
    elements
}

/// The fastest variant on this processor; asks the processor once.
pub fn kernel() -> &'static Kernel {
    static KERNEL: OnceLock<&'static Kernel> = OnceLock::new();
    KERNEL.get_or_init(|| Kernel::available().last().copied().unwrap_or(&scalar::KERNEL))
}
