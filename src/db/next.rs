//! What the next generation will hold: the committed state, and every change since.
//!
//! A commit publishes it as it stands; a writer that is dropped forgets it. Rows change only by being
//! deleted, segments only by being written or replaced, so the committed state stays intact below.

mod built;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::preconditions::free_segment;
use super::recover::codebook_of;
use super::snapshot::{Content, Part, Snapshot};
use super::{commit, gc, tombstones};
use crate::encoder::EncoderSpec;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::{
    Calibration, CodebookEntry, IndexConfig, LexicalConfig, Manifest, MeshEntry, OfCodebook,
    SegmentEntry, SourceEntry, VectorConfig,
};
use crate::format::names::{codebook_name, manifest_name, mesh_name, segment_name};
use crate::ids::{Generation, Key, Revision, RowId, SegmentId};
use crate::mesh::{MeshFile, MeshInUse};
use crate::search::SegmentView;
use crate::segment::{CodebookFile, Merged, Segment, newest_confirmation};
use crate::storage::{Storage, VerifiedFile, WriterLock};

pub(super) use built::Built;

/// The next generation, as far as it is known.
pub(super) struct NextGeneration {
    storage: Arc<dyn Storage>,
    /// The last commit.
    base: Snapshot,
    vectors: Option<VectorConfig>,
    lexical: Option<LexicalConfig>,
    index: Option<IndexConfig>,
    next_segment: SegmentId,
    /// Segments written since the last commit.
    written: Vec<WrittenSegment>,
    /// Rows deleted since the last commit, of committed and written segments.
    deleted: BTreeMap<SegmentId, RoaringBitmap>,
    /// Segments that a merge replaced.
    dropped: BTreeSet<SegmentId>,
    sources: Vec<SourceEntry>,
    /// The one that new segments are indexed with comes last.
    codebooks: Vec<(CodebookEntry, CodebookFile)>,
    /// Of the last codebook.
    calibration: Option<Calibration>,
    /// Of those before it.
    former: Vec<OfCodebook>,
    /// The database's own vocabulary.
    mesh: Option<(MeshEntry, MeshFile)>,
    is_changed: bool,
    /// Whether there may be files that the last commit does not name.
    has_files: bool,
}

/// A segment that no manifest names yet.
struct WrittenSegment {
    entry: SegmentEntry,
    segment: Segment,
}

/// A segment of the next generation.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) entry: &'a SegmentEntry,
    pub(super) segment: &'a Segment,
    /// What the last commit says of it; `None` for a segment written since.
    committed: Option<Part<'a>>,
}

impl Member<'_> {
    fn is_deleted_at_base(&self, row: RowId) -> bool {
        self.committed.is_some_and(|part| part.view.deleted.contains(row.0))
    }
}

/// A live row of a segment.
#[derive(Clone)]
pub(super) struct StoredRow {
    pub(super) segment: Segment,
    pub(super) row: RowId,
}

impl NextGeneration {
    /// A next generation that differs in nothing from the committed one.
    pub(super) fn new(storage: Arc<dyn Storage>, base: Snapshot) -> Result<NextGeneration> {
        let manifest = base.manifest();
        Ok(NextGeneration {
            next_segment: free_segment(&*storage, manifest)?,
            vectors: manifest.vectors.clone(),
            lexical: manifest.lexical,
            index: manifest.index,
            sources: manifest.sources.clone(),
            calibration: manifest.calibration.clone(),
            former: manifest.former.clone(),
            codebooks: base.codebooks(),
            mesh: manifest.mesh.clone().zip(base.state().mesh.own().cloned()),
            storage,
            base,
            written: Vec::new(),
            deleted: BTreeMap::new(),
            dropped: BTreeSet::new(),
            is_changed: false,
            has_files: false,
        })
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// The last commit.
    pub(super) fn base(&self) -> &Snapshot {
        &self.base
    }

    pub(super) fn vectors(&self) -> Option<&VectorConfig> {
        self.vectors.as_ref()
    }

    /// Whether rows of new segments get copies in second lists: as the index was trained or, where a program that knew of no
    /// copies has committed since, as others have some.
    pub(super) fn spills(&self) -> bool {
        // One list has no second one.
        let book = self.codebook().filter(|(_, book)| book.meta().lists > 1);
        let Some((entry, _)) = book else { return false };
        let is_own =
            |segment: &Segment| segment.index().is_some_and(|index| index.codebook == entry.hash);
        match self.index {
            Some(index) => index.spills,
            None => self.segments().any(|segment| segment.has_copies() && is_own(segment)),
        }
    }

    /// The lexical index of new segments.
    pub(super) fn lexical(&self) -> Option<LexicalConfig> {
        self.lexical
    }

    /// Gives new segments another lexical index, or none.
    pub(super) fn set_lexical(&mut self, config: Option<LexicalConfig>) {
        self.is_changed |= self.lexical != config;
        self.lexical = config;
    }

    /// Whether it differs from the last commit.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Whether there may be files that the last commit does not name.
    pub(super) fn has_files(&self) -> bool {
        self.has_files
    }

    /// Has the next commit publish a generation even if it holds the same.
    pub(super) fn mark_changed(&mut self) {
        self.is_changed = true;
    }

    /// Says that a file is about to be written.
    pub(super) fn expect_files(&mut self) {
        self.has_files = true;
    }

    /// The segments, oldest first.
    pub(super) fn members(&self) -> impl DoubleEndedIterator<Item = Member<'_>> {
        let committed = self.base.state().parts().map(|part| Member {
            entry: part.entry,
            segment: &part.view.segment,
            committed: Some(part),
        });
        let written = self.written.iter().map(|WrittenSegment { entry, segment }| Member {
            entry,
            segment,
            committed: None,
        });
        committed.chain(written).filter(|member| !self.dropped.contains(&member.entry.id))
    }

    /// The segments, oldest first.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.members().map(|member| member.segment)
    }

    /// Rows that have a vector, deleted ones included.
    pub(super) fn vector_rows(&self) -> u64 {
        self.segments().map(Segment::vector_count).sum()
    }

    /// The rows of a segment that are deleted.
    pub(super) fn deleted_rows(&self, member: &Member<'_>) -> RoaringBitmap {
        let now = self.deleted.get(&member.entry.id);
        match (member.committed, now) {
            (Some(part), Some(now)) => &*part.view.deleted | now,
            (Some(part), None) => (*part.view.deleted).clone(),
            (None, now) => now.cloned().unwrap_or_default(),
        }
    }

    /// The live row of a key. Cost: a binary search per segment, newest first, until it is found.
    pub(super) fn find(&self, key: &Key) -> Result<Option<StoredRow>> {
        for member in self.members().rev() {
            let Some(row) = member.segment.find(key)? else { continue };
            let now = self.deleted.get(&member.entry.id);
            if !now.is_some_and(|rows| rows.contains(row.0)) && !member.is_deleted_at_base(row) {
                return Ok(Some(StoredRow { segment: member.segment.clone(), row }));
            }
        }
        Ok(None)
    }

    /// The greatest revision at which a source deleted a key. Cost: a binary search per segment that has
    /// deletion marks.
    pub(super) fn deletion(&self, key: &Key) -> Result<Option<Revision>> {
        let mut newest = None;
        for member in self.members().filter(|member| member.entry.deletes > 0) {
            newest = newest.max(member.segment.find_delete(key)?);
        }
        Ok(newest)
    }

    /// The greatest revision at which a source had the live document of a key again. Cost: a binary search per segment
    /// that has confirmations.
    pub(super) fn confirmation(&self, key: &Key) -> Result<Option<Revision>> {
        newest_confirmation(self.segments(), key)
    }

    /// Deletes a row of a segment.
    pub(super) fn delete(&mut self, stored: &StoredRow) {
        self.deleted.entry(stored.segment.id()).or_default().insert(stored.row.0);
        self.is_changed = true;
    }

    /// Notes how far a source file has been imported, in place of what was noted of the same file.
    pub(super) fn set_source(&mut self, source: SourceEntry) {
        self.is_changed = true;
        let place = self.sources.iter().position(|known| source.replaces(known));
        self.sources.retain(|known| !source.replaces(known));
        self.sources.insert(place.unwrap_or(self.sources.len()), source);
    }

    /// Forgets what was noted of some source files.
    #[cfg(feature = "session")]
    pub(super) fn forget_sources(&mut self, is_forgotten: impl Fn(&SourceEntry) -> bool) {
        let before = self.sources.len();
        self.sources.retain(|known| !is_forgotten(known));
        self.is_changed |= self.sources.len() != before;
    }

    /// Names the encoder of the vectors.
    pub(super) fn set_encoder(&mut self, spec: EncoderSpec) {
        if let Some(config) = &mut self.vectors {
            config.encoder = Some(spec);
            self.is_changed = true;
        }
    }

    /// The codebook that new segments are indexed with.
    pub(super) fn codebook(&self) -> Option<&(CodebookEntry, CodebookFile)> {
        self.codebooks.last()
    }

    /// Checks a written codebook and has new segments indexed with it, as `index` says.
    pub(super) fn add_codebook(&mut self, entry: CodebookEntry, index: IndexConfig) -> Result<()> {
        let name = codebook_name(entry.hash);
        commit::check_file(&*self.storage, &name, FileKind::Codebook, &entry.seal)?;
        let file = CodebookFile::open(&*self.storage, &entry, self.vectors.as_ref())?;
        self.push_codebook(entry, file);
        self.index = Some(index);
        self.is_changed = true;
        Ok(())
    }

    /// Makes a codebook the last. What was measured with the one before stays, for the segments that are indexed with it.
    fn push_codebook(&mut self, entry: CodebookEntry, file: CodebookFile) {
        let last = self.codebooks.last().map(|(entry, _)| entry.hash);
        // It is measured no more, so that what the rows were like is of no use.
        let known = self.calibration.take().map(|known| Calibration { contents: None, ..known });
        self.former.extend(last.zip(known));
        self.codebooks.retain(|(known, _)| known.hash != entry.hash);
        self.former.retain(|(codebook, _)| *codebook != entry.hash);
        self.codebooks.push((entry, file));
    }

    /// Checks a written vocabulary and makes it the database's; `None` goes back to the one inside the
    /// library.
    pub(super) fn set_mesh(&mut self, entry: Option<MeshEntry>) -> Result<()> {
        if self.mesh.as_ref().map(|(known, _)| known) == entry.as_ref() {
            return Ok(());
        }
        let open = |entry: MeshEntry| -> Result<(MeshEntry, MeshFile)> {
            let name = mesh_name(entry.hash);
            commit::check_file(&*self.storage, &name, FileKind::Mesh, &entry.seal)?;
            let file = MeshFile::open(&*self.storage, &entry)?;
            Ok((entry, file))
        };
        self.mesh = entry.map(open).transpose()?;
        self.is_changed = true;
        Ok(())
    }

    pub(super) fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    pub(super) fn set_calibration(&mut self, calibration: Option<Calibration>) {
        self.is_changed |= calibration.is_some() || self.calibration.is_some();
        self.calibration = calibration;
    }

    /// A number for a segment that is about to be written.
    pub(super) fn take_segment_id(&mut self) -> SegmentId {
        let id = self.next_segment;
        self.next_segment = SegmentId(id.0 + 1);
        self.has_files = true;
        id
    }

    /// Checks a written segment and takes it in, with the rows of it that are deleted already.
    pub(super) fn add_segment(
        &mut self,
        entry: SegmentEntry,
        deleted: RoaringBitmap,
    ) -> Result<()> {
        let name = segment_name(entry.id);
        commit::check_file(&*self.storage, &name, FileKind::Segment, &entry.seal)?;
        self.add_checked_segment(entry, deleted)
    }

    /// Puts a merged segment in the place of those that it was made from.
    pub(super) fn replace_segments(&mut self, group: &[SegmentId], merged: Merged) -> Result<()> {
        for id in group {
            self.deleted.remove(id);
            self.written.retain(|segment| segment.entry.id != *id);
            self.dropped.insert(*id);
        }
        self.is_changed = true;
        if merged.is_empty {
            return self.storage.remove(&segment_name(merged.entry.id));
        }
        self.add_segment(merged.entry, RoaringBitmap::new())
    }

    /// Publishes it, and starts the one after.
    ///
    /// # Errors
    /// As [`commit::publish`]; whoever gets one must publish nothing more.
    pub(super) fn publish(&mut self, lock: &dyn WriterLock) -> Result<()> {
        let generation = Generation(self.base.generation().0 + 1);
        // Before a list of deleted rows is put in the place of one that a commit of somebody else names.
        lock.check()?;
        if self.storage.length(&manifest_name(generation))?.is_some() {
            return Err(Error::Conflict { generation });
        }
        self.has_files = true;
        let (mut entries, mut views, mut files) = (Vec::new(), Vec::new(), Vec::new());
        let (mesh_entry, mesh) = self.mesh.clone().unzip();
        let mesh = MeshInUse::from(mesh);
        for member in self.members() {
            let (entry, deleted, file) = self.with_tombstones(&member, generation)?;
            entries.push(entry);
            files.push(file);
            let codebook = codebook_of(member.segment, &self.codebooks);
            let segment = member.segment.clone();
            views.push(SegmentView::new(segment, deleted, codebook, mesh.clone()));
        }
        let codebooks = self.codebooks_in_use(&views);
        let former = self.former.iter().filter(|(hash, _)| is_named(&codebooks, *hash));
        let former: Vec<_> = former.cloned().collect();
        let base = self.base.manifest();
        let manifest = Manifest {
            generation,
            database_id: base.database_id,
            next_segment: self.next_segment,
            vectors: self.vectors.clone(),
            lexical: self.lexical,
            index: self.index,
            segments: entries,
            sources: self.sources.clone(),
            codebooks: codebooks.iter().map(|(entry, _)| entry.clone()).collect(),
            calibration: self.calibration.clone(),
            former: former.clone(),
            mesh: mesh_entry,
        };
        let manifest_bytes = commit::publish(&*self.storage, lock, &manifest, Some(base))?;
        (self.codebooks, self.former) = (codebooks.clone(), former);
        let content =
            Content { manifest, manifest_bytes, views, tombstones: files, codebooks, mesh };
        self.base = Snapshot::new(self.storage.clone(), content);
        self.written.clear();
        self.deleted.clear();
        self.dropped.clear();
        self.is_changed = false;
        self.has_files = false;
        // The commit is done; what cannot be deleted now is deleted after the next one.
        let _ = gc::collect(&*self.storage);
        Ok(())
    }

    /// What a generation says of a segment; its deleted rows are written if they have become more.
    fn with_tombstones(
        &self,
        member: &Member<'_>,
        generation: Generation,
    ) -> Result<(SegmentEntry, Arc<RoaringBitmap>, Option<VerifiedFile>)> {
        if self.deleted.contains_key(&member.entry.id) {
            let deleted = self.deleted_rows(member);
            let (entry, file) =
                tombstones::write(&*self.storage, member.entry, &deleted, generation)?;
            return Ok((entry, Arc::new(deleted), Some(file)));
        }
        let (deleted, file) = match member.committed {
            Some(part) => (part.view.deleted.clone(), part.tombstones.cloned()),
            None => Default::default(),
        };
        Ok((member.entry.clone(), deleted, file))
    }

    /// The codebooks that a segment needs, and the one for new segments.
    fn codebooks_in_use(&self, views: &[SegmentView]) -> Vec<(CodebookEntry, CodebookFile)> {
        let is_needed = |hash: [u8; 16]| {
            views
                .iter()
                .any(|view| view.segment.index().is_some_and(|index| index.codebook == hash))
        };
        let last = self.codebooks.len().saturating_sub(1);
        let numbered = self.codebooks.iter().enumerate();
        numbered
            .filter(|(place, (entry, _))| *place == last || is_needed(entry.hash))
            .map(|(_, codebook)| codebook.clone())
            .collect()
    }
}

fn is_named(codebooks: &[(CodebookEntry, CodebookFile)], hash: [u8; 16]) -> bool {
    codebooks.iter().any(|(entry, _)| entry.hash == hash)
}
