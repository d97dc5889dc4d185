//! Documents that wait for their vectors.

use roaring::RoaringBitmap;

use super::Snapshot;
use crate::encoder::{EncoderInput, NO_VECTOR};
use crate::error::Result;
use crate::format::rows::rows;
use crate::ids::RowId;
use crate::search::SegmentView;

impl Snapshot {
    /// Live documents that have text and no vector yet: those that were written without an encoder or
    /// with [`crate::db::WriterOptions::defer`]. 0 in a database without vectors.
    ///
    /// Cost: some 50 ns per row without a vector.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn pending(&self) -> Result<u64> {
        let mut count = 0;
        if self.state().vectors.is_some() {
            for view in &self.state().views {
                count += pending_rows(view)?.len();
            }
        }
        Ok(count)
    }
}

/// The rows of a segment that wait for a vector.
pub(super) fn pending_rows(view: &SegmentView) -> Result<RoaringBitmap> {
    let mut bare = RoaringBitmap::new();
    bare.insert_range(0..view.segment.rows());
    bare -= &*view.deleted;
    if let Some(present) = view.segment.rows_with_vector()? {
        bare -= present;
    }
    // A document without text never gets a vector, nor one whose text the encoder has none for.
    let nothing = [EncoderInput::default().hash(), NO_VECTOR];
    let mut pending = RoaringBitmap::new();
    for row in rows(&bare) {
        if !nothing.contains(&view.segment.input_hash(RowId(row))?) {
            pending.insert(row);
        }
    }
    Ok(pending)
}
