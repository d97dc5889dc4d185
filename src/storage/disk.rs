//! The real file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bytes::Aligned;
use super::rename::rename_no_replace;
use super::{Bytes, Storage, StorageFile, WriterLock, lock, map};
use crate::error::{Error, Result};

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
#[derive(Clone, Debug)]
pub struct DiskStorage {
    directory: PathBuf,
    access: Access,
}

impl DiskStorage {
    /// Opens an existing directory, which may be read-only.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such directory.
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<DiskStorage> {
        let directory = path.as_ref().to_path_buf();
        match fs::metadata(&directory) {
            Ok(metadata) if metadata.is_dir() => Ok(DiskStorage { directory, access }),
            Ok(_) => Err(Error::NotFound { path: directory }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::NotFound { path: directory })
            }
            Err(error) => Err(io_error("open", &directory, error)),
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
            Ok(()) => match directory.parent() {
                Some(parent) if parent.as_os_str().is_empty() => sync_directory(Path::new("."))?,
                Some(parent) => sync_directory(parent)?,
                None => {}
            },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(modify_error("create", directory, directory, error)),
        }
        DiskStorage::open(directory, Access::Map)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    fn modify_error(&self, operation: &'static str, path: &Path, source: io::Error) -> Error {
        modify_error(operation, &self.directory, path, source)
    }
}

impl Storage for DiskStorage {
    fn location(&self) -> String {
        self.directory.display().to_string()
    }

    fn list(&self) -> Result<Vec<String>> {
        let failed = |error| io_error("list", &self.directory, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn length(&self, name: &str) -> Result<Option<u64>> {
        let path = self.directory.join(name);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("inspect", &path, error)),
        }
    }

    fn open(&self, name: &str) -> Result<Option<Bytes>> {
        let path = self.directory.join(name);
        let content = || {
            // A pipe or device under this name would block the open itself.
            if !fs::metadata(&path)?.is_file() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
            }
            let file = File::open(&path)?;
            match self.access {
                Access::Map => map::map(&file),
                Access::Read => read(file),
            }
        };
        match retry(is_transient, content) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("open", &path, error)),
        }
    }

    fn create(&self, name: &str) -> Result<Box<dyn StorageFile>> {
        let path = self.directory.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // Read-only from the start: the mode binds later opens, not this handle.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o444);
        let file = retry(is_transient, || options.open(&path))
            .map_err(|error| self.modify_error("create", &path, error))?;
        Ok(Box::new(DiskFile { file, path }))
    }

    fn publish(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.directory.join(from), self.directory.join(to));
        retry(is_transient, || rename_no_replace(&from, &to))
            .map_err(|error| self.modify_error("publish", &to, error))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.directory.join(name);
        match retry(is_transient, || fs::remove_file(&path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.modify_error("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    fn sync_directory(&self) -> Result<()> {
        sync_directory(&self.directory)
    }

    fn lock(&self) -> Result<Box<dyn WriterLock>> {
        lock::acquire(&self.directory)
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

fn io_error(operation: &'static str, path: &Path, source: io::Error) -> Error {
    Error::io(operation, path.display().to_string(), source)
}

/// The error of an operation that changes the directory: refusals become [`Error::ReadOnly`].
pub(super) fn modify_error(
    operation: &'static str,
    directory: &Path,
    path: &Path,
    source: io::Error,
) -> Error {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem) {
        let detail = format!("cannot {operation} {}: {source}", path.display());
        return Error::ReadOnly { path: directory.display().to_string(), detail };
    }
    io_error(operation, path, source)
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
