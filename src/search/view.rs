//! A segment and what of it is deleted.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::filter::Filter;
use super::matches::{MatchCache, Matches};
use crate::error::Result;
use crate::segment::{CodebookFile, Segment};

/// A segment as one snapshot sees it. Clones share everything.
#[derive(Clone)]
pub struct SegmentView {
    /// The file.
    pub segment: Segment,
    /// Rows that are deleted in this snapshot.
    pub deleted: Arc<RoaringBitmap>,
    /// What the segment is indexed with; without it, it is searched exactly.
    pub codebook: Option<CodebookFile>,
    cache: Arc<MatchCache>,
}

impl SegmentView {
    /// A view of a segment without its deleted rows.
    pub fn new(
        segment: Segment,
        deleted: Arc<RoaringBitmap>,
        codebook: Option<CodebookFile>,
    ) -> SegmentView {
        SegmentView { segment, deleted, codebook, cache: Arc::default() }
    }

    /// Live rows that pass a filter, if they are known already.
    pub(super) fn known_matches(&self, filter: &Filter) -> Option<Arc<Matches>> {
        self.cache.get(filter)
    }

    /// Live rows that pass a filter. The last filters are remembered: a second question with the same
    /// filter does not evaluate it again.
    pub(super) fn matches(&self, filter: &Filter) -> Result<Arc<Matches>> {
        if let Some(known) = self.cache.get(filter) {
            return Ok(known);
        }
        let found = Arc::new(Matches::evaluate(&self.segment, &self.deleted, filter)?);
        self.cache.put(filter, found.clone());
        Ok(found)
    }
}
