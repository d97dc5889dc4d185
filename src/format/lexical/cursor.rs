//! Walks a list from block to block, skipping those that end before a wanted row.

use super::pack::{BLOCK, block_bytes, unpack};
use super::shape::{ListShape, SKIP_BYTES, SkipEntry, skip_bytes};
use super::{Broken, Read, broken, varint};
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
    body: &'a [u8],
    forms: &'a [u8],
    rows_left: u32,
    row_limit: u32,
    /// Blocks decoded so far.
    blocks: usize,
    /// Where the next block starts.
    next_start: usize,
    last_row: Option<u32>,
    /// Occurrences before the block, by its skip entry.
    before: Option<u32>,
    block: [(u32, u32); BLOCK],
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
        let mut at = 0;
        let forms_bytes = if shape.forms > 1 { varint::take(bytes, &mut at)? as usize } else { 0 };
        let rest = bytes.get(at..).unwrap_or_default();
        let split = rest.len().checked_sub(forms_bytes).and_then(|end| rest.split_at_checked(end));
        let split = split.and_then(|(rest, forms)| {
            let (skips, body) = rest.split_at_checked(skip_bytes(shape.rows))?;
            Some((skips, body, forms))
        });
        let Some((skips, body, forms)) = split else {
            return broken(at, "a list is shorter than its skip entries and forms");
        };
        Ok(PostingCursor {
            skips,
            body,
            forms,
            rows_left: shape.rows,
            row_limit: rows,
            blocks: 0,
            next_start: 0,
            last_row: None,
            before: None,
            block: [(NO_ROW, 0); BLOCK],
            length: 0,
            at: 0,
        })
    }

    /// The gamma codes of the forms.
    pub(super) fn forms(&self) -> &'a [u8] {
        self.forms
    }

    /// Rows and counts of the block that was loaded last.
    pub(super) fn block(&self) -> &[(u32, u32)] {
        self.block.get(..self.length).unwrap_or_default()
    }

    /// What the skip entry of the block says of occurrences before it; `None` in a list without.
    pub(super) fn occurrences_before(&self) -> Option<u32> {
        self.before
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
        self.block().iter().copied()
    }

    /// The row here, [`NO_ROW`] before the first [`PostingCursor::advance`] and behind the last.
    #[inline]
    pub fn row(&self) -> u32 {
        self.block().get(self.at).map_or(NO_ROW, |(row, _)| *row)
    }

    /// How often the row here has a word of the list.
    #[inline]
    pub fn count(&self) -> u32 {
        self.block().get(self.at).map_or(0, |(_, count)| *count)
    }

    /// Goes to the first row from `target` on and returns it, or [`NO_ROW`].
    ///
    /// # Errors
    /// A damaged block.
    pub fn advance(&mut self, target: u32) -> Read<u32> {
        while self.block().last().is_none_or(|(last, _)| *last < target) {
            self.skip_to(target)?;
            if !self.load_next()? {
                return Ok(NO_ROW);
            }
        }
        let rest = self.block().get(self.at..).unwrap_or_default();
        self.at += match rest.first() {
            Some((row, _)) if *row >= target => 0,
            _ => rest.partition_point(|(row, _)| *row < target),
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
                Some((last, _)) if *last < end => rest.len(),
                _ => rest.partition_point(|(row, _)| *row < end),
            };
            rest.iter().take(count).for_each(|(row, count)| visit(*row, *count));
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
        let Some(before) = self.skip(low - 1) else { return broken(0, "no skip entry") };
        let passed = ((low - self.blocks) * BLOCK) as u32;
        self.rows_left = self.rows_left.saturating_sub(passed);
        self.blocks = low;
        self.next_start = before.end as usize;
        self.last_row = Some(before.last_row);
        (self.length, self.at) = (0, 0);
        Ok(())
    }

    /// Decodes the next block; `false` behind the last.
    pub(super) fn load_next(&mut self) -> Read<bool> {
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
            self.unpack_block(bytes, &entry)?;
        } else {
            self.read_tail(bytes)?;
        }
        let last_row = self.block().last().map(|(row, _)| *row);
        let agrees = entry.is_none_or(|entry| last_row == Some(entry.last_row));
        if !agrees || last_row.is_none_or(|row| row >= self.row_limit) {
            (self.length, self.rows_left) = (0, 0);
            let detail = format!("a block ends at row {last_row:?} of {}", self.row_limit);
            return Err(Broken { rule: Rule::Lexical, offset: start as u64, detail });
        }
        self.rows_left = self.rows_left.saturating_sub(self.length as u32);
        self.before = entry.map(|entry| entry.occurrences);
        self.last_row = last_row;
        self.next_start = end;
        self.blocks += 1;
        Ok(true)
    }

    fn unpack_block(&mut self, bytes: &[u8], entry: &SkipEntry) -> Read<()> {
        let (mut deltas, mut counts) = ([0; BLOCK], [0; BLOCK]);
        let split = bytes.split_at_checked(block_bytes(entry.row_width));
        let read = split.and_then(|(rows, rest)| {
            unpack(rows, entry.row_width, &mut deltas)?;
            unpack(rest, entry.count_width, &mut counts)?;
            (rest.len() == block_bytes(entry.count_width)).then_some(())
        });
        if read.is_none() {
            return broken(self.next_start, "a block does not have the bytes of its widths");
        }
        // In 64 bits a block cannot wrap, so that one look at its end suffices.
        let mut row = self.last_row.map_or(-1, i64::from);
        for ((to, delta), count) in self.block.iter_mut().zip(&deltas).zip(&counts) {
            row += i64::from(*delta) + 1;
            *to = (row as u32, count.saturating_add(1));
        }
        if row >= i64::from(NO_ROW) {
            return broken(self.next_start, "a row has more than 32 bits");
        }
        self.length = BLOCK;
        Ok(())
    }

    fn read_tail(&mut self, bytes: &[u8]) -> Read<()> {
        let mut at = 0;
        let mut row = self.last_row.map_or(-1, i64::from);
        for to in self.block.iter_mut().take(self.rows_left as usize) {
            let number = varint::take_long(bytes, &mut at)?;
            row += (number >> 1) as i64 + 1;
            let more =
                if number & 1 == 1 { 0 } else { varint::take(bytes, &mut at)?.saturating_add(1) };
            *to = (row as u32, more.saturating_add(1));
        }
        if row >= i64::from(NO_ROW) {
            return broken(self.next_start, "a row has more than 32 bits");
        }
        if at != bytes.len() {
            return broken(self.next_start + at, "bytes follow the last row");
        }
        self.length = self.rows_left as usize;
        Ok(())
    }
}
