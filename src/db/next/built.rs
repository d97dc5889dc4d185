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
    /// A new codebook, and how rows are indexed with it.
    codebook: Option<(CodebookEntry, Option<IndexConfig>)>,
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
        let is_known = |entry: &CodebookEntry| manifest.codebooks.contains(entry);
        let newest = self.codebooks.last().map(|(entry, _)| entry);
        let codebook = newest.filter(|entry| !is_known(entry)).cloned();
        let codebook = codebook.map(|entry| (entry, self.index));
        let is_measured = self.calibration != manifest.calibration;
        let mut kept: Vec<String> =
            self.written.iter().map(|written| segment_name(written.entry.id)).collect();
        kept.extend(codebook.as_ref().map(|(entry, _)| codebook_name(entry.hash)));
        files.keep_only(&kept);
        Built {
            dropped: self.dropped,
            written: self.written,
            codebook,
            calibration: is_measured.then_some(self.calibration),
            base: self.base,
        }
    }

    /// Takes in what was built from an earlier generation, in the place of its parts; rows of these that were
    /// deleted since are deleted in it. Returns `false`, and changes nothing, when the parts are not there any
    /// more, or new segments get another codebook now. Cost: a binary search per row that was deleted since.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; a failure of storage.
    pub(in crate::db) fn adopt(&mut self, built: Built, files: &Building) -> Result<bool> {
        let Some(carried) = self.deleted_since(&built)? else { return Ok(false) };
        // What was measured meanwhile under the same codebook is newer, perhaps with the caller's queries.
        let is_newest =
            built.codebook.is_some() || self.calibration == built.base.manifest().calibration;
        self.has_files = true;
        for id in &built.dropped {
            self.deleted.remove(id);
            self.written.retain(|segment| segment.entry.id != *id);
            self.dropped.insert(*id);
        }
        if let Some((entry, index)) = built.codebook {
            self.adopt_codebook(entry, index, files)?;
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

    fn adopt_codebook(
        &mut self,
        entry: CodebookEntry,
        index: Option<IndexConfig>,
        files: &Building,
    ) -> Result<()> {
        let name = codebook_name(entry.hash);
        files.hand_over(&name, &name)?;
        let file = CodebookFile::open(&*self.storage, &entry, self.vectors.as_ref())?;
        self.push_codebook(entry, file);
        self.index = index;
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
