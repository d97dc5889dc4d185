//! The rankings of one system.

#[cfg(feature = "bert")]
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::kept::Kept;
use super::settings::Approach;
use super::task::Task;
use crate::control::Control;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::eval::collection::TestQuery;
use crate::eval::measures::{RankedDocument, Run};
use crate::ingest::distinct_id;
use crate::parallel;
use crate::search::{Mode, Query};
#[cfg(feature = "bert")]
use crate::session::Request;
use crate::session::Session;
use crate::session::error::SessionResult;

/// Documents that a cross-encoder reads per query.
#[cfg(feature = "bert")]
const RERANKED: usize = 50;

/// A system's rankings, and how long they took.
pub(super) struct Rankings {
    pub(super) run: Run,
    /// Of each query that was asked now, alone, on one thread, ascending.
    pub(super) latencies: Vec<Duration>,
}

/// Asks every query of a task whose ranking is not kept, on all cores. Queries that find nothing are not in the run.
///
/// # Errors
/// Those of [`Session::ask`], of the encoder, of the control and of [`Kept::add`].
pub(super) fn rank(
    session: &Session,
    approach: Approach,
    (task, depth): (&Task, usize),
    (kept, tag): (Kept, &str),
    control: &Control,
) -> SessionResult<Rankings> {
    let queries = task.queries.as_slice();
    let waiting: Vec<&TestQuery> = queries.iter().filter(|query| !kept.has(&query.id)).collect();
    let encoder = match approach.needs_vectors() && !waiting.is_empty() {
        true => Some(session.encoder()?),
        false => None,
    };
    let one = |query: &&TestQuery| {
        let started = Instant::now();
        let ranked = hits(session, approach, encoder.as_deref(), query, depth)?;
        let latency = started.elapsed();
        kept.add(query, &ranked)?;
        SessionResult::Ok((ranked, latency))
    };
    let before = queries.len() - waiting.len();
    let mut done = |finished: usize| {
        control.report("asking", "queries", (before + finished) as u64, queries.len() as u64);
    };
    let threads = match approach {
        // A cross-encoder has all cores for each query.
        #[cfg(feature = "bert")]
        Approach::Reranked => 1,
        _ => parallel::cores(),
    };
    let found = parallel::try_map(threads, &waiting, control, one, &mut done)?;
    let mut rankings = kept.into_known();
    let mut latencies = Vec::with_capacity(found.len());
    for (query, (ranked, latency)) in waiting.iter().zip(found) {
        latencies.push(latency);
        rankings.insert(query.id.clone(), ranked);
    }
    let mut run = Run::new(tag);
    for (query, ranked) in rankings.into_iter().filter(|(_, ranked)| !ranked.is_empty()) {
        run.insert(query.as_str(), ranked).map_err(|violation| {
            Error::input(tag.to_owned(), format!("query {query}"), violation.to_string())
        })?;
    }
    latencies.sort_unstable();
    Ok(Rankings { run: task.called_as_judged(run)?, latencies })
}

/// The best documents of one query.
fn hits(
    session: &Session,
    approach: Approach,
    encoder: Option<&dyn Encoder>,
    query: &TestQuery,
    depth: usize,
) -> SessionResult<Vec<RankedDocument>> {
    #[cfg(feature = "bert")]
    if approach == Approach::Reranked {
        return reranked(session, encoder, query, depth);
    }
    let wanted = Query::text(query.text.as_str()).k(depth).exact();
    let wanted = match (approach, encoder) {
        (Approach::Lexical, _) | (_, None) => wanted.mode(Mode::Lexical),
        (approach, Some(encoder)) => {
            let mode = if approach == Approach::Dense { Mode::Dense } else { Mode::Hybrid };
            match wanted.embedded_by(encoder) {
                Ok(wanted) => wanted.mode(mode),
                // A text of which the encoder knows no word finds nothing.
                Err(Error::InvalidQuery { .. }) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let found = session.snapshot().search(&wanted)?;
    let ranked = found.hits.into_iter();
    Ok(ranked.map(|hit| RankedDocument::new(distinct_id(&hit.key), hit.score.into())).collect())
}

/// Those that a cross-encoder sorted again; behind them, in their order, those that it did not read.
#[cfg(feature = "bert")]
fn reranked(
    session: &Session,
    encoder: Option<&dyn Encoder>,
    query: &TestQuery,
    depth: usize,
) -> SessionResult<Vec<RankedDocument>> {
    let read = RERANKED.min(depth);
    let answer = session.ask(&Request::text(query.text.as_str()).k(read).rerank(read))?;
    let mut ranked: Vec<RankedDocument> = Vec::new();
    for hit in &answer.hits {
        let score = hit.score.unwrap_or_default();
        ranked.push(RankedDocument::new(distinct_id(&hit.key), score.into()));
    }
    let known: BTreeSet<String> = ranked.iter().map(|ranked| ranked.document.clone()).collect();
    let mut last = ranked.last().map_or(0.0, |ranked| ranked.score);
    for mut other in hits(session, Approach::Hybrid, encoder, query, depth)? {
        if !known.contains(&other.document) {
            last -= 1.0;
            other.score = last;
            ranked.push(other);
        }
    }
    Ok(ranked)
}
