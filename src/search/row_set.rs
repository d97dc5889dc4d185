//! Rows of a segment while they are collected.

use roaring::RoaringBitmap;

use crate::segment::Segment;

/// Rows of the segment for each row that is kept as a number: from there on bits take less.
const SPARSE: u32 = 64;

/// Rows that come in any order and more than once, as those of many words and terms do: numbers while they are few, then
/// plain bits, so that each costs a store. Joining compressed bitmaps copies what was joined before for each.
pub(super) struct RowSet {
    segment_rows: u32,
    few: Vec<u32>,
    /// Bit `r % 8` of byte `r / 8` is row `r`; empty while rows are few.
    bits: Vec<u8>,
}

impl RowSet {
    /// For a segment of so many rows.
    pub(super) fn new(segment_rows: u32) -> RowSet {
        RowSet { segment_rows, few: Vec::new(), bits: Vec::new() }
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

    pub(super) fn finish(mut self) -> RoaringBitmap {
        if !self.bits.is_empty() {
            return RoaringBitmap::from_lsb0_bytes(0, &self.bits);
        }
        self.few.sort_unstable();
        self.few.dedup();
        RoaringBitmap::from_sorted_iter(self.few).unwrap_or_default()
    }
}

fn set(bits: &mut [u8], rows: &[u32]) {
    for row in rows {
        if let Some(byte) = bits.get_mut(*row as usize / 8) {
            *byte |= 1 << (row % 8);
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
