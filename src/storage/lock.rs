//! The writer lock: advisory locks on the file `LOCK` and, where the system can, on the directory
//! itself; the system releases both when their holder dies. The lock of maintenance beside the writer is
//! one on the file `LOCK-build`.
//!
//! The second lock of a writer is for a `LOCK` that somebody deletes: a writer that comes then makes a new
//! file and locks that, but not the directory. Maintenance that shares a directory with other maintenance
//! only wastes work.

use std::fs::{File, TryLockError};
use std::sync::{Arc, Mutex, PoisonError};

use super::WriterLock;
use super::directory::{Directory, Identity};
use super::errors::modify_error;
use crate::error::{Error, LockHolder, Result};
use crate::format::names::LOCK;

/// Locks that this process holds, with the process that took them: a forked child inherits the list.
static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

/// Directory, name of the file, process.
type Held = (Identity, &'static str, u32);

/// How often a lock file that was replaced between opening and locking it is opened again.
const ATTEMPTS_MAX: usize = 8;

/// Holds the locks as long as it lives.
struct FileLock {
    directory: Arc<Directory>,
    identity: Identity,
    name: &'static str,
    file: File,
    /// The directory's, or `None` where directories cannot be locked, or need not be.
    second: Option<File>,
    process: u32,
}

impl WriterLock for FileLock {
    fn check(&self) -> Result<()> {
        let path = || self.directory.path().display().to_string();
        let replaced = |detail: &str| Err(Error::Replaced { path: path(), detail: detail.into() });
        let failed = |source| Error::io("inspect", path(), source);
        if !self.is_own() {
            return replaced("the writer belongs to the process that this one was forked from");
        }
        if !self.directory.is_in_place().map_err(failed)? {
            return replaced("the directory was moved, or another one was put in its place");
        }
        if !self.directory.names(self.name, &self.file).map_err(failed)? {
            let name = self.name;
            return replaced(&format!(
                "its file {name} was deleted or replaced, so other writers may be at work"
            ));
        }
        Ok(())
    }

    fn is_own(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A forked child that drops its copy must not free what its parent holds.
        if !self.is_own() {
            return;
        }
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(known, name, _)| (known, *name) != (&self.identity, self.name));
        // Closing is not enough: a child process between its fork and its exec still has the handle,
        // and with it the lock. What fails here the close mends.
        let _ = self.file.unlock();
        if let Some(second) = &self.second {
            let _ = second.unlock();
        }
    }
}

/// Takes a lock of a directory, that of writers or that of maintenance, or fails at once.
///
/// # Errors
/// [`Error::Locked`] when another handle holds it, in this process or another;
/// [`Error::ReadOnly`] when the directory cannot be written.
pub(super) fn acquire(
    directory: &Arc<Directory>,
    name: &'static str,
) -> Result<Box<dyn WriterLock>> {
    let path = directory.path();
    directory.check_writable().map_err(|error| modify_error("write to", path, path, error))?;
    let failed = |source| modify_error("lock", path, &path.join(name), source);
    let identity = directory.identity().map_err(failed)?;
    for _ in 0..ATTEMPTS_MAX {
        let file = directory.lock_file(name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(directory, &identity, name)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let second = match (name == LOCK).then(|| lock_directory(directory)).flatten() {
            Some(Err(())) => return Err(locked(directory, &identity, name)),
            Some(Ok(second)) => Some(second),
            None => None,
        };
        // Somebody may have replaced the file before it was locked: then it guards nothing.
        if directory.names(name, &file).map_err(failed)? {
            let process = std::process::id();
            let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
            held.push((identity.to_owned(), name, process));
            let directory = directory.clone();
            return Ok(Box::new(FileLock { directory, identity, name, file, second, process }));
        }
    }
    Err(locked(directory, &identity, name))
}

fn locked(directory: &Directory, identity: &Identity, name: &'static str) -> Error {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    let own = held.contains(&(identity.to_owned(), name, process));
    let holder = if own { LockHolder::ThisProcess } else { LockHolder::AnotherProcess };
    Error::Locked { path: directory.join(name).display().to_string(), holder }
}

/// Locks the directory itself; `None` where that cannot be done, an error when another has it locked.
#[cfg(unix)]
fn lock_directory(directory: &Directory) -> Option<Result<File, ()>> {
    let second = directory.second_handle().ok()?;
    match second.try_lock() {
        Ok(()) => Some(Ok(second)),
        Err(TryLockError::WouldBlock) => Some(Err(())),
        Err(TryLockError::Error(_)) => None,
    }
}

#[cfg(not(unix))]
fn lock_directory(_directory: &Directory) -> Option<Result<File, ()>> {
    None
}
