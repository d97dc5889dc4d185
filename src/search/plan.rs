//! Which way to search is cheapest.
//!
//! The filter says exactly how many rows match, and calibration how much of the index has to be
//! scanned for a recall; each way then has a price ([`crate::index::cost`]).

use crate::index::cost::{self, Work};
use crate::index::ivf::Effort;

/// What the planner looks at: the segments that share a codebook, together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Rows in lists.
    pub(super) rows: u64,
    /// Those that match.
    pub(super) matching: u64,
    /// Lists of the codebook.
    pub(super) lists: u64,
    /// Bytes of a stored vector.
    pub(super) row_bytes: u64,
    /// Bytes of a row's codes.
    pub(super) code_bytes: u64,
}

/// Effort for the index, and what calibration promises for it.
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
        let probes = f64::from(effort.probes).min(self.lists as f64);
        let work = Work {
            lists: self.lists as f64,
            probes,
            rows: probes * self.rows as f64 / self.lists.max(1) as f64,
            code_bytes: self.code_bytes as f64,
            candidates: f64::from(effort.candidates).min(self.matching as f64),
            row_bytes: self.row_bytes as f64,
        };
        work.index_ns()
    }

    /// Share of rows that match.
    pub(super) fn share(&self) -> f64 {
        self.matching as f64 / self.rows.max(1) as f64
    }
}
