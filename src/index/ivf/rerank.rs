//! The last step: candidates are scored by their stored rows.

use super::layer::row_of;
use super::pace::Pace;
use super::rows::IndexedRows;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::kernel::scan::Candidates;
use crate::kernel::{Isa, PreparedVector, Tie, TopK, score};

/// Rows scored between two checks of the deadline.
const ROWS_PER_CHECK: usize = 4096;

/// The buffers of this step.
#[derive(Debug, Default)]
pub(super) struct Reranking {
    best: Vec<u32>,
    ids: Vec<u32>,
    scores: Vec<f32>,
}

impl Reranking {
    /// Scores the rows that are candidates and offers them to `top`; returns how many there were.
    pub(super) fn run(
        &mut self,
        (segments, copies): (&[IndexedRows<'_>], bool),
        query: &PreparedVector,
        (candidates, pace): (&mut Candidates, &mut Pace),
        control: &Control,
        top: &mut TopK,
        tie: &mut Tie<'_>,
    ) -> Result<u64> {
        let Reranking { best, ids, scores } = self;
        best.clear();
        best.extend(candidates.best().map(|(id, _)| row_of(segments, copies, id)));
        if copies {
            best.sort_unstable();
            best.dedup();
        }
        for segment in segments {
            let Some(rows) = segment.rows.count(query.dimension()) else { continue };
            let row = |id: u32| id.checked_sub(segment.base).filter(|row| (*row as usize) < rows);
            ids.clear();
            ids.extend(best.iter().filter_map(|id| row(*id)));
            for ids in ids.chunks(ROWS_PER_CHECK) {
                control.check()?;
                scores.resize(ids.len(), 0.0);
                if let Some(pages) = segment.pages {
                    if pace.may_ask(ids.len()) {
                        pages.ask_for_vectors(ids);
                    }
                    pages.vectors(ids)?;
                }
                pace.score(segment.pages, ids.len(), || {
                    score(Isa::detect(), &segment.rows, query, ids, scores);
                });
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
}
