//! Deletes what no kept generation names.

use std::collections::HashSet;

use super::files::{files_of, names_of};
use super::recover::{generations, read_manifest};
use super::repair;
use crate::error::Result;
use crate::format::manifest::Manifest;
use crate::format::names::{Name, manifest_name, parse};
use crate::ids::Generation;
use crate::storage::Storage;

/// Generations that are kept: the newest, and the one before for readers that are just opening it.
const GENERATIONS_KEPT: usize = 2;

/// Deletes old generations and their files after a commit. Best effort: what cannot be deleted now
/// (a mapped file on Windows) is tried again after the next commit.
pub(super) fn collect(storage: &dyn Storage) -> Result<()> {
    let all = generations(storage)?;
    let (old, _) = all.split_at(all.len().saturating_sub(GENERATIONS_KEPT));
    let manifests = kept_manifests(storage)?;
    // Old manifests go first, so that no manifest is left that names a deleted file.
    let mut removed = false;
    for generation in old {
        storage.remove(&manifest_name(*generation))?;
        removed = true;
    }
    if removed {
        storage.sync_directory()?;
    }
    remove_orphans(storage, &manifests)
}

/// Deletes segments, tombstones, codebooks, vocabularies and temporary files that none of these manifests names, and
/// what remembers older commits. Files with other names are not ours and stay. Must run under the writer
/// lock.
pub(super) fn remove_orphans(storage: &dyn Storage, manifests: &[Manifest]) -> Result<()> {
    for name in orphans(storage, manifests)? {
        storage.remove(&name)?;
    }
    Ok(())
}

/// The files that [`remove_orphans`] deletes.
///
/// # Errors
/// [`crate::Error::Corrupt`] when the record of a repair cannot be read: then nothing may be deleted.
pub(super) fn orphans(storage: &dyn Storage, manifests: &[Manifest]) -> Result<Vec<String>> {
    let mut named: HashSet<String> = manifests.iter().flat_map(names_of).collect();
    let all = storage.list()?;
    let newest = manifests.iter().map(|manifest| manifest.generation).max();
    // A repair that was interrupted has not put them aside yet.
    named.extend(repair::protected(storage, &all, newest)?);
    let is_orphan = |name: &String| match parse(name) {
        Some(Name::Committed(generation, _)) => Some(generation) < newest && !named.contains(name),
        // Of a repair that published nothing.
        Some(Name::Repair(generation)) => Some(generation) > newest,
        Some(Name::Segment(_) | Name::Tombstones(..) | Name::Codebook(_) | Name::Mesh(_)) => {
            !named.contains(name)
        }
        Some(Name::TemporaryManifest | Name::TemporaryCopy) => true,
        _ => false,
    };
    Ok(all.into_iter().filter(is_orphan).collect())
}

/// Bytes of segments, codebooks and vocabularies that only an older kept generation names: they go with the next
/// commit.
pub(super) fn superseded_bytes(storage: &dyn Storage) -> Result<u64> {
    let kept = kept_manifests(storage)?;
    let Some((newest, older)) = kept.split_last() else { return Ok(0) };
    let named: HashSet<String> = names_of(newest).into_iter().collect();
    let files = older.iter().flat_map(files_of).filter(|(name, _)| {
        !matches!(parse(name), Some(Name::Tombstones(..))) && !named.contains(name)
    });
    Ok(files.map(|(_, seal)| seal.length).sum())
}

/// The manifests that garbage collection keeps, the newest last; all of them must be readable.
pub(super) fn kept_manifests(storage: &dyn Storage) -> Result<Vec<Manifest>> {
    let all: Vec<Generation> = generations(storage)?;
    let start = all.len().saturating_sub(GENERATIONS_KEPT);
    let manifests = all.iter().skip(start).map(|generation| read_manifest(storage, *generation));
    manifests.map(|read| read.map(|(manifest, _)| manifest)).collect()
}
