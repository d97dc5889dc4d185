//! Chooses the generation to open, and refuses to fall back silently.

use std::sync::Arc;

use super::snapshot::{Content, Snapshot};
use super::tombstones;
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, Frame};
use crate::format::manifest::{self, CodebookEntry, Manifest};
use crate::format::names::{Name, codebook_name, manifest_name, mesh_name, parse, segment_name};
use crate::format::rules::Rule;
use crate::ids::{Generation, SegmentId};
use crate::mesh::{MeshFile, MeshInUse};
use crate::search::SegmentView;
use crate::segment::{CodebookFile, Segment};
use crate::storage::{Bytes, Storage};

/// How often a reader starts again when commits and their garbage collection pass under it. Each time
/// two of them must fall into the moment that opening takes.
const ATTEMPTS_MAX: usize = 1000;

/// How often a directory must look wrong in the same way: a listing that commits pass under may hold
/// some of their names and miss others.
const LOOKS: usize = 3;

/// The highest generation; `None` when there is no database.
///
/// # Errors
/// [`Rule::FileMissing`] when there are segments but no manifest at all, which a database always has,
/// and when the directory remembers a commit that is later than every manifest.
pub(super) fn newest_generation(storage: &dyn Storage) -> Result<Option<Generation>> {
    let mut looks = 0;
    let mut before = None;
    loop {
        let names = storage.list()?;
        let newest = generations_of(&names).last().copied();
        let remembered = remembered(&names).map(|(generation, _)| generation);
        let problem = match (newest, remembered) {
            (newest, Some(generation)) if newest < Some(generation) => {
                // The listing may have missed it.
                let name = manifest_name(generation);
                if storage.length(&name)?.is_some() {
                    return Ok(Some(generation));
                }
                let detail = "this generation was committed, and its manifest is gone".to_owned();
                (name, detail)
            }
            (None, _) => {
                let segment =
                    names.iter().find(|name| matches!(parse(name), Some(Name::Segment(_))));
                let Some(segment) = segment else { return Ok(None) };
                let detail = format!("there is a {segment} but no manifest");
                (manifest_name(Generation(1)), detail)
            }
            (newest, _) => return Ok(newest),
        };
        looks = if before.as_ref() == Some(&problem) { looks + 1 } else { 1 };
        if looks >= LOOKS {
            return Err(Error::corrupt(problem.0, 0, Rule::FileMissing, problem.1));
        }
        before = Some(problem);
    }
}

/// The latest commit that a directory remembers, and the first segment number after it.
pub(super) fn remembered(names: &[String]) -> Option<(Generation, SegmentId)> {
    let committed = names.iter().filter_map(|name| match parse(name) {
        Some(Name::Committed(generation, next)) => Some((generation, next)),
        _ => None,
    });
    committed.max()
}

/// Every generation that has a manifest, ascending.
pub(super) fn generations(storage: &dyn Storage) -> Result<Vec<Generation>> {
    Ok(generations_of(&storage.list()?))
}

pub(super) fn generations_of(names: &[String]) -> Vec<Generation> {
    let manifests = names.iter().filter_map(|name| match parse(name) {
        Some(Name::Manifest(generation)) => Some(generation),
        _ => None,
    });
    let mut found: Vec<Generation> = manifests.collect();
    found.sort_unstable();
    found
}

/// Loads the newest generation; segments that `known` has open already are taken from it.
pub(super) fn load_newest(
    storage: &Arc<dyn Storage>,
    known: Option<&Snapshot>,
) -> Result<Snapshot> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let Some(generation) = newest_generation(&**storage)? else {
            return Err(Error::NotFound { path: storage.location().into() });
        };
        if let Some(known) = known.filter(|known| known.generation() == generation)
            && is_same(&**storage, known)?
        {
            return Ok(known.clone());
        }
        let loaded = load(storage, generation, known);
        match loaded {
            // Commits and their garbage collection may have passed since the directory was listed.
            Err(Error::Corrupt { rule: Rule::FileMissing, .. })
                if newest_generation(&**storage)? > Some(generation) =>
            {
                if attempt >= ATTEMPTS_MAX {
                    let error = std::io::ErrorKind::ResourceBusy.into();
                    return Err(Error::io("keep up with the writer of", storage.location(), error));
                }
            }
            result => return result,
        }
    }
}

/// Whether the manifest of a generation is still the one that a snapshot was opened from: after a repair was undone
/// another commit may have its number.
fn is_same(storage: &dyn Storage, known: &Snapshot) -> Result<bool> {
    let head = known.manifest_head();
    let stored = storage.read_head(&manifest_name(known.generation()), head.len())?;
    Ok(stored.is_some_and(|stored| stored == head))
}

/// Reads one manifest, and gives its bytes, which stay when the file is removed.
pub(super) fn read_manifest(
    storage: &dyn Storage,
    generation: Generation,
) -> Result<(Manifest, Bytes)> {
    let name = manifest_name(generation);
    let bytes = storage
        .open(&name)?
        .ok_or_else(|| Error::corrupt(&*name, 0, Rule::FileMissing, "the file is gone"))?;
    let manifest = manifest::decode(&name, &bytes)?;
    if manifest.generation != generation {
        return Err(Error::corrupt(
            &*name,
            0,
            Rule::ManifestGeneration,
            format!("the manifest says generation {}", manifest.generation),
        ));
    }
    Ok((manifest, bytes))
}

/// Refuses to write on top of what a newer version wrote and this one can only read.
pub(super) fn check_writable(storage: &dyn Storage, generation: Generation) -> Result<()> {
    let name = manifest_name(generation);
    match storage.open(&name)? {
        Some(bytes) => manifest::check_writable(&name, &bytes),
        None => Err(Error::corrupt(name, 0, Rule::FileMissing, "the manifest is gone")),
    }
}

fn load(
    storage: &Arc<dyn Storage>,
    generation: Generation,
    known: Option<&Snapshot>,
) -> Result<Snapshot> {
    let (manifest, bytes) = read_manifest(&**storage, generation)?;
    let content = open_all(&**storage, manifest, bytes, known)?;
    Ok(Snapshot::new(storage.clone(), content))
}

/// Opens everything that a manifest names; what `known` has open is taken from it.
pub(super) fn open_all(
    storage: &dyn Storage,
    manifest: Manifest,
    manifest_bytes: Bytes,
    known: Option<&Snapshot>,
) -> Result<Content> {
    let features = features_write(&manifest, &manifest_bytes)?;
    let mut codebooks = Vec::with_capacity(manifest.codebooks.len());
    for entry in &manifest.codebooks {
        let open = known.and_then(|known| known.codebook(entry));
        let file = match open {
            Some(file) => file.clone(),
            None => CodebookFile::open(storage, entry, manifest.vectors.as_ref())?,
        };
        check_features(&codebook_name(entry.hash), file.features_write(), features)?;
        codebooks.push((entry.clone(), file));
    }
    check_calibration(&manifest, &codebooks)?;
    let mesh = open_mesh(storage, &manifest, features, known)?;
    let mut views = Vec::with_capacity(manifest.segments.len());
    let mut files = Vec::with_capacity(manifest.segments.len());
    for entry in &manifest.segments {
        let open = known.and_then(|known| known.part_of(entry));
        let segment = match open {
            Some(part) => part.view.segment.clone(),
            None => Segment::open(storage, entry, manifest.vectors.as_ref())?,
        };
        let (deleted, file) = match open.filter(|part| part.entry.tombstones == entry.tombstones) {
            Some(part) => (part.view.deleted.clone(), part.tombstones.cloned()),
            None => {
                let file = tombstones::open(storage, entry)?;
                let deleted =
                    file.as_ref().map(|file| tombstones::read(file, entry)).transpose()?;
                (Arc::new(deleted.unwrap_or_default()), file)
            }
        };
        check_features(&segment_name(entry.id), segment.features_write(), features)?;
        if let Some(file) = &file {
            check_features(file.name(), file.frame().header.features_write, features)?;
        }
        let codebook = codebook_of(&segment, &codebooks);
        if let Some(codebook) = &codebook {
            segment.check_codebook(codebook)?;
        }
        views.push(SegmentView::new(segment, deleted, codebook, mesh.clone()));
        files.push(file);
    }
    Ok(Content { manifest, manifest_bytes, views, tombstones: files, codebooks, mesh })
}

/// Opens the vocabulary that a manifest names; without one, that of the library is in use.
fn open_mesh(
    storage: &dyn Storage,
    manifest: &Manifest,
    features: u32,
    known: Option<&Snapshot>,
) -> Result<MeshInUse> {
    let Some(entry) = &manifest.mesh else { return Ok(MeshInUse::default()) };
    let file = match known.and_then(|known| known.mesh_file(entry)) {
        Some(open) => open.clone(),
        None => MeshFile::open(storage, entry)?,
    };
    check_features(&mesh_name(entry.hash), file.features_write(), features)?;
    Ok(MeshInUse::from(Some(file)))
}

/// The features of a manifest that a writer must know.
pub(super) fn features_write(manifest: &Manifest, bytes: &[u8]) -> Result<u32> {
    let name = manifest_name(manifest.generation);
    Ok(Frame::parse(&name, FileKind::Manifest, bytes)?.header.features_write)
}

/// A calibration counts no more lists than its codebook has.
pub(super) fn check_calibration(
    manifest: &Manifest,
    codebooks: &[(CodebookEntry, CodebookFile)],
) -> Result<()> {
    for (hash, calibration) in manifest.calibrations() {
        let its = codebooks.iter().find(|(entry, _)| entry.hash == hash);
        if its.is_some_and(|(_, codebook)| calibration.lists > codebook.meta().lists) {
            let lists = calibration.lists;
            let detail = format!("a calibration of {lists} lists, the codebook has fewer");
            let name = manifest_name(manifest.generation);
            return Err(Error::corrupt(name, 0, Rule::CalibrationLists, detail));
        }
    }
    Ok(())
}

/// A writer looks at the manifest's features only, so they must include those of every file.
pub(super) fn check_features(file: &str, found: u32, of_manifest: u32) -> Result<()> {
    if found & !of_manifest == 0 {
        return Ok(());
    }
    let detail = format!("write features {found:#x}, the manifest has {of_manifest:#x}");
    Err(Error::corrupt(file, 36, Rule::WriteFeatures, detail))
}

/// The codebook that a segment is indexed with. One that the manifest does not name was lost: the
/// segment is then searched exactly.
pub(super) fn codebook_of(
    segment: &Segment,
    codebooks: &[(CodebookEntry, CodebookFile)],
) -> Option<CodebookFile> {
    let hash = segment.index()?.codebook;
    codebooks.iter().find(|(entry, _)| entry.hash == hash).map(|(_, file)| file.clone())
}
