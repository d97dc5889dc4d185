//! Which files a manifest names, and of which kind.

#[cfg(feature = "session")]
use crate::format::frame::FileKind;
use crate::format::frame::FileSeal;
use crate::format::manifest::Manifest;
#[cfg(feature = "session")]
use crate::format::names::{Name, parse};
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

/// The kind of a file that a manifest names.
#[cfg(feature = "session")]
pub(super) fn kind_of(name: &str) -> Option<FileKind> {
    match parse(name)? {
        Name::Segment(_) => Some(FileKind::Segment),
        Name::Tombstones(..) => Some(FileKind::Tombstones),
        Name::Codebook(_) => Some(FileKind::Codebook),
        Name::Mesh(_) => Some(FileKind::Mesh),
        _ => None,
    }
}
