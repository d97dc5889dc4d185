//! The one writer: collects changes, writes segments, commits.

use std::sync::Arc;

use super::buffer::{Buffer, BufferedRow};
use super::change::{Applied, Change};
use super::embedding::{self, CALL_TEXTS, Embedder, Need};
use super::next::{NextGeneration, StoredRow};
use super::options::WriterOptions;
use super::preconditions::{check_encoder, check_vector};
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::{gc, recover};
use crate::document::Document;
use crate::encoder::{Encoder, NO_VECTOR};
use crate::error::{Error, Result};
use crate::format::manifest::SourceEntry;
use crate::ids::{Generation, Key, Revision};
use crate::segment::Draft;
use crate::storage::WriterLock;

/// Writes to a database. Nothing is visible, or kept after a crash, before [`Writer::commit`];
/// dropping a writer drops its uncommitted changes and the files that hold them.
///
/// After any failure of storage the writer is poisoned: every later call fails with
/// [`Error::Poisoned`], and committed data are as they were.
pub struct Writer {
    shared: Arc<Shared>,
    options: WriterOptions,
    next: NextGeneration,
    buffer: Buffer,
    /// See `write_in_source_order`.
    in_source_order: bool,
    poison: Option<String>,
    lock: Box<dyn WriterLock>,
}

impl Drop for Writer {
    /// Removes what was written and not committed, so that its space comes back at once: after a full
    /// disk, a cancelled call, any failure.
    fn drop(&mut self) {
        let storage = self.next.storage();
        // Only under the lock is what no manifest names surely ours.
        if self.next.has_files()
            && self.lock.check().is_ok()
            && let Ok(kept) = gc::kept_manifests(storage)
        {
            // What cannot be removed now the next writer removes.
            let _ = gc::remove_orphans(storage, &kept);
        }
    }
}

/// A live document, wherever it is.
enum Place {
    Buffer(BufferedRow),
    Stored(StoredRow),
}

/// What is known of a key.
struct Known {
    live: Option<Place>,
    /// The revision of the live document.
    revision: Option<Revision>,
    /// The greatest revision at which a source deleted it.
    deletion: Option<Revision>,
}

impl Known {
    /// The newest revision; `None` for a key that was never there.
    fn newest(&self) -> Option<Revision> {
        self.revision.max(self.deletion)
    }
}

impl Writer {
    pub(super) fn start(shared: Arc<Shared>, options: WriterOptions) -> Result<Writer> {
        let storage = shared.storage().clone();
        let lock = storage.lock()?;
        shared.refresh()?;
        let base = shared.snapshot();
        recover::check_writable(&*storage, base.generation())?;
        let vectors = base.manifest().vectors.as_ref();
        let specs =
            [options.encoder.as_ref().map(|encoder| encoder.spec()), options.origin.as_ref()];
        for spec in specs.into_iter().flatten() {
            check_encoder(spec, vectors)?;
        }
        // Under the lock, files that no kept manifest names are leftovers of a writer that died. A
        // kept manifest, or a record of a repair, that cannot be read names files we cannot know: then
        // nothing is deleted.
        if let Ok(kept) = gc::kept_manifests(&*storage) {
            match gc::remove_orphans(&*storage, &kept) {
                Err(Error::Corrupt { .. }) => {}
                result => result?,
            }
        }
        let buffer = Buffer::new(vectors);
        let next = NextGeneration::new(storage, base)?;
        let in_source_order = false;
        Ok(Writer { shared, options, next, buffer, in_source_order, poison: None, lock })
    }

    /// The committed state this writer builds on.
    pub fn snapshot(&self) -> &Snapshot {
        self.next.base()
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

    /// Applies changes in order. Texts that need a vector are embedded first, in calls of at most 32.
    ///
    /// A change with a [`Revision`] counts only if it is greater than the revision of what is there
    /// (or of its deletion); one without always counts, unless it equals the stored document.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`], [`Error::Vector`] and [`Error::Encoder`], and [`Error::Cancelled`] and
    /// [`Error::DeadlineExceeded`] by [`WriterOptions::control`], reject the whole batch before anything of
    /// it is applied. A failure of storage poisons the writer.
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
        self.guarded(|writer| {
            for (draft, (Change { revision, vector, .. }, hash)) in drafts.iter().zip(prepared) {
                writer.apply_one(draft, revision, vector.as_deref(), hash, &mut applied)?;
            }
            Ok(applied)
        })
    }

    /// Applies one change that needs no embedding, since its vector is there or none is wanted.
    /// `input_hash` is that of [`crate::Document::encoder_input`], or what
    /// [`embedding::stored_hash`] makes of it.
    ///
    /// # Errors
    /// As [`Writer::apply`].
    pub(crate) fn apply_draft(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        vector: Option<&[f32]>,
        input_hash: [u8; 16],
    ) -> Result<Applied> {
        if let Some(vector) = vector {
            self.check_vector(draft.key(), vector)?;
        }
        self.guarded(|writer| {
            let mut applied = Applied::default();
            writer.apply_one(draft, revision, vector, input_hash, &mut applied)?;
            Ok(applied)
        })
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
        self.guarded(|writer| writer.replace_vector(key, vector))
    }

    /// Deletes a document. Returns whether there was one.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    pub fn delete(&mut self, key: &Key) -> Result<bool> {
        self.guarded(|writer| writer.delete_key(key, None))
    }

    /// Deletes a document at a place in its source's order: a later record wins over the deletion,
    /// the deletion over an earlier record, whichever is seen first. Returns whether there was one.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    pub fn delete_revision(&mut self, key: &Key, revision: Revision) -> Result<bool> {
        self.guarded(|writer| writer.delete_key(key, Some(revision)))
    }

    /// Notes how far a source file has been imported; committed with the next commit. What was noted
    /// of the same file before is replaced ([`SourceEntry::replaces`]).
    pub fn set_source(&mut self, source: SourceEntry) {
        self.next.set_source(source);
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
    /// [`Error::Conflict`]: somebody else published this generation. [`Error::Replaced`]: the directory,
    /// its `LOCK` or files in it were moved, replaced or removed under the writer.
    /// [`Error::CommitUnknown`]: the commit is visible but may not survive a power cut. Any other error:
    /// nothing changed. Each poisons the writer.
    pub fn commit(&mut self) -> Result<Generation> {
        self.guarded(Writer::commit_changes)
    }

    /// [`Writer::commit`] inside of a guarded call.
    pub(super) fn commit_changes(&mut self) -> Result<Generation> {
        if self.next.is_changed() {
            self.flush()?;
            self.next.publish(&*self.lock)?;
            self.shared.install(self.next.base().clone());
        }
        Ok(self.next.base().generation())
    }

    /// The next generation without what is buffered, to be changed, and by which options.
    pub(super) fn parts(&mut self) -> (&mut NextGeneration, &WriterOptions) {
        (&mut self.next, &self.options)
    }

    pub(super) fn next(&self) -> &NextGeneration {
        &self.next
    }

    pub(super) fn encoder(&self) -> Option<&Arc<dyn Encoder>> {
        self.options.encoder.as_ref()
    }

    /// Makes an encoder the one of the database, and of this writer.
    pub(super) fn set_encoder(&mut self, encoder: Arc<dyn Encoder>) {
        self.next.set_encoder(encoder.spec().clone());
        self.options.encoder = Some(encoder);
        self.options.origin = None;
    }

    pub(super) fn check_usable(&self) -> Result<()> {
        if !self.lock.is_own() {
            self.lock.check()?;
        }
        match &self.poison {
            Some(reason) => Err(Error::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Runs a call. A failure of storage makes the writer unusable; a document or a call that was refused
    /// does not.
    pub(super) fn guarded<T>(&mut self, call: impl FnOnce(&mut Writer) -> Result<T>) -> Result<T> {
        self.check_usable()?;
        let result = call(self);
        match &result {
            Ok(_)
            | Err(
                Error::Cancelled
                | Error::DeadlineExceeded
                | Error::InvalidDocument { .. }
                | Error::Memory { .. }
                | Error::Vector { .. }
                // An encoder's failures say nothing about the database.
                | Error::Encoder { .. },
            ) => {}
            Err(error) => self.poison = Some(error.to_string()),
        }
        result
    }

    pub(super) fn check_vector(&self, key: &Key, vector: &[f32]) -> Result<()> {
        check_vector(key, vector, self.next.vectors(), &self.options)
    }

    /// What embeds documents as they are written; `None` when they are stored without a vector.
    fn embedder(&self) -> Option<Embedder<'_>> {
        let encoder = self.options.encoder.as_deref().filter(|_| !self.options.defer)?;
        Some(Embedder { encoder, batch: CALL_TEXTS, control: &self.options.control })
    }

    /// Gives every change its input hash and, where documents are embedded, its vector.
    fn embed(
        &self,
        changes: Vec<Change>,
        applied: &mut Applied,
    ) -> Result<Vec<(Change, [u8; 16])>> {
        let embedder = self.embedder();
        let mut prepared = Vec::with_capacity(changes.len());
        let mut texts = Vec::new();
        for mut change in changes {
            let input = change.document.encoder_input();
            let hash = input.hash();
            if embedder.is_some() && change.vector.is_none() {
                let stored = || match self.find(&change.document.key)?.live {
                    Some(place) => self.vector_for(&place, hash),
                    None => Ok(None),
                };
                match embedding::need(input, stored)? {
                    Need::Nothing => {}
                    Need::Stored(vector) => {
                        change.vector = Some(vector);
                        applied.reused += 1;
                    }
                    Need::Embedding(input) => texts.push((prepared.len(), input)),
                }
            }
            prepared.push((change, hash));
        }
        let Some(embedder) = embedder else { return Ok(prepared) };
        embedder.call_all(texts, |place, vector| {
            let Some((change, hash)) = prepared.get_mut(place) else { return Ok(()) };
            match &vector {
                Some(vector) => {
                    self.check_vector(&change.document.key, vector)?;
                    applied.encoded += 1;
                }
                None => applied.without_vector += 1,
            }
            *hash = embedding::stored_hash(vector.as_deref(), *hash);
            change.vector = vector;
            Ok(())
        })?;
        Ok(prepared)
    }

    fn apply_one(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        vector: Option<&[f32]>,
        hash: [u8; 16],
        applied: &mut Applied,
    ) -> Result<()> {
        let known = self.find(draft.key())?;
        let newest = known.newest().unwrap_or_default();
        let is_known = known.newest().is_some();
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
                if let Some(Place::Stored(StoredRow { segment, row })) = &known.live
                    && (vector.is_none() || segment.vector(*row)?.is_some())
                    && segment.has_record(*row, draft)?
                {
                    applied.unchanged += 1;
                    return Ok(());
                }
            }
            _ => {}
        }
        let kept = match (vector, &known.live) {
            (None, Some(place)) => self.vector_for(place, hash)?,
            _ => None,
        };
        applied.reused += u64::from(kept.is_some());
        // Revisions never go back, and stay above that of a deletion.
        let floor = match known.deletion.filter(|deletion| *deletion == newest) {
            Some(deletion) => {
                Revision { position: deletion.position.saturating_add(1), ..deletion }
            }
            None => newest,
        };
        let revision = match revision {
            None => newest,
            Some(revision) if revision > newest => revision,
            Some(_) => floor,
        };
        self.put(draft, revision, hash, vector.or(kept.as_deref()), known.live, applied)
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
        self.buffer.push(draft, revision, hash, vector)?;
        match &existing {
            Some(_) => applied.replaced += 1,
            None => applied.added += 1,
        }
        if let Some(Place::Stored(stored)) = &existing {
            self.next.delete(stored);
        }
        self.next.mark_changed();
        self.flush_if_full()
    }

    /// Writes a document that is there again, as one whose text has no vector.
    pub(super) fn mark_without_vector(&mut self, draft: &Draft) -> Result<()> {
        let known = self.find(draft.key())?;
        let Some(revision) = known.revision else { return Ok(()) };
        self.put(draft, revision, NO_VECTOR, None, known.live, &mut Applied::default())
    }

    /// The vector of a live document, if it belongs to the text with this hash: to that very text, or
    /// to a document that was without text so far.
    fn vector_for(&self, place: &Place, hash: [u8; 16]) -> Result<Option<Vec<f32>>> {
        if self.next.vectors().is_none() {
            return Ok(None);
        }
        match place {
            Place::Buffer(row) if embedding::belongs(row.input_hash, hash) => {
                Ok(self.buffer.vector(row))
            }
            Place::Stored(StoredRow { segment, row })
                if embedding::belongs(segment.input_hash(*row)?, hash) =>
            {
                segment.vector(*row)
            }
            _ => Ok(None),
        }
    }

    fn replace_vector(&mut self, key: &Key, vector: &[f32]) -> Result<Applied> {
        let mut applied = Applied::default();
        let known = self.find(key)?;
        let document = match &known.live {
            Some(Place::Buffer(row)) => {
                self.buffer.set_vector(row, key, vector)?;
                applied.replaced += 1;
                return Ok(applied);
            }
            Some(Place::Stored(StoredRow { segment, row })) => segment.document(*row)?,
            None if known.deletion.is_some() => {
                applied.unchanged += 1;
                return Ok(applied);
            }
            None => Document::new(key.clone()),
        };
        let draft = Draft::new(&document)?;
        let hash = document.encoder_input().hash();
        let revision = known.revision.unwrap_or_default();
        self.put(&draft, revision, hash, Some(vector), known.live, &mut applied)?;
        Ok(applied)
    }

    fn delete_key(&mut self, key: &Key, revision: Option<Revision>) -> Result<bool> {
        let known = self.find(key)?;
        let mark = match (revision, known.revision) {
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
        if mark > known.deletion.unwrap_or_default() {
            self.buffer.push_deletion(key, mark);
            self.next.mark_changed();
        }
        let existed = known.live.is_some();
        match known.live {
            Some(Place::Buffer(_)) => self.buffer.delete(key),
            Some(Place::Stored(stored)) => self.next.delete(&stored),
            None => {}
        }
        self.flush_if_full()?;
        Ok(existed)
    }

    /// Looks a key up: in the buffer, and once in the segments.
    fn find(&self, key: &Key) -> Result<Known> {
        let deletion = self.buffer.deletion(key).max(self.next.deletion(key)?);
        if let Some(row) = self.buffer.find(key) {
            let revision = Some(row.revision);
            return Ok(Known { live: Some(Place::Buffer(row)), revision, deletion });
        }
        let Some(stored) = self.next.find(key)? else {
            return Ok(Known { live: None, revision: None, deletion });
        };
        let revision = Some(stored.segment.revision(stored.row)?);
        Ok(Known { live: Some(Place::Stored(stored)), revision, deletion })
    }

    fn flush_if_full(&mut self) -> Result<()> {
        match self.buffer.memory_bytes() >= self.options.segment_bytes_max {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Writes the buffered documents as a segment; it becomes visible at the next commit.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let buffer = std::mem::replace(&mut self.buffer, Buffer::new(self.next.vectors()));
        let id = self.next.take_segment_id();
        let (entry, deleted) = buffer.finish(self.next.storage(), id)?;
        self.next.add_segment(entry, deleted)
    }
}
