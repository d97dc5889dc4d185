//! Runs a query over segments: filter, plan, scan, merge.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use roaring::RoaringBitmap;

use super::filter::Filter;
use super::query::Query;
use super::resolve::check_names;
use super::view::SegmentView;
use crate::encoder::Metric;
use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::ids::{Key, RowId, SegmentId};
use crate::index::flat;
use crate::limits::HITS_MAX;

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
    /// How it was done.
    pub explain: Explain,
}

/// How a search was done.
#[derive(Clone, Debug)]
pub struct Explain {
    /// One entry a segment.
    pub segments: Vec<SegmentExplain>,
    /// Time for filters.
    pub filter_time: Duration,
    /// Time for everything.
    pub total_time: Duration,
}

/// How one segment was searched.
#[derive(Clone, Debug)]
pub struct SegmentExplain {
    /// The segment.
    pub segment: SegmentId,
    /// Its rows, deleted ones included.
    pub rows: u64,
    /// Live rows that pass the filter.
    pub matched: u64,
    /// Rows that were scored.
    pub scanned: u64,
    /// What was chosen.
    pub plan: Plan,
}

/// The ways to search a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plan {
    /// No row matches.
    Skip,
    /// Every row is scored.
    ExactScan,
    /// Only matching rows are scored.
    ExactScanOfMatches,
    /// Matching rows are listed by date; no vectors are read.
    List,
}

/// Searches the segments of a snapshot.
///
/// # Errors
/// [`Error::InvalidQuery`], [`Error::Vector`], [`Error::EncoderMismatch`] for a query that does not
/// fit; [`Error::Corrupt`] for damaged files; [`Error::Cancelled`], [`Error::DeadlineExceeded`].
pub fn search(
    segments: &[SegmentView],
    vectors: Option<&VectorConfig>,
    query: &Query,
) -> Result<SearchResult> {
    let started = Instant::now();
    if query.k > HITS_MAX {
        return Err(Error::InvalidQuery {
            detail: format!("{} hits wanted, at most {HITS_MAX} are possible", query.k),
        });
    }
    query.filter.validate()?;
    check_names(&query.filter, segments)?;
    let vector =
        query.vector.as_deref().map(|vector| prepare(vector, vectors, query)).transpose()?;

    let mut explain = Explain {
        segments: Vec::with_capacity(segments.len()),
        filter_time: Duration::ZERO,
        total_time: Duration::ZERO,
    };
    let mut found = Vec::new();
    let mut matched = 0;
    for view in segments {
        query.control.check()?;
        let filtering = Instant::now();
        let allowed = allowed_rows(view, &query.filter)?;
        explain.filter_time += filtering.elapsed();
        let count = allowed.as_ref().map_or(u64::from(view.segment.rows()), RoaringBitmap::len);
        matched += count;
        let (plan, scanned) = match &vector {
            _ if count == 0 => (Plan::Skip, 0),
            Some(vector) => scan(view, allowed, vector, query, &mut found)?,
            None => list(view, allowed, query, &mut found)?,
        };
        explain.segments.push(SegmentExplain {
            segment: view.segment.id(),
            rows: u64::from(view.segment.rows()),
            matched: count,
            scanned,
            plan,
        });
    }
    found.sort_by(|a: &Found, b: &Found| {
        b.rank.total_cmp(&a.rank).then_with(|| a.hit.key.cmp(&b.hit.key))
    });
    found.truncate(query.k);
    explain.total_time = started.elapsed();
    Ok(SearchResult { hits: found.into_iter().map(|found| found.hit).collect(), matched, explain })
}

struct Found {
    rank: f64,
    hit: Hit,
}

/// The vector to compare with: checked, and normalised where the metric wants it.
fn prepare(vector: &[f32], config: Option<&VectorConfig>, query: &Query) -> Result<Vec<f32>> {
    let wrong = |detail: String| Error::Vector { subject: "the query".into(), detail };
    let Some(config) = config else {
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
    if vector.len() != config.dimension as usize {
        return Err(wrong(format!(
            "{} numbers, this database has vectors of {}",
            vector.len(),
            config.dimension
        )));
    }
    if let Some(place) = vector.iter().position(|value| !value.is_finite()) {
        return Err(wrong(format!("number {place} is not finite")));
    }
    let mut vector = vector.to_vec();
    if config.metric == Metric::Cosine {
        let norm = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        if norm == 0.0 {
            return Err(wrong("all numbers are zero, its direction is undefined".into()));
        }
        vector.iter_mut().for_each(|value| *value = (f64::from(*value) / norm) as f32);
    }
    Ok(vector)
}

/// Live rows that pass the filter; `None` when that is every row.
fn allowed_rows(view: &SegmentView, filter: &Filter) -> Result<Option<RoaringBitmap>> {
    if *filter == Filter::All && view.deleted.is_empty() {
        return Ok(None);
    }
    let mut rows = filter.rows(&view.segment)?;
    rows -= &*view.deleted;
    Ok(Some(rows))
}

fn scan(
    view: &SegmentView,
    allowed: Option<RoaringBitmap>,
    vector: &[f32],
    query: &Query,
    found: &mut Vec<Found>,
) -> Result<(Plan, u64)> {
    let Some((rows, present)) = view.segment.vectors()? else { return Ok((Plan::Skip, 0)) };
    let every_row = u64::from(view.segment.rows());
    let allowed = match allowed {
        None if present.len() == every_row => None,
        None => Some(present.clone()),
        Some(mut rows) => {
            rows &= present;
            Some(rows)
        }
    };
    let mut tie = |a: u32, b: u32| -> Result<Ordering> {
        Ok(view.segment.key(RowId(a))?.cmp(&view.segment.key(RowId(b))?))
    };
    let best = flat::search(
        &rows,
        vector.len(),
        vector,
        query.k,
        allowed.as_ref(),
        &query.control,
        &mut tie,
    )?;
    for (row, score) in best {
        let hit = Hit {
            key: view.segment.key(RowId(row))?,
            score,
            segment: view.segment.id(),
            row: RowId(row),
        };
        found.push(Found { rank: f64::from(score) + 0.0, hit });
    }
    Ok(match allowed {
        None => (Plan::ExactScan, every_row),
        Some(rows) => (Plan::ExactScanOfMatches, rows.len()),
    })
}

/// Keeps the newest k of the matching rows.
fn list(
    view: &SegmentView,
    allowed: Option<RoaringBitmap>,
    query: &Query,
    found: &mut Vec<Found>,
) -> Result<(Plan, u64)> {
    let (first_days, _) = view.segment.dates()?;
    let mut rows: Vec<(u32, u32)> = match allowed {
        None => first_days.iter().copied().zip(0..).collect(),
        Some(rows) => rows
            .iter()
            .map(|row| (first_days.get(row as usize).copied().unwrap_or_default(), row))
            .collect(),
    };
    // Ties by key need every row of the last day that still counts.
    if query.k == 0 {
        return Ok((Plan::List, 0));
    }
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
        found.push(Found { rank: f64::from(day), hit });
    }
    Ok((Plan::List, 0))
}
