//! Rows as codes, and ranges of them.

use std::ops::Range;

use super::block::BLOCK_ROWS;
use super::lookup::LookUp;

/// Rows as codes, with what the scan needs of each row.
#[derive(Clone, Copy, Debug)]
pub struct CodedRows<'a> {
    /// [Blocks](super::block) of codes; all rows, in order.
    pub codes: &'a [u8],
    /// One factor per row, the bits of a half-precision number.
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
    pub(super) fn allowed_lanes(&self, block: usize) -> u16 {
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
