//! Free space of a file system.

use std::path::Path;

/// Bytes that this process may still write to the file system of a path, which need not exist: its nearest
/// folder counts. `None` where the system does not say.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let whole = std::path::absolute(path).ok()?;
    whole.ancestors().find(|folder| folder.exists()).and_then(of_folder)
}

#[cfg(unix)]
fn of_folder(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn of_folder(_: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_to_come_has_the_space_of_the_one_above() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(free_bytes(&folder.path().join("a/b")).is_some_and(|bytes| bytes > 0));
    }
}
