//! Runs a query over segments: filter, plan, scan, merge.

use std::sync::Arc;
use std::time::Instant;

use super::answer::SearchResult;
use super::compile::compile;
use super::compiled::CompiledFilter;
use super::dense;
use super::list::list_all;
use super::matches::Matches;
use super::note::Note;
use super::query::Query;
use super::vectors::{Vectors, prepare};
use super::view::SegmentView;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::limits::HITS_MAX;

/// Searches the segments of a snapshot.
///
/// # Errors
/// [`Error::InvalidQuery`], [`Error::UnknownName`], [`Error::Vector`], [`Error::EncoderMismatch`] for a query that does not
/// fit; [`Error::Corrupt`] for damaged files; [`Error::Cancelled`], [`Error::DeadlineExceeded`].
pub fn search(
    segments: &[SegmentView],
    vectors: Option<&Vectors>,
    query: &Query,
) -> Result<SearchResult> {
    let started = Instant::now();
    if query.k > HITS_MAX {
        return Err(Error::InvalidQuery {
            detail: format!("{} hits wanted, at most {HITS_MAX} are possible", query.k),
        });
    }
    query.accuracy.validate()?;
    let filter = compile(&query.filter, segments, query.allow_unknown)?;
    let matches = evaluate(segments, &filter, &query.control)?;
    let filter_time = started.elapsed();
    let vector = query.vector.as_deref();
    let vector = vector.map(|vector| prepare(vector, vectors, query)).transpose()?;
    let matched = matches.iter().map(|matches| matches.count).sum();
    let (hits, mut explain) = match &vector {
        Some(vector) => {
            let calibration = vectors.and_then(|vectors| vectors.calibration.as_ref());
            dense::search(segments, &matches, calibration, vector, query)?
        }
        None => list_all(segments, &matches, query)?,
    };
    explain.filter_time = filter_time;
    let mut notes = filter.notes.clone();
    let documents = matches.iter().map(|matches| matches.undated).sum();
    if documents > 0 {
        notes.push(Note::Undated { documents });
    }
    explain.total_time = started.elapsed();
    Ok(SearchResult { hits, matched, notes, explain })
}

/// The rows of each segment that pass the filter.
fn evaluate(
    segments: &[SegmentView],
    filter: &CompiledFilter,
    control: &Control,
) -> Result<Vec<Arc<Matches>>> {
    let evaluate = |(number, view): (usize, &SegmentView)| {
        control.check()?;
        view.matches(filter, number)
    };
    segments.iter().enumerate().map(evaluate).collect()
}
