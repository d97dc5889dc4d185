//! The positions that a match may lie in, row by row.

use crate::error::Result;
use crate::format::lexical::PartLengths;
use crate::segment::{LexicalIndex, PART_BLOCK_ROWS};

/// Parts of the text: title, abstract, other abstracts, keywords.
pub(super) const PARTS: usize = 4;

/// First position of a part, and of the one behind it.
pub(super) type PartRange = (u32, u32);

/// Whether a position lies in one of some ranges.
pub(super) fn is_in(position: u32, ranges: &[PartRange]) -> bool {
    ranges.iter().any(|(start, end)| (*start..*end).contains(&position))
}

/// Looks up where the parts of the text lie.
pub(super) struct PartRanges<'a> {
    index: LexicalIndex<'a>,
    parts: Option<[bool; PARTS]>,
    /// The block of rows that is at hand.
    known: Option<(u32, Vec<PartLengths>)>,
    ranges: Vec<PartRange>,
}

impl<'a> PartRanges<'a> {
    /// For these parts, or for all of a row as one.
    pub(super) fn new(index: LexicalIndex<'a>, parts: Option<[bool; PARTS]>) -> PartRanges<'a> {
        PartRanges { index, parts, known: None, ranges: vec![(0, u32::MAX)] }
    }

    /// The ranges of the parts that are wanted.
    pub(super) fn of(&mut self, row: u32) -> Result<&[PartRange]> {
        let Some(parts) = self.parts else { return Ok(&self.ranges) };
        let block = row / PART_BLOCK_ROWS;
        if self.known.as_ref().is_none_or(|(number, _)| *number != block) {
            self.known = Some((block, self.index.parts(block)?));
        }
        let lengths =
            self.known.as_ref().and_then(|(_, parts)| parts.get((row % PART_BLOCK_ROWS) as usize));
        let starts = lengths.copied().unwrap_or_default().starts();
        let ends = starts.iter().skip(1).copied().chain([u32::MAX]);
        let ranges = starts.iter().copied().zip(ends).zip(parts);
        self.ranges.clear();
        self.ranges.extend(ranges.filter(|(_, is_wanted)| *is_wanted).map(|(range, _)| range));
        Ok(&self.ranges)
    }
}
