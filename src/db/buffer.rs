//! Documents that are not in a file yet.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use crate::document::Document;
use crate::error::Result;
use crate::format::manifest::{LexicalConfig, SegmentEntry, VectorConfig};
use crate::ids::{Key, Pmid, Revision, RowId, SegmentId};
use crate::segment::{Draft, SegmentBuilder};
use crate::storage::{Storage, random_id};

/// The documents and deletions of the segment that is being filled.
pub(super) struct Buffer {
    builder: SegmentBuilder,
    /// The newest row of each key.
    rows: HashMap<Key, BufferedRow>,
    deletions: HashMap<Key, Revision>,
    deleted: RoaringBitmap,
}

/// A row of the buffer.
#[derive(Clone, Copy)]
pub(super) struct BufferedRow {
    row: RowId,
    pub(super) revision: Revision,
    /// Hash of the text that its vector belongs to.
    pub(super) input_hash: [u8; 16],
    is_live: bool,
}

impl Buffer {
    pub(super) fn new(vectors: Option<&VectorConfig>, lexical: Option<LexicalConfig>) -> Buffer {
        Buffer {
            builder: SegmentBuilder::new(vectors).lexical(lexical),
            rows: HashMap::new(),
            deletions: HashMap::new(),
            deleted: RoaringBitmap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.builder.is_empty()
    }

    /// Heap memory in use, estimated.
    pub(super) fn memory_bytes(&self) -> usize {
        self.builder.memory_bytes()
    }

    /// The live row of a key.
    pub(super) fn find(&self, key: &Key) -> Option<BufferedRow> {
        self.rows.get(key).filter(|row| row.is_live).copied()
    }

    /// The revision at which a source deleted a key.
    pub(super) fn deletion(&self, key: &Key) -> Option<Revision> {
        self.deletions.get(key).copied()
    }

    /// Adds a row in the place of the one that the key has in the buffer, if any.
    pub(super) fn push(
        &mut self,
        draft: &Draft,
        revision: Revision,
        input_hash: [u8; 16],
        vector: Option<&[f32]>,
    ) -> Result<()> {
        let row = self.builder.push_draft(draft, revision, input_hash, vector)?;
        let added = BufferedRow { row, revision, input_hash, is_live: true };
        if let Some(before) = self.rows.insert(draft.key().clone(), added) {
            self.deleted.insert(before.row.0);
        }
        Ok(())
    }

    /// Deletes the row of a key.
    pub(super) fn delete(&mut self, key: &Key) {
        if let Some(known) = self.rows.get_mut(key) {
            known.is_live = false;
            self.deleted.insert(known.row.0);
        }
    }

    /// Marks a key as deleted by its source.
    pub(super) fn push_deletion(&mut self, key: &Key, revision: Revision) {
        self.builder.push_delete(key, revision);
        self.deletions.insert(key.clone(), revision);
    }

    /// The revision at which a source had the stored document of a key again.
    pub(super) fn confirmation(&self, key: &Key) -> Option<Revision> {
        let Key::Pmid(pmid) = key else { return None };
        self.builder.confirmation(*pmid)
    }

    /// Confirms that the stored document of a PMID is that of a later revision as well.
    pub(super) fn push_confirmation(&mut self, pmid: Pmid, revision: Revision) {
        self.builder.push_confirmation(pmid, revision);
    }

    /// The document of a row; `None` when it is compressed already.
    pub(super) fn document(&self, row: &BufferedRow) -> Option<Document> {
        self.builder.document(row.row)
    }

    /// The vector of a row, as it will be read back.
    pub(super) fn vector(&self, row: &BufferedRow) -> Option<Vec<f32>> {
        self.builder.vector(row.row)
    }

    pub(super) fn set_vector(
        &mut self,
        row: &BufferedRow,
        key: &Key,
        vector: &[f32],
    ) -> Result<()> {
        self.builder.set_vector(row.row, key, vector)
    }

    /// Writes a segment; returns its entry and the rows of it that are deleted already.
    pub(super) fn finish(
        self,
        storage: &dyn Storage,
        id: SegmentId,
    ) -> Result<(SegmentEntry, RoaringBitmap)> {
        Ok((self.builder.finish(storage, id, random_id()?)?, self.deleted))
    }
}
