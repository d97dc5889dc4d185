//! The operating system behind one small trait.
//!
//! A database is a directory of files that are written once, from start to end, and never changed
//! again. [`Storage`] is all the engine knows of the system: [`disk`] is the real one, [`memory`]
//! keeps everything in the heap, `sim` logs every operation, makes crash images and injects
//! faults.

use std::path::Path;

use crate::error::Result;

mod bytes;
mod directory;
pub mod disk;
mod errors;
mod lock;
mod map;
pub mod memory;
mod random;
mod rename;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
#[cfg(any(feature = "session", feature = "download"))]
mod space;
mod verified;
mod waits;

pub use bytes::{Bytes, Content};
pub use disk::{Access, DiskStorage};
#[cfg(feature = "bert")]
pub(crate) use map::map_foreign;
pub use memory::MemoryStorage;
pub use random::random_id;
#[cfg(feature = "session")]
pub(crate) use rename::{rename_new, rename_over, sync_folder};
#[cfg(any(feature = "session", feature = "download"))]
pub(crate) use space::free_bytes;
pub use verified::{FilePiece, VerifiedFile};
pub(crate) use waits::page_waits;

/// A directory of write-once files.
///
/// Durability: bytes of a file are durable after [`StorageFile::sync`]; its *name* is durable after
/// a later [`Storage::sync_directory`]. Both are needed.
pub trait Storage: Send + Sync {
    /// Where this is, for messages.
    fn location(&self) -> String;

    /// Whether this is the directory at a path.
    fn is_at(&self, _path: &Path) -> bool {
        false
    }

    /// Names of all files, in no particular order.
    fn list(&self) -> Result<Vec<String>>;

    /// Length of a file in bytes, or `None` when there is no such file.
    fn length(&self, name: &str) -> Result<Option<u64>>;

    /// The whole content of a published file, mapped or read. `None` when there is no such file.
    fn open(&self, name: &str) -> Result<Option<Bytes>>;

    /// The first bytes of a file, at most this many; `None` when there is no such file.
    fn read_head(&self, name: &str, bytes: usize) -> Result<Option<Vec<u8>>> {
        let Some(content) = self.open(name)? else { return Ok(None) };
        Ok(Some(content.get(..bytes).unwrap_or(&content).to_vec()))
    }

    /// Reads a file once from start to end and forgets it. What the device refuses is then an error,
    /// where touching a mapping would end the process. A missing file is not an error.
    fn read_through(&self, _name: &str) -> Result<()> {
        Ok(())
    }

    /// Creates a file that must not exist.
    fn create(&self, name: &str) -> Result<Box<dyn StorageFile>>;

    /// Gives the file `from` the name `to`, which must not exist: the visibility point of a commit.
    ///
    /// # Errors
    /// [`crate::Error::Io`] with [`std::io::ErrorKind::AlreadyExists`] when `to` exists; nothing is
    /// overwritten then.
    fn publish(&self, from: &str, to: &str) -> Result<()>;

    /// Removes a file; it is not an error if it is already gone.
    fn remove(&self, name: &str) -> Result<()>;

    /// Makes creations, publications and removals durable.
    fn sync_directory(&self) -> Result<()>;

    /// Takes the writer lock.
    ///
    /// # Errors
    /// [`crate::Error::Locked`] at once when another writer holds it.
    fn lock(&self) -> Result<Box<dyn WriterLock>>;

    /// Takes the lock of maintenance beside the writer: its holder alone makes and removes files that are
    /// being built.
    ///
    /// # Errors
    /// [`crate::Error::Locked`] at once when other maintenance holds it.
    fn lock_builds(&self) -> Result<Box<dyn WriterLock>>;
}

/// A file being written, from start to end.
pub trait StorageFile: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Makes everything written durable.
    fn sync(&mut self) -> Result<()>;
}

/// The lock of the writer, or of maintenance beside it; released on drop, also when the process dies.
pub trait WriterLock: Send + Sync {
    /// Checks that the lock still guards what it was taken for: its file is the one that other writers
    /// would lock, the directory stands at its path, and this is the process that took it.
    ///
    /// # Errors
    /// [`crate::Error::Replaced`]; [`crate::Error::Io`] when that cannot be found out.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether this process took it; a forked child has a copy that it must not use.
    fn is_own(&self) -> bool {
        true
    }
}
