//! Which documents a filter matches, and how many.

use roaring::RoaringBitmap;

use crate::error::Result;
use crate::search::compile::compile;
use crate::search::filter::Filter;
use crate::search::program::Waived;
use crate::search::view::SegmentView;

/// The live rows of each segment that pass a filter.
pub(super) fn rows(filter: &Filter, segments: &[SegmentView]) -> Result<Vec<RoaringBitmap>> {
    let compiled = compile(filter, segments, false)?;
    let mut all = Vec::with_capacity(segments.len());
    for (number, view) in segments.iter().enumerate().take(compiled.places.len()) {
        let rows = view.evaluation(&compiled, number).rows(Waived::Nothing)?;
        all.push(rows - view.deleted.as_ref());
    }
    Ok(all)
}

/// Live documents that pass a filter.
pub(super) fn count(filter: &Filter, segments: &[SegmentView]) -> Result<u64> {
    Ok(rows(filter, segments)?.iter().map(RoaringBitmap::len).sum())
}
