//! Estimates of dot products from 4-bit codes: the loop that a search of an index lives in.
//!
//! A row's vector is stored as the list that it belongs to and one 4-bit code per sub-vector of its
//! residual (product quantisation; see [`codebook`](crate::index::codebook)). A query makes one table
//! of 16 bytes per sub-quantizer, a [`LookUp`]; a row's estimate is a sum of looked-up bytes, scaled:
//!
//! ```text
//! estimate = bias of its list + scale of the row * (sum of bytes * step + offset)
//! ```
//!
//! Sixteen-byte tables are what shuffle instructions look up in registers, the idea of *Quicker ADC*
//! and *FastScan* (Andre, Kermarrec and Le Scouarnec, PVLDB 2015 and TPAMI 2021; faiss). Rows
//! stand in [blocks](block) of [`BLOCK_ROWS`] so that a register holds the same codes of many rows.
//!
//! [`scan()`] takes ranges of rows and leaves the best of them in [`Candidates`]. Which rows it
//! may take is a dense bitset: a block's 16 bits are the mask of its lanes, and a block of which
//! no row is allowed costs no read of its codes.
//!
//! Every variant gives the same bits: sums are integers, and each of the epilogue's two
//! multiplications and two additions is rounded by itself, in the order above.

#[cfg(target_arch = "x86_64")]
mod ahead;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod block;
mod candidates;
mod dispatch;
mod lookup;
#[cfg(target_arch = "aarch64")]
mod neon;
mod rows;
mod scalar;
#[cfg(test)]
mod tests;

pub use block::{BLOCK_ROWS, block_bytes, codes_bytes};
pub use candidates::Candidates;
pub use dispatch::{fill, scan};
pub use lookup::LookUp;
pub use rows::{CodedRows, ScanRange};
