//! The handle of a database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::options::{CreateOptions, OpenOptions, WriterOptions};
use super::repair::{self, RepairReport, UndoReport};
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::writer::Writer;
use super::{commit, lock, recover};
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
        let lock = lock::take(&*storage, lock_wait, &Control::default())?;
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
            lexical: options.lexical,
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
    /// be written, [`Error::EncoderMismatch`] when the encoder is not the database's,
    /// [`Error::Unsupported`] when a newer version wrote what this one can only read.
    pub fn writer(&self, options: WriterOptions) -> Result<Writer> {
        Writer::start(self.shared.clone(), options)
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
