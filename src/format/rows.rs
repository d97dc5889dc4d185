//! The rows of a bitmap, many at a time.
//!
//! `roaring` has a call for that, `Iter::next_many`, but its release 0.12.0 leaves out every container that
//! is one run of 65,536 rows, and its other iterators cost 5 to 200 ns per row. So a bitmap is
//! serialised, which copies at most one bit per row, and its rows are read from the portable form
//! (<https://github.com/RoaringBitmap/RoaringFormatSpec>): 1 ns per row.

use std::borrow::Cow;
use std::ops::Range;

use roaring::RoaringBitmap;

/// Start of a bitmap without runs.
const COOKIE: u32 = 12346;

/// Rows of the largest container that is an array.
const ARRAY_ROWS_MAX: usize = 4096;

/// Bytes of a container with one bit per row.
const WORDS_BYTES: usize = 8192;

/// Containers from which on a bitmap with runs says where each one starts.
const OFFSETS_MIN: usize = 4;

/// Rows that [`rows`] reads at a time.
const BLOCK_ROWS: usize = 512;

/// The rows of a bitmap, ascending; for bitmaps that may be large.
pub fn rows(bitmap: &RoaringBitmap) -> impl Iterator<Item = u32> + use<> {
    let mut blocks = RowBlocks::new(bitmap);
    let mut block = [0; BLOCK_ROWS];
    let (mut next, mut end) = (0, 0);
    std::iter::from_fn(move || {
        if next == end {
            (next, end) = (0, blocks.fill(&mut block).len());
        }
        let row = block.get(next..end)?.first().copied()?;
        next += 1;
        Some(row)
    })
}

/// Walks through the rows of a bitmap, ascending.
#[derive(Debug)]
pub struct RowBlocks<'a> {
    bytes: Cow<'a, [u8]>,
    containers: Vec<Container>,
    /// The container that is read, and what is left of it.
    next: usize,
    left: Left,
}

/// Where a container lies in the bytes.
#[derive(Clone, Debug)]
struct Container {
    /// Its first row that there could be.
    base: u32,
    kind: Kind,
    bytes: Range<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Array,
    Words,
    Runs,
}

/// What is left of a container: bytes, and rows that were read from those before.
#[derive(Debug, Default)]
struct Left {
    bytes: Range<usize>,
    /// A word of bits, and the row of its lowest.
    word: u64,
    word_base: u32,
    /// A run; rows are below 2^32 - 1.
    run: Range<u32>,
}

impl<'a> RowBlocks<'a> {
    /// Starts before the first row. Costs a copy of the bitmap.
    pub fn new(rows: &RoaringBitmap) -> RowBlocks<'static> {
        let mut bytes = Vec::with_capacity(rows.serialized_size());
        // Writing to a vector cannot fail.
        let _ = rows.serialize_into(&mut bytes);
        let containers = containers(&bytes).unwrap_or_default();
        RowBlocks::start(bytes.into(), containers)
    }

    /// The same of a serialised bitmap that nothing is known of: its rows may be too many, too great, or in any order.
    /// `None` if the bytes are not laid out as one.
    pub fn of_bytes(bytes: &'a [u8]) -> Option<RowBlocks<'a>> {
        containers(bytes).map(|containers| RowBlocks::start(bytes.into(), containers))
    }

    fn start(bytes: Cow<'a, [u8]>, containers: Vec<Container>) -> RowBlocks<'a> {
        let mut blocks = RowBlocks { bytes, containers, next: 0, left: Left::default() };
        blocks.start_container();
        blocks
    }

    /// Fills the front of `rows` with the next rows and returns it: all of it, but for the last
    /// rows; empty at the end.
    pub fn fill<'r>(&mut self, rows: &'r mut [u32]) -> &'r [u32] {
        let mut filled = 0;
        while let Some(container) = self.containers.get(self.next) {
            let Some(free) = rows.get_mut(filled..).filter(|free| !free.is_empty()) else { break };
            let Left { bytes, .. } = &self.left;
            let unread = self.bytes.get(bytes.clone()).unwrap_or_default();
            let count = match container.kind {
                Kind::Array => self.left.array(container.base, unread, free),
                Kind::Words => self.left.words(unread, free),
                Kind::Runs => self.left.runs(container.base, unread, free),
            };
            if count == 0 {
                self.next += 1;
                self.start_container();
            }
            filled += count;
        }
        rows.get(..filled).unwrap_or_default()
    }

    fn start_container(&mut self) {
        if let Some(Container { base, bytes, .. }) = self.containers.get(self.next) {
            let word_base = base.wrapping_sub(u64::BITS);
            self.left = Left { bytes: bytes.clone(), word: 0, word_base, run: 0..0 };
        }
    }
}

impl Left {
    fn array(&mut self, base: u32, unread: &[u8], free: &mut [u32]) -> usize {
        let (numbers, _) = unread.as_chunks();
        let count = numbers.len().min(free.len());
        for (row, number) in free.iter_mut().zip(numbers) {
            *row = base | u32::from(u16::from_le_bytes(*number));
        }
        self.bytes.start += count * size_of::<u16>();
        count
    }

    fn words(&mut self, unread: &[u8], free: &mut [u32]) -> usize {
        let (words, _) = unread.as_chunks();
        let (mut words, mut count) = (words.iter(), 0);
        while count < free.len() {
            while self.word == 0 {
                let Some(word) = words.next() else { return count };
                self.word = u64::from_le_bytes(*word);
                self.word_base = self.word_base.wrapping_add(u64::BITS);
                self.bytes.start += size_of::<u64>();
            }
            for row in free.iter_mut().skip(count) {
                if self.word == 0 {
                    break;
                }
                *row = self.word_base + self.word.trailing_zeros();
                self.word &= self.word - 1;
                count += 1;
            }
        }
        count
    }

    fn runs(&mut self, base: u32, unread: &[u8], free: &mut [u32]) -> usize {
        let (runs, _) = unread.as_chunks();
        let (mut runs, mut count) = (runs.iter(), 0);
        while let Some(free) = free.get_mut(count..).filter(|free| !free.is_empty()) {
            if self.run.is_empty() {
                let Some([a, b, c, d]) = runs.next() else { break };
                let start = base | u32::from(u16::from_le_bytes([*a, *b]));
                // The length less one: a run can fill its container.
                let last = start.saturating_add(u32::from(u16::from_le_bytes([*c, *d])));
                self.run = start..last.saturating_add(1);
                self.bytes.start += 2 * size_of::<u16>();
            }
            let taken = free.len().min(self.run.len());
            for (row, next) in free.iter_mut().zip(self.run.clone()) {
                *row = next;
            }
            self.run.start += taken as u32;
            count += taken;
        }
        count
    }
}

/// Where the containers of a serialised bitmap lie; `None` if the bytes are not a bitmap.
fn containers(bytes: &[u8]) -> Option<Vec<Container>> {
    let short = |at: usize| -> Option<usize> {
        let bytes = bytes.get(at..)?.first_chunk::<2>()?;
        Some(usize::from(u16::from_le_bytes(*bytes)))
    };
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
    };
    let cookie = word(0)?;
    let (count, flags) = match cookie {
        COOKIE => (word(4)? as usize, None),
        _ => ((cookie >> 16) as usize + 1, Some(4)),
    };
    let descriptions = flags.map_or(8, |flags| flags + count.div_ceil(8));
    let has_offsets = flags.is_none() || count >= OFFSETS_MIN;
    let mut at = descriptions + count * if has_offsets { 8 } else { 4 };
    let mut containers = Vec::with_capacity(count);
    for number in 0..count {
        let base = (short(descriptions + 4 * number)? as u32) << 16;
        let rows = short(descriptions + 4 * number + 2)? + 1;
        let flag = flags.and_then(|flags| bytes.get(flags + number / 8));
        let (kind, start, length) = match rows {
            _ if flag.is_some_and(|flag| flag >> (number % 8) & 1 == 1) => {
                (Kind::Runs, at + 2, 4 * short(at)?)
            }
            rows if rows <= ARRAY_ROWS_MAX => (Kind::Array, at, 2 * rows),
            _ => (Kind::Words, at, WORDS_BYTES),
        };
        containers.push(Container { base, kind, bytes: start..start + length });
        at = start + length;
    }
    (at == bytes.len()).then_some(containers)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn mixed(row: u32) -> u32 {
        row.wrapping_mul(2_654_435_761)
    }

    /// Fills the container at `first` in one of the ways that containers are.
    fn add(rows: &mut RoaringBitmap, first: u32, (kind, seed): (&str, u32)) {
        let end = first + 65_536;
        match kind {
            "full" => drop(rows.insert_range(first..end)),
            "runs" => {
                let step = 300 + seed as usize % 5000;
                for start in (first..end).step_by(step) {
                    rows.insert_range(start..end.min(start + 1 + seed % 299));
                }
            }
            "array" => rows.extend((first..end).filter(|row| mixed(row ^ seed) < u32::MAX / 30)),
            "bitmap" => rows.extend((first..end).filter(|row| mixed(row ^ seed) < u32::MAX / 2)),
            "all" => rows.extend(first..end),
            "start" => drop(rows.insert_range(first..first + 1 + seed % 65_536)),
            "end" => drop(rows.insert_range(end - 1 - seed % 65_536..end)),
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_row_of_every_container_is_taken_once(
            containers in vec(
                (select(vec!["full", "empty", "runs", "array", "bitmap", "all", "start", "end"]),
                    any::<u32>()),
                0..6,
            ),
            optimized in any::<bool>(),
            block in select(vec![1usize, 63, 64, 512, 65_535, 65_536, 65_537, 1 << 20]),
        ) {
            let mut rows = RoaringBitmap::new();
            let count = containers.len() as u32;
            for (place, container) in (0..).zip(containers) {
                add(&mut rows, place * 65_536, container);
            }
            if optimized {
                rows.optimize();
            }
            let mut blocks = RowBlocks::new(&rows);
            let mut buffer = vec![0; block];
            let mut taken = Vec::new();
            loop {
                let found = blocks.fill(&mut buffer);
                taken.extend_from_slice(found);
                if found.len() < block {
                    break;
                }
            }
            prop_assert!(blocks.fill(&mut buffer).is_empty());
            let expected: Vec<u32> =
                (0..count * 65_536).filter(|row| rows.contains(*row)).collect();
            prop_assert!(taken == expected, "{} rows, not {}", taken.len(), expected.len());
            let mut iterator = super::rows(&rows);
            prop_assert!(iterator.by_ref().eq(expected));
            prop_assert_eq!((iterator.next(), iterator.next()), (None, None));
        }
    }

    #[test]
    fn the_last_rows_of_all_are_taken() {
        for first in [u32::MAX - 70_000, u32::MAX - 3] {
            let mut rows = RoaringBitmap::new();
            rows.insert_range(first..u32::MAX);
            let mut buffer = vec![0; 100_000];
            let found = RowBlocks::new(&rows).fill(&mut buffer).to_vec();
            assert!(found.into_iter().eq(first..u32::MAX));
        }
    }
}
