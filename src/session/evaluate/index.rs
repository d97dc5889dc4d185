//! What the index loses against an exact search, and what it saves, with the queries of the task.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::latency::Latency;
use crate::control::Control;
use crate::db::{OptimizeOptions, Snapshot};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::eval::collection::TestQuery;
use crate::ids::Key;
use crate::search::{Filter, Mode, Query, SearchResult};
use crate::session::Session;
use crate::session::error::SessionResult;

/// Nearest documents that are to be found.
const HITS: usize = 10;

/// Queries that are measured, the first of the task.
const QUERIES_MAX: usize = 200;

/// Shares of the nearest documents that searches ask for.
const RECALLS: [f32; 4] = [0.9, 0.95, 0.99, 0.999];

/// Shares of the documents that pass a filter, and the recall that is asked for under it.
const SELECTIVITIES: [f64; 5] = [1.0, 0.5, 0.1, 0.01, 0.001];
const FILTERED_RECALL: f32 = 0.95;

/// How an index does.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct IndexReport {
    /// The encoder whose vectors it holds.
    pub encoder: String,
    /// Queries that were measured, one after the other on one thread.
    pub queries: usize,
    /// Without a filter: exactly, then at each recall that was asked for.
    pub recalls: Vec<IndexPoint>,
    /// At a recall of 0.95, under filters by chance that some document passes.
    pub filters: Vec<IndexPoint>,
}

/// How searches at one recall under one filter do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct IndexPoint {
    /// The recall that was asked for; 1 for an exact search.
    pub asked: f64,
    /// The share of the documents that pass the filter.
    pub selectivity: f64,
    /// The share of the ten nearest documents that were found, on average over queries.
    pub found: f64,
    /// The share of queries that find fewer than 8 of 10.
    pub low_share: f64,
    /// How long searches took, without the filter's evaluation.
    pub latency: Option<Latency>,
    /// One over the mean time of a search.
    pub queries_per_second: f64,
}

/// Measures the index of a session. One that was made for a task is trained first, if it is not.
///
/// # Errors
/// As [`Session::optimize`] and [`Snapshot::search`].
pub(super) fn measure(
    session: &Session,
    (queries, is_own): (&[TestQuery], bool),
    name: String,
    control: &Control,
) -> SessionResult<IndexReport> {
    let is_trained = session.snapshot().stats()?.index.is_some();
    if is_own && !is_trained {
        session.optimize(None, OptimizeOptions::default(), None, control)?;
    }
    let encoder = session.encoder()?;
    let snapshot = session.snapshot();
    let queries = embedded(&*encoder, queries)?;
    let bench = Bench { snapshot: &snapshot, queries: &queries, control };
    let (mut recalls, mut filters) = (Vec::new(), Vec::new());
    let (truth, exact) = bench.exact(&Filter::All, 1.0)?;
    recalls.push(exact);
    for recall in RECALLS {
        recalls.push(bench.point(&Filter::All, 1.0, recall, &truth)?);
    }
    let keys: Vec<Key> = snapshot.revisions().map(|item| Ok(item?.0)).collect::<Result<_>>()?;
    for selectivity in SELECTIVITIES {
        let filter = by_chance(&keys, selectivity);
        let (truth, _) = bench.exact(&filter, selectivity)?;
        // Of a small set no document may pass.
        if truth.iter().all(BTreeSet::is_empty) {
            continue;
        }
        filters.push(bench.point(&filter, selectivity, FILTERED_RECALL, &truth)?);
    }
    Ok(IndexReport { encoder: name, queries: queries.len(), recalls, filters })
}

/// The first queries that have a vector.
fn embedded(encoder: &dyn Encoder, queries: &[TestQuery]) -> Result<Vec<Query>> {
    let mut made = Vec::new();
    for query in queries.iter().take(QUERIES_MAX) {
        match Query::embed(encoder, &query.text) {
            Ok(query) => made.push(query.mode(Mode::Dense).k(HITS)),
            // Of no known word.
            Err(Error::InvalidQuery { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}

/// A filter that the same documents pass in every run.
fn by_chance(keys: &[Key], selectivity: f64) -> Filter {
    if selectivity >= 1.0 {
        return Filter::All;
    }
    let passes = |key: &&Key| {
        let digest = Sha256::digest(key.to_string());
        let start = digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        (start as f64) < selectivity * u64::MAX as f64
    };
    Filter::Keys(keys.iter().filter(passes).cloned().collect())
}

struct Bench<'a> {
    snapshot: &'a Snapshot,
    queries: &'a [Query],
    control: &'a Control,
}

impl Bench<'_> {
    /// The nearest documents of each query, and how long they took to find.
    fn exact(&self, filter: &Filter, selectivity: f64) -> Result<(Vec<BTreeSet<Key>>, IndexPoint)> {
        let (found, times) = self.ask(filter, Query::exact)?;
        let truth: Vec<BTreeSet<Key>> = found.iter().map(keys).collect();
        let point = IndexPoint::new((1.0, selectivity), &truth, &truth, times);
        Ok((truth, point))
    }

    fn point(
        &self,
        filter: &Filter,
        selectivity: f64,
        recall: f32,
        truth: &[BTreeSet<Key>],
    ) -> Result<IndexPoint> {
        let (found, times) = self.ask(filter, |query| query.recall(recall))?;
        let found: Vec<BTreeSet<Key>> = found.iter().map(keys).collect();
        Ok(IndexPoint::new((recall, selectivity), &found, truth, times))
    }

    fn ask(
        &self,
        filter: &Filter,
        with: impl Fn(Query) -> Query,
    ) -> Result<(Vec<SearchResult>, Vec<Duration>)> {
        let (mut found, mut times) = (Vec::new(), Vec::new());
        let all = self.queries.len() as u64;
        for (asked, query) in (1..).zip(self.queries) {
            self.control.check()?;
            let query = with(query.clone().filter(filter.clone()));
            let started = Instant::now();
            let result = self.snapshot.search(&query)?;
            times.push(started.elapsed().saturating_sub(result.explain.filter_time));
            found.push(result);
            self.control.report("measuring the index", "queries", asked, all);
        }
        Ok((found, times))
    }
}

fn keys(result: &SearchResult) -> BTreeSet<Key> {
    result.hits.iter().map(|hit| hit.key.clone()).collect()
}

impl IndexPoint {
    fn new(
        (asked, selectivity): (f32, f64),
        found: &[BTreeSet<Key>],
        truth: &[BTreeSet<Key>],
        mut times: Vec<Duration>,
    ) -> IndexPoint {
        let shares: Vec<f64> = found
            .iter()
            .zip(truth)
            .filter(|(_, truth)| !truth.is_empty())
            .map(|(found, truth)| found.intersection(truth).count() as f64 / truth.len() as f64)
            .collect();
        let mean = |values: &mut dyn Iterator<Item = f64>, count: usize| match count {
            0 => 0.0,
            count => values.sum::<f64>() / count as f64,
        };
        let low = shares.iter().filter(|share| **share < 0.8 - 1e-9).count();
        let seconds = times.iter().map(Duration::as_secs_f64);
        let seconds = mean(&mut seconds.into_iter(), times.len());
        times.sort_unstable();
        IndexPoint {
            // The nearest decimal, as it was written.
            asked: (f64::from(asked) * 1000.0).round() / 1000.0,
            selectivity,
            found: mean(&mut shares.iter().copied(), shares.len()),
            low_share: mean(&mut std::iter::once(low as f64), shares.len()),
            latency: Latency::of(&times),
            queries_per_second: if seconds > 0.0 { 1.0 / seconds } else { 0.0 },
        }
    }
}
