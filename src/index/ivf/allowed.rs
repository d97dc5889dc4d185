//! The rows of a segment that a search may return, as its scan and its ranking take them.

use roaring::RoaringBitmap;

use super::bits::{WORD_BITS, for_each_bit, mark};
use crate::format::rows::rows as bitmap_rows;

/// A filter, evaluated for one segment.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// Row `r` is bit `r % 64` of word `r / 64`.
    pub words: &'a [u64],
    /// How many rows of each list are allowed.
    pub list_counts: &'a [u32],
    /// The [lists](filled_lists) with an allowed row.
    pub filled: &'a [u64],
}

impl Allowed<'_> {
    /// The rows as a bitmap.
    pub(in crate::index) fn to_bitmap(self) -> RoaringBitmap {
        let mut rows = RoaringBitmap::new();
        for_each_bit(self.words, |row| {
            rows.insert(row as u32);
        });
        rows
    }
}

/// The rows of one segment that are allowed.
#[derive(Clone, Debug)]
pub struct RowMask {
    words: Vec<u64>,
    list_counts: Vec<u32>,
    filled: Vec<u64>,
}

impl RowMask {
    /// `rows` are those of a segment whose lists start at `list_offsets`; rows of no list do not count.
    pub fn new(rows: &RoaringBitmap, list_offsets: &[u32]) -> RowMask {
        let in_lists = list_offsets.last().copied().unwrap_or_default();
        let mut words = vec![0u64; (in_lists as usize).div_ceil(WORD_BITS)];
        let mut list_counts = vec![0; list_offsets.len().saturating_sub(1)];
        let mut list = 0;
        for row in bitmap_rows(rows).take_while(|row| *row < in_lists) {
            mark(&mut words, row as usize);
            while list_offsets.get(list + 1).is_some_and(|end| *end <= row) {
                list += 1;
            }
            if let Some(count) = list_counts.get_mut(list) {
                *count += 1;
            }
        }
        let filled = bits(list_counts.iter().map(|count| *count > 0));
        RowMask { words, list_counts, filled }
    }

    /// As a search takes them.
    pub fn allowed(&self) -> Allowed<'_> {
        Allowed { words: &self.words, list_counts: &self.list_counts, filled: &self.filled }
    }
}

/// Which lists have a row, by their offsets: list `l` is bit `l % 64` of word `l / 64`.
pub fn filled_lists(list_offsets: &[u32]) -> Vec<u64> {
    bits(list_offsets.windows(2).map(|ends| matches!(ends, [start, end] if start < end)))
}

/// The flags as bits, the first as the lowest of the first word.
fn bits(flags: impl ExactSizeIterator<Item = bool>) -> Vec<u64> {
    let mut words = vec![0u64; flags.len().div_ceil(WORD_BITS)];
    flags.enumerate().filter(|(_, flag)| *flag).for_each(|(at, _)| mark(&mut words, at));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_counts_and_lists_are_those_of_the_rows() {
        let offsets = [0, 50, 100, 100, 200];
        let rows: RoaringBitmap = [0, 49, 50, 63, 64, 127, 128, 199, 200, 70_000].into();
        let mask = RowMask::new(&rows, &offsets);
        assert_eq!(mask.list_counts, [2, 3, 0, 3]);
        assert_eq!(mask.filled, [0b1011]);
        assert_eq!(mask.allowed().to_bitmap(), rows.iter().take(8).collect());
        assert!(RowMask::new(&rows, &[]).list_counts.is_empty());
    }

    #[test]
    fn lists_are_numbered_across_words() {
        let lengths = (0..200u32).map(|list| u32::from(list % 7 == 3 || list == 127));
        let mut offsets = vec![0];
        offsets.extend(lengths.clone().scan(0, |end, length| {
            *end += length;
            Some(*end)
        }));
        let filled = filled_lists(&offsets);
        assert_eq!(filled.len(), 4);
        for (list, length) in lengths.enumerate() {
            assert_eq!(filled[list / 64] >> (list % 64) & 1, u64::from(length), "{list}");
        }
        assert!(filled_lists(&[]).is_empty() && filled_lists(&[0]).is_empty());
    }
}
