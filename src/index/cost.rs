//! What searching costs, in nanoseconds of one core with AVX-512; only ratios matter.
//!
//! Fitted to the times of 120 efforts in indexes of 512 to 4096 lists of 384 dimensions
//! (`benches/calibrate.rs`), which it tells within a tenth.

use super::ivf::Effort;

/// What a search of an index costs before it looks at anything.
const SEARCH_NS: f64 = 7_400.0;

/// Ranking one list of the codebook.
const LIST_NS: f64 = 3.0;

/// Counting what one list holds, in five segments, and ranking it for that.
const AROUND_NS: f64 = 6.0;

/// Probing one list besides its rows: its exact score, a place among the others, and two blocks of
/// codes that are scanned for a part of their rows only.
const PROBE_NS: f64 = 110.0;

/// Scanning a row, for each byte of its codes.
const CODE_BYTE_NS: f64 = 0.03;

/// Scoring one candidate exactly, at least: a read from a place that no prefetcher knows.
const CANDIDATE_NS: f64 = 20.0;

/// Scoring one candidate, for each byte of its vector.
const CANDIDATE_BYTE_NS: f64 = 0.14;

/// Scoring one of many rows in their order, for each byte of its vector.
const ROW_BYTE_NS: f64 = 0.05;

/// What a search pays for copies besides scanning them: a second pass over each segment, and finding out which rows they
/// are of.
const COPIES_NS: f64 = 5_000.0;

/// What an index stores of a row.
#[derive(Clone, Copy, Debug)]
pub struct RowBytes {
    /// Bytes of its codes.
    pub codes: f64,
    /// Bytes of its vector.
    pub vector: f64,
}

/// An index whose lists are of average length.
#[derive(Clone, Copy, Debug)]
pub struct IndexSize {
    /// Lists of the codebook, at least one.
    pub lists: u32,
    /// Rows in them.
    pub rows: u64,
    /// What is stored of each.
    pub row: RowBytes,
}

impl IndexSize {
    /// The time of a search with an effort.
    pub fn search_ns(&self, effort: Effort) -> f64 {
        let (lists, probes) = (self.lists.max(1), effort.probes.min(self.lists));
        let (layers, more) = if effort.copies { (2.0, COPIES_NS) } else { (1.0, 0.0) };
        let work = Work {
            lists: f64::from(lists),
            probes: f64::from(probes),
            rows: f64::from(probes) * layers * self.rows as f64 / f64::from(lists),
            code_bytes: self.row.codes,
            candidates: f64::from(effort.candidates),
            row_bytes: self.row.vector,
        };
        work.index_ns() + more
    }
}

/// What a search looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Lists of the codebook.
    pub lists: f64,
    /// Lists that are probed.
    pub probes: f64,
    /// Rows in them.
    pub rows: f64,
    /// Bytes of a row's codes.
    pub code_bytes: f64,
    /// Rows that are scored exactly.
    pub candidates: f64,
    /// Bytes of a stored vector.
    pub row_bytes: f64,
}

impl Work {
    /// The time of a search of an index without copies.
    pub fn index_ns(&self) -> f64 {
        SEARCH_NS
            + self.lists * LIST_NS
            + self.probes * PROBE_NS
            + self.rows * self.code_bytes * CODE_BYTE_NS
            + self.candidates * (CANDIDATE_NS + self.row_bytes * CANDIDATE_BYTE_NS)
    }
}

/// The time of [counting](super::ivf::Index::around) what lists hold.
pub fn around_ns(lists: u64) -> f64 {
    lists as f64 * AROUND_NS
}

/// The time of scoring rows in their order.
pub fn exact_ns(rows: f64, row_bytes: f64) -> f64 {
    rows * row_bytes * ROW_BYTE_NS
}
