//! The commit protocol of `format-spec/12-commit.md`, numbered as there.

use crate::error::{Error, Result};
use crate::format::frame::{FileKind, FileSeal};
use crate::format::manifest::{self, Manifest};
use crate::format::names::{TEMPORARY_MANIFEST, manifest_name};
use crate::storage::{Storage, VerifiedFile, random_id};

/// Writes one whole file: step 1 (create, write) and step 2 (sync).
pub(super) fn write_file(storage: &dyn Storage, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = storage.create(name)?;
    file.write(bytes)?;
    file.sync()
}

/// Step 3: reads a written file back and checks every block, before anything names it.
pub(super) fn check_file(
    storage: &dyn Storage,
    name: &str,
    kind: FileKind,
    seal: &FileSeal,
) -> Result<()> {
    VerifiedFile::open(storage, name, kind, Some(seal))?.verify()
}

/// Steps 4 to 7: makes the names of new files durable, then publishes the manifest that names them.
///
/// # Errors
/// [`Error::Conflict`] when the generation exists, [`Error::CommitUnknown`] when the manifest is
/// visible but its name could not be synced; any other error means that nothing changed.
pub(super) fn publish(storage: &dyn Storage, manifest: &Manifest) -> Result<()> {
    let generation = manifest.generation;
    let name = manifest_name(generation);
    // 4: files the manifest is going to name must not vanish after it is visible.
    storage.sync_directory()?;
    // 5: the manifest under a temporary name.
    storage.remove(TEMPORARY_MANIFEST)?;
    let (bytes, seal) = manifest::encode(manifest, random_id()?)?;
    write_file(storage, TEMPORARY_MANIFEST, &bytes)?;
    check_file(storage, TEMPORARY_MANIFEST, FileKind::Manifest, &seal)?;
    // 6: visibility.
    storage.publish(TEMPORARY_MANIFEST, &name).map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Error::Conflict { generation }
        }
        error => error,
    })?;
    // 7: durability.
    storage
        .sync_directory()
        .map_err(|source| Error::CommitUnknown { generation, source: Box::new(source) })
}
