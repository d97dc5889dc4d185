//! An open database with its encoder.

use std::fmt;
use std::path::Path;
#[cfg(feature = "bert")]
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::choice::EncoderChoice;
use super::encoders::for_queries;
use super::error::SessionResult;
use crate::db::{Database, OpenOptions, Snapshot};
use crate::document::Document;
#[cfg(feature = "bert")]
use crate::encode::folder::CrossEncoder;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::ids::Key;
use crate::storage::Access;

/// How a session is opened.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SessionOptions {
    /// The encoder; the one that the database names where it is empty. For a database of two towers, the
    /// one for queries.
    pub encoder: EncoderChoice,
    /// The folder of a cross-encoder that sorts hits again; see
    /// [`Request::rerank`](super::Request::rerank).
    #[cfg(feature = "bert")]
    pub reranker: Option<PathBuf>,
    /// Mapped or read into memory.
    pub access: Access,
}

impl SessionOptions {
    /// Uses this encoder in place of the one that the database names.
    #[must_use]
    pub fn encoder(self, encoder: EncoderChoice) -> SessionOptions {
        SessionOptions { encoder, ..self }
    }

    /// Sorts hits again by the cross-encoder in this folder, or of this name in the cache of Hugging Face, where a request
    /// asks for it.
    #[cfg(feature = "bert")]
    #[must_use]
    pub fn reranker(self, folder: impl Into<PathBuf>) -> SessionOptions {
        SessionOptions { reranker: Some(folder.into()), ..self }
    }
}

/// An open database with the encoder that made its vectors: what every face of medvec, as the command
/// line, asks.
///
/// Models are opened when a request needs them first, and kept. A session can be shared between threads;
/// every request sees the newest state that [`Session::refresh`] or a writer of this process has seen.
pub struct Session {
    pub(super) database: Database,
    pub(super) options: SessionOptions,
    encoder: Kept<dyn Encoder>,
    #[cfg(feature = "bert")]
    reranker: Kept<CrossEncoder>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Session { database, options, .. } = self;
        let mut shown = f.debug_struct("Session");
        shown.field("database", database).field("options", options).finish_non_exhaustive()
    }
}

/// Something that is opened at its first use.
struct Kept<T: ?Sized>(Mutex<Option<Arc<T>>>);

impl<T: ?Sized> Kept<T> {
    fn new() -> Kept<T> {
        Kept(Mutex::new(None))
    }

    fn get(&self, open: impl FnOnce() -> SessionResult<Arc<T>>) -> SessionResult<Arc<T>> {
        // Whoever comes meanwhile waits instead of opening a second one.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*kept {
            return Ok(known.clone());
        }
        let opened = open()?;
        *kept = Some(opened.clone());
        Ok(opened)
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Session {
    /// Opens the database in a directory.
    ///
    /// # Errors
    /// As [`Database::open`]. What is wrong with the encoder is said when a request needs it.
    pub fn open(path: impl AsRef<Path>, options: SessionOptions) -> SessionResult<Session> {
        let open = OpenOptions { access: options.access };
        Ok(Session::of(Database::open_with(path, open)?, options))
    }

    /// Opens several databases that are read as one; see [`Database::open_many`].
    ///
    /// # Errors
    /// As [`Database::open_many`].
    pub fn open_many(
        paths: &[impl AsRef<Path>],
        options: SessionOptions,
    ) -> SessionResult<Session> {
        let open = OpenOptions { access: options.access };
        Ok(Session::of(Database::open_many_with(paths, open)?, options))
    }

    /// A session with a database that is open already.
    pub fn of(database: Database, options: SessionOptions) -> Session {
        Session {
            database,
            options,
            encoder: Kept::new(),
            #[cfg(feature = "bert")]
            reranker: Kept::new(),
        }
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The state that requests see.
    pub fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    /// Takes the newest state, if another process has committed one; `true` when there was one.
    ///
    /// # Errors
    /// As [`Database::refresh`].
    pub fn refresh(&self) -> Result<bool> {
        self.database.refresh()
    }

    /// A document by key.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    pub fn get(&self, key: &Key) -> Result<Option<Document>> {
        self.snapshot().get(key)
    }

    /// The encoder for queries. Cost: opens it at the first call.
    ///
    /// # Errors
    /// [`SessionError`](super::SessionError) when there is none, or it cannot be opened.
    pub fn encoder(&self) -> SessionResult<Arc<dyn Encoder>> {
        self.encoder.get(|| for_queries(&self.snapshot(), &self.options.encoder))
    }

    /// Opens the encoder anew at its next use.
    pub(super) fn forget_encoder(&self) {
        self.encoder.forget();
    }

    /// The cross-encoder.
    #[cfg(feature = "bert")]
    pub(super) fn reranker(&self) -> SessionResult<Arc<CrossEncoder>> {
        use crate::encode::folder::FolderOptions;

        self.reranker.get(|| {
            let folder = self.reranker_folder()?;
            let device = self.options.encoder.model.device;
            let options = FolderOptions::new().device(device);
            Ok(Arc::new(CrossEncoder::open_with(&folder, &options)?))
        })
    }

    /// Where the cross-encoder is: the folder that was given, or that of a model of this name in the cache of Hugging Face.
    ///
    /// # Errors
    /// [`SessionError::NoReranker`](super::SessionError::NoReranker). What is not there is said when it is opened.
    #[cfg(feature = "bert")]
    pub(super) fn reranker_folder(&self) -> SessionResult<PathBuf> {
        let given =
            self.options.reranker.as_deref().ok_or(super::error::SessionError::NoReranker)?;
        let named = given.to_str().filter(|_| !given.exists());
        let found = named.and_then(|name| super::locate::absolute(name).ok());
        Ok(found.unwrap_or_else(|| given.to_path_buf()))
    }
}
