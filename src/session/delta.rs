//! What brings a copy of a database to a later generation, in one file: the archive of [`super::archive`] with the
//! manifest of the copy's generation before all else, and of the files only those that the copy lacks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{self, BASE, Place};
use super::error::{SessionError, SessionResult};
use crate::control::Control;
use crate::db::{
    Content, Database, Incoming, OpenFile, Snapshot, check_follows, new_files, newest_manifest,
};
use crate::error::{Error, Result};
use crate::format::manifest::{self, Manifest};
use crate::format::names::{TEMPORARY_MANIFEST, manifest_name};
use crate::ids::Generation;
use crate::limits::MANIFEST_BYTES_MAX;
use crate::storage::{Access, DiskStorage, Storage};

/// What a delta builds on: the generation that a copy is at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeltaBase {
    /// Its number. A database knows its two newest generations.
    Generation(Generation),
    /// The copy, or only its newest manifest's file, which is small: for any generation.
    Copy(PathBuf),
}

/// What a delta is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeltaReport {
    /// The generation that a copy must be at.
    pub from: Generation,
    /// The generation that it is at then.
    pub generation: Generation,
    /// Live documents of that.
    pub documents: u64,
    /// Files, the new manifest included.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes what a copy at an earlier generation lacks to a new file, which appears whole or not at all; `None`, and no
/// file, if it lacks nothing. Writers go on meanwhile.
///
/// Cost: each byte that is written is read twice, once for its checksum. Memory: 1 MiB.
///
/// # Errors
/// [`SessionError::GenerationGone`] for a number whose manifest is not kept; [`SessionError::NotABase`] for a copy of
/// another database, a newer one, one that was written to, or one from before a [`Database::repair`], which may hold what
/// that lost; as [`super::pack`].
pub fn diff(
    snapshot: &Snapshot,
    base: &DeltaBase,
    path: &Path,
    control: &Control,
) -> SessionResult<Option<DeltaReport>> {
    let ((base, base_bytes), place) = match base {
        DeltaBase::Generation(generation) => match snapshot.manifest_of(*generation)? {
            Ok((manifest, bytes)) => ((manifest, bytes.to_vec()), snapshot.location().into()),
            Err(kept) => {
                return Err(SessionError::GenerationGone { generation: *generation, kept });
            }
        },
        DeltaBase::Copy(copy) => (manifest_at(copy)?, copy.clone()),
    };
    let manifest = snapshot.manifest();
    let (manifest_bytes, _) = snapshot.manifest_file()?;
    if let Err(detail) = snapshot.check_base(&base)? {
        return Err(SessionError::NotABase { path: place, detail });
    }
    if base.generation == manifest.generation {
        return Ok(None);
    }
    let new = new_files(&base, manifest);
    let all = snapshot.files();
    let is_new = |open: &&OpenFile<'_>| new.iter().any(|(name, _)| name == open.file.name());
    let files: Vec<OpenFile<'_>> = all.iter().filter(is_new).copied().collect();
    let first = [
        (format!("{BASE}{}", manifest_name(base.generation)), &base_bytes[..]),
        (manifest_name(manifest.generation), &manifest_bytes[..]),
    ];
    let bytes = archive::write(path, &first, &files, control)?;
    Ok(Some(DeltaReport {
        from: base.generation,
        generation: manifest.generation,
        documents: snapshot.len(),
        files: files.len() + 1,
        bytes: bytes - base_bytes.len() as u64,
    }))
}

/// The newest manifest of a copy, or the manifest in a file.
fn manifest_at(path: &Path) -> Result<(Manifest, Vec<u8>)> {
    if path.is_dir() {
        let storage = DiskStorage::open(path, Access::Map)?;
        let (manifest, bytes) = newest_manifest(&storage).map_err(|error| error.within(path))?;
        return Ok((manifest, bytes.to_vec()));
    }
    let name = path.display().to_string();
    let length = std::fs::metadata(path).map_err(|error| Error::io("open", &*name, error))?.len();
    if length > MANIFEST_BYTES_MAX {
        let detail = format!("a manifest of {length} bytes, at most {MANIFEST_BYTES_MAX}");
        return Err(Error::input(name, "its length", detail));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", &*name, error))?;
    // Whatever it is called by now.
    let manifest = manifest::decode(TEMPORARY_MANIFEST, &bytes).map_err(|error| match error {
        Error::Corrupt { offset, rule, detail, .. } => Error::corrupt(name, offset, rule, detail),
        other => other,
    })?;
    Ok((manifest, bytes))
}

/// Brings a copy to the generation of a delta that [`diff`] wrote. The copy is at the generation that the delta builds
/// on until all is there and checked; whatever fails before, it stays as it was. Readers of the copy go on.
///
/// Cost: each byte of the delta is read once, written, and read again to be checked. Memory: 1 MiB.
///
/// # Errors
/// [`Error::Destination`] for a copy at another generation, of another database, or that was written to;
/// [`Error::Input`] for what is not a delta, with the entry that is wrong; [`Error::Corrupt`] for damage;
/// [`Error::Locked`]; [`Error::Io`]; those of the control.
pub fn apply(copy: &Path, delta: &Path, control: &Control) -> Result<DeltaReport> {
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::open(copy, Access::Map)?);
    apply_in(&storage, delta, control)
}

/// [`apply`] to a copy in any storage.
///
/// # Errors
/// As [`apply`].
pub fn apply_in(
    storage: &Arc<dyn Storage>,
    delta: &Path,
    control: &Control,
) -> Result<DeltaReport> {
    let (mut place, mut archive) = archive::open(delta)?;
    let mut entries = place.entries(&mut archive)?;
    let empty = |place: &Place| place.wrong("the archive ends before the manifests of a delta");
    let first = place.next(&mut entries)?.ok_or_else(|| empty(&place))?;
    let first_name = place.name_of(&first)?;
    let Some(base_file) = first_name.strip_prefix(BASE) else {
        let detail = format!(
            "`{first_name}` is not the manifest that a delta builds on; a whole database is unpacked"
        );
        return Err(place.wrong(detail));
    };
    let (base, base_bytes) = place.manifest(base_file, first)?;
    let second = place.next(&mut entries)?.ok_or_else(|| empty(&place))?;
    let manifest_file = place.name_of(&second)?;
    let (manifest, bytes) = place.manifest(&manifest_file, second)?;
    if let Err(detail) = check_follows(&base, &manifest) {
        return Err(place.wrong(format!("{manifest_file} does not follow {base_file}: {detail}")));
    }
    if base.generation == manifest.generation {
        return Err(place.wrong("it leads from a generation to the same"));
    }
    let files = new_files(&base, &manifest);
    // What the manifest says is not known to be true yet.
    let lengths = files.iter().map(|(_, seal)| seal.length);
    let mut report = DeltaReport {
        from: base.generation,
        generation: manifest.generation,
        documents: 0,
        files: files.len() + 1,
        bytes: lengths.fold(bytes.len() as u64, u64::saturating_add),
    };
    let incoming = Incoming::start(&**storage, (base, &base_bytes), (manifest, &bytes), control)?;
    let outside = Path::new(&place.archive).to_owned();
    let take = |name: &str, seal: &_, content: Content<'_>, control: &Control| {
        incoming.put((name, seal), content, control).map_err(|error| error.within(&outside))
    };
    place.files(&mut entries, (&manifest_file, files), take, ("applying", control))?;
    place.end(archive, control)?;
    incoming.publish(control)?;
    report.documents = Database::open_in(storage.clone())?.snapshot().len();
    Ok(report)
}
