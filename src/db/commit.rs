//! The commit protocol of `format-spec/12-commit.md`, numbered as there.

use std::collections::HashMap;

use super::files::files_of;
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, FileSeal, Header};
use crate::format::manifest::{self, Manifest};
use crate::format::names::{TEMPORARY_MANIFEST, committed_name, manifest_name};
use crate::storage::{Bytes, Storage, VerifiedFile, WriterLock, random_id};

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
) -> Result<VerifiedFile> {
    let file = VerifiedFile::open(storage, name, kind, Some(seal))?;
    file.verify()?;
    Ok(file)
}

/// Steps 4 to 8: makes the names of new files durable, publishes the manifest that names them and
/// remembers that. `base` is the generation before; returns the manifest's file.
///
/// # Errors
/// [`Error::Conflict`] when the generation exists; [`Error::Replaced`] when the ground is not as the
/// writer left it; [`Error::CommitUnknown`] when the manifest is visible but its name could not be
/// synced; any error but the last means that nothing changed.
pub(super) fn publish(
    storage: &dyn Storage,
    lock: &dyn WriterLock,
    manifest: &Manifest,
    base: Option<&Manifest>,
) -> Result<Bytes> {
    let (bytes, seal) = manifest::encode(manifest, random_id()?)?;
    publish_file(storage, lock, manifest, (&bytes, &seal), base)
}

/// [`publish`] with the manifest's file as it is, which holds nothing but `manifest`.
///
/// # Errors
/// As [`publish`].
pub(super) fn publish_file(
    storage: &dyn Storage,
    lock: &dyn WriterLock,
    manifest: &Manifest,
    (bytes, seal): (&[u8], &FileSeal),
    base: Option<&Manifest>,
) -> Result<Bytes> {
    let generation = manifest.generation;
    let name = manifest_name(generation);
    // Before anything is removed: another writer's unpublished manifest has the same name as ours.
    lock.check()?;
    // 4: files the manifest is going to name must not vanish after it is visible.
    storage.sync_directory()?;
    // 5: the manifest under a temporary name.
    storage.remove(TEMPORARY_MANIFEST)?;
    write_file(storage, TEMPORARY_MANIFEST, bytes)?;
    let file = check_file(storage, TEMPORARY_MANIFEST, FileKind::Manifest, seal)?;
    // 6: the ground is still the one that was written on.
    check_ground(storage, manifest, base)?;
    lock.check()?;
    // 7: visibility.
    storage.publish(TEMPORARY_MANIFEST, &name).map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Error::Conflict { generation }
        }
        error => error,
    })?;
    // 8: durability.
    storage
        .sync_directory()
        .map_err(|source| Error::CommitUnknown { generation, source: Box::new(source) })?;
    // 9: memory, so that a manifest that gets lost is missed. The commit is done without it.
    remember(storage, manifest);
    Ok(file.bytes().clone())
}

/// Leaves an empty file whose name says that a generation was committed; best effort. Older ones are
/// collected with the garbage.
pub(super) fn remember(storage: &dyn Storage, manifest: &Manifest) {
    let _ = storage.create(&committed_name(manifest.generation, manifest.next_segment));
}

/// Every file that the manifest names is there in its length, and those that `base` does not name are
/// the ones that were written: somebody may have taken them for leftovers.
fn check_ground(storage: &dyn Storage, manifest: &Manifest, base: Option<&Manifest>) -> Result<()> {
    let known: HashMap<String, FileSeal> = base.map(files_of).into_iter().flatten().collect();
    let replaced = |detail: String| Err(Error::Replaced { path: storage.location(), detail });
    for (name, seal) in files_of(manifest) {
        match storage.length(&name)? {
            None => return replaced(format!("{name} is gone")),
            Some(length) if length != seal.length => {
                return replaced(format!("{name} has {length} bytes, not {}", seal.length));
            }
            Some(_) if known.get(&name) == Some(&seal) => {}
            Some(_) if has_id(storage, &name, &seal)? => {}
            Some(_) => return replaced(format!("{name} is another file")),
        }
    }
    Ok(())
}

/// Whether a file's header has the id that a seal says.
pub(super) fn has_id(storage: &dyn Storage, name: &str, seal: &FileSeal) -> Result<bool> {
    let head = storage.read_head(name, Header::SIZE)?;
    let header = head.as_deref().and_then(|head| head.first_chunk()).map(Header::decode);
    Ok(header.is_some_and(|header| header.file_id == seal.file_id))
}
