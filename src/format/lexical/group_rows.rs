//! Some rows of a group, in memory and as a stream of bits.
//!
//! ```text
//! a third of the rows or more, and not two thirds:  1, then a bit per row
//! fewer:                                            0, 0, gamma of how many + 1, then the gaps before them, Rice
//! more:                                             0, 1, then the rows that are not among them, as above
//! ```

use super::bits::{BitReader, BitWriter};
use super::groups::GROUP_ROWS;
use super::pack::BLOCK;
use super::{Read, broken};

/// Rows are coded as bits from one in so many on.
const BITS_FROM: usize = 3;

/// Some rows of a group, by their places in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct GroupRows([u64; GROUP_ROWS / 64]);

impl GroupRows {
    /// Adds the row at a place.
    #[inline]
    pub(super) fn insert(&mut self, place: usize) {
        self.insert_if(true, place);
    }

    /// Adds the row at a place if it is wanted, without a jump.
    #[inline]
    pub(super) fn insert_if(&mut self, is_wanted: bool, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= u64::from(is_wanted) << (place % 64);
        }
    }

    /// Whether the row at a place is among them.
    #[inline]
    pub(super) fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Those of a block of the group: bit `i` is row `i` of it.
    pub(super) fn of_block(&self, block: usize) -> [u64; BLOCK / 64] {
        let words = self.0.get(block * BLOCK / 64..).and_then(|words| words.first_chunk());
        words.copied().unwrap_or_default()
    }

    /// These and others.
    pub(super) fn or(mut self, others: &GroupRows) -> GroupRows {
        self.0.iter_mut().zip(others.0).for_each(|(word, other)| *word |= other);
        self
    }

    /// Those that are among others too.
    pub(super) fn and(mut self, others: &GroupRows) -> GroupRows {
        self.0.iter_mut().zip(others.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// Those that are not among others.
    pub(super) fn and_not(mut self, others: &GroupRows) -> GroupRows {
        self.0.iter_mut().zip(others.0).for_each(|(word, other)| *word &= !other);
        self
    }

    /// The first rows of a group, `rows` of them, but these.
    pub(super) fn all_but(self, rows: usize) -> GroupRows {
        let mut all = GroupRows::default();
        for ((number, word), not) in all.0.iter_mut().enumerate().zip(self.0) {
            let bits = rows.saturating_sub(number * 64).min(64);
            let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
            *word = mask & !not;
        }
        all
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Their places, ascending.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(number, word)| {
            let next = |bits: &u64| Some(bits & bits.wrapping_sub(1)).filter(|bits| *bits != 0);
            let bits = std::iter::successors(Some(word).filter(|word| *word != 0), next);
            bits.map(move |bits| number * 64 + bits.trailing_zeros() as usize)
        })
    }

    /// Appends them; the group has `rows`.
    pub(super) fn put(self, rows: usize, out: &mut BitWriter) {
        let count = self.count();
        let few = count.min(rows - count);
        if few * BITS_FROM >= rows {
            out.push(1, 1);
            for (number, word) in self.0.iter().enumerate() {
                let bits = rows.saturating_sub(number * 64).min(64) as u32;
                out.push(*word, bits.min(32));
                out.push(word >> 32, bits.saturating_sub(32));
            }
            return;
        }
        out.push(0, 1);
        out.push(u64::from(few < count), 1);
        out.gamma(few as u64 + 1);
        let low = low_bits(rows, few);
        let mut next = 0;
        for place in (if few < count { self.all_but(rows) } else { self }).places() {
            out.rice((place - next) as u32, low);
            next = place + 1;
        }
    }

    /// Reads rows of a group that has `rows`, 512 at most.
    ///
    /// # Errors
    /// More rows than that, or none at the end of the bytes.
    pub(super) fn take(reader: &mut BitReader<'_>, rows: usize) -> Read<GroupRows> {
        let mut found = GroupRows::default();
        if reader.take(1) == 1 {
            if reader.bits_left() < rows as u64 {
                return broken(reader.at() / 8, "the bits of a group are cut off");
            }
            for (number, word) in found.0.iter_mut().enumerate() {
                let bits = rows.saturating_sub(number * 64).min(64) as u32;
                *word = reader.take(bits.min(32));
                *word |= reader.take(bits.saturating_sub(32)) << 32;
            }
            return Ok(found);
        }
        let is_rest = reader.take(1) == 1;
        let few = reader.gamma().map_or(u64::MAX, |more| more - 1);
        if few > rows as u64 {
            return broken(reader.at() / 8, format!("a set of rows of {rows} is too large"));
        }
        let low = low_bits(rows, few as usize);
        let (mut look, mut next) = (reader.look(), 0usize);
        let read = reader.rices(&mut look, low, few as u32, |gap| {
            let place = next.saturating_add(gap as usize);
            found.insert(place);
            next = place.saturating_add(1);
        });
        if read.is_none() || next > rows {
            return broken(reader.at() / 8, format!("a set of rows of {rows} goes beyond them"));
        }
        Ok(if is_rest { found.all_but(rows) } else { found })
    }
}

/// The lowest bits of the code of a gap.
fn low_bits(rows: usize, few: usize) -> u32 {
    (rows / few.max(1)).max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back(rows in 1usize..=GROUP_ROWS, share in 0u32..=100, seed in any::<u64>()) {
            let (mut set, mut state) = (GroupRows::default(), seed | 1);
            let mut expected = Vec::new();
            for place in 0..rows {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                if (state >> 33) as u32 % 100 < share {
                    set.insert(place);
                    expected.push(place);
                }
            }
            prop_assert!(set.places().eq(expected.iter().copied()));
            prop_assert!(set.all_but(rows).places().eq((0..rows).filter(|place| !set.has(*place))));
            let mut writer = BitWriter::default();
            writer.push(1, 3);
            set.put(rows, &mut writer);
            let bytes = writer.finish();
            let mut reader = BitReader::new(&bytes, 3);
            prop_assert_eq!(GroupRows::take(&mut reader, rows), Ok(set));
            prop_assert!(reader.is_at_end());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), rows in 1usize..=GROUP_ROWS) {
            if let Ok(set) = GroupRows::take(&mut BitReader::new(&bytes, 0), rows) {
                prop_assert!(set.places().all(|place| place < rows));
            }
        }
    }

    /// The layout of the specification, by hand.
    #[test]
    fn rows_lie_as_specified() {
        let bytes = |places: &[usize], rows: usize| {
            let (mut set, mut writer) = (GroupRows::default(), BitWriter::default());
            places.iter().for_each(|place| set.insert(*place));
            set.put(rows, &mut writer);
            writer.finish()
        };
        // A one, then a bit per row.
        assert_eq!(bytes(&[1], 3), [0b0101]);
        // 0, 0, gamma of 2 (010), then place 4 of 8 with k = 3: no zero, a one, 001.
        assert_eq!(bytes(&[4], 8), [0b0010_1000, 0b1]);
        // 0, 1, gamma of 1.
        assert_eq!(bytes(&[0, 1], 2), [0b110]);
        assert_eq!(bytes(&[], 2), [0b100]);
    }
}
