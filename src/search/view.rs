//! A segment and what of it is deleted.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::segment::Segment;

/// A segment as one snapshot sees it.
#[derive(Clone)]
pub struct SegmentView {
    /// The file.
    pub segment: Segment,
    /// Rows that are deleted in this snapshot.
    pub deleted: Arc<RoaringBitmap>,
}
