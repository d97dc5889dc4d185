//! Arithmetic on slices: the loops in which a search spends its time.
//!
//! | operation | what it computes |
//! |---|---|
//! | [`score`](mod@score) | exact dot products of stored rows ([`Rows`]: int8 with a scale, half or single precision) and a [`PreparedVector`] |
//! | [`scan`] | estimates of these from codes of four bits |
//! | [`matmul`] | matrix products in single precision, bfloat16 and 8-bit integers |
//! | [`coded`] | sums of rows of codes of eight or four bits, each with a factor |
//! | `transformer` | what a transformer does between its products (feature `bert`) |
//!
//! An operation is a folder. Its `scalar` file is plain Rust and the oracle of the others, `avx2`,
//! `avx512` and `neon` hold the same for one kind of processor each, and `dispatch` (in products:
//! `unit`) checks lengths and picks a variant by the [`Isa`], which is detected at run time.
//!
//! | [`Isa`] | processor |
//! |---|---|
//! | `scalar` | every one |
//! | `avx2` | x86-64 with AVX2, FMA and F16C |
//! | `avx512` | x86-64 with AVX-512F besides; operations ask for BW, VNNI, VBMI and BF16 where they use them |
//! | `neon` | every AArch64 |

pub mod balance;
pub mod coded;
mod isa;
pub mod matmul;
mod norm;
mod pages;
pub mod points;
#[cfg(target_arch = "x86_64")]
mod prefetch;
mod prepared;
pub mod quantize;
pub mod random;
pub mod rotate;
pub mod scan;
pub mod score;
mod topk;
#[cfg(feature = "bert")]
pub mod transformer;
pub mod zdict;

pub use isa::Isa;
pub use norm::{cosine, norm, normalize};
pub use prepared::PreparedVector;
pub use score::{Rows, score};
pub use topk::{Tie, TopK};
