//! The last step: candidates are scored by their stored rows.

use super::{IndexedRows, Scratch};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::kernel::{Query, Tie, TopK, kernel};

/// Rows scored between two checks of the deadline.
const ROWS_PER_CHECK: usize = 4096;

/// Scores the candidates and offers them to `top`; returns how many there were.
pub(super) fn rerank(
    segments: &[IndexedRows<'_>],
    query: &Query,
    scratch: &mut Scratch,
    control: &Control,
    top: &mut TopK,
    tie: &mut Tie<'_>,
) -> Result<u64> {
    let Scratch { candidates, best, ids, scores, .. } = scratch;
    best.clear();
    best.extend(candidates.best());
    for segment in segments {
        let Some(rows) = segment.rows.count(query.dimension()) else { continue };
        let row = |id: u32| id.checked_sub(segment.base).filter(|row| (*row as usize) < rows);
        ids.clear();
        ids.extend(best.iter().filter_map(|(id, _)| row(*id)));
        for ids in ids.chunks(ROWS_PER_CHECK) {
            control.check()?;
            scores.resize(ids.len(), 0.0);
            if let Some(pages) = segment.pages {
                pages.vectors(ids)?;
            }
            kernel().score(&segment.rows, query, ids, scores);
            for (row, score) in ids.iter().zip(scores.iter()) {
                if score.is_nan() {
                    let detail = "its score is not a number: a stored number is not finite";
                    let subject = format!("row {row}");
                    return Err(Error::Vector { subject, detail: detail.to_owned() });
                }
                if *score >= top.threshold() {
                    top.push(segment.base + row, *score, tie)?;
                }
            }
        }
    }
    Ok(best.len() as u64)
}
