//! Runs a query over segments: filter, plan, scan, merge.

use std::sync::Arc;
use std::time::Instant;

use super::dense;
use super::explain::{Explain, Plan, SegmentExplain};
use super::filter::Filter;
use super::matches::Matches;
use super::note::Note;
use super::query::Query;
use super::resolve::resolve;
use super::view::SegmentView;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::format::rows::rows as bitmap_rows;
use crate::ids::{Key, RowId, SegmentId};
use crate::index::calibrate::Calibration;
use crate::limits::HITS_MAX;
use crate::segment::RowSpace;

/// One found document.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its key.
    pub key: Key,
    /// Inner product or cosine with the query; 0 in a query without a vector.
    pub score: f32,
    /// The segment that holds it.
    pub segment: SegmentId,
    /// Its row there.
    pub row: RowId,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct SearchResult {
    /// Best first; ties by key. Exactly k when at least k searchable documents match.
    pub hits: Vec<Hit>,
    /// Live documents that pass the filter.
    pub matched: u64,
    /// What the hits do not show: names of the filter that no document has, documents that were left out
    /// because they have no date.
    pub notes: Vec<Note>,
    /// How it was done.
    pub explain: Explain,
}

impl SearchResult {
    /// Documents that pass all but the filter's conditions on dates, and were left out because they have
    /// no date.
    pub fn undated(&self) -> u64 {
        let undated = self.notes.iter().filter_map(|note| match note {
            Note::Undated { documents } => Some(*documents),
            _ => None,
        });
        undated.sum()
    }
}

/// What the vectors of a snapshot have in common.
pub struct Vectors {
    /// Their form.
    pub config: VectorConfig,
    /// Which vectors can be searched with, and how they become rows.
    pub space: RowSpace,
    /// How much of the index reaches which recall.
    pub calibration: Option<Calibration>,
}

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
    let resolved = resolve(&query.filter, segments, query.allow_unknown)?;
    let filter = resolved.filter.as_ref().unwrap_or(&query.filter);
    let matches = evaluate(segments, filter, &query.control)?;
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
    let mut notes = resolved.notes.clone();
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
    filter: &Filter,
    control: &Control,
) -> Result<Vec<Arc<Matches>>> {
    let evaluate = |view: &SegmentView| {
        control.check()?;
        view.matches(filter)
    };
    segments.iter().map(evaluate).collect()
}

/// The vector to compare with: checked, normalised where the metric wants it, and rotated as rows are.
fn prepare(vector: &[f32], vectors: Option<&Vectors>, query: &Query) -> Result<Vec<f32>> {
    let wrong = |detail: String| Error::Vector { subject: "the query".into(), detail };
    let Some(Vectors { config, space, .. }) = vectors else {
        return Err(Error::InvalidQuery {
            detail: "this database has no vectors (it was imported with `--encoder none`); \
                     search with filters only, or import again with an encoder"
                .into(),
        });
    };
    if let (Some((name, fingerprint)), Some(spec)) = (&query.encoder, &config.encoder) {
        let stored = spec.fingerprint();
        if stored != *fingerprint {
            return Err(Error::EncoderMismatch {
                stored_name: spec.name.clone(),
                stored,
                given_name: name.clone(),
                given: *fingerprint,
            });
        }
    }
    space.to_query(vector).map_err(wrong)
}

/// Lists what matches, newest first.
fn list_all(
    segments: &[SegmentView],
    matches: &[Arc<Matches>],
    query: &Query,
) -> Result<(Vec<Hit>, Explain)> {
    let mut explain = Explain::default();
    let mut found: Vec<(u32, Hit)> = Vec::new();
    for (view, matches) in segments.iter().zip(matches) {
        query.control.check()?;
        let plan = if matches.count == 0 { Plan::Skip } else { Plan::List };
        if plan == Plan::List {
            list(view, matches, query, &mut found)?;
        }
        explain.segments.push(SegmentExplain {
            segment: view.segment.id(),
            rows: u64::from(view.segment.rows()),
            matched: matches.count,
            scanned: 0,
            plan,
        });
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.key.cmp(&b.1.key)));
    found.truncate(query.k);
    Ok((found.into_iter().map(|(_, hit)| hit).collect(), explain))
}

/// Keeps the newest k of the matching rows.
fn list(
    view: &SegmentView,
    matches: &Matches,
    query: &Query,
    found: &mut Vec<(u32, Hit)>,
) -> Result<()> {
    let (first_days, _) = view.segment.dates()?;
    let mut rows: Vec<(u32, u32)> = match matches.rows() {
        None => first_days.iter().copied().zip(0..).collect(),
        Some(rows) => bitmap_rows(rows)
            .map(|row| (first_days.get(row as usize).copied().unwrap_or_default(), row))
            .collect(),
    };
    if query.k == 0 {
        return Ok(());
    }
    // Ties by key need every row of the last day that still counts.
    if rows.len() > query.k {
        rows.select_nth_unstable_by(query.k - 1, |a, b| b.0.cmp(&a.0));
        let last = rows.get(query.k - 1).map_or(0, |row| row.0);
        rows.retain(|row| row.0 >= last);
    }
    for (place, (day, row)) in rows.into_iter().enumerate() {
        if place % 4096 == 0 {
            query.control.check()?;
        }
        let row = RowId(row);
        let hit = Hit { key: view.segment.key(row)?, score: 0.0, segment: view.segment.id(), row };
        found.push((day, hit));
    }
    Ok(())
}
