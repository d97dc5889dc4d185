//! The handle of a database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::backup::{self, BackupOptions, BackupReport};
use super::lock::{self, Lock};
use super::maintain::Maintainer;
use super::options::{CreateOptions, OpenOptions, WriterOptions};
use super::repair::{self, RepairReport, UndoReport};
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::writer::Writer;
use super::{commit, recover};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest::Manifest;
use crate::ids::{Generation, SegmentId};
use crate::storage::{Access, DiskStorage, Storage, random_id};

/// How long [`Database::open_or_create`] waits for somebody else who is creating the database.
const CREATE_WAIT: Duration = Duration::from_secs(10);

/// A handle to a database. Clones share it.
///
/// ```
/// use medvec::db::{CreateOptions, Database, WriterOptions};
/// use medvec::{Document, Key};
///
/// # fn main() -> medvec::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("library");
/// let database = Database::open_or_create(&path, CreateOptions::default())?;
/// let mut writer = database.writer(WriterOptions::default())?;
/// let mut document = Document::new(Key::parse("31452104"));
/// document.title = "Aspirin and stroke".into();
/// writer.upsert(document)?;
/// writer.commit()?;
/// assert_eq!(database.snapshot().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.snapshot()).finish()
    }
}

impl Database {
    /// Creates an empty database in a directory, which is made if needed.
    ///
    /// # Errors
    /// [`Error::Exists`] when one is there already; [`Error::Io`].
    pub fn create(path: impl AsRef<Path>, options: CreateOptions) -> Result<Database> {
        Database::create_in(Arc::new(DiskStorage::create(path.as_ref())?), options)
    }

    /// Opens a database. Cost: the manifest and the ends of each segment; no document or vector is
    /// read.
    ///
    /// With memory mapping (the default), nobody may modify the published files of the directory
    /// while it is open; medvec itself never does. Where others can write to it, use
    /// [`crate::storage::Access::Read`].
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; [`Error::Corrupt`] when the newest state is damaged
    /// (it is never skipped silently); [`Error::Unsupported`] for a newer format; [`Error::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Database> {
        Database::open_with(path, OpenOptions::default())
    }

    /// [`Database::open`] with options.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Database> {
        Database::open_in(Arc::new(DiskStorage::open(path.as_ref(), options.access)?))
    }

    /// Opens several databases that are read as one: a search, a count or any other answer is that of one database
    /// with all their documents. Scores by words are of all of them, filters go by the MeSH vocabulary of the first,
    /// and a recall that is asked for is kept by the index of each.
    ///
    /// Of documents with one key, one counts: that which merging the databases from the last to the first would
    /// leave. It is the one with the greater [`Revision`](crate::Revision), and where one has none, that of the
    /// database named first. What one database deleted hides nothing in another.
    ///
    /// Each is read as it was when this returned, and later as [`Database::refresh`] finds it. What changes a
    /// database is refused, and so is a copy: open the one that is meant.
    ///
    /// ```
    /// # use medvec::{CreateOptions, Database, Document, Filter, Key, Query, WriterOptions};
    /// # fn main() -> medvec::Result<()> {
    /// # let folder = tempfile::tempdir().expect("a temporary folder");
    /// # let (pubmed, mine) = (folder.path().join("pubmed"), folder.path().join("mine"));
    /// # for (path, key) in [(&pubmed, Key::pmid(1)), (&mine, Key::from("note"))] {
    /// #     let mut writer = Database::create(path, CreateOptions::default())?.writer(WriterOptions::default())?;
    /// #     writer.upsert(Document::new(key))?;
    /// #     writer.commit()?;
    /// # }
    /// let both = Database::open_many(&[pubmed, mine])?;
    /// assert_eq!(both.snapshot().search(&Query::matching(Filter::All))?.matched, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: that of opening each, and one walk through their keys, in which what is not shared is passed over in
    /// leaps: 4 bytes per PMID are read, and each shared document takes about a microsecond (`benches/README.md`).
    /// Memory: bitmaps of the shared documents.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for no path; [`Error::Vector`] for databases whose vectors cannot be compared;
    /// as [`Database::open`].
    pub fn open_many(paths: &[impl AsRef<Path>]) -> Result<Database> {
        Database::open_many_with(paths, OpenOptions::default())
    }

    /// [`Database::open_many`] with options.
    ///
    /// # Errors
    /// As [`Database::open_many`].
    pub fn open_many_with(paths: &[impl AsRef<Path>], options: OpenOptions) -> Result<Database> {
        let open =
            |path: &Path| Database::open_with(path, options).map_err(|error| error.within(path));
        match paths {
            [only] => Database::open_with(only, options),
            paths => {
                let opened = paths.iter().map(|path| open(path.as_ref()));
                Database::join(&opened.collect::<Result<Vec<_>>>()?)
            }
        }
    }

    /// [`Database::open_many`] of databases that are open, in the states that they have seen; one alone stays what
    /// it is.
    ///
    /// # Errors
    /// As [`Database::open_many`].
    pub fn join(databases: &[Database]) -> Result<Database> {
        match databases {
            [only] => Ok(only.clone()),
            databases => {
                let members = databases.iter().map(|database| database.shared.clone()).collect();
                Ok(Database { shared: Arc::new(Shared::join(members)?) })
            }
        }
    }

    /// Opens a database, or creates an empty one where there is none. Any number of threads and processes
    /// may do so at once: one creates it, the others open it.
    ///
    /// # Errors
    /// [`Error::EncoderMismatch`], [`Error::Encoder`] and [`Error::Vector`] when there is one whose vectors
    /// are not those of the options; as [`Database::open`] and [`Database::create`].
    pub fn open_or_create(path: impl AsRef<Path>, options: CreateOptions) -> Result<Database> {
        Database::open_or_create_in(Arc::new(DiskStorage::create(path.as_ref())?), options)
    }

    /// [`Database::create`] in any storage.
    ///
    /// # Errors
    /// As [`Database::create`].
    pub fn create_in(storage: Arc<dyn Storage>, options: CreateOptions) -> Result<Database> {
        options.validate()?;
        Database::create_within(storage, options, None)
    }

    fn create_within(
        storage: Arc<dyn Storage>,
        options: CreateOptions,
        lock_wait: Option<Duration>,
    ) -> Result<Database> {
        let lock = lock::take(&*storage, Lock::Writer, lock_wait, &Control::default())?;
        if recover::newest_generation(&*storage)?.is_some() {
            return Err(Error::Exists { path: storage.location().into() });
        }
        let manifest = Manifest {
            generation: Generation(1),
            database_id: random_id()?,
            next_segment: SegmentId(1),
            vectors: options.vectors,
            segments: Vec::new(),
            sources: Vec::new(),
            codebooks: Vec::new(),
            calibration: None,
            former: Vec::new(),
            lexical: options.lexical,
            index: None,
            mesh: None,
        };
        commit::publish(&*storage, &*lock, &manifest, None)?;
        Database::open_in(storage.clone())
    }

    /// [`Database::open`] in any storage.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_in(storage: Arc<dyn Storage>) -> Result<Database> {
        Ok(Database { shared: Arc::new(Shared::open(storage)?) })
    }

    /// [`Database::open_or_create`] in any storage.
    ///
    /// # Errors
    /// As [`Database::open_or_create`].
    pub fn open_or_create_in(
        storage: Arc<dyn Storage>,
        options: CreateOptions,
    ) -> Result<Database> {
        options.validate()?;
        let opened = match Database::open_in(storage.clone()) {
            Err(Error::NotFound { .. }) => {
                match Database::create_within(storage.clone(), options.clone(), Some(CREATE_WAIT)) {
                    // Somebody else created it meanwhile.
                    Err(Error::Exists { .. }) => Database::open_in(storage),
                    created => return created,
                }
            }
            opened => opened,
        }?;
        options.check_same(opened.snapshot().manifest().vectors.as_ref())?;
        Ok(opened)
    }

    /// Removes this database if it is as it was created; returns whether it was.
    ///
    /// # Errors
    /// [`Error::Locked`] while somebody writes to it; [`Error::Io`].
    #[cfg(feature = "session")]
    pub(crate) fn discard_new(&self) -> Result<bool> {
        super::discard::discard(&**self.shared.storage(), self.snapshot().manifest())
    }

    /// Whether a directory holds a database.
    pub fn exists(path: impl AsRef<Path>) -> bool {
        DiskStorage::open(path.as_ref(), Access::Map)
            .and_then(|storage| recover::newest_generation(&storage))
            .is_ok_and(|generation| generation.is_some())
    }

    /// The newest state this handle has seen.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Looks for a newer state, as another process may have committed. Returns whether there was
    /// one. Snapshots taken before stay as they are.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn refresh(&self) -> Result<bool> {
        self.shared.refresh()
    }

    /// Starts writing. At most one writer exists at a time, over all processes.
    ///
    /// # Errors
    /// [`Error::Locked`] when there is another writer, [`Error::ReadOnly`] when the directory cannot
    /// be written or several databases are read as one, [`Error::EncoderMismatch`] when the encoder is not the database's,
    /// [`Error::Unsupported`] when a newer version wrote what this one can only read.
    pub fn writer(&self, options: WriterOptions) -> Result<Writer> {
        self.snapshot().check_single()?;
        Ok(Writer::start(self.shared.clone(), options)?.maintained())
    }

    /// Starts maintenance beside the writer: it takes the writer lock only to publish what it has built. At most
    /// one maintainer exists at a time, over all processes.
    ///
    /// # Errors
    /// [`Error::Locked`] when there is another maintainer, after [`WriterOptions::lock_wait`];
    /// [`Error::ReadOnly`], [`Error::Encoder`] and [`Error::EncoderMismatch`] as for a writer.
    pub fn maintainer(&self, options: WriterOptions) -> Result<Maintainer> {
        self.snapshot().check_single()?;
        Maintainer::start(self.shared.clone(), options)
    }

    /// Copies the newest committed generation to another directory, which is made if needed. Writers go on
    /// meanwhile: the copy holds one generation in full, and nothing of later ones.
    ///
    /// Files never change and their names are never used again, so a copy that is there only gets what is
    /// new. The manifest comes last. What interrupts the copy leaves the destination at the generation that
    /// it had, and the next call goes on. Files that the destination's two newest generations do not name
    /// are removed at the end, as after any commit.
    ///
    /// ```
    /// # use medvec::{BackupOptions, Control, CreateOptions, Database, Document, Key, WriterOptions};
    /// # fn main() -> medvec::Result<()> {
    /// # let folder = tempfile::tempdir().expect("a temporary folder");
    /// let database = Database::create(folder.path().join("my.medvec"), CreateOptions::default())?;
    /// let mut writer = database.writer(WriterOptions::default())?;
    /// writer.upsert(Document::new(Key::pmid(1)))?;
    /// writer.commit()?;
    /// let copy = folder.path().join("copy.medvec");
    /// let report = database.backup(&copy, &BackupOptions::default(), &Control::default())?;
    /// assert_eq!(report.files_copied, 2); // a segment and the manifest
    /// assert_eq!(Database::open(&copy)?.snapshot().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: each file that is copied is read three times (its checksums, the copy, the check of the copy),
    /// twice of that from the page cache; of others the ends are read. Memory: 1 MiB beside mapped files.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] for several databases that are read as one; [`Error::Destination`] for a directory that holds another database, a newer generation, a copy that was
    /// written to since, one from before a [`Database::repair`], which may hold what that lost, or other files and no database; [`Error::Locked`] when somebody writes there;
    /// [`Error::Corrupt`] for a file of this database that is damaged; [`Error::Io`]; those of the control.
    pub fn backup(
        &self,
        destination: impl AsRef<Path>,
        options: &BackupOptions,
        control: &Control,
    ) -> Result<BackupReport> {
        self.snapshot().check_single()?;
        let path = destination.as_ref();
        let refused = |detail: &str| {
            let path = path.display().to_string();
            Err(Error::Destination { path, detail: detail.to_owned() })
        };
        if path.is_file() {
            return refused("it is a file; name a directory");
        }
        if self.shared.storage().is_at(path) {
            return refused("it is the database itself");
        }
        self.backup_in(&DiskStorage::create(path)?, options, control)
    }

    /// [`Database::backup`] to any storage.
    ///
    /// # Errors
    /// As [`Database::backup`].
    pub fn backup_in(
        &self,
        destination: &dyn Storage,
        options: &BackupOptions,
        control: &Control,
    ) -> Result<BackupReport> {
        self.snapshot().check_single()?;
        self.refresh()?;
        let snapshot = self.snapshot();
        let repaired = repair::last_repair(&**self.shared.storage(), snapshot.generation())?;
        backup::backup((&snapshot, repaired), destination, options, control)
    }

    /// Looks for damage and reports what can be saved; with `apply`, publishes that as a new generation. Files that it does not name are renamed to `damaged-...`, never
    /// deleted; [`Database::undo_repair`] brings them back.
    ///
    /// Only bytes that break a rule of the format, and files that a manifest names and the directory
    /// lacks, are damage. What is published has been checked as [`Snapshot::verify`] checks.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Corrupt`] when no manifest can be read at all; [`Error::Locked`];
    /// [`Error::Io`] and any other error of reading, which say nothing about the bytes. After an error
    /// the database is as it was.
    pub fn repair(path: impl AsRef<Path>, apply: bool) -> Result<RepairReport> {
        let storage = DiskStorage::open(path.as_ref(), Access::Map)?;
        repair::repair(&storage, apply)
    }

    /// [`Database::repair`] in any storage.
    ///
    /// # Errors
    /// As [`Database::repair`].
    pub fn repair_in(storage: &dyn Storage, apply: bool) -> Result<RepairReport> {
        repair::repair(storage, apply)
    }

    /// Brings back the state before the last repair, byte for byte, damage included.
    ///
    /// # Errors
    /// [`Error::Undo`] when no repair is recorded, or when something was committed since;
    /// [`Error::Locked`]; [`Error::Io`]: call again to finish.
    pub fn undo_repair(path: impl AsRef<Path>) -> Result<UndoReport> {
        let storage = DiskStorage::open(path.as_ref(), Access::Map)?;
        repair::undo(&storage)
    }

    /// [`Database::undo_repair`] in any storage.
    ///
    /// # Errors
    /// As [`Database::undo_repair`].
    pub fn undo_repair_in(storage: &dyn Storage) -> Result<UndoReport> {
        repair::undo(storage)
    }
}
