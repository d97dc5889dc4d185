//! The writer lock: an advisory lock on the file `LOCK`, released by the system when its holder
//! dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::WriterLock;
use super::disk::modify_error;
use crate::error::{Error, Result};
use crate::format::names::LOCK;

/// Holds the lock as long as it lives.
struct FileLock {
    file: File,
}

impl WriterLock for FileLock {}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing is not enough: a child process between its fork and its exec still has the handle,
        // and with it the lock. What fails here the close mends.
        let _ = self.file.unlock();
    }
}

/// Takes the lock of a directory, or fails at once.
///
/// # Errors
/// [`Error::Locked`] when another handle holds it, in this process or another;
/// [`Error::ReadOnly`] when the directory cannot be written.
pub(super) fn acquire(directory: &Path) -> Result<Box<dyn WriterLock>> {
    check_writable(directory)?;
    let path = directory.join(LOCK);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|source| modify_error("lock", directory, &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Box::new(FileLock { file })),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: path.display().to_string() }),
        Err(TryLockError::Error(source)) => {
            Err(Error::io("lock", path.display().to_string(), source))
        }
    }
}

/// An existing lock file may be writable in a directory that is not.
#[cfg(unix)]
fn check_writable(directory: &Path) -> Result<()> {
    use rustix::fs::{Access, access};
    access(directory, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| modify_error("write to", directory, directory, error.into()))
}

/// Elsewhere only an attempt can tell: creating the lock file, or the first file of a commit.
#[cfg(not(unix))]
fn check_writable(_directory: &Path) -> Result<()> {
    Ok(())
}
