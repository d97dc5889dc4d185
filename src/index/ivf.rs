//! Approximate k-nearest-neighbour search through an index (IVF: inverted file; Jegou, Douze and
//! Schmid, 2011): rank the lists, scan the codes of the best, score the best of those exactly.
//!
//! ```text
//! query -> rank: every list by its centroid      -> the best `probes` lists
//!       -> scan: rows of these lists, by codes   -> the best `candidates` rows by estimate
//!       -> re-rank: those by their stored rows   -> the best k
//! ```
//!
//! With a [`Stop`] rule the lists are probed in two passes, and the first says how far the second goes.
//!
//! Rows stand in the order of lists, so a list is a range of rows, and a filter's bitset over rows is
//! the mask of the scan's lanes. Several segments that were indexed with one codebook are searched
//! as one: lists are ranked once, and candidates of all segments compete.
//!
//! # What does not change the answer
//!
//! Nothing but the rows, the query, the filter, `k` and the [`Effort`] do: not the processor, the
//! number of segments that hold the rows, nor the order in which lists are read. Where only some of the
//! rows with one estimate can be candidates, the caller's order of ties chooses them, as it orders equal
//! scores: rows with the same vector have the same list, codes and estimate, so the first of them in
//! that order are found whatever `k`. A greater `k` with the same effort never
//! takes a list or a candidate away: its hits are the same ones with others after them, or better.

mod allowed;
mod around;
mod bits;
#[cfg(test)]
pub(in crate::index) mod copied;
mod layer;
mod offsets;
mod pace;
mod rank;
mod rerank;
mod rows;
mod segments;
mod spilled;
mod stop;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use crate::control::Control;
use crate::error::{Error, Result};
use crate::index::codebook::Codebook;
use crate::kernel::scan::{Candidates, LookUp, ScanRange};
use crate::kernel::{Isa, PreparedVector, Tie, TopK, scan};

use layer::row_of;
use pace::Pace;
use rank::Ranking;
use rerank::Reranking;
use segments::mismatch;

pub use allowed::{Allowed, RowMask, filled_lists};
pub use around::{Around, Surroundings};
pub use layer::COPIED_ROWS_MAX;
pub(in crate::index) use layer::Layer;
pub(in crate::index) use rank::{find_best, near_lists};
pub use rows::{IndexedRows, Pages};
pub use segments::Index;
pub use spilled::{NO_COPY, SpilledRows, allowed_copies};
pub use stop::Stop;
pub(in crate::index) use stop::{BINS, Bins, Left, first_lists, most_lists};

/// Lists between two checks of the deadline: less than a millisecond of scanning.
const LISTS_PER_CHECK: usize = 256;

/// Rows between two such checks, and between two looks at how many ties there are: a list is as long as there
/// are equal vectors.
const ROWS_PER_CHECK: u32 = 1 << 18;

/// How much a search looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Lists to scan, of those that hold an allowed row; more are scanned when these hold fewer than
    /// `k`.
    pub probes: u32,
    /// Rows to score exactly; at least `k` are.
    pub candidates: u32,
    /// The rule by which a query gets from three to thirteen eighths of `probes`; `None`: each gets `probes`.
    pub stop: Option<Stop>,
    /// Whether lists are scanned with the [copies](SpilledRows) in them, where every segment has some.
    pub copies: bool,
}

impl Effort {
    /// The same effort for every query.
    pub fn fixed(probes: u32, candidates: u32) -> Effort {
        Effort { probes, candidates, stop: None, copies: false }
    }
}

/// What a search looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// Lists scanned.
    pub lists: u32,
    /// Allowed rows in them, and copies.
    pub rows: u64,
    /// Rows scored exactly.
    pub reranked: u64,
}

/// The buffers of a search: keep one for many searches, and none of them allocates for long.
#[derive(Debug, Default)]
pub struct Scratch {
    ranking: Ranking,
    look_up: LookUp,
    candidates: Candidates,
    ranges: Vec<ScanRange>,
    reranking: Reranking,
    /// Copies in the lists that were scanned.
    copied: u64,
    pace: Pace,
}

impl Scratch {
    /// Whether to ask for so many vectors before they are read: earlier searches waited for theirs.
    pub fn may_ask(&mut self, rows: usize) -> bool {
        self.pace.may_ask(rows)
    }
}

impl Index<'_> {
    /// The best `k` rows that the effort finds, best first, with their scores, and what it took.
    ///
    /// `query` is in the space of the stored rows (rotated, if they are). Scores are the dot products
    /// that [`flat::search`](crate::index::flat::search) computes. Exactly `min(k, allowed rows)` hits
    /// come back. Ties rank in the order of `tie`, which is given ids.
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when the query has another dimension or a number that is not finite, when the
    /// arrays of the codebook or a segment differ in length from what they should have, or when a
    /// row's score is not a number; those of `control` and `tie`.
    pub fn search(
        &self,
        query: &[f32],
        k: usize,
        effort: Effort,
        control: &Control,
        scratch: &mut Scratch,
        tie: &mut Tie<'_>,
    ) -> Result<(Vec<(u32, f32)>, Probed)> {
        self.check()?;
        let prepared = prepare(query, self.codebook.dimension)?;
        if k == 0 {
            return Ok((Vec::new(), Probed::default()));
        }
        control.check()?;
        let mut probes = (effort.probes as usize).max(1);
        let mut near = near_lists(probes);
        let copies = effort.copies && self.has_copies();
        let mut limit = (effort.candidates as usize).max(candidates_of(k, copies));
        self.fill(query, scratch);
        let mut enough = false;
        if let Some(stop) = effort.stop {
            let (first, most) = (first_lists(probes), most_lists(probes));
            scratch.ranking.rank_first(self, query, &prepared, first, most);
            scratch.candidates.reset(limit);
            scratch.copied = 0;
            self.scan(0, copies, control, scratch, tie)?;
            let scanned = scratch.ranking.probed().len();
            let worst = scratch.candidates.worst_of(effort.candidates as usize);
            scratch.ranking.take_more(self, worst, stop);
            self.scan(scanned, copies, control, scratch, tie)?;
            enough = scratch.ranking.probed_rows() >= k as u64;
            // Otherwise all of the same lists, and more if need be.
            (probes, near) = (most, near_lists(most));
        }
        if !enough {
            let extended = scratch.ranking.rank(self, query, &prepared, (probes, near), k);
            if extended || effort.stop.is_some() {
                // Few rows, and the candidates of a smaller k must stay candidates.
                let rows = usize::try_from(scratch.ranking.probed_rows()).unwrap_or(usize::MAX);
                limit = limit.max(candidates_of(rows, copies));
            }
            scratch.candidates.reset(limit);
            scratch.copied = 0;
            self.scan(0, copies, control, scratch, tie)?;
        }
        self.settle(&mut scratch.candidates, copies, tie)?;
        let rows = scratch.ranking.probed_rows() + scratch.copied;
        let mut top = TopK::new(k);
        let Scratch { reranking, candidates, pace, .. } = scratch;
        let reranked = reranking.run(
            (self.segments, copies),
            &prepared,
            (candidates, pace),
            control,
            &mut top,
            tie,
        )?;
        let probed = Probed { lists: scratch.ranking.probed().len() as u32, rows, reranked };
        Ok((top.into_sorted(tie)?, probed))
    }

    /// What the lists hold, from those nearest to the query by their codes on. Costs a scan of the codes of all lists
    /// and a look at what each holds in each segment ([`cost::around_ns`](crate::index::cost::around_ns)).
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when the query has another dimension, or arrays of the codebook or a segment differ in
    /// length from what they should have.
    pub fn around(&self, query: &[f32], scratch: &mut Scratch) -> Result<Surroundings> {
        self.check()?;
        check_dimension(query, self.codebook.dimension)?;
        Ok(scratch.ranking.around(self, query))
    }

    /// Computes what scans look up.
    fn fill(&self, query: &[f32], scratch: &mut Scratch) {
        let Codebook { points, sub_dimension, .. } = self.codebook;
        scan::fill(Isa::detect(), &mut scratch.look_up, query, points, sub_dimension);
    }

    /// Gathers the best rows, by estimate, of the probed lists from the one at a place on, and of the copies in them.
    fn scan(
        &self,
        from: usize,
        copies: bool,
        control: &Control,
        scratch: &mut Scratch,
        tie: &mut Tie<'_>,
    ) -> Result<()> {
        for segment in self.segments {
            for layer in segment.layers(copies) {
                self.scan_layer((segment, copies), &layer, from, control, scratch, tie)?;
            }
        }
        Ok(())
    }

    fn scan_layer(
        &self,
        (segment, copies): (&IndexedRows<'_>, bool),
        layer: &Layer<'_>,
        from: usize,
        control: &Control,
        scratch: &mut Scratch,
        tie: &mut Tie<'_>,
    ) -> Result<()> {
        let Scratch { ranking, look_up, candidates, ranges, copied, .. } = scratch;
        let probed = ranking.probed().get(from..).unwrap_or_default();
        let holds = |list: u32| layer.is_copies() || segment.matches(list) > 0;
        let mut lists = probed.iter().filter(|list| holds(list.list));
        let mut rest = None;
        loop {
            control.check()?;
            ranges.clear();
            let mut rows_left = ROWS_PER_CHECK;
            while ranges.len() < LISTS_PER_CHECK && rows_left > 0 {
                let next = || lists.next().map(|list| layer.range(list.list, list.bias));
                let Some(mut range) = rest.take().or_else(next) else { break };
                if range.end - range.start > rows_left {
                    let border = range.start + rows_left;
                    rest = Some(ScanRange { start: border, ..range });
                    range.end = border;
                }
                rows_left -= range.end - range.start;
                ranges.push(range);
            }
            if ranges.is_empty() {
                return Ok(());
            }
            if ranges.iter().any(|range| range.end as usize > layer.coded.scales.len()) {
                return Err(mismatch("a list ends beyond the last row"));
            }
            if layer.is_copies() {
                *copied +=
                    ranges.iter().map(|range| u64::from(range.end - range.start)).sum::<u64>();
            }
            layer.prepare(ranges)?;
            scan::scan(Isa::detect(), &layer.coded, ranges, look_up, candidates);
            if candidates.has_many_ties() {
                self.settle(candidates, copies, tie)?;
            }
        }
    }

    /// Drops all but the best candidates; of those with the worst estimate kept, the first rows in the order of `tie`.
    fn settle(&self, candidates: &mut Candidates, copies: bool, tie: &mut Tie<'_>) -> Result<()> {
        candidates.settle(&mut |a, b| match [a, b].map(|id| row_of(self.segments, copies, id)) {
            [a, b] if a == b => Ok(Ordering::Equal),
            [a, b] => tie(a, b),
        })
    }
}

/// Candidates among which there are as many rows, or all: a row and its copy may both be candidates.
fn candidates_of(rows: usize, copies: bool) -> usize {
    if copies { rows.saturating_mul(2).saturating_sub(1) } else { rows }
}

/// Checks and prepares the query.
fn prepare(query: &[f32], dimension: usize) -> Result<PreparedVector> {
    check_dimension(query, dimension)?;
    PreparedVector::new(query).ok_or_else(|| wrong_query("not every number is finite".to_owned()))
}

fn check_dimension(query: &[f32], dimension: usize) -> Result<()> {
    match query.len() {
        found if found == dimension => Ok(()),
        found => Err(wrong_query(format!("expected dimension {dimension}, found {found}"))),
    }
}

fn wrong_query(detail: String) -> Error {
    Error::Vector { subject: "query".to_owned(), detail }
}
