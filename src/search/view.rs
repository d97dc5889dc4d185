//! A segment and its deleted rows.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::compiled::{CompiledCache, CompiledFilter};
use super::filter::Filter;
use super::matches::{MatchCache, Matches};
use super::names::index::LooseNames;
use crate::control::Control;
use crate::error::Result;
use crate::ids::SegmentId;
use crate::mesh::MeshInUse;
use crate::segment::{CodebookFile, Segment};

/// A segment as one snapshot sees it. Clones share everything.
#[derive(Clone)]
pub struct SegmentView {
    /// The file.
    pub segment: Segment,
    /// Rows that are deleted in this snapshot.
    pub deleted: Arc<RoaringBitmap>,
    /// The codebook that the segment is indexed with; a segment without one is searched exactly.
    pub codebook: Option<CodebookFile>,
    /// What the headings of filters are looked up in; the same for all segments of a snapshot.
    pub mesh: MeshInUse,
    cache: Arc<MatchCache>,
    names: Arc<LooseNames>,
    compiled: Arc<CompiledCache>,
}

impl SegmentView {
    /// A view of a segment without its deleted rows.
    pub fn new(
        segment: Segment,
        deleted: Arc<RoaringBitmap>,
        codebook: Option<CodebookFile>,
        mesh: MeshInUse,
    ) -> SegmentView {
        let (cache, names, compiled) = Default::default();
        SegmentView { segment, deleted, codebook, mesh, cache, names, compiled }
    }

    /// Live rows that pass a filter, `number` being that of this segment among those it was compiled for.
    /// The last filters are remembered: a second query with the same filter does not evaluate it again.
    pub(super) fn matches(&self, filter: &CompiledFilter, number: usize) -> Result<Arc<Matches>> {
        if let Some(known) = self.cache.get(&filter.program) {
            return Ok(known);
        }
        let (program, places) = (&filter.program, filter.places(number));
        let found = Arc::new(Matches::evaluate(&self.segment, &self.deleted, program, places)?);
        self.cache.put(program.clone(), found.clone());
        Ok(found)
    }

    /// The segment's terms by their loose spelling.
    pub(super) fn names(&self) -> &LooseNames {
        &self.names
    }

    /// A filter as it was compiled for these segments, of which this is one, if that is remembered.
    pub(super) fn compiled(
        &self,
        segments: &[SegmentId],
        filter: &Filter,
        allow_unknown: bool,
    ) -> Option<Arc<CompiledFilter>> {
        self.compiled.get(segments, filter, allow_unknown)
    }

    /// Remembers a compiled filter.
    pub(super) fn remember_compiled(
        &self,
        segments: Vec<SegmentId>,
        filter: &Filter,
        allow_unknown: bool,
        compiled: Arc<CompiledFilter>,
    ) {
        self.compiled.put(segments, filter, allow_unknown, compiled);
    }
}

/// The live rows of each segment that pass a filter.
///
/// # Errors
/// [`crate::Error::Corrupt`], and those of the control.
pub(super) fn matches(
    segments: &[SegmentView],
    filter: &CompiledFilter,
    control: &Control,
) -> Result<Vec<Arc<Matches>>> {
    let matches = |(number, view): (usize, &SegmentView)| {
        control.check()?;
        view.matches(filter, number)
    };
    segments.iter().enumerate().map(matches).collect()
}
