//! What a scan reads of a segment, rows or copies, and which row it found.

use std::ops::Range;

use super::offsets::{list_of, list_range};
use super::rows::{IndexedRows, Pages};
use crate::error::Result;
use crate::kernel::scan::{CodedRows, ScanRange};

/// Set in a candidate's id when a copy was found, and the rest is the place of the copy.
const COPY: u32 = 1 << 31;

/// Rows of all segments together, at most, where a search scans copies too.
pub const COPIED_ROWS_MAX: u64 = COPY as u64;

/// Codes of one segment, sorted by list: those of its rows, or of their copies.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Layer<'a> {
    pub(in crate::index) coded: CodedRows<'a>,
    list_offsets: &'a [u32],
    pages: Option<&'a dyn Pages>,
    is_copies: bool,
}

impl<'a> IndexedRows<'a> {
    /// What is scanned of the segment: its rows and, if wanted, their copies.
    pub(in crate::index) fn layers(
        &self,
        copies: bool,
    ) -> impl Iterator<Item = Layer<'a>> + use<'a> {
        let own = Layer {
            coded: CodedRows {
                codes: self.codes,
                scales: self.scales,
                allowed: self.allowed.map(|allowed| allowed.words),
                base: self.base,
            },
            list_offsets: self.list_offsets,
            pages: self.pages,
            is_copies: false,
        };
        let spilled = self.spilled.filter(|_| copies).map(|spilled| Layer {
            coded: CodedRows {
                codes: spilled.codes,
                scales: spilled.scales,
                allowed: spilled.allowed,
                base: self.base | COPY,
            },
            list_offsets: spilled.list_offsets,
            pages: self.pages,
            is_copies: true,
        });
        std::iter::once(own).chain(spilled)
    }

    /// Whether candidates of copies can be told from those of rows.
    pub(super) fn can_number_copies(&self) -> bool {
        let copies = self.spilled.map_or(0, |spilled| spilled.rows.len());
        u32::try_from(copies)
            .ok()
            .and_then(|copies| self.base.checked_add(copies))
            .is_some_and(|end| end <= COPY)
    }

    /// The id of the row that a candidate of this segment is a copy of.
    fn row_of_copy(&self, place: u32) -> Option<u32> {
        let row = *self.spilled?.rows.get(place.checked_sub(self.base)? as usize)?;
        // From a file: a row of another segment would answer in its place.
        ((row as usize) < self.scales.len()).then(|| self.base.saturating_add(row))
    }
}

/// The id of the row that a candidate is or, in a search that scanned copies, is a copy of; one that no row has
/// for a copy of none.
pub(super) fn row_of(segments: &[IndexedRows<'_>], copies: bool, candidate: u32) -> u32 {
    if !copies || candidate & COPY == 0 {
        return candidate;
    }
    let place = candidate & !COPY;
    segments.iter().find_map(|segment| segment.row_of_copy(place)).unwrap_or(u32::MAX)
}

impl Layer<'_> {
    pub(in crate::index) fn is_copies(&self) -> bool {
        self.is_copies
    }

    /// The part of a list that is here.
    #[inline]
    pub(in crate::index) fn range(&self, list: u32, bias: f32) -> ScanRange {
        let Range { start, end } = list_range(self.list_offsets, list);
        // Offsets come from a file: a list that ends before it starts has no rows.
        ScanRange { start, end: end.max(start), bias }
    }

    /// The list that a place is in.
    pub(in crate::index) fn list_of(&self, place: u32) -> Option<u32> {
        list_of(self.list_offsets, place)
    }

    /// Makes codes and scales ready to be read.
    pub(super) fn prepare(&self, ranges: &[ScanRange]) -> Result<()> {
        match self.pages {
            Some(pages) if self.is_copies => pages.copies(ranges),
            Some(pages) => pages.codes(ranges),
            None => Ok(()),
        }
    }
}
