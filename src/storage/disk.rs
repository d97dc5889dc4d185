//! The real file system.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bytes::Aligned;
use super::directory::Directory;
use super::errors::{io_error, modify_error};
use super::rename::rename_no_replace;
use super::{Bytes, Storage, StorageFile, WriterLock, lock, map};
use crate::error::{Error, Result};
use crate::format::names::{BUILD_LOCK, LOCK};

/// How published files are brought into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Memory-mapped: instant open, shared page cache. The directory must be trusted and local.
    #[default]
    Map,
    /// Read into the heap: for network drives and directories that others may write to.
    Read,
}

/// A directory on disk. Opening one changes nothing in it.
///
/// On Unix it is the directory that was opened, whatever happens to its path: when it is renamed and
/// another put in its place, this goes on with the one it knows.
#[derive(Clone, Debug)]
pub struct DiskStorage {
    directory: Arc<Directory>,
    access: Access,
    /// Names that could not be removed: on Windows those of files that readers map, which every commit tries again.
    held: Arc<Mutex<HashSet<String>>>,
}

/// Bytes that [`Storage::read_through`] reads at a time.
const CHUNK_BYTES: usize = 1 << 20;

impl DiskStorage {
    /// Opens an existing directory, which may be read-only.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such directory.
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<DiskStorage> {
        let path = path.as_ref();
        match Directory::open(path) {
            Ok(directory) => {
                Ok(DiskStorage { directory: Arc::new(directory), access, held: Arc::default() })
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Err(Error::NotFound { path: path.to_path_buf() })
            }
            Err(error) => Err(io_error("open", path, error)),
        }
    }

    /// Opens a directory for [`Access::Map`] and creates it, durably, when it is missing; its
    /// parent must exist.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] when the parent cannot be written; [`Error::Io`] otherwise.
    pub fn create(path: impl AsRef<Path>) -> Result<DiskStorage> {
        let directory = path.as_ref();
        match fs::create_dir(directory) {
            Ok(()) => sync_parent(directory)?,
            // Who made it may have ended before its name was durable.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if is_empty(directory) {
                    sync_parent(directory)?;
                }
            }
            Err(error) => return Err(modify_error("create", directory, directory, error)),
        }
        match DiskStorage::open(directory, Access::Map) {
            // A file, or a link that leads nowhere.
            Err(Error::NotFound { .. }) => {
                Err(io_error("create", directory, io::ErrorKind::AlreadyExists.into()))
            }
            opened => opened,
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What the system said of a file; `None` when there is no such file.
    fn found<T>(
        &self,
        operation: &'static str,
        name: &str,
        result: io::Result<T>,
    ) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(operation, &self.directory.join(name), error)),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn modify_error(&self, operation: &'static str, path: &Path, source: io::Error) -> Error {
        modify_error(operation, self.path(), path, source)
    }
}

impl Storage for DiskStorage {
    fn location(&self) -> String {
        self.path().display().to_string()
    }

    fn is_at(&self, path: &Path) -> bool {
        self.directory.is_at(path).unwrap_or(false)
    }

    fn list(&self) -> Result<Vec<String>> {
        self.directory.list().map_err(|error| io_error("list", self.path(), error))
    }

    fn length(&self, name: &str) -> Result<Option<u64>> {
        self.found("inspect", name, self.directory.length(name))
    }

    fn open(&self, name: &str) -> Result<Option<Bytes>> {
        let content = || {
            let file = self.directory.open_file(name)?;
            match self.access {
                Access::Map => map::map(&file),
                Access::Read => read(file),
            }
        };
        self.found("open", name, retry(is_transient, content))
    }

    fn read_head(&self, name: &str, bytes: usize) -> Result<Option<Vec<u8>>> {
        let content = || {
            let mut head = Vec::with_capacity(bytes);
            self.directory.open_file(name)?.take(bytes as u64).read_to_end(&mut head)?;
            Ok(head)
        };
        self.found("read", name, retry(is_transient, content))
    }

    fn read_through(&self, name: &str) -> Result<()> {
        let content = || {
            let mut file = self.directory.open_file(name)?;
            let mut chunk = Vec::new();
            chunk.try_reserve_exact(CHUNK_BYTES).map_err(|_| io::ErrorKind::OutOfMemory)?;
            chunk.resize(CHUNK_BYTES, 0);
            loop {
                match file.read(&mut chunk) {
                    Ok(0) => return Ok(()),
                    Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                    _ => {}
                }
            }
        };
        self.found("read", name, retry(is_transient, content)).map(|_| ())
    }

    fn create(&self, name: &str) -> Result<Box<dyn StorageFile>> {
        let path = self.directory.join(name);
        let file = retry(is_transient, || self.directory.create_file(name))
            .map_err(|error| self.modify_error("create", &path, error))?;
        Ok(Box::new(DiskFile { file, path }))
    }

    fn publish(&self, from: &str, to: &str) -> Result<()> {
        retry(is_transient, || rename_no_replace(&self.directory, from.as_ref(), to.as_ref()))
            .map_err(|error| self.modify_error("publish", &self.directory.join(to), error))
    }

    fn remove(&self, name: &str) -> Result<()> {
        // Who held it a commit ago is no virus scanner.
        let was_held = self.held().contains(name);
        let may_pass = |error: &io::Error| is_transient(error) && !was_held;
        match retry(may_pass, || self.directory.remove(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                if is_transient(&error) {
                    self.held().insert(name.to_owned());
                }
                Err(self.modify_error("remove", &self.directory.join(name), error))
            }
            _ => {
                self.held().remove(name);
                Ok(())
            }
        }
    }

    fn sync_directory(&self) -> Result<()> {
        self.directory.sync().map_err(|error| io_error("sync", self.path(), error))
    }

    fn lock(&self) -> Result<Box<dyn WriterLock>> {
        lock::acquire(&self.directory, LOCK)
    }

    fn lock_builds(&self) -> Result<Box<dyn WriterLock>> {
        lock::acquire(&self.directory, BUILD_LOCK)
    }
}

struct DiskFile {
    file: File,
    path: PathBuf,
}

impl StorageFile for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| io_error("write", &self.path, error))
    }

    fn sync(&mut self) -> Result<()> {
        // Never retried: after a failed sync the system may have dropped the pages and report
        // success the second time.
        self.file.sync_all().map_err(|error| io_error("sync", &self.path, error))
    }
}

/// The whole content of a file, at an aligned address.
fn read(mut file: File) -> io::Result<Bytes> {
    let length = usize::try_from(file.metadata()?.len())
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut buffer = Aligned::try_zeroed(length)?;
    file.read_exact(buffer.as_mut())?;
    Ok(Bytes::new(buffer))
}

/// Makes the name of a directory durable.
fn sync_parent(directory: &Path) -> Result<()> {
    match directory.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_directory(Path::new(".")),
        Some(parent) => sync_directory(parent),
        None => Ok(()),
    }
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_error("sync", directory, error))
}

/// Windows has no such call: NTFS journals directory changes in order.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> Result<()> {
    Ok(())
}

/// Whether the error passes by itself. On Windows virus scanners and indexers hold new files for
/// moments: ERROR_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION, _USER_MAPPED_FILE.
fn is_transient(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32 | 33 | 1224))
}

/// Attempts of one operation; with the pauses between them at most a quarter of a second.
const ATTEMPTS_MAX: u32 = 8;

fn retry<T>(
    is_transient: impl Fn(&io::Error) -> bool,
    mut operation: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    for attempt in 1..ATTEMPTS_MAX {
        match operation() {
            Err(error) if is_transient(&error) => {
                std::thread::sleep(Duration::from_millis(1 << attempt));
            }
            result => return result,
        }
    }
    operation()
}

#[cfg(test)]
mod tests;
