//! A segment and what of it is deleted.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::filter::Filter;
use super::matches::{MatchCache, Matches};
use super::names::index::LooseNames;
use super::resolved::{Resolved, ResolvedCache};
use crate::error::Result;
use crate::ids::SegmentId;
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
    names: Arc<LooseNames>,
    resolved: Arc<ResolvedCache>,
}

impl SegmentView {
    /// A view of a segment without its deleted rows.
    pub fn new(
        segment: Segment,
        deleted: Arc<RoaringBitmap>,
        codebook: Option<CodebookFile>,
    ) -> SegmentView {
        let (cache, names, resolved) = Default::default();
        SegmentView { segment, deleted, codebook, cache, names, resolved }
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

    /// The segment's terms by their loose spelling.
    pub(super) fn names(&self) -> &LooseNames {
        &self.names
    }

    /// What became of a filter's names in these segments, of which this is one, if that is known.
    pub(super) fn resolved(
        &self,
        segments: &[SegmentId],
        filter: &Filter,
        allow_unknown: bool,
    ) -> Option<Arc<Resolved>> {
        self.resolved.get(segments, filter, allow_unknown)
    }

    /// Remembers what became of a filter's names.
    pub(super) fn remember_resolved(
        &self,
        segments: Vec<SegmentId>,
        filter: &Filter,
        allow_unknown: bool,
        resolved: Arc<Resolved>,
    ) {
        self.resolved.put(segments, filter, allow_unknown, resolved);
    }
}
