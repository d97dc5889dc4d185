//! How much a search must look at for a wanted recall, measured with queries.
//!
//! A search probes some lists and re-ranks some candidates ([`Effort`](crate::index::ivf::Effort)). Which numbers reach a recall
//! depends on the vectors, and more on the queries: these lie away from the passages they match.
//! So it is measured: for queries with known exact neighbours, in which place each neighbour's list is
//! probed, and how many rows of the lists probed by then are better candidates by their estimates.
//! That gives the recall of every pair of numbers at once; of the pairs whose recall reaches the
//! target, the cheapest is kept.
//!
//! A filter that keeps a share of the rows at random makes a search's ten hits a random ten of the first
//! `10 / share` neighbours, its candidates a random part of all, and takes lists without a match
//! out of the count: all of that is computed from the same measurements, as an expectation.
//!
//! Queries differ in how many lists they are worth. For searches without a filter, a rule tells them apart
//! ([`Stop`](crate::index::ivf::Stop)), and its limits are learned with the same queries.
//!
//! Where rows have copies in second lists, both kinds of searches are measured, and searches of
//! most rows scan copies: see [`Calibration::spilled`].
//!
//! Recall is of the best ten. That of the best `k` in a share `s` of the rows is about that of the best
//! ten in a share `10 s / k`: both are about the first `k / s` neighbours.

mod caution;
mod choose;
mod grid;
mod moved;
mod order;
mod spilled;
mod stops;
mod subject;
mod tally;
mod targets;
#[cfg(test)]
mod tests;
mod topic;
mod truth;

use crate::control::Control;
use crate::error::{Error, Result};
use crate::index::ivf::Index;
use crate::kernel::PreparedVector;
use crate::parallel;
use grid::Grid;
use stops::{Course, Walk};
use subject::Subject;
use tally::{Scratch, Tally};

pub use crate::format::manifest::{
    Calibration, CalibrationNotes, CalibrationPoint, CalibrationStops, QuerySource,
};
pub use choose::Reach;
pub use moved::{MOVING_ROWS, move_away};
pub use targets::{LOW_RECALL, NEIGHBOURS, SHARES, TARGETS, TRUTH_ROWS};
pub use truth::exact_answers;

/// Queries of one work item.
const CHUNK_QUERIES: usize = 16;

/// The part of the work that is done when recall is measured, about.
const TALLY_PART: f32 = 0.5;

/// Queries with their answers.
#[derive(Clone, Copy, Debug)]
pub struct Queries<'a> {
    /// Vectors in the space of the stored rows, one after the other.
    pub vectors: &'a [f32],
    /// For each the ids of its nearest rows as [`flat`](crate::index::flat) finds them, best first;
    /// [`TRUTH_ROWS`] of them, or all when there are fewer.
    pub truth: &'a [Vec<u32>],
    /// What they are.
    pub source: QuerySource,
    /// What the queries in the codebook are, for [`CalibrationNotes::stored`].
    pub stored: QuerySource,
}

/// Measures an index with queries.
///
/// Each query scans the codes of all rows once, and once more those that the greatest recall takes; where there are copies,
/// as often again with them: some milliseconds for 100,000 rows, on each of `threads`. The result does not depend on their
/// number. `progress` gets the share of queries done.
///
/// # Errors
///
/// [`Error::Vector`] when there are no queries, when their vectors are not finite or not of the
/// codebook's dimension, or the index's arrays do not fit each other; those of `control`.
pub fn calibrate(
    index: &Index<'_>,
    queries: &Queries<'_>,
    threads: usize,
    control: &Control,
    progress: &mut dyn FnMut(f32),
) -> Result<Calibration> {
    index.check()?;
    if !index.segments.iter().all(|segment| segment.list_offsets.is_sorted()) {
        return Err(invalid("the lists of a segment are out of order".to_owned()));
    }
    let dimension = index.codebook.dimension;
    let count = queries.truth.len();
    if count == 0 || queries.vectors.len() != count * dimension {
        let numbers = queries.vectors.len();
        return Err(invalid(format!("{numbers} numbers for {count} of dimension {dimension}")));
    }
    let plain = Subject::rows(index);
    let Some(spilled) = Subject::with_copies(index) else {
        return measure(&plain, queries, threads, control, progress);
    };
    let mut half = |part: f32| progress(part / 2.0);
    let mut measured = measure(&plain, queries, threads, control, &mut half)?;
    let mut half = |part: f32| progress(0.5 + part / 2.0);
    let spilled = measure(&spilled, queries, threads, control, &mut half)?;
    measured.spilled = Some(Box::new(spilled));
    Ok(measured)
}

/// Measures searches that scan the rows of an index, or their copies too.
fn measure(
    subject: &Subject<'_>,
    queries: &Queries<'_>,
    threads: usize,
    control: &Control,
    progress: &mut dyn FnMut(f32),
) -> Result<Calibration> {
    let index = subject.index;
    let (dimension, count) = (index.codebook.dimension, queries.truth.len());
    let (lists, rows) = size(index);
    let neighbours = queries.truth.iter().map(Vec::len).max().unwrap_or(0);
    let grid = Grid::new(index.codebook.lists(), rows, neighbours);
    let mut tallies: Vec<Tally> = vec![Tally::new(&grid); count.div_ceil(CHUNK_QUERIES)];
    let items = queries.vectors.chunks(CHUNK_QUERIES * dimension);
    let items = items.zip(queries.truth.chunks(CHUNK_QUERIES)).zip(&mut tallies);
    let run = |scratch: &mut Scratch, ((vectors, truth), tally): Item<'_>| {
        for (values, truth) in vectors.chunks(dimension).zip(truth) {
            control.check()?;
            let query =
                PreparedVector::new(values).ok_or_else(|| invalid("not finite".to_owned()))?;
            scratch.add_query(subject, &grid, values, &query, truth, tally)?;
        }
        Ok(())
    };
    let total = count.div_ceil(CHUNK_QUERIES) as f32;
    let mut done = |chunks: usize| progress(TALLY_PART * chunks as f32 / total);
    parallel::for_each(threads, items, control, Scratch::default, run, &mut done)?;
    let mut sum = Tally::new(&grid);
    tallies.iter().for_each(|tally| sum.add(tally));
    let (points, low_shares) = choose::points(&grid, &sum, count, &index.codebook);
    let Queries { source, stored, .. } = *queries;
    let mut stops = None;
    // What moved rows would teach is no rule for real queries.
    if source != QuerySource::Moved {
        let mut progress = |part: f32| progress(TALLY_PART + (1.0 - TALLY_PART) * part);
        let spread = sum.spread();
        stops =
            Some(learn_stops(subject, queries, &points, spread, threads, control, &mut progress)?);
    }
    Ok(Calibration {
        queries: count as u32,
        optimistic: source == QuerySource::Moved,
        rows,
        lists,
        points,
        notes: Some(CalibrationNotes { source, stored, low_shares }),
        stops,
        spilled: None,
        contents: None,
    })
}

/// Learns when a search may stop for the recalls of `points`. Costs each query a ranking of all lists and a scan of
/// the codes that the greatest recall takes.
fn learn_stops(
    subject: &Subject<'_>,
    queries: &Queries<'_>,
    points: &[CalibrationPoint],
    spread: f32,
    threads: usize,
    control: &Control,
    progress: &mut dyn FnMut(f32),
) -> Result<CalibrationStops> {
    let plans: Vec<CalibrationPoint> = points.iter().step_by(SHARES.len()).copied().collect();
    let mut courses: Vec<Vec<Course>> = queries.truth.iter().map(|_| Vec::new()).collect();
    let total = courses.len() as f32;
    let items = queries.vectors.chunks(subject.index.codebook.dimension);
    let items = items.zip(queries.truth).zip(&mut courses);
    let run = |walk: &mut Walk, ((values, truth), courses): (Asked<'_>, &mut Vec<Course>)| {
        let query = PreparedVector::new(values).ok_or_else(|| invalid("not finite".to_owned()))?;
        walk.start(subject, values, &query, truth);
        *courses = walk.courses(subject, &plans, spread);
        Ok(())
    };
    let mut done = |queries: usize| progress(queries as f32 / total);
    parallel::for_each(threads, items, control, Walk::default, run, &mut done)?;
    Ok(CalibrationStops { spread, limits: stops::limits(&plans, &courses) })
}

/// A query and its answer.
type Asked<'a> = (&'a [f32], &'a Vec<u32>);

/// Queries, their answers, and where their tally goes.
type Item<'a> = ((&'a [f32], &'a [Vec<u32>]), &'a mut Tally);

/// Lists that hold rows, and rows.
fn size(index: &Index<'_>) -> (u32, u64) {
    let sizes = (0..index.codebook.lists() as u32).map(|list| {
        index.segments.iter().map(|segment| u64::from(segment.matches(list))).sum::<u64>()
    });
    sizes.fold((0, 0), |(lists, rows), size| (lists + u32::from(size > 0), rows + size))
}

fn invalid(detail: String) -> Error {
    Error::Vector { subject: "calibration queries".to_owned(), detail }
}
