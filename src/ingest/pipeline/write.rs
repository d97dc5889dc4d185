//! The end of the pipeline: one writer, in order, with commits.

use std::path::Path;

use super::ledger::{Known, look_up};
use super::options::ImportOptions;
use super::prepare::{Action, Prepared, Preparer, Put, Ready};
use super::report::{ImportReport, Progress, Stage};
use super::{checksum, stages};
use crate::db::{Applied, Change, Database, Maintenance, NewVector, Writer, WriterOptions};
use crate::error::{Error, Result};
use crate::format::manifest::{SourceDigest, SourceEntry};
use crate::ingest::digest;
use crate::ingest::raw::input_error;
use crate::ingest::vectors::{VectorRecord, VectorSource};
use crate::ingest::{ImportSource, Opened, Source, SourceHints};

/// Segments after which an import waits for merges beside it: each key that is written is looked up in all.
const SEGMENTS_MAX: usize = 48;

/// Vectors between two checks of the control.
const BATCH_VECTORS: u64 = 256;

/// An import under way.
pub(super) struct Import<'a> {
    database: &'a Database,
    options: &'a ImportOptions,
    progress: &'a mut dyn FnMut(&Progress<'_>),
    writer: Writer,
    report: ImportReport,
    records: u64,
    /// Records since the last commit.
    uncommitted: u64,
    /// Whether vectors without texts were written since then.
    has_new_vectors: bool,
    /// Bytes of the files before the one at hand.
    bytes_before: u64,
    bytes_total: u64,
}

impl<'a> Import<'a> {
    /// Takes the database's writer.
    ///
    /// # Errors
    /// As [`Database::writer`]; [`Error::Io`] when a file is not there, unless
    /// [`ImportOptions::keep_going`] passes over it.
    pub(super) fn start(
        database: &'a Database,
        sources: &[ImportSource],
        options: &'a ImportOptions,
        progress: &'a mut dyn FnMut(&Progress<'_>),
    ) -> Result<Import<'a>> {
        let mut bytes_total = 0;
        for source in sources {
            bytes_total += match bytes_of(source) {
                // It is passed over when its turn comes.
                Err(_) if options.keep_going => 0,
                bytes => bytes?,
            };
        }
        let mut writer = database.writer(WriterOptions {
            encoder: options.encoder.clone(),
            origin: options.origin.clone(),
            defer: options.defer,
            maintenance: options.maintenance.clone(),
            ..WriterOptions::default()
        })?;
        writer.write_in_source_order();
        writer.merge_beside();
        Ok(Import {
            database,
            options,
            progress,
            writer,
            report: ImportReport::default(),
            records: 0,
            uncommitted: 0,
            has_new_vectors: false,
            bytes_before: 0,
            bytes_total,
        })
    }

    /// Imports the sources and commits.
    ///
    /// # Errors
    /// As [`super::import`].
    pub(super) fn run(mut self, sources: Vec<ImportSource>) -> Result<ImportReport> {
        for source in sources {
            let bytes = bytes_of(&source).unwrap_or(0);
            match self.source(source) {
                // A bad file, as opposed to a failure of ours.
                Err(error @ Error::Input { .. }) if self.options.keep_going => {
                    self.report.broken_files.push(error);
                }
                Err(error @ Error::Input { .. }) if self.options.keep_before_failure => {
                    self.commit("", 0)?;
                    return Err(error);
                }
                result => result?,
            }
            self.bytes_before += bytes;
        }
        self.commit("", 0)?;
        if matches!(self.options.maintenance, Maintenance::Auto(_)) {
            self.report_progress(Stage::Improving, "", 0);
            self.writer.finish_maintenance(&self.options.control)?;
        }
        self.report.generation = Some(self.writer.snapshot().generation());
        Ok(self.report)
    }

    fn source(&mut self, source: ImportSource) -> Result<()> {
        let hints = SourceHints::new(self.options.ids.clone(), self.options.columns.clone());
        match source.open(&hints) {
            // No file of ours failed yet.
            Err(error @ Error::Io { .. }) if self.options.keep_going => {
                self.report.broken_files.push(error);
                Ok(())
            }
            Err(error) => Err(error),
            Ok(Opened::Documents(source)) => self.documents_file(*source),
            Ok(Opened::Vectors(source)) => self.vectors_file(*source),
        }
    }

    fn documents_file(&mut self, mut source: Source) -> Result<()> {
        let mut entry = source.entry();
        let Some(path) = source.path().map(Path::to_owned) else {
            // What came out of a pipe before says nothing about what comes now.
            self.writer.read_again(false);
            return self.documents(&mut source, entry);
        };
        let path = path.as_path();
        let known = self.known(&entry, |bytes| digest::of_prefix(path, bytes))?;
        match known {
            Known::Whole => {
                self.report.files_known += 1;
                return Ok(());
            }
            Known::WholeByHead => {
                self.report.files_known += 1;
                return self.add_digest(entry, |bytes| digest::of_prefix(path, bytes));
            }
            Known::Part(records) => {
                source.skip_records(records)?;
                entry = source.entry();
            }
            Known::New | Known::Changed => {}
        }
        self.begin(path, &known)?;
        self.writer.read_again(matches!(known, Known::Part(_)));
        self.documents(&mut source, entry)
    }

    /// Reads a file of documents to its end.
    fn documents(&mut self, source: &mut Source, mut entry: SourceEntry) -> Result<()> {
        let (before, skipped) = (source.duplicates(), self.report.skipped);
        self.read(source, &mut entry)?;
        if let Some(path) = source.path()
            && let Err(error) = check_size(path, &source.entry())
        {
            self.read_again(source.entry())?;
            return Err(error);
        }
        self.report.duplicates += source.duplicates() - before;
        self.report.files += 1;
        if source.file_number().is_some() && self.report.skipped > skipped {
            // A citation that cannot be read is not one that the baseline lacks, and would be deleted for.
            return self.read_again(source.entry());
        }
        self.writer.set_source(SourceEntry { complete: true, ..source.entry() });
        Ok(())
    }

    /// Notes that nothing is known of a file: one that changed while it was read, whose last record may have been cut
    /// short, or one of NLM's with records that could not be read.
    fn read_again(&mut self, entry: SourceEntry) -> Result<()> {
        let name = entry.name.clone();
        self.writer.set_source(entry.unread());
        // What the ledger says of these records is committed, whatever becomes of this import.
        if self.uncommitted == 0 { self.commit(&name, 0) } else { Ok(()) }
    }

    /// Looks a file up in the ledger; with [`ImportOptions::force`] it counts as changed.
    fn known(
        &self,
        entry: &SourceEntry,
        digest_of: impl FnMut(u64) -> Result<Option<[u8; 32]>>,
    ) -> Result<Known> {
        if self.options.force {
            return Ok(Known::Changed);
        }
        // The writer is ours alone, so what it committed last is the newest ledger there is.
        look_up(&self.writer.snapshot().manifest().sources, entry, digest_of)
    }

    /// Adds the digest that an older version did not take.
    fn add_digest(
        &mut self,
        entry: SourceEntry,
        mut digest_of: impl FnMut(u64) -> Result<Option<[u8; 32]>>,
    ) -> Result<()> {
        let sources = &self.writer.snapshot().manifest().sources;
        let is_it = |known: &&SourceEntry| {
            known.digest.is_none()
                && (&known.name, known.bytes, known.head) == (&entry.name, entry.bytes, entry.head)
        };
        let known = sources.iter().find(is_it);
        let hash = digest_of(entry.bytes)?;
        if let (Some(known), Some(digest), Some(hash)) = (known, entry.digest, hash) {
            let digest = SourceDigest { bytes: entry.bytes, hash, ..digest };
            let entry = SourceEntry { digest: Some(digest), ..known.clone() };
            self.writer.set_source(entry);
        }
        Ok(())
    }

    /// Checks a file before its first record is read.
    fn begin(&mut self, path: &Path, known: &Known) -> Result<()> {
        self.report.files_changed += u64::from(*known == Known::Changed && !self.options.force);
        checksum::check(path)
    }

    /// A file of vectors: read, and written, on this thread.
    fn vectors_file(&mut self, mut source: VectorSource) -> Result<()> {
        self.check_dimension(&source)?;
        source.complete_digest()?;
        let entry = source.entry();
        let known = self.known(&entry, |bytes| source.digest_of(bytes))?;
        match known {
            Known::Whole => {
                self.report.files_known += 1;
                return Ok(());
            }
            Known::WholeByHead => {
                self.report.files_known += 1;
                return self.add_digest(entry, |bytes| source.digest_of(bytes));
            }
            Known::Part(records) => source.skip_records(records)?,
            Known::New | Known::Changed => {}
        }
        self.begin(source.path(), &known)?;
        loop {
            self.options.control.check()?;
            let count = self.vectors(&mut source)?;
            let entry = source.entry();
            self.records += count;
            self.uncommitted += count;
            self.report_progress(Stage::Importing, &entry.name, source.bytes_read());
            self.writer.set_source(entry);
            if count == 0 {
                self.report.files += 1;
                return Ok(());
            }
            if self.uncommitted >= self.options.commit_every {
                self.commit(source.name(), source.bytes_read())?;
            }
        }
    }

    /// Some vectors of a file; returns how many records were taken.
    fn vectors(&mut self, source: &mut VectorSource) -> Result<u64> {
        let name = source.name().to_owned();
        let mut count = 0;
        while count < BATCH_VECTORS {
            let Some(record) = source.next() else { break };
            count += 1;
            let written = record.and_then(|VectorRecord { position, key, vector }| {
                self.writer.set_vector(&key, &vector).map_err(|error| match error {
                    Error::Vector { detail, .. } | Error::InvalidDocument { detail, .. } => {
                        input_error(&name, VectorSource::place(position, &key), detail)
                    }
                    other => other,
                })
            });
            match written {
                Ok(applied) => self.count_vector(applied),
                Err(error @ Error::Input { .. })
                    if self.options.keep_going && source.recoverable() =>
                {
                    self.report.skip(error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    fn count(&mut self, applied: Applied) {
        self.report.added += applied.added;
        self.report.replaced += applied.replaced;
        self.report.unchanged += applied.unchanged;
        self.report.encoded += applied.encoded;
        self.report.reused += applied.reused;
        self.report.without_vector += applied.without_vector;
    }

    fn count_vector(&mut self, applied: Applied) {
        self.has_new_vectors |= applied.added + applied.replaced > 0;
        self.report.vectors += applied.added + applied.replaced;
        self.report.added += applied.added;
        self.report.unchanged += applied.unchanged;
    }

    /// Refuses a file whose vectors are of another length than the database's, before it is read.
    fn check_dimension(&self, source: &VectorSource) -> Result<()> {
        let config = self.writer.snapshot().manifest().vectors.as_ref();
        let stored = config.map(|config| config.dimension as usize);
        if stored == Some(source.dimension()) {
            return Ok(());
        }
        let detail = match stored {
            Some(stored) => {
                format!("vectors of {} numbers, this database has {stored}", source.dimension())
            }
            None => "this database was created without vectors".into(),
        };
        Err(input_error(source.name(), "the whole file".into(), detail))
    }

    fn read(&mut self, source: &mut Source, entry: &mut SourceEntry) -> Result<()> {
        if self.has_new_vectors && self.options.encoder.is_some() {
            // What embeds the texts looks in the last generation for vectors that are there.
            self.commit(&entry.name, 0)?;
        }
        let preparer = Preparer {
            options: self.options,
            snapshot: self.database.snapshot(),
            file_number: source.file_number(),
        };
        let name = source.name().to_owned();
        let skipped = source.file_number().map(|_| self.report.skipped);
        stages::run(source, &preparer, |batch| self.batch(batch, &name, entry, skipped))
    }

    /// Writes a batch. `skipped` is how many records had been passed over before a file that is read again if some of it
    /// are.
    fn batch(
        &mut self,
        batch: Prepared,
        name: &str,
        entry: &mut SourceEntry,
        skipped: Option<u64>,
    ) -> Result<()> {
        self.report.encoded += batch.encoded;
        self.report.reused += batch.reused;
        self.report.without_vector += batch.without_vector;
        let count = batch.records.len() as u64;
        for record in batch.records {
            let written = record.and_then(|ready| self.record(ready, name));
            match written {
                Err(error @ Error::Input { .. }) if self.options.keep_going => {
                    self.report.skip(error);
                }
                result => result?,
            }
        }
        if let Some(failure) = batch.failure {
            return Err(failure);
        }
        self.options.control.check()?;
        // A killed import goes on behind what the ledger says is there. A record at the end of the file may be cut short,
        // and what was passed over is read again: both are settled only when the file was read.
        let has_skipped = skipped.is_some_and(|before| self.report.skipped > before);
        if !batch.is_at_end && !has_skipped {
            entry.records = batch.end;
            entry.digest = batch.digest.or(entry.digest);
        }
        self.writer.set_source(entry.clone());
        self.records += count;
        self.uncommitted += count;
        self.report_progress(Stage::Importing, &entry.name, batch.bytes_read);
        if self.uncommitted >= self.options.commit_every {
            self.commit(&entry.name, batch.bytes_read)?;
        }
        Ok(())
    }

    fn record(&mut self, ready: Ready, file: &str) -> Result<()> {
        let Ready { place, revision, action } = ready;
        let Put { draft, vector, is_given, input_hash, .. } = match action {
            Action::Put(put) => *put,
            Action::Pass => {
                self.report.unchanged += 1;
                return Ok(());
            }
            Action::Confirm(draft, row) => {
                if self.writer.confirm(&draft, revision, row)? {
                    self.report.unchanged += 1;
                    return Ok(());
                }
                // An earlier record of this import has changed it.
                let document = draft.document()?;
                let applied =
                    self.writer.apply(vec![Change { document, revision, vector: None }])?;
                self.count(applied);
                return Ok(());
            }
            Action::Vector(key, vector) => {
                let applied = self.writer.set_vector(&key, &vector);
                return match applied {
                    Ok(applied) => {
                        self.count_vector(applied);
                        Ok(())
                    }
                    Err(error @ (Error::InvalidDocument { .. } | Error::Vector { .. })) => {
                        Err(place.error(file, &key, &error))
                    }
                    Err(error) => Err(error),
                };
            }
            Action::LeaveOut(key) => {
                self.report.left_out += 1;
                if let Some(revision) = revision {
                    self.writer.leave_out(&key, revision)?;
                }
                return Ok(());
            }
            Action::Delete(key) => {
                self.report.deletes += 1;
                match revision {
                    Some(revision) => self.writer.delete_revision(&key, revision)?,
                    None => self.writer.delete(&key)?,
                };
                return Ok(());
            }
        };
        let vector = vector.as_deref().map(|numbers| NewVector { numbers, is_given });
        match self.writer.apply_draft(&draft, revision, vector, input_hash) {
            Ok(applied) => {
                self.count(applied);
                Ok(())
            }
            Err(error @ (Error::InvalidDocument { .. } | Error::Vector { .. })) => {
                Err(place.error(file, draft.key(), &error))
            }
            Err(error) => Err(error),
        }
    }

    fn commit(&mut self, file: &str, bytes_read: u64) -> Result<()> {
        self.report_progress(Stage::Committing, file, bytes_read);
        self.writer.settle(SEGMENTS_MAX, &self.options.control)?;
        self.uncommitted = 0;
        self.has_new_vectors = false;
        Ok(())
    }

    fn report_progress(&mut self, stage: Stage, file: &str, bytes_read: u64) {
        (self.progress)(&Progress {
            stage,
            file,
            records: self.records,
            bytes: self.bytes_before + bytes_read,
            bytes_total: self.bytes_total,
        });
    }
}

/// Fails for a file that is not as long any more as when it was opened: somebody is still writing it.
fn check_size(path: &Path, entry: &SourceEntry) -> Result<()> {
    let metadata = std::fs::metadata(path)
        .map_err(|error| Error::io("inspect", path.display().to_string(), error))?;
    if metadata.len() == entry.bytes {
        return Ok(());
    }
    let detail = format!(
        "the file had {} bytes when it was opened and has {} now: import it again when it is complete",
        entry.bytes,
        metadata.len()
    );
    Err(input_error(&path.display().to_string(), "the whole file".into(), detail))
}

/// Bytes of a source's file, packed as they are; 0 for what has none.
///
/// # Errors
/// [`Error::Io`] when the file is not there.
fn bytes_of(source: &ImportSource) -> Result<u64> {
    let Some(path) = source.path() else { return Ok(0) };
    let metadata = std::fs::metadata(path)
        .map_err(|error| Error::io("open", path.display().to_string(), error))?;
    Ok(metadata.len())
}
