//! A generation copied to another directory.
//!
//! The snapshot keeps its files open, so what a later commit removes can still be copied. A file gets its
//! name in the destination only when it is complete, synced and checked; a manifest comes after all that it
//! names. So whatever interrupts a copy, a name there stands for the whole file, and the newest manifest for
//! a whole generation.

use std::collections::HashMap;
use std::io::Read;

use super::commit::{check_file, publish_file};
use super::files::files_of;
use super::gc;
use super::lock::{self, Lock};
use super::recover::{generations_of, newest_generation, read_manifest, remembered};
use super::setters::setters;
use super::snapshot::{OpenFile, Snapshot};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, FileSeal};
use crate::format::manifest::Manifest;
use crate::format::names::{LOCK, Name, TEMPORARY_COPY, parse};
use crate::ids::Generation;
use crate::storage::{Storage, VerifiedFile, WriterLock};

/// Bytes between two checks of the control.
const CHUNK_BYTES: usize = 1 << 20;

/// How a database is copied.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BackupOptions {
    /// Read every byte of the files that are there already, and copy those anew that are damaged. Without it,
    /// their ends are checked: length, id and the checksum that the manifest names.
    pub check: bool,
}

setters!(BackupOptions { check: bool });

/// What a copy did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupReport {
    /// The generation that the destination holds now.
    pub generation: Generation,
    /// Files that were copied, the manifest included.
    pub files_copied: usize,
    /// Their bytes.
    pub bytes_copied: u64,
    /// Files that were there already.
    pub files_kept: usize,
    /// Their bytes.
    pub bytes_kept: u64,
    /// Files that were there, were damaged, and were copied anew.
    pub replaced: Vec<String>,
}

/// Copies a snapshot to a directory; see [`super::Database::backup`]. `repaired` is the last generation that a repair published.
pub(super) fn backup(
    (snapshot, repaired): (&Snapshot, Option<Generation>),
    storage: &dyn Storage,
    options: &BackupOptions,
    control: &Control,
) -> Result<BackupReport> {
    if !storage.list()?.iter().any(|name| name == LOCK) {
        // Before a lock that would leave a file in a directory that is not ours.
        check_destination(snapshot, repaired, storage)?;
    }
    let lock = lock::take(storage, Lock::Writer, None, control)?;
    let base = check_destination(snapshot, repaired, storage)?;
    let copied = Copy { storage, lock: &*lock, options, control }.run(snapshot, base.as_ref());
    if copied.is_err() && lock.check().is_ok() {
        // Complete files stay, so that the next copy goes on; the one at hand does not.
        let _ = storage.remove(TEMPORARY_COPY);
    }
    copied
}

/// The newest manifest of a destination that may get this generation; `None` where it has none yet.
fn check_destination(
    snapshot: &Snapshot,
    repaired: Option<Generation>,
    storage: &dyn Storage,
) -> Result<Option<Manifest>> {
    let path = storage.location();
    let refused = |detail: String| Err(Error::Destination { path: path.clone(), detail });
    let manifest = snapshot.manifest();
    let names = storage.list()?;
    if generations_of(&names).is_empty() && remembered(&names).is_none() {
        // A copy that was interrupted, whose files are complete, or something that must not be touched.
        let own = snapshot.files();
        for name in &names {
            if let Some(
                Name::Lock | Name::BuildLock | Name::TemporaryManifest | Name::TemporaryCopy,
            ) = parse(name)
            {
                continue;
            }
            let is_own = match own.iter().find(|own| own.file.name() == name) {
                Some(own) => is_whole(same_at(storage, own))?,
                None => false,
            };
            if !is_own {
                return refused(format!(
                    "it holds `{name}`, which is not a file of this generation, and no manifest; name \
                     a new or an empty directory"
                ));
            }
        }
        return Ok(None);
    }
    let newest = newest_generation(storage).and_then(|newest| match newest {
        Some(newest) => read_manifest(storage, newest).map(|(manifest, _)| Some(manifest)),
        None => Ok(None),
    });
    let base = match newest {
        Ok(Some(base)) => base,
        Ok(None) => return Ok(None),
        Err(error @ Error::Corrupt { .. }) => {
            return refused(format!("{error}; repair it, or name another directory"));
        }
        Err(error) => return Err(error),
    };
    let checked = check_follows(&base, manifest);
    match checked.and_then(|()| check_repaired(&base, repaired)) {
        Ok(()) => Ok(Some(base)),
        Err(detail) => refused(format!("{detail}; name a new or an empty directory")),
    }
}

/// Whether a generation is a later one of the same database, or the same one, so that files of one name are one.
///
/// # Errors
/// What of `base` says that it is not.
pub(crate) fn check_follows(base: &Manifest, manifest: &Manifest) -> Result<(), String> {
    if base.database_id != manifest.database_id {
        return Err("it holds another database".into());
    }
    if base.generation > manifest.generation {
        return Err(format!(
            "it holds generation {}, which is newer than generation {}",
            base.generation.0, manifest.generation.0
        ));
    }
    let written = "both were written to since one was copied from the other";
    if base.generation == manifest.generation && base != manifest
        || base.next_segment > manifest.next_segment
    {
        return Err(format!("its generation {} is another one: {written}", base.generation.0));
    }
    let named: HashMap<String, FileSeal> = files_of(base).into_iter().collect();
    match files_of(manifest)
        .iter()
        .find(|(name, seal)| named.get(name).is_some_and(|other| other != seal))
    {
        Some((name, _)) => Err(format!("its {name} is another file: {written}")),
        None => Ok(()),
    }
}

/// Whether a copy at `base` holds nothing that was lost since: `repaired` is the last generation that a repair published.
///
/// # Errors
/// What of `base` says that it may.
pub(super) fn check_repaired(base: &Manifest, repaired: Option<Generation>) -> Result<(), String> {
    match repaired {
        Some(repaired) if repaired > base.generation => Err(format!(
            "it is from before the repair that published generation {repaired}, and may hold what was lost"
        )),
        _ => Ok(()),
    }
}

/// Fills a buffer with what comes next of a file; 0 at its end.
pub(crate) type Content<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<usize>;

/// Writes a file under its name, and syncs it.
///
/// # Errors
/// Those of `content` and of the control; [`Error::Io`].
pub(crate) fn write_content(
    storage: &dyn Storage,
    name: &str,
    content: Content<'_>,
    control: &Control,
) -> Result<()> {
    let mut file = storage.create(name)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        control.check()?;
        match content(&mut chunk)? {
            0 => return file.sync(),
            read => file.write(chunk.get(..read).unwrap_or_default())?,
        }
    }
}

/// Gives a directory a file, which gets its name when it is complete, synced and checked; says whether another one
/// stood there, as a damaged one or one that no generation names.
pub(super) fn put_file(
    storage: &dyn Storage,
    lock: &dyn WriterLock,
    (name, kind, seal): (&str, FileKind, &FileSeal),
    content: Content<'_>,
    control: &Control,
) -> Result<bool> {
    write_content(storage, TEMPORARY_COPY, content, control)?;
    check_file(storage, TEMPORARY_COPY, kind, seal)?;
    lock.check()?;
    let is_replaced = storage.length(name)?.is_some();
    if is_replaced {
        // No generation can be read with it, so none is lost.
        storage.remove(name)?;
    }
    storage.publish(TEMPORARY_COPY, name)?;
    Ok(is_replaced)
}

/// The file of this name in a directory, if it is the same by length, id and checksum of its footer.
fn same_at(storage: &dyn Storage, open: &OpenFile<'_>) -> Result<VerifiedFile> {
    VerifiedFile::open(storage, open.file.name(), open.kind, Some(&open.file.frame().seal))
}

/// Whether a check found no damage; what cannot be found out is an error.
pub(super) fn is_whole<T>(checked: Result<T>) -> Result<bool> {
    match checked {
        Ok(_) => Ok(true),
        Err(Error::Corrupt { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A copy under way.
struct Copy<'a> {
    storage: &'a dyn Storage,
    lock: &'a dyn WriterLock,
    options: &'a BackupOptions,
    control: &'a Control,
}

impl Copy<'_> {
    fn run(&self, snapshot: &Snapshot, base: Option<&Manifest>) -> Result<BackupReport> {
        let manifest = snapshot.manifest();
        let (manifest_bytes, manifest_seal) = snapshot.manifest_file()?;
        let mut report = BackupReport {
            generation: manifest.generation,
            files_copied: 0,
            bytes_copied: 0,
            files_kept: 0,
            bytes_kept: 0,
            replaced: Vec::new(),
        };
        self.lock.check()?;
        self.storage.remove(TEMPORARY_COPY)?;
        let files = snapshot.files();
        let total = files.iter().map(OpenFile::len).sum::<u64>() + manifest_seal.length;
        let mut done = 0;
        for file in &files {
            self.control.check()?;
            self.control.report("copying", "bytes", done, total);
            if self.is_there(file)? {
                report.files_kept += 1;
                report.bytes_kept += file.len();
            } else {
                let damaged = self.copy(file, &self.control.part(done, total))?;
                report.files_copied += 1;
                report.bytes_copied += file.len();
                report.replaced.extend(damaged);
            }
            done += file.len();
        }
        if base.is_some_and(|base| base.generation == manifest.generation) {
            report.files_kept += 1;
            report.bytes_kept += manifest_seal.length;
            if report.files_copied > 0 {
                self.storage.sync_directory()?;
            }
            return Ok(report);
        }
        // The last moment at which nothing has changed.
        self.control.check()?;
        publish_file(self.storage, self.lock, manifest, (manifest_bytes, &manifest_seal), base)?;
        report.files_copied += 1;
        report.bytes_copied += manifest_seal.length;
        self.control.report("copying", "bytes", total, total);
        // The copy is done; what cannot be deleted now is deleted after the next one.
        let _ = gc::collect(self.storage);
        Ok(report)
    }

    /// Whether the destination has this file; all of it, if that is to be checked.
    fn is_there(&self, file: &OpenFile<'_>) -> Result<bool> {
        let found = same_at(self.storage, file);
        let checked =
            found.and_then(|found| if self.options.check { found.verify() } else { Ok(()) });
        is_whole(checked)
    }

    /// Copies a file; returns its name if a damaged one stood there.
    fn copy(&self, open: &OpenFile<'_>, control: &Control) -> Result<Option<String>> {
        let OpenFile { kind, file } = *open;
        let (name, seal) = (file.name(), &file.frame().seal);
        // Damage is not copied, and is reported where it is.
        file.verify()?;
        let mut rest: &[u8] = file.bytes();
        let mut content = |chunk: &mut [u8]| {
            let read = rest.read(chunk).unwrap_or_default();
            control.report("copying", "bytes", seal.length - rest.len() as u64, seal.length);
            Ok(read)
        };
        let place = (name, kind, seal);
        let is_damaged = put_file(self.storage, self.lock, place, &mut content, control)?;
        Ok(is_damaged.then(|| name.to_owned()))
    }
}
