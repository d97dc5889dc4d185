//! Giving a file a name that must be free: the visibility point of a commit.

use std::ffi::OsStr;
use std::io;
#[cfg(feature = "session")]
use std::path::Path;

use super::directory::Directory;

/// Renames without ever replacing: atomic where the system offers it (`renameat2` with
/// `RENAME_NOREPLACE`, `renameatx_np` with `RENAME_EXCL`), else by a look first, which the writer lock
/// makes safe among well-behaved writers.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when `to` exists; what the system says otherwise.
pub(super) fn rename_no_replace(directory: &Directory, from: &OsStr, to: &OsStr) -> io::Result<()> {
    match directory.rename_atomic(from, to) {
        Some(result) => result,
        None => rename_checked(directory, from, to),
    }
}

/// As [`rename_no_replace`], for a file or folder that a user named; the new name is durable when it returns.
///
/// # Errors
/// The same.
#[cfg(feature = "session")]
pub(crate) fn rename_new(folder: &Path, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let directory = Directory::open(folder)?;
    rename_no_replace(&directory, from, to)?;
    directory.sync()
}

/// Renames a file that a user named over one that may be there; the name is durable when it returns.
///
/// # Errors
/// What the system says.
#[cfg(feature = "session")]
pub(crate) fn rename_over(folder: &Path, from: &OsStr, to: &OsStr) -> io::Result<()> {
    let directory = Directory::open(folder)?;
    directory.rename(from, to)?;
    directory.sync()
}

/// Makes the names in a folder durable.
///
/// # Errors
/// What the system says.
#[cfg(feature = "session")]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    Directory::open(folder)?.sync()
}

fn rename_checked(directory: &Directory, from: &OsStr, to: &OsStr) -> io::Result<()> {
    match directory.is_taken(to)? {
        true => Err(io::ErrorKind::AlreadyExists.into()),
        false => directory.rename(from, to),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn neither_way_replaces() {
        for rename in [rename_no_replace, rename_checked] {
            let folder = tempfile::tempdir().expect("a directory");
            let (from, to) = (folder.path().join("from"), folder.path().join("to"));
            fs::write(&from, "new").expect("writes");
            fs::write(&to, "old").expect("writes");
            let directory = Directory::open(folder.path()).expect("opens");
            let refused =
                rename(&directory, "from".as_ref(), "to".as_ref()).expect_err("the name is taken");
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&to).expect("reads"), b"old");

            fs::remove_file(&to).expect("removes");
            rename(&directory, "from".as_ref(), "to".as_ref()).expect("the name is free");
            assert_eq!(fs::read(&to).expect("reads"), b"new");
            let missing =
                rename(&directory, "from".as_ref(), "other".as_ref()).expect_err("no source");
            assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        }
    }
}
