//! Exact k-nearest-neighbour search: every allowed row is scored.
//!
//! Rows are taken in blocks of 512. A block's row ids come from a range, or, under a
//! filter, from its bitmap: rows that the filter forbids are never read, so that the cost is
//! that of the allowed rows whatever the filter's selectivity. The block is scored by one call of
//! the [kernel](crate::kernel), and only scores that reach the current threshold go to the heap.

use roaring::RoaringBitmap;

use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::rows::RowBlocks;
use crate::kernel::{Isa, PreparedVector, Tie, TopK, score};
use crate::limits::DIMENSION_MAX;

pub use crate::kernel::Rows;

/// Rows scored by one call: their ids and scores take 4 KiB of the first-level cache, and at most a
/// millisecond passes between two checks of the deadline.
const BLOCK_ROWS: usize = 512;

/// The `k` rows with the greatest dot product with `query`, best first, with their scores.
///
/// `rows` are vectors of `dimension`; `allowed` are the rows that may be returned (`None` for all).
/// Equal scores rank in the order of `tie`, which is asked only then. Exactly `min(k, allowed rows)` hits
/// come back, the same ones on every machine, and those of a smaller `k` are a prefix of those of a
/// greater one.
///
/// Costs one read of every allowed row (on one core, memory's bandwidth is the limit) and 8
/// bytes of memory a hit.
///
/// # Errors
///
/// [`Error::Vector`] when the query has another dimension or a number that is not finite, when the
/// rows are not whole vectors, or when a row's score is not a number (a stored number is not finite);
/// [`Error::InvalidQuery`] when `allowed` names a row that does not exist; those of `control` and `tie`.
pub fn search(
    rows: &Rows<'_>,
    dimension: usize,
    query: &[f32],
    k: usize,
    allowed: Option<&RoaringBitmap>,
    control: &Control,
    tie: &mut Tie<'_>,
) -> Result<Vec<(u32, f32)>> {
    let count = row_count(rows, dimension)?;
    let query = prepare(query, dimension)?;
    if let Some(row) = allowed.and_then(RoaringBitmap::max).filter(|row| *row >= count) {
        let detail = format!("the filter allows row {row}, there are {count} rows");
        return Err(Error::InvalidQuery { detail });
    }
    let mut top = TopK::new(k);
    if k == 0 {
        return Ok(Vec::new());
    }
    let mut ids = [0u32; BLOCK_ROWS];
    let mut scores = [0.0f32; BLOCK_ROWS];
    let mut selection = Selection::new(count, allowed);
    let mut left = allowed.map_or(u64::from(count), RoaringBitmap::len);
    loop {
        control.check()?;
        let ids = selection.next_block(&mut ids);
        if ids.is_empty() {
            break;
        }
        left = left.wrapping_sub(ids.len() as u64);
        let scores = &mut scores[..ids.len()];
        score(Isa::detect(), rows, &query, ids, scores);
        keep_best(ids, scores, &mut top, tie)?;
    }
    // An answer that lacks rows looks like any other: this must never be taken for one.
    if left != 0 {
        let detail = "not every row that the filter allows could be read".to_owned();
        return Err(Error::InvalidQuery { detail });
    }
    top.into_sorted(tie)
}

/// Offers the rows of a block that reach the threshold.
fn keep_best(ids: &[u32], scores: &[f32], top: &mut TopK, tie: &mut Tie<'_>) -> Result<()> {
    let mut threshold = top.threshold();
    for (row, score) in ids.iter().zip(scores) {
        if *score < threshold {
            continue;
        }
        if score.is_nan() {
            let subject = format!("row {row}");
            let detail = "its score is not a number: a stored number is not finite".to_owned();
            return Err(Error::Vector { subject, detail });
        }
        top.push(*row, *score, tie)?;
        threshold = top.threshold();
    }
    Ok(())
}

/// The rows to score, ascending.
enum Selection {
    /// Those from `next` on, below `count`.
    Every { next: u32, count: u32 },
    /// Those of a bitmap.
    Allowed(RowBlocks<'static>),
}

impl Selection {
    fn new(count: u32, allowed: Option<&RoaringBitmap>) -> Selection {
        match allowed {
            Some(allowed) => Selection::Allowed(RowBlocks::new(allowed)),
            None => Selection::Every { next: 0, count },
        }
    }

    /// Fills the front of `ids` with the next rows and returns it; empty at the end.
    fn next_block<'a>(&mut self, ids: &'a mut [u32; BLOCK_ROWS]) -> &'a [u32] {
        match self {
            Selection::Every { next, count } => {
                let len = (BLOCK_ROWS as u32).min(*count - *next);
                let ids = &mut ids[..len as usize];
                for (id, row) in ids.iter_mut().zip(*next..) {
                    *id = row;
                }
                *next += len;
                ids
            }
            Selection::Allowed(rows) => rows.fill(ids),
        }
    }
}

/// How many rows there are.
fn row_count(rows: &Rows<'_>, dimension: usize) -> Result<u32> {
    let count = rows.count(dimension).and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| Error::Vector {
        subject: "stored rows".to_owned(),
        detail: format!("not a whole number of vectors of dimension {dimension}"),
    })
}

/// Checks and prepares the query.
fn prepare(query: &[f32], dimension: usize) -> Result<PreparedVector> {
    let error = |detail| Error::Vector { subject: "query".to_owned(), detail };
    if query.len() != dimension {
        let found = query.len();
        return Err(error(format!("expected dimension {dimension}, found {found}")));
    }
    if dimension > DIMENSION_MAX {
        return Err(error(format!("dimension {dimension} is above {DIMENSION_MAX}")));
    }
    PreparedVector::new(query).ok_or_else(|| error("not every number is finite".to_owned()))
}

#[cfg(test)]
mod tests;
