//! Rows of a segment while they are collected.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::segment::Segment;

/// Rows of the segment for each row that is kept as a number: from there on bits take less.
const SPARSE: u32 = 32;

/// Rows that come in any order and more than once, as those of many words and terms do: numbers while they are few, then
/// plain bits, so that each costs a store. Joining compressed bitmaps copies what was joined before for each.
#[derive(Debug, PartialEq)]
pub(super) struct RowSet {
    segment_rows: u32,
    /// In any order; ascending, each once, when finished.
    few: Vec<u32>,
    /// Bit `r % 8` of byte `r / 8` is row `r`; empty while rows are few.
    bits: Vec<u8>,
}

impl RowSet {
    /// For a segment of so many rows.
    pub(super) fn new(segment_rows: u32) -> RowSet {
        RowSet { segment_rows, few: Vec::new(), bits: Vec::new() }
    }

    /// Rows by bits, as many as the segment has rows: bit `r % 8` of byte `r / 8` is row `r`.
    pub(super) fn of_bits(segment_rows: u32, bits: Vec<u8>) -> RowSet {
        RowSet { segment_rows, few: Vec::new(), bits }
    }

    /// Adds rows of the segment.
    pub(super) fn add(&mut self, rows: &[u32]) {
        if self.bits.is_empty() {
            self.few.extend_from_slice(rows);
            if self.few.len() <= (self.segment_rows / SPARSE) as usize {
                return;
            }
            self.bits = vec![0; self.segment_rows.div_ceil(8) as usize];
            let few = std::mem::take(&mut self.few);
            set(&mut self.bits, &few);
        } else {
            set(&mut self.bits, rows);
        }
    }

    /// Adds those of another set of the segment. Cost: a store for each, or for each 16 rows of the segment.
    pub(super) fn join(&mut self, other: &RowSet) {
        if other.bits.is_empty() {
            return self.add(&other.few);
        }
        if self.bits.is_empty() {
            self.bits.clone_from(&other.bits);
            let few = std::mem::take(&mut self.few);
            return set(&mut self.bits, &few);
        }
        self.bits.iter_mut().zip(&other.bits).for_each(|(bits, more)| *bits |= more);
    }

    /// The same rows, of which no more come.
    pub(super) fn finished(mut self) -> RowSet {
        self.few.sort_unstable();
        self.few.dedup();
        self.few.shrink_to_fit();
        self
    }

    /// The rows of a finished set.
    pub(super) fn to_bitmap(&self) -> RoaringBitmap {
        if !self.bits.is_empty() {
            return RoaringBitmap::from_lsb0_bytes(0, &self.bits);
        }
        RoaringBitmap::from_sorted_iter(self.few.iter().copied()).unwrap_or_default()
    }

    /// Bytes that a finished set takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.bits.len() + self.few.len() * size_of::<u32>()
    }
}

fn set(bits: &mut [u8], rows: &[u32]) {
    for row in rows {
        if let Some(byte) = bits.get_mut(*row as usize / 8) {
            *byte |= 1 << (row % 8);
        }
    }
}

/// Rows as a condition finds them.
pub(super) enum Found {
    /// Of few terms, keys or numbers, and of groups.
    Bitmap(RoaringBitmap),
    /// Of words, many terms or days, finished; they may be remembered.
    Set(Arc<RowSet>),
}

impl Found {
    pub(super) fn into_bitmap(self) -> RoaringBitmap {
        match self {
            Found::Bitmap(rows) => rows,
            Found::Set(rows) => rows.to_bitmap(),
        }
    }
}

/// Every row.
pub(super) fn all_rows(segment: &Segment) -> RoaringBitmap {
    let mut rows = RoaringBitmap::new();
    rows.insert_range(0..segment.rows());
    rows
}

/// Every row but these. Plain bits again: to take rows from a bitmap of runs, `roaring` looks for the run of each.
pub(super) fn all_but(segment: &Segment, rows: &RoaringBitmap) -> RoaringBitmap {
    let count = segment.rows();
    let mut bits = vec![u8::MAX; (count / 8) as usize];
    bits.extend((!count.is_multiple_of(8)).then_some(!(u8::MAX << (count % 8))));
    RoaringBitmap::from_lsb0_bytes(0, &bits) - rows
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sets_hold_what_was_added_and_joined(
            segment_rows in prop_oneof![1u32..200, 65_000u32..140_000],
            parts in prop::collection::vec((any::<u64>(), 0usize..6_000, any::<bool>()), 0..6),
        ) {
            let (mut all, mut expected) = (RowSet::new(segment_rows), BTreeSet::<u32>::new());
            for (seed, count, as_set) in parts {
                let step = |row: &u64| Some(row.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
                let rows = std::iter::successors(Some(seed), step).map(|row| (row >> 33) as u32 % segment_rows);
                let rows: Vec<u32> = rows.take(count).collect();
                expected.extend(&rows);
                if !as_set {
                    all.add(&rows);
                    continue;
                }
                let mut part = RowSet::new(segment_rows);
                rows.chunks(100).for_each(|some| part.add(some));
                let part = part.finished();
                let distinct: BTreeSet<u32> = rows.iter().copied().collect();
                prop_assert!(part.to_bitmap().iter().eq(distinct));
                all.join(&part);
            }
            prop_assert!(all.finished().to_bitmap().iter().eq(expected));
        }
    }
}
