//! Conditions that no index answers: documents are read.

use roaring::RoaringBitmap;

use crate::document::Document;
use crate::error::Result;
use crate::search::filter::Filter;
use crate::search::view::SegmentView;

/// The documents among the rows of each segment that pass a test, as a list of keys: true in this snapshot only.
/// Cost: that of [`Segment::documents_in`](crate::segment::Segment::documents_in).
pub(super) fn read(
    segments: &[SegmentView],
    rows: Vec<RoaringBitmap>,
    mut test: impl FnMut(&Document) -> bool,
) -> Result<Filter> {
    let mut keys = Vec::new();
    for (view, rows) in segments.iter().zip(rows) {
        for item in view.segment.documents_in(Some(rows)) {
            let (_, document) = item?;
            if test(&document) {
                keys.push(document.key);
            }
        }
    }
    Ok(Filter::Keys(keys))
}
