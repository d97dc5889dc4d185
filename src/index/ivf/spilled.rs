//! Copies of rows in second lists.
//!
//! Questions lie away from the passages that answer them, and a row's nearest centroid may be one that no
//! question comes near. So a row can have a copy of its codes in a second list, which is chosen to look from
//! another side (spilling; the choice is in [`encode`](crate::index::encode)). Copies lie in an area of their own,
//! sorted by list: a list of rows stays a range of rows.

use super::offsets::list_of;

/// The copies of a segment's rows, sorted by their lists.
#[derive(Clone, Copy, Debug)]
pub struct SpilledRows<'a> {
    /// The first copy of each list and, last, one past the last copy; ascending.
    pub list_offsets: &'a [u32],
    /// The row that each is a copy of, none of them twice.
    pub rows: &'a [u32],
    /// Codes of the residuals from the second lists, as [`IndexedRows::codes`](super::IndexedRows::codes).
    pub codes: &'a [u8],
    /// As [`IndexedRows::scales`](super::IndexedRows::scales).
    pub scales: &'a [u16],
    /// The copies of rows that may be returned: copy `c` is bit `c % 64` of word `c / 64`. `None` for all;
    /// there are some exactly when the rows are filtered.
    pub allowed: Option<&'a [u64]>,
}

/// Stands for a row without a copy.
pub const NO_COPY: u32 = u32::MAX;

impl SpilledRows<'_> {
    /// The place of the copy of each of so many rows, or [`NO_COPY`].
    pub fn copy_of_each(&self, rows: usize) -> Vec<u32> {
        let mut copies = vec![NO_COPY; rows];
        for (copy, row) in (0..).zip(self.rows) {
            if let Some(place) = copies.get_mut(*row as usize) {
                *place = copy;
            }
        }
        copies
    }

    /// The list of the copy at a place.
    pub fn list_of(&self, place: u32) -> Option<u32> {
        list_of(self.list_offsets, place)
    }
}

/// The bits of copies, of which `rows` says whose they are, in [`SpilledRows::allowed`] under a filter that lets the
/// rows of `words` pass. Costs a nanosecond or two per copy.
pub fn allowed_copies(rows: &[u32], words: &[u64]) -> Vec<u64> {
    let is_set = |row: &u32| {
        let word = words.get((*row / u64::BITS) as usize).copied().unwrap_or_default();
        word >> (row % u64::BITS) & 1
    };
    let word = |rows: &[u32]| rows.iter().rev().fold(0, |bits, row| bits << 1 | is_set(row));
    rows.chunks(u64::BITS as usize).map(word).collect()
}
