//! Which documents a filter matches, and how many.

use roaring::RoaringBitmap;

use crate::error::Result;
use crate::search::compile::{compile, compile_part};
use crate::search::compiled::CompiledFilter;
use crate::search::filter::Filter;
use crate::search::parts::Parts;
use crate::search::program::{KnownRows, Waived};
use crate::search::view::SegmentView;

/// The live rows of each segment that pass a filter.
pub(super) fn rows(filter: &Filter, segments: &[SegmentView]) -> Result<KnownRows> {
    let compiled = compile(filter, segments, false)?;
    rows_of(&compiled, segments)
}

/// The live rows of each segment that pass a part of others.
pub(super) fn rows_of_part(
    parts: &Parts,
    part: usize,
    segments: &[SegmentView],
) -> Result<KnownRows> {
    rows_of(&compile_part(parts, part, segments)?, segments)
}

fn rows_of(compiled: &CompiledFilter, segments: &[SegmentView]) -> Result<KnownRows> {
    let mut all = Vec::with_capacity(segments.len());
    for (number, view) in segments.iter().enumerate().take(compiled.places.len()) {
        let rows = view.evaluation(compiled, number).rows(Waived::Nothing)?;
        all.push(rows - view.deleted.as_ref());
    }
    Ok(all)
}

/// Live documents that pass a filter.
pub(super) fn count(filter: &Filter, segments: &[SegmentView]) -> Result<u64> {
    Ok(rows(filter, segments)?.iter().map(RoaringBitmap::len).sum())
}
