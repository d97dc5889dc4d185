//! Runs a query over segments: filter, plan, scan, merge.

use std::sync::Arc;
use std::time::Instant;

use super::answer::{Hit, SearchResult};
use super::compile::compile;
use super::dense::{self, Nearest};
use super::explain::{Explain, Plan, SegmentExplain};
use super::fuse::Fused;
use super::list::list;
use super::matches::Matches;
use super::note::Note;
use super::query::{Accuracy, Mode, Query};
use super::sort::{Sort, SortOrder};
use super::vectors::{Vectors, prepare};
use super::view::{self, SegmentView};
use super::words::{self, Words, score_of};
use crate::error::{Error, Result};
use crate::limits::HITS_MAX;

/// Searches the segments of a snapshot.
///
/// # Errors
/// [`Error::InvalidQuery`], [`Error::UnknownName`], [`Error::Vector`], [`Error::EncoderMismatch`] for a
/// query that does not fit; [`Error::Corrupt`] for damaged files; [`Error::Cancelled`],
/// [`Error::DeadlineExceeded`].
pub fn search(
    segments: &[SegmentView],
    vectors: Option<&Vectors>,
    query: &Query,
) -> Result<SearchResult> {
    let started = Instant::now();
    check_size(query)?;
    query.accuracy.validate()?;
    query.fusion.validate()?;
    let filter = compile(&query.filter, segments, query.allow_unknown)?;
    let matches = view::matches(segments, &filter, &query.control)?;
    let filter_time = started.elapsed();
    let vector = query.vector.as_deref();
    let vector = vector.map(|vector| prepare(vector, vectors, query)).transpose()?;
    let (hits, mut explain) = if query.wants_hits() {
        run(segments, &matches, vectors, vector, query)?
    } else {
        (Vec::new(), counted(segments, &matches))
    };
    explain.filter_time = filter_time;
    let mut notes = filter.notes.clone();
    match matches.iter().map(|matches| matches.undated).sum() {
        0 => {}
        documents => notes.push(Note::Undated { documents }),
    }
    match matches.iter().map(|matches| matches.unindexed).sum() {
        0 => {}
        documents => notes.push(Note::Unindexed { documents }),
    }
    let matched = matches.iter().map(|matches| matches.count).sum();
    explain.total_time = started.elapsed();
    Ok(SearchResult { hits, matched, notes, explain })
}

/// Refuses more hits than one search may have, those before the page counted in.
fn check_size(query: &Query) -> Result<()> {
    if query.reach() <= HITS_MAX {
        return Ok(());
    }
    let detail = match query.offset {
        0 => format!("{} hits wanted, at most {HITS_MAX} are possible", query.k),
        offset => format!(
            "{} hits wanted after the first {offset}; offset and k together may be {HITS_MAX} at most",
            query.k
        ),
    };
    Err(Error::InvalidQuery { detail })
}

/// The hits of the page that a query asks for.
fn run(
    segments: &[SegmentView],
    matches: &[Arc<Matches>],
    vectors: Option<&Vectors>,
    mut vector: Option<Vec<f32>>,
    query: &Query,
) -> Result<(Vec<Hit>, Explain)> {
    let mode = mode(segments, query, vector.is_some())?;
    let newest_first = (Sort::Date, SortOrder::Descending);
    let by_score = (Sort::Score, SortOrder::Descending);
    let otherwise = if mode.is_some() { &by_score } else { &newest_first };
    let (sort, order) = query.sort.as_ref().unwrap_or(otherwise);
    let words = match (&query.text, mode) {
        (Some(text), Some(Mode::Lexical | Mode::Hybrid)) => {
            Some(Words::new(segments, text, &query.control)?)
        }
        _ => None,
    };
    let (mut hits, explain) = match (sort, &mut vector, &words) {
        (Sort::Score, _, Some(_)) if *order == SortOrder::Ascending => {
            return Err(Error::InvalidQuery {
                detail:
                    "the worst documents first can be had by vectors alone; ask for `Mode::Dense`"
                        .into(),
            });
        }
        (Sort::Score, Some(vector), Some(words)) if mode == Some(Mode::Hybrid) => {
            let calibration = vectors.and_then(|vectors| vectors.calibration.as_ref());
            let (count, accuracy, control) = (query.reach(), query.accuracy, &query.control);
            let nearest = Nearest { vector, count, accuracy, control };
            let fusion = query.fusion;
            Fused { segments, matches, calibration, words, nearest, fusion }.search()?
        }
        (Sort::Score, _, Some(words)) => {
            let found = words.best(matches, query.reach(), &query.control)?;
            let mut explain = counted(segments, matches);
            explain
                .segments
                .iter_mut()
                .filter(|part| part.matched > 0)
                .for_each(|part| part.plan = Plan::Words);
            explain.words = words.explain();
            (found.into_iter().map(|found| found.hit).collect(), explain)
        }
        (Sort::Score, Some(vector), None) => {
            let is_ascending = *order == SortOrder::Ascending;
            // The worst score is the best one of the opposite vector, which the index is not measured for.
            if is_ascending {
                vector.iter_mut().for_each(|number| *number = -*number);
            }
            let accuracy = if is_ascending { Accuracy::Exact } else { query.accuracy };
            let calibration = vectors.and_then(|vectors| vectors.calibration.as_ref());
            let nearest =
                Nearest { vector, count: query.reach(), accuracy, control: &query.control };
            let (mut hits, explain) = dense::search(segments, matches, calibration, nearest)?;
            if is_ascending {
                hits.iter_mut().for_each(|hit| hit.score = -hit.score);
            }
            (hits, explain)
        }
        (sort, ..) => list(segments, matches, (sort, *order), query)?,
    };
    hits.drain(..query.offset.min(hits.len()));
    if *sort != Sort::Score {
        match (&words, &vector) {
            (_, Some(vector)) => dense::score(segments, vector, &mut hits, &query.control)?,
            (Some(words), None) => {
                let units = words.score(&hits, &query.control)?;
                hits.iter_mut().zip(units).for_each(|(hit, units)| hit.score = score_of(units));
            }
            (None, None) => {}
        }
    }
    Ok((hits, explain))
}

/// What documents are ranked by; `None` for a query that only filters.
///
/// # Errors
/// [`Error::InvalidQuery`] for a mode that lacks its text or its vector.
fn mode(segments: &[SegmentView], query: &Query, has_vector: bool) -> Result<Option<Mode>> {
    let has_text = query.text.is_some();
    let lacks = |detail: &str| Err(Error::InvalidQuery { detail: detail.into() });
    match query.mode {
        Mode::Auto if !has_text => Ok(has_vector.then_some(Mode::Dense)),
        Mode::Auto if words::is_indexed(segments) => {
            let reversed = matches!(query.sort, Some((Sort::Score, SortOrder::Ascending)));
            Ok(Some(match has_vector {
                true if reversed => Mode::Dense,
                true => Mode::Hybrid,
                false => Mode::Lexical,
            }))
        }
        Mode::Auto if has_vector => Ok(Some(Mode::Dense)),
        Mode::Auto => lacks(
            "the query has a text and no vector, and this database has no lexical index to look for its words in; make \
             its vector with `Query::embedded_by`, or give one with `Query::with_vector`",
        ),
        Mode::Lexical | Mode::Hybrid if !has_text => {
            lacks("a search for words needs a text; start the query with `Query::text`")
        }
        Mode::Dense | Mode::Hybrid if !has_vector => lacks(
            "a search by vectors needs a vector; make it with `Query::embedded_by`, or give one with \
             `Query::with_vector`",
        ),
        mode => Ok(Some(mode)),
    }
}

/// How a search went that read no hits.
fn counted(segments: &[SegmentView], matches: &[Arc<Matches>]) -> Explain {
    let segments = segments.iter().zip(matches).map(|(view, matches)| SegmentExplain {
        segment: view.segment.id(),
        rows: u64::from(view.segment.rows()),
        matched: matches.count,
        scanned: 0,
        plan: if matches.count == 0 { Plan::Skip } else { Plan::Count },
    });
    Explain { segments: segments.collect(), ..Explain::default() }
}
