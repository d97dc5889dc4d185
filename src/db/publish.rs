//! Makes the next generation of what a writer has collected.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::change::next;
use super::recover::codebook_of;
use super::writer::Writer;
use super::{Snapshot, commit, gc};
use crate::error::Result;
use crate::format::frame::FileKind;
use crate::format::manifest::{CodebookEntry, Manifest, SegmentEntry, TombstonesEntry};
use crate::format::names::tombstones_name;
use crate::format::tombstones;
use crate::ids::{Generation, SegmentId};
use crate::search::SegmentView;
use crate::segment::CodebookFile;
use crate::storage::random_id;

impl Writer {
    pub(super) fn commit_now(&mut self) -> Result<Generation> {
        if !self.changed {
            return Ok(self.base.generation());
        }
        self.flush()?;
        let generation = next(self.base.generation());
        let mut segments = Vec::new();
        let mut views = Vec::new();
        let committed = self.base.manifest().segments.iter().zip(&self.base.state().views);
        let committed = committed.map(|(entry, view)| (entry, &view.segment, Some(&view.deleted)));
        let pending = self.pending.iter().map(|part| (&part.entry, &part.segment, None));
        for (entry, segment, known) in committed.chain(pending) {
            if self.dropped.contains(&entry.id) {
                continue;
            }
            let (entry, deleted) = match self.dead.get(&entry.id) {
                None => (entry.clone(), known.cloned().unwrap_or_default()),
                Some(dead) => {
                    let deleted = match known {
                        Some(known) => dead | &**known,
                        None => dead.clone(),
                    };
                    (self.write_tombstones(entry, &deleted, generation)?, Arc::new(deleted))
                }
            };
            segments.push(entry);
            let codebook = codebook_of(segment, &self.codebooks);
            views.push(SegmentView::new(segment.clone(), deleted, codebook));
        }
        self.codebooks = self.codebooks_in_use(&views);
        let manifest = Manifest {
            generation,
            database_id: self.base.manifest().database_id,
            next_segment: self.next_segment,
            vectors: self.vectors.clone(),
            segments,
            sources: self.sources.clone(),
            codebooks: self.codebooks.iter().map(|(entry, _)| entry.clone()).collect(),
            calibration: self.calibration.clone(),
        };
        commit::publish(&*self.storage, &manifest)?;
        self.base = Snapshot::new(self.storage.clone(), manifest, views, self.codebooks.clone());
        self.database.install(self.base.clone());
        self.pending.clear();
        self.dead.clear();
        self.dropped.clear();
        self.changed = false;
        // The commit is done; what cannot be deleted now is deleted after the next one.
        let _ = gc::collect(&*self.storage);
        Ok(generation)
    }

    /// The codebooks that a segment needs, and the one for new segments.
    fn codebooks_in_use(&self, views: &[SegmentView]) -> Vec<(CodebookEntry, CodebookFile)> {
        let needed = |hash: [u8; 16]| {
            views
                .iter()
                .any(|view| view.segment.index().is_some_and(|index| index.codebook == hash))
        };
        let last = self.codebooks.len().saturating_sub(1);
        let numbered = self.codebooks.iter().enumerate();
        numbered
            .filter(|(place, (entry, _))| *place == last || needed(entry.hash))
            .map(|(_, codebook)| codebook.clone())
            .collect()
    }

    /// Publishes the same state once more, so that the generation before a merge may be deleted.
    pub(super) fn commit_again(&mut self) -> Result<Generation> {
        self.changed = true;
        self.commit_now()
    }

    fn write_tombstones(
        &self,
        entry: &SegmentEntry,
        deleted: &RoaringBitmap,
        generation: Generation,
    ) -> Result<SegmentEntry> {
        let name = tombstones_name(entry.id, generation);
        let (bytes, seal) = tombstones::encode(deleted, random_id()?)?;
        // Only a writer that died before publishing this generation can have left this name.
        self.storage.remove(&name)?;
        commit::write_file(&*self.storage, &name, &bytes)?;
        commit::check_file(&*self.storage, &name, FileKind::Tombstones, &seal)?;
        let rows = u32::try_from(deleted.len()).unwrap_or(u32::MAX);
        Ok(SegmentEntry {
            tombstones: Some(TombstonesEntry { generation, seal, rows }),
            ..entry.clone()
        })
    }
}

/// The rows of a segment that the next generation leaves out.
pub(super) fn deleted_rows(writer: &Writer, id: SegmentId) -> RoaringBitmap {
    let known = writer
        .base
        .state()
        .views
        .iter()
        .find(|view| view.segment.id() == id)
        .map(|view| (*view.deleted).clone())
        .unwrap_or_default();
    match writer.dead.get(&id) {
        Some(dead) => known | dead,
        None => known,
    }
}
