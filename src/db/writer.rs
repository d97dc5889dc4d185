//! The one writer: collects changes, writes segments, commits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::change::{Applied, Change};
use super::commit;
use super::options::WriterOptions;
use super::preconditions::{check_encoder, free_segment};
use super::{Database, Snapshot, gc, recover};
use crate::document::Document;
use crate::encoder::EncoderInput;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::{
    Calibration, CodebookEntry, SegmentEntry, SourceEntry, VectorConfig,
};
use crate::format::names::segment_name;
use crate::ids::{Generation, Key, Revision, RowId, SegmentId};
use crate::segment::{CodebookFile, Draft, Segment, SegmentBuilder};
use crate::storage::{Storage, WriterLock, random_id};

/// Writes to a database. Nothing is visible, or kept after a crash, before [`Writer::commit`];
/// dropping a writer drops its uncommitted changes.
///
/// After any failure of storage the writer is poisoned: every later call fails with
/// [`Error::Poisoned`], and committed data are as they were.
pub struct Writer {
    pub(super) database: Database,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) base: Snapshot,
    pub(super) options: WriterOptions,
    pub(super) vectors: Option<VectorConfig>,
    pub(super) next_segment: SegmentId,
    buffer: Buffer,
    /// Segments written since the last commit.
    pub(super) pending: Vec<PendingSegment>,
    /// Rows deleted since the last commit, of committed and pending segments.
    pub(super) dead: BTreeMap<SegmentId, RoaringBitmap>,
    /// Segments that the next commit leaves out, because a merge replaced them.
    pub(super) dropped: BTreeSet<SegmentId>,
    pub(super) sources: Vec<SourceEntry>,
    /// Codebooks of the next generation, the one that new segments are indexed with last.
    pub(super) codebooks: Vec<(CodebookEntry, CodebookFile)>,
    pub(super) calibration: Option<Calibration>,
    pub(super) changed: bool,
    /// See `write_in_source_order`.
    in_source_order: bool,
    poison: Option<String>,
    _lock: Box<dyn WriterLock>,
}

/// A written segment that no manifest names yet.
pub(super) struct PendingSegment {
    pub(super) entry: SegmentEntry,
    pub(super) segment: Segment,
}

/// Documents that are not in a file yet.
struct Buffer {
    builder: SegmentBuilder,
    rows: HashMap<Key, Buffered>,
    deletes: HashMap<Key, Revision>,
    dead: RoaringBitmap,
}

#[derive(Clone, Copy)]
struct Buffered {
    row: RowId,
    revision: Revision,
    /// Hash of the text that its vector belongs to.
    hash: [u8; 16],
    live: bool,
}

impl Buffer {
    fn new(vectors: Option<&VectorConfig>) -> Buffer {
        Buffer {
            builder: SegmentBuilder::new(vectors),
            rows: HashMap::new(),
            deletes: HashMap::new(),
            dead: RoaringBitmap::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.builder.is_empty() && self.deletes.is_empty()
    }
}

/// A live document, wherever it is.
enum Place {
    Buffer(Buffered),
    Stored(SegmentId, Segment, RowId),
}

impl Writer {
    pub(super) fn start(database: Database, options: WriterOptions) -> Result<Writer> {
        let storage = database.shared.storage.clone();
        let lock = storage.lock()?;
        database.refresh()?;
        let base = database.snapshot();
        recover::check_writable(&*storage, base.generation())?;
        let vectors = base.manifest().vectors.clone();
        let specs =
            [options.encoder.as_ref().map(|encoder| encoder.spec()), options.origin.as_ref()];
        for spec in specs.into_iter().flatten() {
            check_encoder(spec, vectors.as_ref())?;
        }
        // Under the lock, files that no kept manifest names are leftovers of a writer that died. A
        // kept manifest that cannot be read names files we cannot know: then nothing is deleted.
        if let Ok(kept) = gc::kept_manifests(&*storage) {
            gc::remove_orphans(&*storage, &kept)?;
        }
        let next_segment = free_segment(&*storage, base.manifest())?;
        Ok(Writer {
            buffer: Buffer::new(vectors.as_ref()),
            sources: base.manifest().sources.clone(),
            codebooks: base.codebooks(),
            calibration: base.manifest().calibration.clone(),
            database,
            storage,
            base,
            options,
            vectors,
            next_segment,
            pending: Vec::new(),
            dead: BTreeMap::new(),
            dropped: BTreeSet::new(),
            changed: false,
            in_source_order: false,
            poison: None,
            _lock: lock,
        })
    }

    /// The committed state this writer builds on.
    pub fn snapshot(&self) -> &Snapshot {
        &self.base
    }

    /// Adds or replaces a document, embedding it if the writer has an encoder.
    ///
    /// # Errors
    /// As [`Writer::apply`].
    pub fn upsert(&mut self, document: Document) -> Result<Applied> {
        self.apply(vec![Change::new(document)])
    }

    /// Adds or replaces a document with a vector of the caller's.
    ///
    /// # Errors
    /// As [`Writer::apply`].
    pub fn upsert_with_vector(&mut self, document: Document, vector: Vec<f32>) -> Result<Applied> {
        self.apply(vec![Change { document, revision: None, vector: Some(vector) }])
    }

    /// Applies changes in order; texts that need a vector are embedded in one batch.
    ///
    /// A change with a [`Revision`] counts only if it is greater than the revision of what is there
    /// (or of its deletion); one without always counts, unless it equals the stored document.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`], [`Error::Vector`] and [`Error::Encoder`] reject the whole batch
    /// before anything of it is applied. A failure of storage poisons the writer.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<Applied> {
        self.check_usable()?;
        let mut drafts = Vec::with_capacity(changes.len());
        for Change { document, vector, .. } in &changes {
            drafts.push(Draft::new(document)?);
            if let Some(vector) = vector {
                self.check_vector(&document.key, vector)?;
            }
        }
        let mut applied = Applied::default();
        let prepared = self.embed(changes, &mut applied)?;
        for (draft, (Change { revision, vector, .. }, hash)) in drafts.iter().zip(prepared) {
            let result = self.apply_one(draft, revision, vector.as_deref(), hash, &mut applied);
            self.guard(result)?;
        }
        Ok(applied)
    }

    /// Applies one change that needs no embedding, since its vector is there or none is wanted.
    /// `input_hash` is that of [`crate::Document::encoder_input`].
    ///
    /// # Errors
    /// As [`Writer::apply`].
    #[cfg(feature = "ingest")]
    pub(crate) fn apply_draft(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        vector: Option<&[f32]>,
        input_hash: [u8; 16],
    ) -> Result<Applied> {
        self.check_usable()?;
        if let Some(vector) = vector {
            self.check_vector(draft.key(), vector)?;
        }
        let mut applied = Applied::default();
        let result = self.apply_one(draft, revision, vector, input_hash, &mut applied);
        self.guard(result)?;
        Ok(applied)
    }

    /// Gives the document with this key a vector in place of the one it has, if any; where there is no
    /// such document, makes one that holds nothing but its key and the vector. What a source deleted
    /// stays deleted. When a document without text is replaced by one with text, the vector stays with
    /// it.
    ///
    /// # Errors
    /// [`Error::Vector`] for a vector that cannot be stored, or that nobody vouches for: the writer needs
    /// the database's encoder or origin. A failure of storage poisons the writer.
    pub fn set_vector(&mut self, key: &Key, vector: &[f32]) -> Result<Applied> {
        self.check_usable()?;
        self.check_vector(key, vector)?;
        let mut applied = Applied::default();
        let result = self.set_vector_now(key, vector, &mut applied);
        self.guard(result)?;
        Ok(applied)
    }

    /// Deletes a document. Returns whether there was one.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    pub fn delete(&mut self, key: &Key) -> Result<bool> {
        self.check_usable()?;
        let result = self.delete_now(key, None);
        self.guard(result)
    }

    /// Deletes a document at a place in its source's order: a later record wins over the deletion,
    /// the deletion over an earlier record, whichever is seen first. Returns whether there was one.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    pub fn delete_revision(&mut self, key: &Key, revision: Revision) -> Result<bool> {
        self.check_usable()?;
        let result = self.delete_now(key, Some(revision));
        self.guard(result)
    }

    /// Notes how far a source file has been imported; committed with the next commit. What was noted
    /// of the same file before is replaced ([`SourceEntry::replaces`]).
    pub fn set_source(&mut self, source: SourceEntry) {
        self.changed = true;
        let place = self.sources.iter().position(|known| source.replaces(known));
        self.sources.retain(|known| !source.replaces(known));
        self.sources.insert(place.unwrap_or(self.sources.len()), source);
    }

    /// Says that the records of each source file come in its order from now on. Then a record replaces
    /// what is stored of its own file, whatever its position was: the file has changed since. Other files
    /// are compared as ever.
    #[cfg(feature = "ingest")]
    pub(crate) fn write_in_source_order(&mut self) {
        self.in_source_order = true;
    }

    /// Publishes all changes as one new generation and returns it; without changes, returns the
    /// current one. When this returns, the data are on disk.
    ///
    /// # Errors
    /// [`Error::Conflict`]: somebody else published this generation. [`Error::CommitUnknown`]: the
    /// commit is visible but may not survive a power cut. Any other error: nothing changed. Each
    /// poisons the writer.
    pub fn commit(&mut self) -> Result<Generation> {
        self.check_usable()?;
        let result = self.commit_now();
        self.guard(result)
    }

    pub(super) fn check_usable(&self) -> Result<()> {
        match &self.poison {
            Some(reason) => Err(Error::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Passes a result on; a failure of storage makes the writer unusable, a document or a call
    /// that was refused does not.
    pub(super) fn guard<T>(&mut self, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_)
            | Err(
                Error::Cancelled
                | Error::DeadlineExceeded
                | Error::InvalidDocument { .. }
                | Error::Vector { .. },
            ) => {}
            Err(error) => self.poison = Some(error.to_string()),
        }
        result
    }

    pub(super) fn apply_one(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        vector: Option<&[f32]>,
        hash: [u8; 16],
        applied: &mut Applied,
    ) -> Result<()> {
        let key = draft.key();
        let existing = self.locate(key)?;
        let stored = match &existing {
            Some(Place::Buffer(buffered)) => Some(buffered.revision),
            Some(Place::Stored(_, segment, row)) => Some(segment.revision(*row)?),
            None => None,
        };
        let deleted = self.deletion(key)?;
        let newest = stored.max(deleted).unwrap_or_default();
        let is_known = stored.is_some() || deleted.is_some();
        let is_again = self.in_source_order
            && is_known
            && revision.is_some_and(|own| own.file == newest.file && own.file > 0);
        match revision {
            Some(revision) if revision <= newest && is_known && !is_again => {
                applied.unchanged += 1;
                return Ok(());
            }
            _ if (revision.is_none() || is_again)
                && (vector.is_none() || self.options.encoder.is_some()) =>
            {
                if let Some(Place::Stored(_, segment, row)) = &existing
                    && (segment.vector(*row)?.is_some() || vector.is_none())
                    && draft.is_of(&segment.document(*row)?)
                {
                    applied.unchanged += 1;
                    return Ok(());
                }
            }
            _ => {}
        }
        let kept = match (vector, &existing) {
            (None, Some(place)) => self.vector_for(place, hash)?,
            _ => None,
        };
        applied.reused += u64::from(kept.is_some());
        // Revisions never go back, and stay above that of a deletion.
        let floor = match deleted.filter(|deleted| *deleted == newest) {
            Some(deleted) => Revision { position: deleted.position.saturating_add(1), ..deleted },
            None => newest,
        };
        let revision = match revision {
            None => newest,
            Some(revision) if revision > newest => revision,
            Some(_) => floor,
        };
        self.put(draft, revision, hash, vector.or(kept.as_deref()), existing, applied)
    }

    /// Writes a row, in the place of the one that is there.
    fn put(
        &mut self,
        draft: &Draft,
        revision: Revision,
        hash: [u8; 16],
        vector: Option<&[f32]>,
        existing: Option<Place>,
        applied: &mut Applied,
    ) -> Result<()> {
        let key = draft.key();
        let row = self.buffer.builder.push_draft(draft, revision, hash, vector)?;
        match existing {
            Some(place) => {
                self.bury(key, place);
                applied.replaced += 1;
            }
            None => applied.added += 1,
        }
        self.buffer.rows.insert(key.clone(), Buffered { row, revision, hash, live: true });
        self.changed = true;
        self.flush_if_full()
    }

    /// The vector of a live document, if it belongs to the text with this hash: to that very text, or
    /// to a document that was without text so far.
    fn vector_for(&self, place: &Place, hash: [u8; 16]) -> Result<Option<Vec<f32>>> {
        if self.vectors.is_none() {
            return Ok(None);
        }
        let belongs = |stored: [u8; 16]| stored == hash || stored == EncoderInput::default().hash();
        match place {
            Place::Buffer(buffered) if belongs(buffered.hash) => {
                Ok(self.buffer.builder.vector(buffered.row))
            }
            Place::Stored(_, segment, row) if belongs(segment.input_hash(*row)?) => {
                segment.vector(*row)
            }
            _ => Ok(None),
        }
    }

    fn set_vector_now(&mut self, key: &Key, vector: &[f32], applied: &mut Applied) -> Result<()> {
        let existing = self.locate(key)?;
        let (document, revision) = match &existing {
            Some(Place::Buffer(buffered)) => {
                self.buffer.builder.set_vector(buffered.row, key, vector)?;
                applied.replaced += 1;
                return Ok(());
            }
            Some(Place::Stored(_, segment, row)) => {
                (segment.document(*row)?, segment.revision(*row)?)
            }
            None if self.deletion(key)?.is_some() => {
                applied.unchanged += 1;
                return Ok(());
            }
            None => (Document::new(key.clone()), Revision::default()),
        };
        let draft = Draft::new(&document)?;
        let hash = document.encoder_input().hash();
        self.put(&draft, revision, hash, Some(vector), existing, applied)
    }

    fn delete_now(&mut self, key: &Key, revision: Option<Revision>) -> Result<bool> {
        let existing = self.locate(key)?;
        let stored = match &existing {
            Some(Place::Buffer(buffered)) => Some(buffered.revision),
            Some(Place::Stored(_, segment, row)) => Some(segment.revision(*row)?),
            None => None,
        };
        let mark = match (revision, stored) {
            (Some(revision), Some(stored)) if stored > revision => {
                if !self.in_source_order || stored.file > revision.file {
                    return Ok(false);
                }
                stored
            }
            (Some(revision), _) => revision,
            (None, Some(stored)) => stored,
            (None, None) => return Ok(false),
        };
        if mark > self.deletion(key)?.unwrap_or_default() {
            self.buffer.builder.push_delete(key, mark);
            self.buffer.deletes.insert(key.clone(), mark);
            self.changed = true;
        }
        let existed = existing.is_some();
        if let Some(place) = existing {
            self.bury(key, place);
            self.changed = true;
        }
        self.flush_if_full()?;
        Ok(existed)
    }

    fn bury(&mut self, key: &Key, place: Place) {
        match place {
            Place::Buffer(buffered) => {
                self.buffer.dead.insert(buffered.row.0);
                if let Some(known) = self.buffer.rows.get_mut(key) {
                    known.live = false;
                }
            }
            Place::Stored(id, _, row) => {
                self.dead.entry(id).or_default().insert(row.0);
            }
        }
    }

    /// The live document of a key: buffered, written, or committed.
    fn locate(&self, key: &Key) -> Result<Option<Place>> {
        if let Some(buffered) = self.buffer.rows.get(key).filter(|buffered| buffered.live) {
            return Ok(Some(Place::Buffer(*buffered)));
        }
        for (id, segment, committed_dead) in self.segments() {
            let Some(row) = segment.find(key)? else { continue };
            let dead_now = self.dead.get(&id).is_some_and(|dead| dead.contains(row.0));
            if !dead_now && !committed_dead.is_some_and(|dead| dead.contains(row.0)) {
                return Ok(Some(Place::Stored(id, segment.clone(), row)));
            }
        }
        Ok(None)
    }

    /// The greatest revision at which a key was deleted.
    fn deletion(&self, key: &Key) -> Result<Option<Revision>> {
        let mut newest = self.buffer.deletes.get(key).copied();
        for (_, segment, _) in self.segments() {
            newest = newest.max(segment.find_delete(key)?);
        }
        Ok(newest)
    }

    /// Segments of the next generation, newest first, with what the last commit had deleted.
    fn segments(&self) -> impl Iterator<Item = (SegmentId, &Segment, Option<&RoaringBitmap>)> {
        let pending = self.pending.iter().rev().map(|part| (part.entry.id, &part.segment, None));
        let committed = self
            .base
            .state()
            .views
            .iter()
            .rev()
            .map(|view| (view.segment.id(), &view.segment, Some(&*view.deleted)));
        pending.chain(committed).filter(|(id, _, _)| !self.dropped.contains(id))
    }

    fn flush_if_full(&mut self) -> Result<()> {
        match self.buffer.builder.memory_bytes() >= self.options.segment_bytes_max {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Writes the buffered documents as a segment; it becomes visible at the next commit.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let buffer = std::mem::replace(&mut self.buffer, Buffer::new(self.vectors.as_ref()));
        let id = self.take_segment_id();
        let entry = buffer.builder.finish(&*self.storage, id, random_id()?)?;
        if !buffer.dead.is_empty() {
            self.dead.insert(id, buffer.dead);
        }
        self.adopt(entry)
    }

    pub(super) fn take_segment_id(&mut self) -> SegmentId {
        let id = self.next_segment;
        self.next_segment = SegmentId(id.0 + 1);
        id
    }

    /// Checks a written segment and takes it into the next generation.
    pub(super) fn adopt(&mut self, entry: SegmentEntry) -> Result<()> {
        commit::check_file(
            &*self.storage,
            &segment_name(entry.id),
            FileKind::Segment,
            &entry.seal,
        )?;
        let segment = Segment::open(&*self.storage, &entry, self.vectors.as_ref())?;
        self.pending.push(PendingSegment { entry, segment });
        self.changed = true;
        Ok(())
    }
}
