//! What maintenance did, for whoever asked for it.

use std::time::Duration;

use super::recall::RecallReport;

/// What a compaction did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompactReport {
    /// Segments before.
    pub segments_before: usize,
    /// Segments after.
    pub segments_after: usize,
    /// Segments that were rewritten.
    pub merged: usize,
    /// Deleted rows that were dropped.
    pub rows_dropped: u64,
    /// Bytes of segments before.
    pub bytes_before: u64,
    /// Bytes of segments after.
    pub bytes_after: u64,
    /// Rows whose codes were computed; those of indexed segments are copied.
    pub encoded: u64,
    /// Bytes of old segments and codebooks that were deleted, also those that an interrupted compaction
    /// had left.
    pub bytes_freed: u64,
    /// The longest time that a [`Maintainer`](crate::db::Maintainer) has held the lock of the writer, to publish a step.
    pub writer_held: Duration,
    /// Recall, if the compaction measured it: after training an index, or because many rows came, went or became others.
    /// It is an estimate ([`RecallReport::is_estimate`]) if the writer had no encoder that embeds queries.
    pub recall: Option<RecallReport>,
}

/// What an optimization did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizeReport {
    /// Rows that a new codebook was trained on; 0 when none was trained.
    pub trained_rows: usize,
    /// Lists of the codebook; 0 without one.
    pub lists: u32,
    /// Queries that recall was measured with, now or earlier; 0 when it was not.
    pub queries: usize,
    /// What was measured, now or earlier; `None` when nothing was.
    pub recall: Option<RecallReport>,
    /// Whether rows have drifted so far from what the codebook was trained on that
    /// [`OptimizeOptions::retrain`](crate::db::OptimizeOptions::retrain) pays. Recall holds all the same; searches take more
    /// effort for it.
    pub has_drifted: bool,
    /// What happened to the segments.
    pub compact: CompactReport,
}
