//! The rows of a segment that are not deleted, as a mask of its scan.

use roaring::RoaringBitmap;

use crate::index::ivf::Allowed;

/// The live rows of one segment.
#[derive(Clone, Debug)]
pub struct LiveRows {
    words: Vec<u64>,
    list_counts: Vec<u32>,
}

impl LiveRows {
    /// `live` are rows of a segment whose lists start at `list_offsets`; rows of no list do not count.
    pub fn new(live: &RoaringBitmap, list_offsets: &[u32]) -> LiveRows {
        let in_lists = list_offsets.last().copied().unwrap_or_default();
        let mut words = vec![0u64; in_lists.div_ceil(u64::BITS) as usize];
        let mut list_counts = vec![0; list_offsets.len().saturating_sub(1)];
        let mut list = 0;
        for row in live.iter().take_while(|row| *row < in_lists) {
            if let Some(word) = words.get_mut((row / u64::BITS) as usize) {
                *word |= 1 << (row % u64::BITS);
            }
            while list_offsets.get(list + 1).is_some_and(|end| *end <= row) {
                list += 1;
            }
            if let Some(count) = list_counts.get_mut(list) {
                *count += 1;
            }
        }
        LiveRows { words, list_counts }
    }

    /// As a scan wants them.
    pub fn allowed(&self) -> Allowed<'_> {
        Allowed { words: &self.words, list_counts: &self.list_counts }
    }
}

/// The rows of a mask.
pub(super) fn bitmap(allowed: Allowed<'_>) -> RoaringBitmap {
    let rows = (0u32..).step_by(u64::BITS as usize).zip(allowed.words);
    let of_word = |(first, word): (u32, &u64)| {
        let word = *word;
        (0..u64::BITS).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
    };
    rows.flat_map(of_word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_counts_are_those_of_the_rows() {
        let offsets = [0, 50, 100, 100, 200];
        let live: RoaringBitmap = [0, 49, 50, 63, 64, 127, 128, 199, 200, 70_000].into();
        let rows = LiveRows::new(&live, &offsets);
        assert_eq!(rows.list_counts, [2, 3, 0, 3]);
        assert_eq!(bitmap(rows.allowed()), live.iter().take(8).collect());
        assert!(LiveRows::new(&live, &[]).list_counts.is_empty());
    }
}
