//! Walks a list from block to block, skipping those that end before a wanted row.

use super::bits::BitReader;
use super::groups::{GROUP_BLOCKS, Groups, group_bytes};
use super::pack::{BLOCK, block_bytes, unpack};
use super::patch::take_patches;
use super::shape::{ListShape, SKIP_BYTES, SkipEntry, skip_bytes};
use super::{Broken, Read, broken};
use crate::rules::Rule;

/// Stands for a row behind the last one. No segment has so many rows.
pub const NO_ROW: u32 = u32::MAX;

/// What the rows of a block can score at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkipBounds {
    /// The last row that they hold for.
    pub last_row: u32,
    /// The greatest count; 255 for more.
    pub best_count: u8,
    /// The least length code.
    pub best_length: u8,
}

/// A place in a list. It decodes one block at a time into arrays of its own.
pub struct PostingCursor<'a> {
    skips: &'a [u8],
    group_entries: &'a [u8],
    body: &'a [u8],
    /// What follows the rows, from this bit on.
    rest: &'a [u8],
    rest_at: usize,
    /// The lowest bits of the code of a row outside blocks.
    low_bits: u32,
    rows_in_all: u32,
    rows_left: u32,
    row_limit: u32,
    /// Blocks decoded so far.
    blocks: usize,
    /// Where the next block starts.
    next_start: usize,
    last_row: Option<u32>,
    rows: [u32; BLOCK],
    counts: [u32; BLOCK],
    length: usize,
    at: usize,
}

impl<'a> PostingCursor<'a> {
    /// Starts before the first row. `bytes` is a list without its positions, `rows` the number of rows of the
    /// segment.
    ///
    /// # Errors
    /// A list that is shorter than its skip entries.
    pub fn new(bytes: &'a [u8], shape: &ListShape, rows: u32) -> Read<PostingCursor<'a>> {
        let split = bytes.split_at_checked(skip_bytes(shape.rows)).and_then(|(skips, rest)| {
            let (groups, rest) = rest.split_at_checked(group_bytes(shape.rows))?;
            let Some(last) = skips.last_chunk().map(SkipEntry::decode) else {
                return Some((skips, groups, rest, rest));
            };
            let (body, rest) = rest.split_at_checked(last.end as usize)?;
            Some((skips, groups, body, rest))
        });
        let Some((skips, group_entries, body, rest)) = split else {
            return broken(0, "a list is shorter than its skip entries say");
        };
        Ok(PostingCursor {
            skips,
            group_entries,
            body,
            rest,
            rest_at: 0,
            low_bits: shape.row_low_bits(rows),
            rows_in_all: shape.rows,
            rows_left: shape.rows,
            row_limit: rows,
            blocks: 0,
            next_start: 0,
            last_row: None,
            rows: [NO_ROW; BLOCK],
            counts: [0; BLOCK],
            length: 0,
            at: 0,
        })
    }

    /// The groups of a list of 128 rows or more.
    pub(super) fn groups(&self, positions: Option<&'a [u8]>, shape: &ListShape) -> Groups<'a> {
        Groups::new(self.group_entries, self.rest, positions, shape)
    }

    /// The last row of a group.
    pub(super) fn last_row_of(&self, group: usize) -> Option<u32> {
        let blocks = self.skips.len() / SKIP_BYTES;
        let last = blocks.checked_sub(1)?.min(group * GROUP_BLOCKS + GROUP_BLOCKS - 1);
        self.skip(last).map(|entry| entry.last_row)
    }

    /// Goes to the first block of a group.
    pub(super) fn go_to_group(&mut self, group: usize) -> Read<()> {
        self.go_to_block(group * GROUP_BLOCKS)
    }

    /// Goes before a block, which is loaded next.
    fn go_to_block(&mut self, block: usize) -> Read<()> {
        (self.next_start, self.last_row) = match block.checked_sub(1) {
            None => (0, None),
            Some(before) => match self.skip(before) {
                Some(entry) => (entry.end as usize, Some(entry.last_row)),
                None => return broken(0, "no skip entry"),
            },
        };
        self.blocks = block;
        self.rows_left = self.rows_in_all.saturating_sub((block * BLOCK) as u32);
        (self.length, self.at) = (0, 0);
        Ok(())
    }

    /// What follows the rows of a list of fewer than 128, once they are loaded.
    pub(super) fn rest(&self) -> BitReader<'a> {
        BitReader::new(self.rest, self.rest_at)
    }

    /// Rows of the block that was loaded last.
    pub(super) fn block(&self) -> &[u32] {
        self.rows.get(..self.length).unwrap_or_default()
    }

    fn skip(&self, block: usize) -> Option<SkipEntry> {
        let start = block.checked_mul(SKIP_BYTES)?;
        self.skips.get(start..)?.first_chunk().map(SkipEntry::decode)
    }

    /// The bounds of each block in order; nothing in a list of fewer than 128 rows.
    pub fn bounds(&self) -> impl Iterator<Item = SkipBounds> + 'a {
        self.skips.chunks_exact(SKIP_BYTES).filter_map(|bytes| {
            let SkipEntry { last_row, best_count, best_length, .. } =
                SkipEntry::decode(bytes.first_chunk()?);
            Some(SkipBounds { last_row, best_count, best_length })
        })
    }

    /// Rows and counts of the block here.
    pub fn loaded(&self) -> impl Iterator<Item = (u32, u32)> {
        self.block().iter().copied().zip(self.counts.iter().copied())
    }

    /// The row here, [`NO_ROW`] before the first [`PostingCursor::advance`] and behind the last.
    #[inline]
    pub fn row(&self) -> u32 {
        self.block().get(self.at).copied().unwrap_or(NO_ROW)
    }

    /// How often the row here has a word of the list.
    #[inline]
    pub fn count(&self) -> u32 {
        self.counts.get(self.at).filter(|_| self.at < self.length).copied().unwrap_or(0)
    }

    /// Goes to the first row from `target` on and returns it, or [`NO_ROW`].
    ///
    /// # Errors
    /// A damaged block.
    pub fn advance(&mut self, target: u32) -> Read<u32> {
        while self.block().last().is_none_or(|last| *last < target) {
            self.skip_to(target)?;
            if !self.load_next()? {
                return Ok(NO_ROW);
            }
        }
        let rest = self.block().get(self.at..).unwrap_or_default();
        self.at += match rest.first() {
            Some(row) if *row >= target => 0,
            _ => rest.partition_point(|row| *row < target),
        };
        Ok(self.row())
    }

    /// Calls `visit` with each row below `end` and its count, from the row here on, and stops at the first row
    /// that is not.
    ///
    /// # Errors
    /// A damaged block.
    #[inline]
    pub fn visit_until(&mut self, end: u32, mut visit: impl FnMut(u32, u32)) -> Read<()> {
        loop {
            let rest = self.block().get(self.at..).unwrap_or_default();
            let count = match rest.last() {
                Some(last) if *last < end => rest.len(),
                _ => rest.partition_point(|row| *row < end),
            };
            let counts = self.counts.get(self.at..).unwrap_or_default();
            rest.iter().zip(counts).take(count).for_each(|(row, count)| visit(*row, *count));
            let is_through = count == rest.len();
            self.at += count;
            if !is_through || !self.load_next()? {
                return Ok(());
            }
        }
    }

    /// Passes over blocks that end before `target` without decoding them.
    fn skip_to(&mut self, target: u32) -> Read<()> {
        let total = self.skips.len() / SKIP_BYTES;
        let ends_before =
            |block: usize| self.skip(block).is_some_and(|entry| entry.last_row < target);
        if self.blocks >= total || !ends_before(self.blocks) {
            return Ok(());
        }
        // Doubling steps: targets are mostly near.
        let (mut low, mut step) = (self.blocks, 1);
        while low + step < total && ends_before(low + step) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(total);
        low += 1;
        while low < high {
            let middle = low + (high - low) / 2;
            if ends_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.go_to_block(low)
    }

    /// Decodes the next block; `false` behind the last.
    pub(super) fn load_next(&mut self) -> Read<bool> {
        self.load(true)
    }

    /// Decodes the rows of the next block, whose counts are then not to be asked for; `false` behind the last.
    pub(super) fn load_rows(&mut self) -> Read<bool> {
        self.load(false)
    }

    fn load(&mut self, with_counts: bool) -> Read<bool> {
        (self.length, self.at) = (0, 0);
        if self.rows_left == 0 {
            return Ok(false);
        }
        let entry = self.skip(self.blocks);
        let start = self.next_start;
        let end = entry.map_or(self.body.len(), |entry| entry.end as usize);
        let Some(bytes) = self.body.get(start..end) else {
            return broken(start, "a block of rows goes beyond the list");
        };
        if self.rows_left >= BLOCK as u32 {
            let Some(entry) = entry else { return broken(start, "a block without skip entry") };
            self.unpack_block(bytes, &entry, with_counts)?;
        } else {
            self.read_tail(bytes, entry.is_some())?;
        }
        let last_row = self.block().last().copied();
        let agrees = entry.is_none_or(|entry| last_row == Some(entry.last_row));
        if !agrees || last_row.is_none_or(|row| row >= self.row_limit) {
            (self.length, self.rows_left) = (0, 0);
            let detail = format!("a block ends at row {last_row:?} of {}", self.row_limit);
            return Err(Broken { rule: Rule::Lexical, offset: start as u64, detail });
        }
        self.rows_left = self.rows_left.saturating_sub(self.length as u32);
        self.last_row = last_row;
        self.next_start = end;
        self.blocks += 1;
        Ok(true)
    }

    fn unpack_block(&mut self, bytes: &[u8], entry: &SkipEntry, with_counts: bool) -> Read<()> {
        let PostingCursor { rows: deltas, counts, .. } = self;
        let split = bytes.split_at_checked(block_bytes(entry.row_width));
        let read = split.and_then(|(rows, rest)| {
            unpack(rows, entry.row_width, deltas)?;
            let (packed, patches) = rest.split_at_checked(block_bytes(entry.count_width))?;
            let mut patches = BitReader::new(patches, 0);
            take_patches(&mut patches, entry.row_width, deltas)?;
            if !with_counts {
                return Some(());
            }
            unpack(packed, entry.count_width, counts)?;
            take_patches(&mut patches, entry.count_width, counts)?;
            patches.is_at_end().then_some(())
        });
        if read.is_none() {
            return broken(self.next_start, "a block does not have the bytes of its widths");
        }
        // What all deltas come to says whether a row wraps; sums of 32 bits do then.
        let first = self.last_row.map_or(0, |last| u64::from(last) + 1);
        let all: u64 = deltas.iter().map(|delta| u64::from(*delta)).sum();
        if first + all + BLOCK as u64 > NO_ROW.into() {
            return broken(self.next_start, "a row has more than 32 bits");
        }
        let mut next = first as u32;
        // Four sums at a time, so that each waits for a quarter of the additions before it. None wraps, as was checked.
        for four in deltas.as_chunks_mut::<4>().0 {
            let [a, b, c, d] = *four;
            let ab = a.wrapping_add(b).wrapping_add(1);
            let abc = ab.wrapping_add(c).wrapping_add(1);
            let abcd = abc.wrapping_add(d).wrapping_add(1);
            *four = [a, ab, abc, abcd].map(|sum| next.wrapping_add(sum));
            next = next.wrapping_add(abcd).wrapping_add(1);
        }
        if with_counts {
            counts.iter_mut().for_each(|count| *count = count.saturating_add(1));
        }
        self.length = BLOCK;
        Ok(())
    }

    /// Reads rows outside blocks. Behind those of a list with blocks the bytes end; in a shorter one the bits go on.
    fn read_tail(&mut self, bytes: &[u8], ends: bool) -> Read<()> {
        let mut reader = BitReader::new(bytes, 0);
        let mut row = self.last_row.map_or(-1, i64::from);
        let places = self.rows.iter_mut().zip(&mut self.counts);
        for (to_row, to_count) in places.take(self.rows_left as usize) {
            let Some((delta, count)) = reader.golomb(self.low_bits).zip(reader.gamma()) else {
                return broken(self.next_start + reader.at() / 8, "a row is cut off");
            };
            row += i64::from(delta) + 1;
            *to_row = row as u32;
            *to_count = u32::try_from(count).unwrap_or(u32::MAX);
        }
        if row >= i64::from(NO_ROW) {
            return broken(self.next_start, "a row has more than 32 bits");
        }
        if ends && !reader.is_at_end() {
            return broken(self.next_start + reader.at() / 8, "bytes follow the last row");
        }
        if !ends {
            self.rest_at = reader.at();
        }
        self.length = self.rows_left as usize;
        Ok(())
    }
}
