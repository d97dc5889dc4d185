//! What maintenance built beside the writer, and how a later generation takes it in.
//!
//! ```text
//! generation 7 ──────────────► 8 ──────► 9 = 8 with the merged segment in the place of its parts
//!      └─ built: 1 + 2 = 3 ──────────────┘   and with the rows deleted that 8 deleted in 1 and 2
//! ```

use std::collections::BTreeSet;

use roaring::RoaringBitmap;

use super::super::building::Building;
use super::super::snapshot::Snapshot;
use super::{NextGeneration, WrittenSegment};
use crate::error::Result;
use crate::format::manifest::{Calibration, CodebookEntry, IndexConfig, Manifest, SegmentEntry};
use crate::format::names::{codebook_name, segment_name};
use crate::ids::{RowId, SegmentId};
use crate::segment::{CodebookFile, Segment};

/// What was built from a generation: files under the names of a [`Building`].
pub(in crate::db) struct Built {
    base: Snapshot,
    /// Segments that were merged.
    dropped: BTreeSet<SegmentId>,
    /// What they were merged into.
    written: Vec<WrittenSegment>,
    /// Another codebook for new segments.
    codebook: Option<CodebookEntry>,
    /// Another way to index rows with it, or none any more.
    index: Option<Option<IndexConfig>>,
    /// A new calibration, or none any more.
    calibration: Option<Option<Calibration>>,
}

/// The codebook that new segments are indexed with.
fn newest_codebook(manifest: &Manifest) -> Option<[u8; 16]> {
    manifest.codebooks.last().map(|entry| entry.hash)
}

impl NextGeneration {
    /// What was built in `files`, and is not in the generation that it was built from.
    pub(in crate::db) fn into_built(self, files: &Building) -> Built {
        let manifest = self.base.manifest();
        let newest = self.codebooks.last().map(|(entry, _)| entry);
        let is_other = |entry: &&CodebookEntry| Some(entry.hash) != newest_codebook(manifest);
        let codebook = newest.filter(is_other).cloned();
        let index = (self.index != manifest.index).then_some(self.index);
        let is_measured = self.calibration != manifest.calibration;
        let mut kept: Vec<String> =
            self.written.iter().map(|written| segment_name(written.entry.id)).collect();
        kept.extend(codebook.as_ref().map(|entry| codebook_name(entry.hash)));
        files.keep_only(&kept);
        Built {
            dropped: self.dropped,
            written: self.written,
            codebook,
            index,
            calibration: is_measured.then_some(self.calibration),
            base: self.base,
        }
    }

    /// Takes in what was built from an earlier generation, in the place of its parts; rows of these that were
    /// deleted since are deleted in it. Returns `false`, and changes nothing, when the parts are not there any
    /// more, new segments get another codebook now, or the codebook was one that nothing named and is gone. Cost: a binary
    /// search per row that was deleted since.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; a failure of storage.
    pub(in crate::db) fn adopt(&mut self, built: Built, files: &Building) -> Result<bool> {
        let Some(carried) = self.deleted_since(&built)? else { return Ok(false) };
        if let Some(entry) = &built.codebook {
            let name = codebook_name(entry.hash);
            // Training found it there: left by a process that was killed, or named by the generation before.
            if !files.has_built(&name) && self.storage.length(&name)?.is_none() {
                return Ok(false);
            }
        }
        // What was measured meanwhile under the same codebook is newer, perhaps with the caller's queries.
        let is_newest =
            built.codebook.is_some() || self.calibration == built.base.manifest().calibration;
        self.has_files = true;
        for id in &built.dropped {
            self.deleted.remove(id);
            self.written.retain(|segment| segment.entry.id != *id);
            self.dropped.insert(*id);
        }
        if let Some(entry) = built.codebook {
            self.adopt_codebook(entry, files)?;
        }
        if let Some(index) = built.index {
            self.index = index;
        }
        for (WrittenSegment { entry, segment }, deleted) in built.written.into_iter().zip(carried) {
            // Some systems rename no file that is open.
            drop(segment);
            let id = self.take_segment_id();
            files.hand_over(&segment_name(entry.id), &segment_name(id))?;
            self.add_checked_segment(SegmentEntry { id, ..entry }, deleted)?;
        }
        if let Some(calibration) = built.calibration.filter(|_| is_newest) {
            self.calibration = calibration;
        }
        self.is_changed = true;
        Ok(true)
    }

    /// The rows of what was built that were deleted since in the segments that it was built from; `None` when it
    /// cannot take their place.
    fn deleted_since(&self, built: &Built) -> Result<Option<Vec<RoaringBitmap>>> {
        let newest = self.codebooks.last().map(|(entry, _)| entry.hash);
        if newest != newest_codebook(built.base.manifest()) {
            return Ok(None);
        }
        let mut carried = vec![RoaringBitmap::new(); built.written.len()];
        for id in &built.dropped {
            let member = self.members().find(|member| member.entry.id == *id);
            let Some(member) = member else { return Ok(None) };
            // A repair may have put another file under the name.
            let Some(part) = built.base.part_of(member.entry) else { return Ok(None) };
            for row in self.deleted_rows(&member) - &*part.view.deleted {
                let key = member.segment.key(RowId(row))?;
                for (deleted, written) in carried.iter_mut().zip(&built.written) {
                    if let Some(row) = written.segment.find(&key)? {
                        deleted.insert(row.0);
                    }
                }
            }
        }
        Ok(Some(carried))
    }

    fn adopt_codebook(&mut self, entry: CodebookEntry, files: &Building) -> Result<()> {
        let name = codebook_name(entry.hash);
        if files.has_built(&name) {
            files.hand_over(&name, &name)?;
        }
        let file = CodebookFile::open(&*self.storage, &entry, self.vectors.as_ref())?;
        self.push_codebook(entry, file);
        Ok(())
    }

    /// Takes a segment in whose every block was checked after it was written.
    pub(super) fn add_checked_segment(
        &mut self,
        entry: SegmentEntry,
        deleted: RoaringBitmap,
    ) -> Result<()> {
        let segment = Segment::open(&*self.storage, &entry, self.vectors.as_ref())?;
        if !deleted.is_empty() {
            self.deleted.insert(entry.id, deleted);
        }
        self.written.push(WrittenSegment { entry, segment });
        self.is_changed = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::Control;
    use crate::db::{CreateOptions, Database, OptimizeOptions, WriterOptions};
    use crate::document::Document;
    use crate::encoder::Metric;
    use crate::format::manifest::{RowType, VectorConfig};
    use crate::ids::Key;
    use crate::storage::{MemoryStorage, Storage};

    #[test]
    fn the_same_codebook_again_brings_how_rows_are_indexed() {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let vectors = VectorConfig::new(2, Metric::Dot, RowType::F32, None);
        let create = CreateOptions::default().vectors(Some(vectors));
        let database = Database::create_in(storage.clone(), create).unwrap();
        let options = WriterOptions::default().index_rows_min(4).train_rows_min(6);
        let mut writer = database.writer(options.clone()).unwrap();
        for number in 1..40u16 {
            let vector = vec![f32::from(number), f32::from(number % 7)];
            let document = Document::new(Key::pmid(number.into()));
            writer.upsert_with_vector(document, vector).unwrap();
        }
        let optimize = OptimizeOptions::default().lists(Some(4));
        writer.optimize(&optimize, &Control::default()).unwrap();
        assert_eq!(database.snapshot().manifest().index, Some(IndexConfig { spills: true }));

        let files = Building::start(storage, &options).unwrap();
        let mut next = NextGeneration::new(files.clone(), database.snapshot()).unwrap();
        let (entry, _) = next.codebook().cloned().unwrap();
        next.add_codebook(entry.clone(), IndexConfig { spills: false }).unwrap();
        let built = next.into_built(&files);
        assert!(writer.adopt(built, &files).unwrap());
        writer.commit().unwrap();
        let snapshot = database.snapshot();
        assert_eq!(snapshot.manifest().index, Some(IndexConfig { spills: false }));
        assert_eq!(snapshot.manifest().codebooks, [entry]);
    }
}
