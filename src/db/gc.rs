//! Deletes what no kept generation names.

use std::collections::HashSet;

use super::recover::{generations, read_manifest};
use crate::error::Result;
use crate::format::manifest::Manifest;
use crate::format::names::{
    Name, codebook_name, manifest_name, parse, segment_name, tombstones_name,
};
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

/// Deletes segments, tombstones, codebooks and temporary files that none of these manifests names. Files with
/// other names are not ours and stay. Must run under the writer lock.
pub(super) fn remove_orphans(storage: &dyn Storage, manifests: &[Manifest]) -> Result<()> {
    let named: HashSet<String> = manifests.iter().flat_map(names_of).collect();
    for name in storage.list()? {
        let orphan = match parse(&name) {
            Some(Name::Segment(_) | Name::Tombstones(..) | Name::Codebook(_)) => {
                !named.contains(&name)
            }
            Some(Name::TemporaryManifest) => true,
            _ => false,
        };
        if orphan {
            storage.remove(&name)?;
        }
    }
    Ok(())
}

/// The files of a manifest, without the manifest itself.
pub(super) fn names_of(manifest: &Manifest) -> Vec<String> {
    let mut names = Vec::new();
    for entry in &manifest.segments {
        names.push(segment_name(entry.id));
        if let Some(tombstones) = &entry.tombstones {
            names.push(tombstones_name(entry.id, tombstones.generation));
        }
    }
    names.extend(manifest.codebooks.iter().map(|entry| codebook_name(entry.hash)));
    names
}

/// The manifests that garbage collection keeps, the newest last; all of them must be readable.
pub(super) fn kept_manifests(storage: &dyn Storage) -> Result<Vec<Manifest>> {
    let all: Vec<Generation> = generations(storage)?;
    let start = all.len().saturating_sub(GENERATIONS_KEPT);
    all.iter().skip(start).map(|generation| read_manifest(storage, *generation)).collect()
}
