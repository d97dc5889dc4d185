//! A copy brought to a later generation by the files that it lacks, wherever these come from.
//!
//! It is a commit: files under names that were never used, each synced and checked, and the manifest last. Until that
//! is there, the copy is at the generation that it was at; a failure takes away what it brought.

use std::collections::BTreeMap;

use super::backup::{Content, check_follows, check_repaired, is_whole, put_file};
use super::commit::publish_file;
use super::files::{files_of, kind_of};
use super::lock::{self, Lock};
use super::recover::{generations, newest_generation, open_all, read_manifest};
use super::snapshot::Snapshot;
use super::{gc, repair};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, FileSeal, Frame};
use crate::format::manifest::Manifest;
use crate::format::names::{TEMPORARY_COPY, manifest_name};
use crate::ids::Generation;
use crate::storage::{Bytes, Storage, VerifiedFile, WriterLock};

impl Snapshot {
    /// The manifest of a generation, as long as it is kept; else the generations that are.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] for several databases; [`Error::Corrupt`]; [`Error::Io`].
    pub(crate) fn manifest_of(
        &self,
        generation: Generation,
    ) -> Result<Result<(Manifest, Bytes), Vec<Generation>>> {
        self.check_single()?;
        let state = self.state();
        if generation == self.generation() {
            return Ok(Ok((state.manifest.clone(), state.manifest_bytes.clone())));
        }
        let kept = generations(&*state.storage)?;
        match kept.contains(&generation) {
            true => read_manifest(&*state.storage, generation).map(Ok),
            false => Ok(Err(kept)),
        }
    }

    /// Whether a copy at a generation can be brought to this one, and holds nothing that a repair has lost since.
    ///
    /// # Errors
    /// That of the storage; what of `base` says that it cannot.
    pub(crate) fn check_base(&self, base: &Manifest) -> Result<Result<(), String>> {
        let repaired = repair::last_repair(&*self.state().storage, self.generation())?;
        let follows = check_follows(base, self.manifest());
        Ok(follows.and_then(|()| check_repaired(base, repaired)))
    }
}

/// The newest manifest in a directory.
///
/// # Errors
/// As [`super::Database::open`].
pub(crate) fn newest_manifest(storage: &dyn Storage) -> Result<(Manifest, Bytes)> {
    match newest_generation(storage)? {
        Some(newest) => read_manifest(storage, newest),
        None => Err(Error::NotFound { path: storage.location().into() }),
    }
}

/// The files that a manifest names and another does not, in the order in which they are named.
pub(crate) fn new_files(base: &Manifest, manifest: &Manifest) -> Vec<(String, FileSeal)> {
    let known: BTreeMap<String, FileSeal> = files_of(base).into_iter().collect();
    let files = files_of(manifest).into_iter();
    files.filter(|(name, seal)| known.get(name) != Some(seal)).collect()
}

/// A copy that is being brought to a later generation.
pub(crate) struct Incoming<'a> {
    storage: &'a dyn Storage,
    lock: Box<dyn WriterLock>,
    base: Manifest,
    manifest: Manifest,
    manifest_bytes: &'a [u8],
    is_done: bool,
}

impl<'a> Incoming<'a> {
    /// Takes the copy's lock, and makes sure that the copy is at `base`, byte for byte. `manifest` is a later
    /// generation of the same database.
    ///
    /// # Errors
    /// [`Error::Destination`] for a copy that is not at this generation; [`Error::Locked`]; as
    /// [`super::Database::open`].
    pub(crate) fn start(
        storage: &'a dyn Storage,
        base: (Manifest, &[u8]),
        manifest: (Manifest, &'a [u8]),
        control: &Control,
    ) -> Result<Incoming<'a>> {
        let (base, base_bytes) = base;
        let (manifest, manifest_bytes) = manifest;
        // Before a lock that would leave a file in a directory that is not a database.
        newest_manifest(storage)?;
        let lock = lock::take(storage, Lock::Writer, None, control)?;
        let (found, found_bytes) = newest_manifest(storage)?;
        let (from, to) = (base.generation.0, manifest.generation.0);
        let refused = |detail: String| Err(Error::Destination { path: storage.location(), detail });
        if found.database_id != base.database_id {
            return refused("it holds another database than the delta is of".into());
        }
        if found.generation != base.generation {
            let found = found.generation.0;
            return refused(match found == to {
                true => format!("it holds generation {to} already, to which this delta leads"),
                false => format!(
                    "it holds generation {found}, and this delta leads from generation {from} to {to}; make \
                     one since generation {found}"
                ),
            });
        }
        if found_bytes[..] != *base_bytes {
            return refused(format!(
                "its generation {from} is another one: both were written to since one was copied from the \
                 other; make a new copy"
            ));
        }
        Ok(Incoming { storage, lock, base, manifest, manifest_bytes, is_done: false })
    }

    /// Takes over a file; one that is there already, of an application that was interrupted, stays.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for content that is not what the manifest says, that of `content`, [`Error::Io`], those
    /// of the control.
    pub(crate) fn put(
        &self,
        (name, seal): (&str, &FileSeal),
        content: Content<'_>,
        control: &Control,
    ) -> Result<()> {
        let kind = kind_of(name).unwrap_or(FileKind::Segment);
        let there = VerifiedFile::open(self.storage, name, kind, Some(seal));
        if is_whole(there.and_then(|file| file.verify()))? {
            return Ok(());
        }
        self.lock.check()?;
        self.storage.remove(TEMPORARY_COPY)?;
        let place = (name, kind, seal);
        put_file(self.storage, &*self.lock, place, content, control).map(drop)
    }

    /// Publishes the generation, once all its files are there and open.
    ///
    /// # Errors
    /// [`Error::Corrupt`]; as a commit.
    pub(crate) fn publish(mut self, control: &Control) -> Result<()> {
        let name = manifest_name(self.manifest.generation);
        let seal = Frame::parse(&name, FileKind::Manifest, self.manifest_bytes)?.seal;
        let bytes = Bytes::copy_of(self.manifest_bytes);
        open_all(self.storage, self.manifest.clone(), bytes, None)?;
        // The last moment at which nothing has changed.
        control.check()?;
        let file = (self.manifest_bytes, &seal);
        let published =
            publish_file(self.storage, &*self.lock, &self.manifest, file, Some(&self.base));
        // A manifest that may be visible names what is there.
        self.is_done = matches!(published, Ok(_) | Err(Error::CommitUnknown { .. }));
        published?;
        // The copy is done; what cannot be deleted now is deleted after the next one.
        let _ = gc::collect(self.storage);
        Ok(())
    }
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        if !self.is_done
            && self.lock.check().is_ok()
            && let Ok(kept) = gc::kept_manifests(self.storage)
        {
            // What cannot be removed now the next writer removes.
            let _ = gc::remove_orphans(self.storage, &kept);
        }
    }
}
