//! The best rows of a segment for some lists.

use roaring::RoaringBitmap;

use super::best::Best;
use super::bm25::Bm25;
use crate::control::Control;
use crate::error::Result;
use crate::format::lexical::{Broken, NO_ROW, PostingCursor};
use crate::format::rows::rows as bitmap_rows;

/// Rows of a window: their scores take 16 KiB of the first-level cache.
const WINDOW: u32 = 4096;

/// Rows of a window that are looked at at once: mostly none of them can be one of the best.
const CHUNK: usize = 64;

/// Counts whose scores are looked up instead of computed.
const TABLE_COUNTS: usize = 4;

/// Rows of a list from which on such a table pays.
const TABLE_ROWS_MIN: u32 = 2048;

/// The rows that have a word of the query.
pub struct RankedList<'a> {
    cursor: PostingCursor<'a>,
    weight: f64,
    /// The last row of each block, and what its rows score at most.
    bounds: Vec<(u32, u32)>,
    /// The first block that does not end before the window.
    at_bound: usize,
    /// Scores by count less one and length code.
    table: Vec<[u32; 256]>,
}

impl<'a> RankedList<'a> {
    /// A list with the weight of its word, before its first row. `lengths` are the length codes of all rows.
    ///
    /// # Errors
    /// A damaged list.
    pub fn new(
        mut cursor: PostingCursor<'a>,
        rows: u32,
        weight: f64,
        bm25: &Bm25,
        lengths: &[u8],
    ) -> std::result::Result<RankedList<'a>, Broken> {
        let bounds = cursor.bounds();
        let mut bounds: Vec<(u32, u32)> = bounds
            .map(|block| (block.last_row, bm25.bound(weight, block.best_count, block.best_length)))
            .collect();
        cursor.advance(0)?;
        if bounds.is_empty() {
            let code = |row: u32| lengths.get(row as usize).copied().unwrap_or_default();
            let scores =
                cursor.loaded().map(|(row, count)| (row, bm25.score(weight, count, code(row))));
            let best = scores.fold((0, 0), |(_, best), (row, score)| (row, best.max(score)));
            bounds.push(best);
        }
        let counts = if rows >= TABLE_ROWS_MIN { TABLE_COUNTS } else { 0 };
        let of_count = |count: usize| {
            std::array::from_fn(|code| bm25.score(weight, count as u32 + 1, code as u8))
        };
        let table = (0..counts).map(of_count).collect();
        Ok(RankedList { cursor, weight, bounds, at_bound: 0, table })
    }

    /// What a row from `start` to before `end` scores at most; windows ascend.
    fn bound(&mut self, start: u32, end: u32) -> u32 {
        let rest = self.bounds.get(self.at_bound..).unwrap_or_default();
        self.at_bound += rest.iter().take_while(|(last_row, _)| *last_row < start).count();
        let mut best = 0;
        for (last_row, bound) in self.bounds.get(self.at_bound..).unwrap_or_default() {
            best = best.max(*bound);
            if *last_row >= end - 1 {
                break;
            }
        }
        best
    }

    /// What a count in a row with a length code adds.
    #[inline]
    fn score(&self, bm25: &Bm25, count: u32, code: u8) -> u32 {
        score(&self.table, self.weight, bm25, count, code)
    }
}

/// A score from the table of a list, or computed where the table ends.
#[inline]
fn score(table: &[[u32; 256]], weight: f64, bm25: &Bm25, count: u32, code: u8) -> u32 {
    match table.get(count as usize - 1) {
        Some(scores) => scores.get(usize::from(code)).copied().unwrap_or_default(),
        None => bm25.score(weight, count, code),
    }
}

/// Finds the rows with the greatest sums of scores, among those allowed (`None` for all).
///
/// Cost: one block of each list per 128 rows in windows that can hold one of the best rows.
///
/// # Errors
/// `blame` makes an error of a damaged list, of the number that it has in `lists`; those of the control.
pub fn rank(
    lists: &mut [RankedList<'_>],
    bm25: &Bm25,
    lengths: &[u8],
    allowed: Option<&RoaringBitmap>,
    best: &mut Best,
    control: &Control,
    blame: &dyn Fn(usize, Broken) -> crate::Error,
) -> Result<()> {
    let mut scores = vec![0u32; WINDOW as usize];
    let mut order: Vec<(u32, usize)> = Vec::with_capacity(lists.len());
    let mut start = 0u32;
    let rows = lengths.len() as u32;
    while start < rows {
        control.check()?;
        let end = start.saturating_add(WINDOW).min(rows);
        let window = start;
        start = end;
        let is_empty = allowed.is_some_and(|allowed| allowed.range_cardinality(window..end) == 0);
        if is_empty {
            continue;
        }
        order.clear();
        order.extend(
            lists.iter_mut().enumerate().map(|(number, list)| (list.bound(window, end), number)),
        );
        order.sort_unstable();
        // The first lists alone cannot lift a row to the threshold: they are asked only about rows of the others.
        let (mut optional, mut below) = (0, 0u32);
        for (bound, _) in &order {
            let sum = below.saturating_add(*bound);
            if sum >= best.threshold() {
                break;
            }
            (optional, below) = (optional + 1, sum);
        }
        let (optional, essential) = order.split_at(optional);
        if essential.is_empty() {
            continue;
        }
        for (_, number) in essential {
            let Some(list) = lists.get_mut(*number) else { continue };
            add_window(list, bm25, lengths, (window, end), &mut scores)
                .map_err(|broken| blame(*number, broken))?;
        }
        let needed = |best: &Best| best.threshold().saturating_sub(below).max(1);
        let (chunks, _) = scores.as_chunks_mut::<CHUNK>();
        for (chunk, first) in chunks.iter_mut().zip((window..end).step_by(CHUNK)) {
            let sums = std::mem::replace(chunk, [0; CHUNK]);
            let mut least = needed(best);
            if !has_score(&sums, least) {
                continue;
            }
            for (row, score) in (first..).zip(sums) {
                if score < least || allowed.is_some_and(|allowed| !allowed.contains(row)) {
                    continue;
                }
                let code = lengths.get(row as usize).copied().unwrap_or_default();
                let (mut score, mut left) = (score, below);
                for (bound, number) in optional.iter().rev() {
                    if score.saturating_add(left) < best.threshold() {
                        break;
                    }
                    left -= bound;
                    let Some(list) = lists.get_mut(*number) else { continue };
                    if list.cursor.advance(row).map_err(|broken| blame(*number, broken))? == row {
                        score = score.saturating_add(list.score(bm25, list.cursor.count(), code));
                    }
                }
                best.push(row, score);
                least = needed(best);
            }
        }
    }
    Ok(())
}

/// Whether a score of some rows is high enough; without a branch, so that it becomes vector code.
fn has_score(scores: &[u32; CHUNK], least: u32) -> bool {
    scores.iter().fold(0, |any, score| any | u32::from(*score >= least)) != 0
}

/// Adds the scores of a list to those of a window.
fn add_window(
    list: &mut RankedList<'_>,
    bm25: &Bm25,
    lengths: &[u8],
    (start, end): (u32, u32),
    scores: &mut [u32],
) -> std::result::Result<(), Broken> {
    let RankedList { cursor, weight, table, .. } = list;
    if cursor.advance(start)? >= end {
        return Ok(());
    }
    cursor.visit_until(end, |row, count| {
        let code = lengths.get(row as usize).copied().unwrap_or_default();
        let score = score(table, *weight, bm25, count, code);
        if let Some(sum) = scores.get_mut((row - start) as usize) {
            *sum = sum.saturating_add(score);
        }
    })
}

/// The scores of some rows, which ascend; 0 for one without any of the words.
///
/// # Errors
/// As [`rank`].
pub fn score_rows(
    lists: &mut [RankedList<'_>],
    bm25: &Bm25,
    lengths: &[u8],
    rows: &RoaringBitmap,
    control: &Control,
    blame: &dyn Fn(usize, Broken) -> crate::Error,
) -> Result<Vec<(u32, u32)>> {
    let mut scored: Vec<(u32, u32)> = bitmap_rows(rows).map(|row| (row, 0)).collect();
    for (number, list) in lists.iter_mut().enumerate() {
        control.check()?;
        for (row, score) in &mut scored {
            let at = list.cursor.advance(*row).map_err(|broken| blame(number, broken))?;
            if at == NO_ROW {
                break;
            }
            if at == *row {
                let code = lengths.get(*row as usize).copied().unwrap_or_default();
                *score = score.saturating_add(list.score(bm25, list.cursor.count(), code));
            }
        }
    }
    Ok(scored)
}
