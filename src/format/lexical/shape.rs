//! How large a list is, and what its blocks are skipped by.

use super::super::layout::layout;
use super::pack::BLOCK;

/// What the dictionary says of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListShape {
    /// Rows that have a word of it, 1 or more.
    pub rows: u32,
    /// Occurrences in all rows.
    pub occurrences: u32,
    /// Forms of the stem, 1 or more.
    pub forms: u32,
}

/// A list as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListInfo {
    /// Rows, occurrences, forms.
    pub shape: ListShape,
    /// Bytes of everything but positions.
    pub postings_bytes: u32,
    /// Bytes of positions.
    pub positions_bytes: u32,
}

layout! {
    /// What a block of 128 rows is skipped by.
    pub struct SkipEntry = 20 {
        /// Its last row.
        last_row: u32,
        /// Where it ends, in bytes from the start of the first block.
        end: u32,
        /// Occurrences in the blocks before it.
        occurrences: u32,
        /// Bits of forms before it.
        form_bits: u32,
        /// Bits of a row's delta.
        row_width: u8,
        /// Bits of a count less one.
        count_width: u8,
        /// The greatest count in it; 255 for more.
        best_count: u8,
        /// The least length code of its rows.
        best_length: u8,
    }
}

/// Bytes of a skip entry.
pub(super) const SKIP_BYTES: usize = SkipEntry::SIZE;

/// The bytes of skip entries of a list of so many rows.
pub(super) fn skip_bytes(rows: u32) -> usize {
    let rows = rows as usize;
    if rows < BLOCK { 0 } else { rows.div_ceil(BLOCK) * SKIP_BYTES }
}
