//! Which files a manifest names.

use crate::format::frame::FileSeal;
use crate::format::manifest::Manifest;
use crate::format::names::{codebook_name, mesh_name, segment_name, tombstones_name};

/// The files of a manifest, without the manifest itself.
pub(super) fn names_of(manifest: &Manifest) -> Vec<String> {
    files_of(manifest).into_iter().map(|(name, _)| name).collect()
}

/// The files of a manifest, without the manifest itself, and what identifies them.
pub(crate) fn files_of(manifest: &Manifest) -> Vec<(String, FileSeal)> {
    let mut files = Vec::new();
    for entry in &manifest.segments {
        files.push((segment_name(entry.id), entry.seal));
        if let Some(tombstones) = &entry.tombstones {
            files.push((tombstones_name(entry.id, tombstones.generation), tombstones.seal));
        }
    }
    let codebooks = manifest.codebooks.iter();
    files.extend(codebooks.map(|entry| (codebook_name(entry.hash), entry.seal)));
    files.extend(manifest.mesh.iter().map(|entry| (mesh_name(entry.hash), entry.seal)));
    files
}
