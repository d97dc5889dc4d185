//! The one writer: collects changes, writes segments, commits.

mod beside;
mod others;
mod rows;

use std::fmt;
use std::sync::Arc;

use super::buffer::Buffer;
use super::building::{self, Building};
use super::change::{Applied, Change, NewVector};
use super::embedding::{self, CALL_TEXTS, Embedder, Need};
use super::improver::Improver;
use super::lock::{self, Lock};
use super::next::{Built, NextGeneration};
use super::options::WriterOptions;
use super::preconditions::{check_encoder, check_vector};
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::{gc, recover};
use crate::document::Document;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::format::manifest::{LexicalConfig, SourceEntry};
use crate::ids::{Generation, Key, Revision};
#[cfg(feature = "ingest")]
use crate::ids::{RowId, SegmentId};
use crate::mesh::{MeshFile, Vocabulary};
use crate::segment::Draft;
use crate::storage::WriterLock;

/// Writes to a database. Nothing is visible, or kept after a crash, before [`Writer::commit`];
/// dropping a writer drops its uncommitted changes and the files that hold them.
///
/// After any failure of storage the writer is poisoned: every later call fails with
/// [`Error::Poisoned`], and committed data are as they were.
///
/// ```
/// use medvec::{CreateOptions, Database, Document, Key, WriterOptions};
///
/// # fn main() -> medvec::Result<()> {
/// # let folder = tempfile::tempdir().expect("a temporary folder");
/// # let path = folder.path().join("my.medvec");
/// let database = Database::create(&path, CreateOptions::default())?;
/// let mut writer = database.writer(WriterOptions::default())?;
/// writer.upsert(Document::new(Key::pmid(1)))?;
/// drop(writer); // not committed: nothing was written
/// assert_eq!(database.snapshot().len(), 0);
///
/// let mut writer = database.writer(WriterOptions::default())?;
/// writer.upsert(Document::new(Key::pmid(2)))?;
/// writer.commit()?;
/// assert!(database.snapshot().contains(&Key::pmid(2))?);
/// # Ok(())
/// # }
/// ```
pub struct Writer {
    shared: Arc<Shared>,
    options: WriterOptions,
    next: NextGeneration,
    buffer: Buffer,
    /// See `write_in_source_order`.
    in_source_order: bool,
    /// See `read_again`.
    is_reading_again: bool,
    poison: Option<String>,
    /// Dropped before the lock, so that its thread ends first.
    improver: Option<Box<dyn Improver>>,
    lock: Box<dyn WriterLock>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Writer");
        shown.field("base", self.snapshot()).field("options", &self.options);
        shown.field("poison", &self.poison).finish_non_exhaustive()
    }
}

impl Drop for Writer {
    /// Removes what was written and not committed, so that its space comes back at once: after a full
    /// disk, a cancelled call, any failure.
    fn drop(&mut self) {
        let storage = self.next.storage();
        // Files that no manifest names are ours for certain only under the lock.
        if self.next.has_files()
            && self.lock.check().is_ok()
            && let Ok(kept) = gc::kept_manifests(storage)
        {
            // What cannot be removed now the next writer removes.
            let _ = gc::remove_orphans(storage, &kept);
        }
    }
}

impl Writer {
    pub(super) fn start(shared: Arc<Shared>, options: WriterOptions) -> Result<Writer> {
        let storage = shared.storage().clone();
        let lock = lock::take(&*storage, Lock::Writer, options.lock_wait, &options.control)?;
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
        building::remove_leftovers(&*storage);
        let buffer = Buffer::new(vectors, base.manifest().lexical);
        let next = NextGeneration::new(storage, base)?;
        Ok(Writer {
            shared,
            options,
            next,
            buffer,
            in_source_order: false,
            is_reading_again: false,
            poison: None,
            improver: None,
            lock,
        })
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
    /// (or of its deletion); one without always counts. Of one that equals the stored document nothing is written but
    /// its revision.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`], [`Error::Vector`] and [`Error::Encoder`], and [`Error::Cancelled`] and
    /// [`Error::DeadlineExceeded`] by [`WriterOptions::control`], reject the whole batch before anything of
    /// it is applied. A failure of storage poisons the writer.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<Applied> {
        self.check_usable()?;
        let mut drafts = Vec::with_capacity(changes.len());
        for Change { document, vector, .. } in &changes {
            let draft = Draft::for_index(document, self.next.lexical().is_some())?;
            drafts.push((draft, vector.is_some()));
            if let Some(vector) = vector {
                self.check_vector(&document.key, vector)?;
            }
        }
        let mut applied = Applied::default();
        let prepared = self.embed(changes, &mut applied)?;
        self.guarded(|writer| {
            for ((draft, is_given), (change, hash)) in drafts.into_iter().zip(prepared) {
                let vector = change.vector.as_deref();
                let vector = vector.map(|numbers| NewVector { numbers, is_given });
                writer.apply_one(&draft, change.revision, vector, hash, &mut applied)?;
            }
            Ok(applied)
        })
    }

    /// Takes a document that is there, in this row when it was looked for; returns `false`, and does nothing, when it is
    /// not there any more, or must be applied like any other.
    ///
    /// # Errors
    /// [`Error::Corrupt`]. A failure of storage poisons the writer.
    #[cfg(feature = "ingest")]
    pub(crate) fn confirm(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        row: (SegmentId, RowId),
    ) -> Result<bool> {
        self.guarded(|writer| writer.confirm_found(draft, revision, row))
    }

    /// Applies one change that needs no embedding, since its vector is there or none is wanted.
    /// `input_hash` is that of [`crate::Document::encoder_input`], or what
    /// [`embedding::stored_hash`] makes of it.
    ///
    /// # Errors
    /// As [`Writer::apply`].
    #[cfg(feature = "ingest")]
    pub(crate) fn apply_draft(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        vector: Option<NewVector<'_>>,
        input_hash: [u8; 16],
    ) -> Result<Applied> {
        if let Some(vector) = vector {
            self.check_vector(draft.key(), vector.numbers)?;
        }
        self.guarded(|writer| {
            let mut applied = Applied::default();
            writer.apply_one(draft, revision, vector, input_hash, &mut applied)?;
            Ok(applied)
        })
    }

    /// Changes a document in place, whether it is committed or not; `None` when there is none with this
    /// key. Its vector stays as long as its title and abstract do. If they change, the writer's encoder
    /// embeds the document again; with [`WriterOptions::defer`] it waits for its vector.
    ///
    /// The document keeps its place in the order of its source: a later record of the source replaces it.
    ///
    /// ```
    /// # use medvec::db::{CreateOptions, Database, WriterOptions};
    /// # use medvec::{Document, Key};
    /// # fn main() -> medvec::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let database = Database::open_or_create(folder.path(), CreateOptions::default())?;
    /// # let mut writer = database.writer(WriterOptions::default())?;
    /// let key = Key::parse("31452104");
    /// writer.upsert(Document::new(key.clone()))?;
    /// writer.update(&key, |document| document.languages.push("eng".into()))?;
    /// writer.commit()?;
    /// # assert_eq!(database.snapshot().get(&key)?.unwrap().languages, ["eng"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidDocument`], also for a change of the key. [`Error::Vector`] when the text changes, the
    /// document has a vector, and the writer can neither replace it nor leave that for later: pass the new
    /// vector to [`Writer::upsert_with_vector`] then. Those of the encoder and of
    /// [`WriterOptions::control`]. After each of these the document is as before. A failure of storage
    /// poisons the writer.
    pub fn update(
        &mut self,
        key: &Key,
        change: impl FnOnce(&mut Document),
    ) -> Result<Option<Applied>> {
        self.guarded(|writer| writer.update_document(key, change))
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

    /// Leaves a record of a source out: the document that an older record of its source made is deleted right after
    /// this revision, since the record itself was never stored. Where there is none, nothing is written, so that what
    /// was never here costs no space. Documents from nowhere in particular stay. Returns whether a document was deleted.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    #[cfg(feature = "ingest")]
    pub(crate) fn leave_out(&mut self, key: &Key, revision: Revision) -> Result<bool> {
        self.guarded(|writer| match writer.revision_of(key)? {
            Some(stored) if stored.file > 0 => {
                // Also where it was changed by hand since.
                let is_its = stored.record() <= revision;
                let place = if is_its { stored.max(revision) } else { revision };
                writer.delete_key(key, Some(place.right_after()))
            }
            _ => Ok(false),
        })
    }

    /// Notes how far a source file has been imported; committed with the next commit. What was noted
    /// of the same file before is replaced ([`SourceEntry::replaces`]).
    pub fn set_source(&mut self, source: SourceEntry) {
        self.next.set_source(source);
    }

    /// Forgets what was noted of some source files; committed with the next commit.
    #[cfg(feature = "session")]
    pub(crate) fn forget_sources(&mut self, is_forgotten: impl Fn(&SourceEntry) -> bool) {
        self.next.forget_sources(is_forgotten);
    }

    /// Gives the database another lexical index, or none: segments that are written from now on have it, and
    /// [`Writer::compact`] and [`Writer::optimize`] make it for those that are there. For databases of format 1.0, and
    /// those that were created with [`CreateOptions::lexical`](super::CreateOptions::lexical) set to `None`.
    ///
    /// # Errors
    /// A failure of storage while documents that are buffered are written, which poisons the writer.
    pub fn set_lexical(&mut self, config: Option<LexicalConfig>) -> Result<()> {
        self.guarded(|writer| {
            writer.flush()?;
            writer.next.set_lexical(config);
            writer.buffer = Buffer::new(writer.next.vectors(), writer.next.lexical());
            Ok(())
        })
    }

    /// Makes a vocabulary the one that this database's headings are looked up in, from the next commit on;
    /// `None` goes back to the [one inside the library](crate::mesh::builtin). Cost: as much memory again as
    /// the vocabulary takes.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    pub fn set_mesh(&mut self, vocabulary: Option<&Vocabulary>) -> Result<()> {
        self.guarded(|writer| {
            writer.next.expect_files();
            let storage = writer.next.storage();
            let write = |vocabulary| MeshFile::write(storage, vocabulary);
            let entry = vocabulary.map(write).transpose()?;
            writer.next.set_mesh(entry)
        })
    }

    /// Says that the records of each source file come in its order from now on. Then a record replaces
    /// what is stored of its own file, whatever its position was: the file has changed since. Other files
    /// are compared as ever.
    #[cfg(feature = "ingest")]
    pub(crate) fn write_in_source_order(&mut self) {
        self.in_source_order = true;
    }

    /// Says whether records may come that were read before, of a file that has not changed as far as anybody knows. Then
    /// what somebody has changed or deleted by hand since its record was read stays so.
    #[cfg(feature = "ingest")]
    pub(crate) fn read_again(&mut self, is_again: bool) {
        self.is_reading_again = is_again;
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
        self.adopt_built()?;
        if self.next.is_changed() {
            self.flush()?;
            self.next.publish(&*self.lock)?;
            self.shared.install(self.next.base().clone());
            self.start_maintenance();
        }
        Ok(self.next.base().generation())
    }

    /// Takes in what was built beside this writer, for the next commit; returns whether it still could be.
    ///
    /// # Errors
    /// A failure of storage, which poisons the writer.
    pub(super) fn adopt(&mut self, built: Built, files: &Building) -> Result<bool> {
        self.guarded(|writer| writer.next.adopt(built, files))
    }

    /// The next generation, without the buffer, and the options to change it by.
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
        let is_vouched_for = self.options.encoder.is_some() || self.options.origin.is_some();
        check_vector(key, vector, self.next.vectors(), is_vouched_for)
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
        let buffer = std::mem::replace(
            &mut self.buffer,
            Buffer::new(self.next.vectors(), self.next.lexical()),
        );
        let id = self.next.take_segment_id();
        let (entry, deleted) = buffer.finish(self.next.storage(), id)?;
        self.next.add_segment(entry, deleted)
    }
}
