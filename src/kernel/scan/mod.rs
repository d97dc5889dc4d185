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

#[cfg(target_arch = "x86_64")]
pub(super) mod ahead;
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

/// Makes the tables of a query. Unsafe to call as [`Scan`] is.
pub(super) type Fill = unsafe fn(&mut LookUp, query: &[f32], points: &[f32], sub_dimension: usize);

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
    /// Makes the tables of `query` for `points`: `[sub-quantizer][number][point]`, the first numbers of
    /// 16 points, then their second ones, up to `sub_dimension`; the last sub-vector of the query padded with zeros. Costs 16 products a number
    /// of the query: about a microsecond at dimension 384.
    ///
    /// # Panics
    ///
    /// When `sub_dimension` is 0 or `points` are not those of `query.len().div_ceil(sub_dimension)`
    /// sub-quantizers.
    #[allow(unsafe_code)]
    pub fn fill(&self, look_up: &mut LookUp, query: &[f32], points: &[f32], sub_dimension: usize) {
        let sub_quantizers = query.len().div_ceil(sub_dimension);
        let expected = sub_quantizers * lookup::POINTS * sub_dimension;
        assert_eq!(points.len(), expected, "points of {sub_quantizers} sub-quantizers");
        // SAFETY: a kernel is reachable only through `available`, which asks the processor.
        unsafe { (self.fill)(look_up, query, points, sub_dimension) }
    }

    /// Offers every allowed row of `ranges` to `candidates`, with its estimate.
    ///
    /// Ranges may come in any order. A row whose estimate is not a number is taken, as if it were
    /// infinite. The cost is that
    /// of reading the codes of blocks with an allowed row: about 14 bytes a cycle in cache with AVX-512
    /// VBMI, 6 with AVX2.
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

impl ScanRange {
    /// The blocks that hold rows of the range.
    #[inline(always)]
    pub(super) fn blocks(&self) -> Range<usize> {
        self.start as usize / BLOCK_ROWS..(self.end as usize).div_ceil(BLOCK_ROWS)
    }
}

impl<'a> CodedRows<'a> {
    /// The lanes of a block whose rows are in the range and allowed.
    #[inline(always)]
    pub(super) fn mask(&self, block: usize, range: &ScanRange) -> u16 {
        let first = block * BLOCK_ROWS;
        let below = |row: u32| (1u32 << (row as usize).saturating_sub(first).min(BLOCK_ROWS)) - 1;
        let mask = (below(range.end) & !below(range.start)) as u16;
        mask & self.allowed_lanes(block)
    }

    /// The lanes of a block whose rows are allowed.
    #[inline(always)]
    fn allowed_lanes(&self, block: usize) -> u16 {
        const BLOCKS: usize = u64::BITS as usize / BLOCK_ROWS;
        let word = self.allowed.map_or(u64::MAX, |words| words[block / BLOCKS]);
        (word >> (block % BLOCKS * BLOCK_ROWS)) as u16
    }

    /// The codes of a block.
    #[inline(always)]
    pub(super) fn block(&self, block: usize, look_up: &LookUp) -> &'a [u8] {
        &self.codes[block * look_up.block_bytes()..][..look_up.block_bytes()]
    }

    /// The scales of a block's rows: [`BLOCK_ROWS`], or fewer at the end of all rows.
    #[inline(always)]
    pub(super) fn block_scales(&self, block: usize) -> &'a [u16] {
        let scales = &self.scales[block * BLOCK_ROWS..];
        scales.first_chunk::<BLOCK_ROWS>().map_or(scales, <[u16; BLOCK_ROWS]>::as_slice)
    }

    /// The id of the row in lane 0 of a block.
    #[inline(always)]
    pub(super) fn first_id(&self, block: usize) -> u32 {
        self.base.wrapping_add((block * BLOCK_ROWS) as u32)
    }
}
