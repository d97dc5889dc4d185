//! The rows that pass a filter, without an order and without a limit.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::compile::compile;
use super::query::Query;
use super::view::{self, SegmentView};
use crate::error::Result;

/// Live rows of one segment that pass a filter.
pub struct MatchingRows(Arc<super::matches::Matches>);

impl MatchingRows {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.count
    }

    /// Which; `None` when every row of the segment passes.
    pub fn rows(&self) -> Option<&RoaringBitmap> {
        self.0.rows()
    }
}

/// The live rows of each segment that pass a query's filter, in the order of the segments. Only the query's
/// filter, control and [`allow_unknown_names`](Query::allow_unknown_names) matter here.
///
/// # Errors
/// As [`super::search`].
pub fn matching(segments: &[SegmentView], query: &Query) -> Result<Vec<MatchingRows>> {
    let filter = compile(&query.filter, segments, query.allow_unknown)?;
    let matches = view::matches(segments, &filter, &query.control)?;
    Ok(matches.into_iter().map(MatchingRows).collect())
}
