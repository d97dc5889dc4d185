//! Chooses the generation to open, and refuses to fall back silently.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::format::manifest::{self, CodebookEntry, Manifest, SegmentEntry};
use crate::format::names::{
    Name, codebook_name, manifest_name, parse, segment_name, tombstones_name,
};
use crate::format::rules::Rule;
use crate::format::{frame::FileKind, tombstones};
use crate::ids::Generation;
use crate::search::SegmentView;
use crate::segment::{CodebookFile, Segment};
use crate::storage::{Storage, VerifiedFile};

/// How often a reader looks again when garbage collection passes under it.
const ATTEMPTS_MAX: usize = 8;

/// The highest generation that has a manifest; `None` when there is no database.
///
/// # Errors
/// [`Rule::FileMissing`] when there are segments but no manifest at all: a database always has one.
pub(super) fn newest_generation(storage: &dyn Storage) -> Result<Option<Generation>> {
    let newest = generations(storage)?.last().copied();
    if newest.is_none() {
        let segment =
            storage.list()?.into_iter().find(|name| matches!(parse(name), Some(Name::Segment(_))));
        if let Some(segment) = segment {
            return Err(Error::corrupt(
                manifest_name(Generation(1)),
                0,
                Rule::FileMissing,
                format!("there is a {segment} but no manifest"),
            ));
        }
    }
    Ok(newest)
}

/// Every generation that has a manifest, ascending.
pub(super) fn generations(storage: &dyn Storage) -> Result<Vec<Generation>> {
    let mut found: Vec<Generation> = storage
        .list()?
        .iter()
        .filter_map(|name| match parse(name) {
            Some(Name::Manifest(generation)) => Some(generation),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    Ok(found)
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
        if let Some(known) = known.filter(|known| known.generation() == generation) {
            return Ok(known.clone());
        }
        let loaded = load(storage, generation, known);
        match loaded {
            // A commit and its garbage collection may have passed since the directory was listed.
            Err(Error::Corrupt { rule: Rule::FileMissing, .. })
                if attempt < ATTEMPTS_MAX && newest_generation(&**storage)? != Some(generation) => {
            }
            result => return result,
        }
    }
}

/// Reads one manifest.
pub(super) fn read_manifest(storage: &dyn Storage, generation: Generation) -> Result<Manifest> {
    read_manifest_with_features(storage, generation).map(|(manifest, _)| manifest)
}

/// As [`read_manifest`], with the features that a writer must know.
fn read_manifest_with_features(
    storage: &dyn Storage,
    generation: Generation,
) -> Result<(Manifest, u32)> {
    let name = manifest_name(generation);
    let bytes = storage
        .open(&name)?
        .ok_or_else(|| Error::corrupt(&*name, 0, Rule::FileMissing, "the file is gone"))?;
    let (manifest, features) = manifest::decode_with_features(&name, &bytes)?;
    if manifest.generation != generation {
        return Err(Error::corrupt(
            &*name,
            0,
            Rule::ManifestGeneration,
            format!("the manifest says generation {}", manifest.generation),
        ));
    }
    Ok((manifest, features))
}

/// Refuses to carry on what a newer version wrote and this one can only read.
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
    let (manifest, features) = read_manifest_with_features(&**storage, generation)?;
    let mut codebooks = Vec::with_capacity(manifest.codebooks.len());
    for entry in &manifest.codebooks {
        let open = known.and_then(|known| known.codebook(entry));
        let file = match open {
            Some(file) => file.clone(),
            None => CodebookFile::open(&**storage, entry, manifest.vectors.as_ref())?,
        };
        check_features(&codebook_name(entry.hash), file.features_write(), features)?;
        codebooks.push((entry.clone(), file));
    }
    if let Some(calibration) = &manifest.calibration
        && codebooks.last().is_some_and(|(_, last)| calibration.lists > last.meta().lists)
    {
        let detail =
            format!("a calibration of {} lists, the codebook has fewer", calibration.lists);
        return Err(Error::corrupt(manifest_name(generation), 0, Rule::CalibrationLists, detail));
    }
    let mut views = Vec::with_capacity(manifest.segments.len());
    for entry in &manifest.segments {
        let open = known.and_then(|known| known.view_of(entry));
        let segment = match open {
            Some(view) => view.segment.clone(),
            None => Segment::open(&**storage, entry, manifest.vectors.as_ref())?,
        };
        check_features(&segment_name(entry.id), segment.features_write(), features)?;
        let (deleted, deleted_features) = read_tombstones_with_features(&**storage, entry)?;
        if let Some(stored) = &entry.tombstones {
            let name = tombstones_name(entry.id, stored.generation);
            check_features(&name, deleted_features, features)?;
        }
        let codebook = codebook_of(&segment, &codebooks);
        if let Some(codebook) = &codebook {
            segment.check_codebook(codebook)?;
        }
        views.push(SegmentView::new(segment, Arc::new(deleted), codebook));
    }
    Ok(Snapshot::new(storage.clone(), manifest, views, codebooks))
}

/// A writer looks at the manifest's features only, so they must include those of every file.
fn check_features(file: &str, found: u32, of_manifest: u32) -> Result<()> {
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

/// The deleted rows of a segment.
pub(super) fn read_tombstones(
    storage: &dyn Storage,
    entry: &SegmentEntry,
) -> Result<RoaringBitmap> {
    read_tombstones_with_features(storage, entry).map(|(rows, _)| rows)
}

/// As [`read_tombstones`], with the features of the file that a writer must know.
fn read_tombstones_with_features(
    storage: &dyn Storage,
    entry: &SegmentEntry,
) -> Result<(RoaringBitmap, u32)> {
    let Some(stored) = &entry.tombstones else { return Ok((RoaringBitmap::new(), 0)) };
    let name = tombstones_name(entry.id, stored.generation);
    let file = VerifiedFile::open(storage, &name, FileKind::Tombstones, Some(&stored.seal))?;
    let rows = tombstones::decode(&name, file.bytes(), entry.rows)?;
    if rows.len() != u64::from(stored.rows) {
        return Err(Error::corrupt(
            &*name,
            0,
            Rule::Count,
            format!("{} rows, the manifest says {}", rows.len(), stored.rows),
        ));
    }
    Ok((rows, file.frame().header.features_write))
}
