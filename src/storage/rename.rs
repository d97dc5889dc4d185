//! Giving a file a name that must be free: the visibility point of a commit.

use std::fs;
use std::io;
use std::path::Path;

/// Renames without ever replacing: atomic where the system offers it, else by a look first, which
/// the writer lock makes safe among well-behaved writers.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when `to` exists; what the system says otherwise.
pub(super) fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    match rename_atomic(from, to) {
        Some(result) => result,
        None => rename_checked(from, to),
    }
}

/// `renameat2(RENAME_NOREPLACE)` or `renameatx_np(RENAME_EXCL)`; `None` when the file system or the
/// kernel does not know it.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_atomic(from: &Path, to: &Path) -> Option<io::Result<()>> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(error)
            if [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP].contains(&error) =>
        {
            None
        }
        result => Some(result.map_err(io::Error::from)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_atomic(_from: &Path, _to: &Path) -> Option<io::Result<()>> {
    None
}

#[expect(clippy::disallowed_methods, reason = "the one place that renames, after a look")]
fn rename_checked(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_way_replaces() {
        for rename in [rename_no_replace, rename_checked] {
            let directory = tempfile::tempdir().expect("a directory");
            let (from, to) = (directory.path().join("from"), directory.path().join("to"));
            fs::write(&from, "new").expect("writes");
            fs::write(&to, "old").expect("writes");
            let refused = rename(&from, &to).expect_err("the name is taken");
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&to).expect("reads"), b"old");

            fs::remove_file(&to).expect("removes");
            rename(&from, &to).expect("the name is free");
            assert_eq!(fs::read(&to).expect("reads"), b"new");
            let missing = rename(&from, &directory.path().join("other")).expect_err("no source");
            assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        }
    }
}
