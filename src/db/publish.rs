//! Makes the next generation of what a writer has collected.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::change::next;
use super::recover::codebook_of;
use super::snapshot::{Content, Part};
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
use crate::storage::{Storage, VerifiedFile, random_id};

impl Writer {
    pub(super) fn commit_now(&mut self) -> Result<Generation> {
        if !self.changed {
            return Ok(self.base.generation());
        }
        self.flush()?;
        self.has_files = true;
        let generation = next(self.base.generation());
        let mut segments = Vec::new();
        let mut views = Vec::new();
        let mut tombstones = Vec::new();
        let committed = self.base.state().parts();
        let committed = committed.map(|Part { entry, view, tombstones }| {
            (entry, &view.segment, Some(&view.deleted), tombstones)
        });
        let pending = self.pending.iter().map(|part| (&part.entry, &part.segment, None, None));
        for (entry, segment, known, file) in committed.chain(pending) {
            if self.dropped.contains(&entry.id) {
                continue;
            }
            let (entry, deleted, file) = match self.dead.get(&entry.id) {
                None => (entry.clone(), known.cloned().unwrap_or_default(), file.cloned()),
                Some(dead) => {
                    let deleted = match known {
                        Some(known) => dead | &**known,
                        None => dead.clone(),
                    };
                    let (entry, file) =
                        write_tombstones(&*self.storage, entry, &deleted, generation)?;
                    (entry, Arc::new(deleted), Some(file))
                }
            };
            segments.push(entry);
            tombstones.push(file);
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
        let base = self.base.manifest();
        let manifest_bytes = commit::publish(&*self.storage, &*self.lock, &manifest, Some(base))?;
        let codebooks = self.codebooks.clone();
        let content = Content { manifest, manifest_bytes, views, tombstones, codebooks };
        self.base = Snapshot::new(self.storage.clone(), content);
        self.database.install(self.base.clone());
        self.pending.clear();
        self.dead.clear();
        self.dropped.clear();
        self.changed = false;
        self.has_files = false;
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
}

/// Writes the deleted rows of a segment as of a generation; returns the manifest's entry and the file.
pub(super) fn write_tombstones(
    storage: &dyn Storage,
    entry: &SegmentEntry,
    deleted: &RoaringBitmap,
    generation: Generation,
) -> Result<(SegmentEntry, VerifiedFile)> {
    let name = tombstones_name(entry.id, generation);
    let (bytes, seal) = tombstones::encode(deleted, random_id()?)?;
    // Only a writer that died before publishing this generation can have left this name.
    storage.remove(&name)?;
    commit::write_file(storage, &name, &bytes)?;
    let file = commit::check_file(storage, &name, FileKind::Tombstones, &seal)?;
    let rows = u32::try_from(deleted.len()).unwrap_or(u32::MAX);
    let tombstones = Some(TombstonesEntry { generation, seal, rows });
    Ok((SegmentEntry { tombstones, ..entry.clone() }, file))
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
