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
    /// Whether it is of the field that is ranked, whose positions are coded by the lengths of rows.
    pub is_text: bool,
}

impl ListShape {
    /// Whether it has blocks, and skip entries for them; otherwise all of it is one stream of bits.
    pub(super) fn is_long(&self) -> bool {
        self.rows as usize >= BLOCK
    }

    /// The lowest bits of the code of a row outside blocks. Rows that are spread evenly over a segment of `rows` have
    /// deltas around `rows` over those of the list.
    pub(super) fn row_low_bits(&self, rows: u32) -> u32 {
        (rows / self.rows.max(1)).max(1).ilog2().saturating_sub(1)
    }
}

/// How the forms of a list of 128 rows or more are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormCoding {
    /// Occurrence by occurrence, as those of shorter lists: version 3 of the chapter.
    Occurrences,
    /// Row by row, then what is left to tell of each occurrence: version 4.
    Rows,
}

/// What the lists of a segment are coded with.
#[derive(Clone, Copy, Debug)]
pub struct ListCoding<'a> {
    /// The length code of every row.
    pub lengths: &'a [u8],
    /// Whether lists have positions.
    pub positions: bool,
    /// How forms are coded.
    pub forms: FormCoding,
}

impl ListCoding<'_> {
    /// Rows of the segment.
    pub(super) fn rows(&self) -> u32 {
        self.lengths.len() as u32
    }

    /// The length code of a row.
    pub(super) fn length(&self, row: u32) -> u8 {
        self.lengths.get(row as usize).copied().unwrap_or_default()
    }
}

/// A list as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListInfo {
    /// Rows, occurrences, forms.
    pub shape: ListShape,
    /// Bytes of everything but the positions of a list of 128 rows or more.
    pub postings_bytes: u32,
    /// Bytes of positions, of which a shorter list has none of its own.
    pub positions_bytes: u32,
}

layout! {
    /// What a block of 128 rows is skipped by.
    pub struct SkipEntry = 12 {
        /// Its last row.
        last_row: u32,
        /// Where it ends, in bytes from the start of the first block.
        end: u32,
        /// Bits of a row's delta that are not patched.
        row_width: u8,
        /// Bits of a count less one that are not patched.
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
