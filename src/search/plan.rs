//! Which way to search is cheapest.
//!
//! The filter says exactly how many rows match, and calibration how much of the index has to be
//! scanned for a recall; each way then has a price ([`crate::index::cost`]). A query that names no recall
//! gets an exact answer as long as its price is small.

use super::explain::WhyExact;
use super::matches::Matches;
use super::query::Accuracy;
use super::view::SegmentView;
use crate::index::calibrate::Calibration;
use crate::index::cost::{self, IndexSize, RowBytes};
use crate::index::ivf::Effort;

/// The recall of [`Accuracy::Auto`] where scoring every match is not quick.
const AUTO_RECALL: f32 = 0.95;

/// What [`Accuracy::Auto`] calls quick. Above it, the index saves time that a user could notice in a batch of
/// queries; below it, the index would give up recall for nothing.
const QUICK_NS: f64 = 2.5e6;

/// The least share of rows that pass a filter for which copies are scanned: of a copy, only a look at its row says
/// whether it passes, and recalls are measured for every share without copies too.
const COPIES_SHARE_MIN: f64 = 0.5;

/// How much more than asked the measured effort may miss, as a share of what may be missed.
const SHORTFALL_MAX: f32 = 0.1;

/// What a query asks of this database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wanted {
    /// Every match is scored.
    Exact(WhyExact),
    /// Enough of the index to find this share of the nearest rows, unless an exact search is cheaper.
    Recall(f32),
    /// This effort in the index.
    Effort(Effort),
}

impl Wanted {
    pub(super) fn new(accuracy: Accuracy, segments: &[(&SegmentView, &Matches)]) -> Wanted {
        match accuracy {
            Accuracy::Exact => Wanted::Exact(WhyExact::Asked),
            Accuracy::Recall(recall) => Wanted::Recall(recall),
            Accuracy::Effort { probes, candidates } => {
                Wanted::Effort(Effort::fixed(probes, candidates))
            }
            Accuracy::Auto => {
                let price = segments.iter().map(|(view, matches)| {
                    cost::exact_ns(matches.searchable_count as f64, view.segment.row_bytes() as f64)
                });
                if price.sum::<f64>() <= QUICK_NS {
                    Wanted::Exact(WhyExact::Quick)
                } else {
                    Wanted::Recall(AUTO_RECALL)
                }
            }
        }
    }
}

/// What the planner looks at: the segments that share a codebook, together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Rows in lists.
    pub(super) rows: u64,
    /// Rows in lists that are live; fewer where rows without a vector were deleted.
    pub(super) live: u64,
    /// Those that match.
    pub(super) matching: u64,
    /// Lists of the codebook.
    pub(super) lists: u64,
    /// Bytes of a stored vector.
    pub(super) row_bytes: u64,
    /// Bytes of a row's codes.
    pub(super) code_bytes: u64,
}

/// An effort for the index, and the recall that calibration promises for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// Lists and rows to look at.
    pub effort: Effort,
    /// Recall that was measured with it.
    pub recall: f32,
}

impl Sizes {
    /// Price of scoring every matching row.
    pub(super) fn exact_ns(&self) -> f64 {
        cost::exact_ns(self.matching as f64, self.row_bytes as f64)
    }

    /// Price of the index.
    pub(super) fn index_ns(&self, effort: Effort) -> f64 {
        let lists = u32::try_from(self.lists).unwrap_or(u32::MAX);
        let size = IndexSize { lists, rows: self.rows, row: self.row() };
        let matching = u32::try_from(self.matching).unwrap_or(u32::MAX);
        size.search_ns(Effort { candidates: effort.candidates.min(matching), ..effort })
    }

    /// Whether scoring every match costs no more than a look at where a topic lies, and then the index.
    pub(super) fn is_topic_dear(&self, effort: Effort) -> bool {
        self.exact_ns() <= cost::around_ns(self.lists) + self.index_ns(effort)
    }

    /// What the index stores of a row.
    pub(super) fn row(&self) -> RowBytes {
        RowBytes { codes: self.code_bytes as f64, vector: self.row_bytes as f64 }
    }

    /// Whether so many rows match that copies may be worth to be scanned.
    pub(super) fn is_wide(&self) -> bool {
        self.matching as f64 >= COPIES_SHARE_MIN * self.live as f64
    }

    /// Share of rows that match: of those that `measured` counted or, when there are more by now, of the live
    /// ones. What was deleted since then is filtered out.
    pub(super) fn share(&self, measured: &Calibration) -> f32 {
        let rows = self.live.max(measured.rows).min(self.rows).max(1);
        (self.matching as f64 / rows as f64).min(1.0) as f32
    }

    /// The effort for a recall, by what was measured of searches that scan copies or do not.
    ///
    /// # Errors
    /// Why no effort is worth its price.
    pub(super) fn estimate(
        &self,
        recall: f32,
        k: usize,
        measured: Option<&Calibration>,
        copies: bool,
    ) -> Result<Estimate, WhyExact> {
        let measured = measured.filter(|known| !known.points.is_empty());
        let measured = measured.ok_or(WhyExact::NotMeasured)?;
        let wanted = measured.cautious(recall);
        if !measured.reaches(wanted) {
            return Err(WhyExact::BeyondMeasured);
        }
        let share = self.share(measured);
        let (effort, reached) = measured.effort(wanted, k, share).ok_or(WhyExact::NotMeasured)?;
        let effort = Effort { copies, ..effort };
        if 1.0 - reached > (1.0 - recall) * (1.0 + SHORTFALL_MAX) {
            return Err(WhyExact::BeyondMeasured);
        }
        if self.exact_ns() <= self.index_ns(effort) {
            return Err(WhyExact::Cheaper);
        }
        Ok(Estimate { effort, recall: reached })
    }
}
