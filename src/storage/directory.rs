//! A directory by its handle.
//!
//! Whatever is done through a handle happens in the directory that was opened, also when it is renamed
//! meanwhile and another stands at its path. Without that a writer would put its files into a stranger's
//! directory, and remove files from it. Where the system has no such calls, paths take their place.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What tells directories and files apart while they exist.
#[cfg(unix)]
pub(super) type Identity = (u64, u64);
/// What tells directories apart where the system does not number them.
#[cfg(not(unix))]
pub(super) type Identity = PathBuf;

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory {
    /// As the caller wrote it, for messages.
    path: PathBuf,
    /// The same whatever the process's working directory becomes.
    absolute: PathBuf,
    #[cfg(unix)]
    handle: File,
}

impl Directory {
    /// The path that was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file, for messages.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a regular file for reading.
    pub(super) fn open_file(&self, name: &str) -> io::Result<File> {
        let file = self.open_any(name)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(not_a_file()),
        }
    }
}

fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

#[cfg(unix)]
impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Directory> {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = again(|| openat(CWD, path, flags, Mode::empty()))?;
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        Ok(Directory { path: path.to_path_buf(), absolute, handle: handle.into() })
    }

    pub(super) fn list(&self) -> io::Result<Vec<String>> {
        // Opens the directory once more: positions belong to a handle, and this one is shared.
        let entries = rustix::fs::Dir::read_from(&self.handle)?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }

    pub(super) fn length(&self, name: &str) -> io::Result<u64> {
        let found = again(|| rustix::fs::statat(&self.handle, name, rustix::fs::AtFlags::empty()))?;
        Ok(u64::try_from(found.st_size).unwrap_or_default())
    }

    fn open_any(&self, name: &str) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags};
        // A pipe under this name must not block the call; regular files do not heed the flag.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        again(|| rustix::fs::openat(&self.handle, name, flags, Mode::empty())).map(File::from)
    }

    /// Creates a file that must not exist. It is read-only from the start: the mode binds later opens,
    /// not this handle.
    pub(super) fn create_file(&self, name: &str) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o444);
        again(|| rustix::fs::openat(&self.handle, name, flags, mode)).map(File::from)
    }

    /// Opens or creates a file that can be locked.
    pub(super) fn lock_file(&self, name: &str) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        again(|| rustix::fs::openat(&self.handle, name, flags, mode)).map(File::from)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        again(|| rustix::fs::unlinkat(&self.handle, name, rustix::fs::AtFlags::empty()))
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    /// Whether its files may be created and removed.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        use rustix::fs::{Access, AtFlags, accessat};
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        again(|| accessat(&self.handle, ".", wanted, AtFlags::empty()))
    }

    /// The directory itself.
    pub(super) fn identity(&self) -> io::Result<Identity> {
        Ok(identity(&self.handle.metadata()?))
    }

    /// Whether its path still leads to it.
    pub(super) fn is_in_place(&self) -> io::Result<bool> {
        self.is_at(&self.absolute)
    }

    /// Whether a path leads to it.
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(identity(&found) == self.identity()?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a name still leads to this open file.
    pub(super) fn names(&self, name: &str, file: &File) -> io::Result<bool> {
        match self.open_any(name) {
            Ok(found) => Ok(identity(&found.metadata()?) == identity(&file.metadata()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A second handle, which is locked apart from this one.
    pub(super) fn second_handle(&self) -> io::Result<File> {
        self.open_any(".")
    }

    /// Renames in the directory: never replaces where the system can promise that, else `None`.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    pub(super) fn rename_atomic(&self, from: &OsStr, to: &OsStr) -> Option<io::Result<()>> {
        use rustix::fs::{RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(&self.handle, from, &self.handle, to, RenameFlags::NOREPLACE) {
            Err(error)
                if [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP]
                    .contains(&error) =>
            {
                None
            }
            result => Some(result.map_err(io::Error::from)),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    pub(super) fn rename_atomic(&self, _from: &OsStr, _to: &OsStr) -> Option<io::Result<()>> {
        None
    }

    /// Renames in the directory, after the caller's look at the new name.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        again(|| rustix::fs::renameat(&self.handle, from, &self.handle, to))
    }

    /// Whether a name is taken, also by a symbolic link that leads nowhere.
    pub(super) fn is_taken(&self, name: &OsStr) -> io::Result<bool> {
        use rustix::fs::{AtFlags, statat};
        match again(|| statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Repeats a call that a signal interrupted, as the standard library does.
#[cfg(unix)]
fn again<T>(call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    rustix::io::retry_on_intr(call).map_err(io::Error::from)
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "renames only after a look")]
impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Directory> {
        if !std::fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        Ok(Directory { path: path.to_path_buf(), absolute })
    }

    pub(super) fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.absolute)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    pub(super) fn length(&self, name: &str) -> io::Result<u64> {
        Ok(std::fs::metadata(self.absolute.join(name))?.len())
    }

    fn open_any(&self, name: &str) -> io::Result<File> {
        let path = self.absolute.join(name);
        match File::open(&path) {
            // Which Windows says as if a permission were missing.
            Err(_) if path.is_dir() => Err(not_a_file()),
            opened => opened,
        }
    }

    pub(super) fn create_file(&self, name: &str) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.absolute.join(name))
    }

    pub(super) fn lock_file(&self, name: &str) -> io::Result<File> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(self.absolute.join(name))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.absolute.join(name))
    }

    /// Windows has no such call: NTFS journals directory changes in order.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// Only an attempt can tell: creating the lock file, or the first file of a commit.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn identity(&self) -> io::Result<Identity> {
        std::fs::canonicalize(&self.absolute)
    }

    pub(super) fn is_in_place(&self) -> io::Result<bool> {
        Ok(self.absolute.is_dir())
    }

    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(std::fs::canonicalize(path)? == self.identity()?)
    }

    pub(super) fn names(&self, name: &str, _file: &File) -> io::Result<bool> {
        self.is_taken(name.as_ref())
    }

    pub(super) fn rename_atomic(&self, _from: &OsStr, _to: &OsStr) -> Option<io::Result<()>> {
        None
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        std::fs::rename(self.absolute.join(from), self.absolute.join(to))
    }

    pub(super) fn is_taken(&self, name: &OsStr) -> io::Result<bool> {
        match std::fs::symlink_metadata(self.absolute.join(name)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
