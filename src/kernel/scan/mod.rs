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
//! [`Kernel::scan`] takes ranges of rows and leaves the best of them in [`Candidates`]. Which rows it
//! may take is a dense bitset: a block's 16 bits are the mask of its lanes, and a block of which
//! no row is allowed costs no read of its codes.
//!
//! Every variant gives the same bits: sums are integers, and each of the epilogue's two
//! multiplications and two additions is rounded by itself, in the order above.

pub mod block;
mod candidates;
pub(in crate::kernel) mod lookup;
pub(super) mod scalar;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use block::{BLOCK_ROWS, block_bytes, codes_bytes};
pub use candidates::Candidates;
pub use lookup::LookUp;

use super::Kernel;

/// Scans ranges of rows. Unsafe to call on a processor without the instructions of the variant, and
/// only for that reason.
pub(super) type Scan = unsafe fn(&CodedRows<'_>, &[ScanRange], &LookUp, &mut Candidates);

/// Rows as codes, with what the scan needs of each row.
#[derive(Clone, Copy, Debug)]
pub struct CodedRows<'a> {
    /// [Blocks](block) of codes; all rows, in order.
    pub codes: &'a [u8],
    /// One factor a row, the bits of a half-precision number.
    pub scales: &'a [u16],
    /// The rows that may become candidates: row `r` is bit `r % 64` of word `r / 64`. `None` for all.
    pub allowed: Option<&'a [u64]>,
    /// What is added to a row's number to make its candidate's id.
    pub base: u32,
}

/// A run of rows that share a bias: the part of a list that is in these rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScanRange {
    /// The first row.
    pub start: u32,
    /// One past the last row.
    pub end: u32,
    /// The dot product of the query and the list's centroid.
    pub bias: f32,
}

impl Kernel {
    /// Offers every allowed row of `ranges` to `candidates`, with its estimate.
    ///
    /// Ranges may come in any order. A row whose estimate is not a number is left out. The cost is that
    /// of reading the codes of blocks with an allowed row: 15 to 20 bytes a cycle with AVX-512.
    ///
    /// # Panics
    ///
    /// When a range ends beyond the rows that there are scales, whole blocks of codes and words of
    /// `allowed` for, or when `base` and a row's number add up to more than 32 bits.
    #[allow(unsafe_code)]
    pub fn scan(
        &self,
        rows: &CodedRows<'_>,
        ranges: &[ScanRange],
        look_up: &LookUp,
        candidates: &mut Candidates,
    ) {
        let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
        let needed = codes_bytes(end as usize, look_up.sub_quantizers());
        let words = rows.allowed.map_or(usize::MAX, <[u64]>::len);
        assert!(needed.is_some_and(|bytes| bytes <= rows.codes.len()), "{end} rows of codes");
        assert!(end as usize <= rows.scales.len(), "a scale for each of {end} rows");
        assert!(
            (end as usize).div_ceil(u64::BITS as usize) <= words,
            "a bit for each of {end} rows"
        );
        assert!(rows.base.checked_add(end).is_some(), "ids of {end} rows from {}", rows.base);
        // SAFETY: a kernel is reachable only through `available`, which asks the processor.
        unsafe { (self.scan)(rows, ranges, look_up, candidates) }
    }
}

/// Bytes of codes that are asked for before a range is scanned.
const PREFETCH_BYTES: usize = 1024;

/// One block of which some rows are to be scanned.
pub(super) struct Block<'a> {
    /// Its codes, [`block_bytes`] long.
    pub(super) codes: &'a [u8],
    /// Scales of its rows: [`BLOCK_ROWS`], or fewer at the end of all rows.
    pub(super) scales: &'a [u16],
    /// The lanes whose rows are to be scanned; not 0.
    pub(super) mask: u16,
    /// Id of the row in lane 0.
    pub(super) id: u32,
    /// The list's bias.
    pub(super) bias: f32,
}

/// Calls `visit` for every block of the ranges that holds an allowed row, and `prefetch` with the
/// codes of a range while the one before it is scanned.
#[inline(always)]
pub(super) fn visit_blocks<'a>(
    rows: &CodedRows<'a>,
    ranges: &[ScanRange],
    block_bytes: usize,
    prefetch: impl Fn(&[u8]),
    mut visit: impl FnMut(Block<'a>),
) {
    for (at, range) in ranges.iter().enumerate() {
        if let Some(next) = ranges.get(at + 1) {
            let start = next.start as usize / BLOCK_ROWS * block_bytes;
            let codes = rows.codes.get(start..).unwrap_or_default();
            prefetch(&codes[..codes.len().min(PREFETCH_BYTES)]);
        }
        let lanes = range.start as usize..range.end as usize;
        for block in lanes.start / BLOCK_ROWS..lanes.end.div_ceil(BLOCK_ROWS) {
            let mask = mask(block, &lanes) & rows.allowed.map_or(u16::MAX, |w| allowed(w, block));
            if mask != 0 {
                let first = block * BLOCK_ROWS;
                visit(Block {
                    codes: &rows.codes[block * block_bytes..][..block_bytes],
                    scales: &rows.scales[first..rows.scales.len().min(first + BLOCK_ROWS)],
                    mask,
                    id: rows.base + first as u32,
                    bias: range.bias,
                });
            }
        }
    }
}

/// The lanes of block `block` whose rows lie in `rows`.
#[inline(always)]
fn mask(block: usize, rows: &Range<usize>) -> u16 {
    let first = block * BLOCK_ROWS;
    let below = |row: usize| (1u32 << row.saturating_sub(first).min(BLOCK_ROWS)) - 1;
    (below(rows.end) & !below(rows.start)) as u16
}

/// The bits of block `block`.
#[inline(always)]
fn allowed(words: &[u64], block: usize) -> u16 {
    const BLOCKS: usize = u64::BITS as usize / BLOCK_ROWS;
    (words[block / BLOCKS] >> (block % BLOCKS * BLOCK_ROWS)) as u16
}
