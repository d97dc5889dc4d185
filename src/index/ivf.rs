//! Approximate k-nearest-neighbour search through an index (IVF: inverted file; Jegou, Douze and
//! Schmid, 2011): rank the lists, scan the codes of the best, score the best of those exactly.
//!
//! ```text
//! query -> rank: every list by its centroid      -> the best `probes` lists
//!       -> scan: rows of these lists, by codes   -> the best `candidates` rows by estimate
//!       -> re-rank: those by their stored rows   -> the best k
//! ```
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

mod rank;
mod rerank;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::control::Control;
use crate::error::{Error, Result};
use crate::index::codebook::Codebook;
use crate::kernel::scan::{Candidates, CodedRows, LookUp, ScanRange, codes_bytes};
use crate::kernel::{Query, Rows, Tie, TopK, kernel};

use rank::Ranking;

/// Lists between two checks of the deadline: less than a millisecond of scanning.
const LISTS_PER_CHECK: usize = 256;

/// Rows between two such checks, and between two looks at how many ties there are: a list is as long as there
/// are equal vectors.
const ROWS_PER_CHECK: u32 = 1 << 18;

/// The rows of one segment, sorted by list.
#[derive(Clone, Copy, Debug)]
pub struct IndexedRows<'a> {
    /// What is added to a row's number to make its id; ids of all segments together are below 2^32.
    pub base: u32,
    /// The first row of each list and, last, one past the last row that has a vector; ascending.
    pub list_offsets: &'a [u32],
    /// Codes of the residuals, in [blocks](crate::kernel::scan::block).
    pub codes: &'a [u8],
    /// What the part of a row's estimate that comes from its codes is multiplied with; the bits of
    /// half-precision numbers. See [`encode`](crate::index::encode).
    pub scales: &'a [u16],
    /// The rows themselves, to re-rank by.
    pub rows: Rows<'a>,
    /// The rows that may be returned; `None` for all.
    pub allowed: Option<Allowed<'a>>,
    /// Told what is going to be read; `None` for arrays that are ready as they are.
    pub pages: Option<&'a dyn Pages>,
}

/// Arrays in a mapped file: parts of them are brought into memory, and checked, before they are read.
pub trait Pages: std::fmt::Debug + Sync {
    /// Makes the codes and scales of some rows ready.
    ///
    /// # Errors
    ///
    /// When they are damaged.
    fn codes(&self, ranges: &[ScanRange]) -> Result<()>;

    /// Makes the vectors of some rows ready.
    ///
    /// # Errors
    ///
    /// When they are damaged.
    fn vectors(&self, rows: &[u32]) -> Result<()>;
}

/// A filter, evaluated for one segment.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// Row `r` is bit `r % 64` of word `r / 64`.
    pub words: &'a [u64],
    /// How many rows of each list are allowed.
    pub list_counts: &'a [u32],
}

/// How much a search looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Lists to scan, of those that hold an allowed row; more are scanned when these hold fewer than
    /// `k`.
    pub probes: u32,
    /// Rows to score exactly; at least `k` are.
    pub candidates: u32,
}

/// What a search looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probed {
    /// Lists scanned.
    pub lists: u32,
    /// Allowed rows in them.
    pub rows: u64,
    /// Rows scored exactly.
    pub reranked: u64,
}

/// What the lists nearest to a query hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Rows.
    pub rows: u64,
    /// Rows that are allowed.
    pub matches: u64,
    /// Lists with such a row.
    pub lists: u32,
}

/// The buffers of a search: keep one for many searches, and none of them allocates for long.
#[derive(Debug, Default)]
pub struct Scratch {
    ranking: Ranking,
    look_up: LookUp,
    candidates: Candidates,
    ranges: Vec<ScanRange>,
    best: Vec<(u32, f32)>,
    ids: Vec<u32>,
    scores: Vec<f32>,
}

/// Segments that were indexed with one codebook.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a> {
    /// What the rows were assigned and encoded with.
    pub codebook: Codebook<'a>,
    /// The segments.
    pub segments: &'a [IndexedRows<'a>],
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
        let probes = (effort.probes as usize).max(1);
        let extended = scratch.ranking.rank(self, query, &prepared, probes, k);
        let rows = scratch.ranking.probed_rows();
        let mut limit = (effort.candidates as usize).max(k);
        if extended {
            // Few rows, and the candidates of a smaller k must stay candidates.
            limit = limit.max(usize::try_from(rows).unwrap_or(usize::MAX));
        }
        self.scan(query, limit, control, scratch, tie)?;
        let mut top = TopK::new(k);
        let reranked = rerank::rerank(self.segments, &prepared, scratch, control, &mut top, tie)?;
        let probed = Probed { lists: scratch.ranking.probed().len() as u32, rows, reranked };
        Ok((top.into_sorted(tie)?, probed))
    }

    /// What the lists hold that are nearest to the query by their codes: as many lists as each of `counts` says,
    /// which ascend. Costs a scan of the codes of all lists, 10 us for 4,000 of them, and 10 ns a list counted.
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when the query has another dimension, or arrays of the codebook or a segment differ in
    /// length from what they should have.
    pub fn around<const N: usize>(
        &self,
        query: &[f32],
        counts: &[usize; N],
        scratch: &mut Scratch,
    ) -> Result<[Around; N]> {
        self.check()?;
        check_dimension(query, self.codebook.dimension)?;
        Ok(scratch.ranking.around(self, query, counts))
    }

    /// Gathers the best rows of the probed lists by estimate.
    fn scan(
        &self,
        query: &[f32],
        limit: usize,
        control: &Control,
        scratch: &mut Scratch,
        tie: &mut Tie<'_>,
    ) -> Result<()> {
        let Scratch { ranking, look_up, candidates, ranges, .. } = scratch;
        kernel().fill(look_up, query, self.codebook.points, self.codebook.sub_dimension);
        candidates.reset(limit);
        for segment in self.segments {
            let allowed = segment.allowed.map(|allowed| allowed.words);
            let IndexedRows { base, codes, scales, .. } = *segment;
            let rows = CodedRows { codes, scales, allowed, base };
            let mut lists = ranking.probed().iter().filter(|list| segment.matches(list.list) > 0);
            let mut rest = None;
            loop {
                control.check()?;
                ranges.clear();
                let mut rows_left = ROWS_PER_CHECK;
                while ranges.len() < LISTS_PER_CHECK && rows_left > 0 {
                    let next = || lists.next().map(|list| segment.range(list.list, list.bias));
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
                    break;
                }
                if ranges.iter().any(|range| range.end as usize > segment.scales.len()) {
                    return Err(mismatch("a list ends beyond the last row"));
                }
                if let Some(pages) = segment.pages {
                    pages.codes(ranges)?;
                }
                kernel().scan(&rows, ranges, look_up, candidates);
                if candidates.has_many_ties() {
                    candidates.settle(tie)?;
                }
            }
        }
        candidates.settle(tie)
    }

    /// Checks that arrays are as long as they should be.
    pub(super) fn check(&self) -> Result<()> {
        self.codebook.check()?;
        let (dimension, lists) = (self.codebook.dimension, self.codebook.lists());
        let sub_quantizers = self.codebook.sub_quantizers();
        let whole = |segment: &IndexedRows<'_>| {
            let rows = segment.rows.count(dimension)?;
            let codes = codes_bytes(segment.scales.len(), sub_quantizers)?;
            let last = *segment.list_offsets.last()? as usize;
            // Rows in no list are never looked up in a filter.
            let words = last.div_ceil(u64::BITS as usize);
            let filter = |allowed: Allowed<'_>| {
                allowed.words.len() >= words && allowed.list_counts.len() == lists
            };
            let whole = segment.list_offsets.len() == lists + 1
                && last <= rows
                && last <= segment.scales.len()
                && codes <= segment.codes.len()
                && u32::try_from(rows).ok()?.checked_add(segment.base).is_some()
                && segment.allowed.is_none_or(filter);
            whole.then_some(())
        };
        match self.segments.iter().position(|segment| whole(segment).is_none()) {
            Some(at) => Err(mismatch(&format!("the arrays of segment {at}"))),
            None => Ok(()),
        }
    }
}

impl Around {
    fn add(&mut self, index: &Index<'_>, list: u32) {
        let mut matches = 0;
        for segment in index.segments {
            self.rows += segment.list(list).len() as u64;
            matches += u64::from(segment.matches(list));
        }
        self.matches += matches;
        self.lists += u32::from(matches > 0);
    }
}

impl IndexedRows<'_> {
    /// The rows of a list; those of no list are none.
    pub(super) fn list(&self, list: u32) -> Range<u32> {
        match self.list_offsets.get(list as usize..) {
            Some([start, end, ..]) => *start..*end,
            _ => 0..0,
        }
    }

    /// The rows of a list as they are scanned.
    fn range(&self, list: u32, bias: f32) -> ScanRange {
        let Range { start, end } = self.list(list);
        // Offsets come from a file: a list that ends before it starts has no rows.
        ScanRange { start, end: end.max(start), bias }
    }

    /// How many rows of a list may be returned.
    pub(super) fn matches(&self, list: u32) -> u32 {
        match self.allowed {
            Some(allowed) => allowed.list_counts.get(list as usize).copied().unwrap_or(0),
            None => self.list(list).len() as u32,
        }
    }
}

/// The error of arrays that do not belong together.
fn mismatch(what: &str) -> Error {
    let detail = format!("{what}: lengths or offsets do not fit together");
    Error::Vector { subject: "index".to_owned(), detail }
}

/// Checks and prepares the query.
fn prepare(query: &[f32], dimension: usize) -> Result<Query> {
    check_dimension(query, dimension)?;
    Query::new(query).ok_or_else(|| wrong_query("not every number is finite".to_owned()))
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
