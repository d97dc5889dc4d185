//! Groups of 512 rows, at which the forms and positions of a list can be begun to read.
//!
//! Both are streams that are read from their start; a group starts on a byte of its own. So who wants a few rows of a
//! list reads at most 512 rows for each, which takes 12 bytes per group.

use std::ops::Range;

use super::super::layout::layout;
use super::pack::BLOCK;
use super::shape::ListShape;
use super::{Read, broken};

/// Blocks of rows in a group.
pub(super) const GROUP_BLOCKS: usize = 4;

/// Rows of a group, but for those of the last one.
pub(super) const GROUP_ROWS: usize = GROUP_BLOCKS * BLOCK;

layout! {
    /// Where a group of a list begins, the first one left out.
    pub struct GroupEntry = 12 {
        /// Occurrences before it.
        occurrences: u32,
        /// Bytes of forms before it.
        forms: u32,
        /// Bytes of positions before it.
        positions: u32,
    }
}

/// The bytes of group entries of a list of so many rows.
pub(super) fn group_bytes(rows: u32) -> usize {
    (rows as usize).saturating_sub(1) / GROUP_ROWS * GroupEntry::SIZE
}

/// What of a list belongs to a group.
pub(super) struct Group<'a> {
    /// Occurrences of the list.
    pub(super) occurrences: Range<u32>,
    pub(super) forms: &'a [u8],
    pub(super) positions: &'a [u8],
}

/// The groups of a list of 128 rows or more.
#[derive(Clone, Copy)]
pub(super) struct Groups<'a> {
    entries: &'a [u8],
    forms: &'a [u8],
    positions: Option<&'a [u8]>,
    occurrences: u32,
}

impl<'a> Groups<'a> {
    /// Without `positions`, groups have none.
    pub(super) fn new(
        entries: &'a [u8],
        forms: &'a [u8],
        positions: Option<&'a [u8]>,
        shape: &ListShape,
    ) -> Groups<'a> {
        Groups { entries, forms, positions, occurrences: shape.occurrences }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.entries.len() / GroupEntry::SIZE + 1
    }

    /// Where a group begins; the end of the list behind the last one.
    fn start(&self, number: usize) -> GroupEntry {
        let Some(place) = number.checked_sub(1) else {
            return GroupEntry { occurrences: 0, forms: 0, positions: 0 };
        };
        let bytes = self.entries.get(place * GroupEntry::SIZE..);
        bytes.and_then(|bytes| bytes.first_chunk()).map(GroupEntry::decode).unwrap_or(GroupEntry {
            occurrences: self.occurrences,
            forms: self.forms.len() as u32,
            positions: self.positions.map_or(0, <[u8]>::len) as u32,
        })
    }

    /// A group by its number.
    ///
    /// # Errors
    /// Entries that descend, or go beyond the list.
    pub(super) fn get(&self, number: usize) -> Read<Group<'a>> {
        let (start, end) = (self.start(number), self.start(number + 1));
        let of = |bytes: &'a [u8], start: u32, end: u32| bytes.get(start as usize..end as usize);
        let forms = of(self.forms, start.forms, end.forms);
        let positions = match self.positions {
            Some(positions) => of(positions, start.positions, end.positions),
            None => Some(&[][..]),
        };
        match (forms, positions) {
            (Some(forms), Some(positions)) if start.occurrences <= end.occurrences => {
                let occurrences = start.occurrences..end.occurrences;
                Ok(Group { occurrences, forms, positions })
            }
            _ => broken(0, format!("group {number} of rows goes beyond the list")),
        }
    }
}
