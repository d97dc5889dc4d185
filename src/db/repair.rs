//! Explicit repair: finds what is damaged, says what is lost, and saves the rest.

use roaring::RoaringBitmap;

use super::commit;
use super::gc::names_of;
use super::preconditions::free_segment;
use super::recover::{generations, read_manifest, read_tombstones};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::{Manifest, SegmentEntry};
use crate::format::names::{codebook_name, manifest_name, segment_name};
use crate::ids::{Generation, Key, Revision, RowId, SegmentId};
use crate::segment::{CodebookFile, Segment, SegmentBuilder};
use crate::storage::{Storage, random_id};

/// What is wrong and what can be saved.
#[derive(Clone, Debug, Default)]
pub struct RepairReport {
    /// The generation that repair starts from: the newest whose manifest can be read.
    pub base: u64,
    /// Newer generations whose manifest cannot be read, and why.
    pub lost_generations: Vec<(u64, String)>,
    /// Damaged segments; the others are kept as they are.
    pub segments: Vec<SegmentRepair>,
    /// Damaged codebooks and what is wrong with them: without one, segments are searched exactly until
    /// they are indexed again.
    pub codebooks: Vec<(String, String)>,
    /// Documents that can be saved, over all segments, deleted ones not counted.
    pub documents_kept: u64,
    /// The generation that was published, when repair was applied and there was something to do.
    pub published: Option<u64>,
}

/// A damaged segment.
#[derive(Clone, Debug)]
pub struct SegmentRepair {
    /// Its number.
    pub id: SegmentId,
    /// What is wrong with it.
    pub problem: String,
    /// Rows it had.
    pub rows: u64,
    /// Live documents that can be saved.
    pub saved: u64,
    /// Saved documents whose vector cannot be read: import them again to embed them.
    pub without_vector: u64,
    /// Live documents that are lost. When the list of deleted rows is damaged, documents that were
    /// deleted may come back; `problem` says so.
    pub lost: u64,
}

impl RepairReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.lost_generations.is_empty() && self.segments.is_empty() && self.codebooks.is_empty()
    }
}

pub(super) fn repair(storage: &dyn Storage, apply: bool) -> Result<RepairReport> {
    let lock = if apply { Some(storage.lock()?) } else { None };
    let mut report = RepairReport::default();
    let all = generations(storage)?;
    let Some(newest) = all.last().copied() else {
        return Err(Error::NotFound { path: storage.location().into() });
    };
    let mut base = newest_readable(storage, &all, &mut report)?;
    report.base = base.generation.0;

    let codebooks = base.codebooks.len();
    drop_damaged_codebooks(storage, &mut base, &mut report);
    if base.codebooks.len() < codebooks {
        base.calibration = None;
    }
    let mut kept = Vec::new();
    let mut salvaged = Vec::new();
    for entry in &base.segments {
        match check(storage, entry, &base) {
            Ok(deleted) => {
                report.documents_kept += u64::from(entry.rows) - deleted;
                kept.push(entry.clone());
            }
            Err(error) => {
                let (builder, outcome) = salvage(storage, entry, &base, &error);
                report.documents_kept += outcome.saved;
                report.segments.push(outcome);
                salvaged.push((entry.id, builder));
            }
        }
    }
    if apply && !report.is_clean() {
        let generation = Generation(newest.0 + 1);
        publish(storage, base, generation, kept, salvaged, &report)?;
        report.published = Some(generation.0);
    }
    drop(lock);
    Ok(report)
}

/// The newest manifest that can be read; notes those that cannot.
fn newest_readable(
    storage: &dyn Storage,
    all: &[Generation],
    report: &mut RepairReport,
) -> Result<Manifest> {
    let mut last = None;
    for generation in all.iter().rev() {
        match read_manifest(storage, *generation) {
            Ok(manifest) => return Ok(manifest),
            Err(error @ Error::Unsupported { .. }) => return Err(error),
            Err(error) => {
                report.lost_generations.push((generation.0, error.to_string()));
                last = Some(error);
            }
        }
    }
    Err(last.unwrap_or(Error::NotFound { path: storage.location().into() }))
}

/// Takes codebooks that cannot be read in full out of a manifest, and notes them.
fn drop_damaged_codebooks(storage: &dyn Storage, base: &mut Manifest, report: &mut RepairReport) {
    let vectors = base.vectors.as_ref();
    base.codebooks.retain(|entry| {
        let opened = CodebookFile::open(storage, entry, vectors);
        let checked = opened.and_then(|codebook| codebook.verify());
        if let Err(error) = &checked {
            report.codebooks.push((codebook_name(entry.hash), error.to_string()));
        }
        checked.is_ok()
    });
}

/// Checks a segment and its tombstones in full; returns the number of deleted rows.
fn check(storage: &dyn Storage, entry: &SegmentEntry, base: &Manifest) -> Result<u64> {
    let segment = Segment::open(storage, entry, base.vectors.as_ref())?;
    segment.verify(&Control::default())?;
    Ok(read_tombstones(storage, entry)?.len())
}

/// Reads what can still be read of a damaged segment into a new one.
fn salvage(
    storage: &dyn Storage,
    entry: &SegmentEntry,
    base: &Manifest,
    problem: &Error,
) -> (Option<SegmentBuilder>, SegmentRepair) {
    let mut outcome = SegmentRepair {
        id: entry.id,
        problem: problem.to_string(),
        rows: u64::from(entry.rows),
        saved: 0,
        without_vector: 0,
        lost: 0,
    };
    let deleted = read_tombstones(storage, entry).unwrap_or_else(|error| {
        outcome.problem = format!("{error}; documents deleted from this segment come back");
        RoaringBitmap::new()
    });
    let live = u64::from(entry.rows) - deleted.len();
    let Ok(segment) = Segment::open(storage, entry, base.vectors.as_ref()) else {
        outcome.lost = live;
        return (None, outcome);
    };
    let mut builder = SegmentBuilder::new(base.vectors.as_ref());
    for row in (0..entry.rows).filter(|row| !deleted.contains(*row)).map(RowId) {
        let Ok(document) = segment.document(row) else { continue };
        let vector = segment.vector(row);
        let revision = segment.revision(row).unwrap_or_default();
        // A hash of zeros never equals a real one: the vector is made anew at the next import.
        let hash =
            if vector.is_ok() { segment.input_hash(row).unwrap_or_default() } else { [0; 16] };
        let lost_vector = vector.is_err();
        if builder.push(&document, revision, hash, vector.unwrap_or_default().as_deref()).is_ok() {
            outcome.saved += 1;
            outcome.without_vector += u64::from(lost_vector);
        }
    }
    for (key, revision) in readable_deletes(&segment) {
        builder.push_delete(&key, revision);
    }
    outcome.lost = live - outcome.saved;
    (Some(builder), outcome)
}

fn readable_deletes(segment: &Segment) -> Vec<(Key, Revision)> {
    segment.deletes().filter_map(Result::ok).collect()
}

fn publish(
    storage: &dyn Storage,
    base: Manifest,
    generation: Generation,
    mut segments: Vec<SegmentEntry>,
    salvaged: Vec<(SegmentId, Option<SegmentBuilder>)>,
    report: &RepairReport,
) -> Result<()> {
    let mut next = free_segment(storage, &base)?;
    for builder in salvaged.into_iter().filter_map(|(_, builder)| builder) {
        if builder.is_empty() {
            continue;
        }
        let entry = builder.finish(storage, next, random_id()?)?;
        commit::check_file(storage, &segment_name(next), FileKind::Segment, &entry.seal)?;
        next = SegmentId(next.0 + 1);
        segments.push(entry);
    }
    let manifest = Manifest { generation, next_segment: next, segments, ..base.clone() };
    commit::publish(storage, &manifest)?;
    set_aside(storage, &base, report)?;
    storage.sync_directory()
}

/// Renames damaged files, so that garbage collection never takes what somebody may still rescue.
fn set_aside(storage: &dyn Storage, base: &Manifest, report: &RepairReport) -> Result<()> {
    let mut names: Vec<String> = report
        .lost_generations
        .iter()
        .map(|(number, _)| manifest_name(Generation(*number)))
        .collect();
    names.extend(report.codebooks.iter().map(|(name, _)| name.clone()));
    for entry in &base.segments {
        if report.segments.iter().any(|damaged| damaged.id == entry.id) {
            let codebooks = Vec::new();
            let alone = Manifest { segments: vec![entry.clone()], codebooks, ..base.clone() };
            names.extend(names_of(&alone));
        }
    }
    for name in names {
        if storage.length(&name)?.is_some() {
            let aside = format!("damaged-{name}");
            storage.remove(&aside)?;
            storage.publish(&name, &aside)?;
        }
    }
    Ok(())
}
