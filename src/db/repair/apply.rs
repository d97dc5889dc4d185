//! Says what of each segment is saved, and does it.

use roaring::RoaringBitmap;

use super::super::commit;
use super::super::files::names_of;
use super::super::preconditions::free_segment;
use super::super::recover::{open_all, remembered};
use super::super::{tombstones, verify};
use super::damage::or_damage;
use super::report::{RepairReport, SegmentRepair};
use super::rows::Rows;
use super::sources::{Source, Sources};
use super::undo::Record;
use super::unread::Unread;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::{self, Manifest, SegmentEntry, VectorConfig};
use crate::format::names::{
    Name, committed_name, manifest_name, parse, segment_name, tombstones_name,
};
use crate::ids::{Generation, RowId, SegmentId};
use crate::segment::{Draft, Segment, SegmentBuilder};
use crate::storage::{Bytes, Storage, WriterLock, random_id};

/// A rescued segment is written out when its buffers reach this many bytes.
const SEGMENT_BYTES_MAX: usize = 96 << 20;

/// Notes what is wrong with a segment, what can be saved of it, and where the rest came from.
pub(super) fn describe(
    sources: &Sources,
    source: &Source,
    rows: &Rows,
    report: &mut RepairReport,
    unread: &mut Unread,
) -> Result<()> {
    let deleted = deleted_of(sources, source, rows);
    let total = u64::from(source.entry.rows);
    let live = total - deleted.len();
    let declared = source.entry.tombstones.as_ref().map_or(0, |stored| u64::from(stored.rows));
    let mut outcome = SegmentRepair {
        id: source.entry.id,
        problem: String::new(),
        rows: total,
        saved: live,
        without_vector: 0,
        lost: 0,
        may_return: 0,
        is_file_intact: !source.is_damaged(),
    };
    if source.tombstones_problem.is_some() {
        outcome.may_return = declared.saturating_sub(deleted.len()).min(live);
    }
    let problems = [&source.problem, &source.tombstones_problem];
    let problems: Vec<String> = problems.into_iter().flatten().map(ToString::to_string).collect();
    outcome.problem = problems.join("; ");
    if source.is_damaged() {
        outcome.saved = 0;
        let mut whole = RoaringBitmap::new();
        if let Some(segment) = &source.segment {
            let mut count = |saved: Saved<'_>| {
                outcome.saved += 1;
                outcome.without_vector += u64::from(saved.has_lost_vector);
                if !saved.has_lost_vector {
                    whole.insert(saved.row.0);
                }
                Ok(())
            };
            let vectors = sources.base.vectors.as_ref();
            each_readable(segment, &source.entry, deleted, vectors, &mut count)?;
        }
        unread.add(sources, source, deleted, &whole)?;
        // Without its list of deleted rows, and without its rows, what was live is the manifest's word.
        let live = match source.tombstones_problem {
            Some(_) => live.min(total - declared.min(total)),
            None => live,
        };
        outcome.lost = live.saturating_sub(outcome.saved);
        outcome.may_return = outcome.may_return.min(outcome.saved);
    }
    report.documents_kept += outcome.saved;
    if !outcome.problem.is_empty() {
        report.segments.push(outcome);
    }
    Ok(())
}

fn deleted_of<'a>(sources: &Sources, source: &Source, rows: &'a Rows) -> &'a RoaringBitmap {
    static NONE: std::sync::OnceLock<RoaringBitmap> = std::sync::OnceLock::new();
    let place = sources.segments.iter().position(|other| other.entry.id == source.entry.id);
    let deleted = place.and_then(|place| rows.deleted.get(place));
    deleted.unwrap_or_else(|| NONE.get_or_init(RoaringBitmap::new))
}

/// A row that can be saved.
struct Saved<'a> {
    segment: &'a Segment,
    row: RowId,
    draft: Draft,
    vector: Option<Vec<f32>>,
    has_lost_vector: bool,
}

/// Every row of a damaged segment that can be read and is not deleted.
fn each_readable(
    segment: &Segment,
    entry: &SegmentEntry,
    deleted: &RoaringBitmap,
    vectors: Option<&VectorConfig>,
    save: &mut dyn FnMut(Saved<'_>) -> Result<()>,
) -> Result<()> {
    let mut trial = SegmentBuilder::new(vectors);
    for row in (0..entry.rows).filter(|row| !deleted.contains(*row)).map(RowId) {
        let Ok(document) = or_damage(segment.document(row))? else { continue };
        // What no writer would have stored cannot be stored again.
        let Ok(draft) = Draft::new(&document) else { continue };
        let vector = match vectors {
            Some(_) => or_damage(segment.vector(row))?,
            None => Ok(None),
        };
        let has_vector = !matches!(vector, Ok(None));
        let vector = vector.ok().flatten().filter(|vector| trial.takes(draft.key(), vector));
        let has_lost_vector = has_vector && vector.is_none();
        save(Saved { segment, row, draft, vector, has_lost_vector })?;
    }
    Ok(())
}

/// Writes, checks and publishes the generation that holds what could be saved, then sets aside what it
/// does not name.
pub(super) fn apply(
    storage: &dyn Storage,
    lock: &dyn WriterLock,
    sources: Sources,
    rows: Rows,
    report: &mut RepairReport,
) -> Result<()> {
    let names = storage.list()?;
    let generation = Generation(sources.newest.0 + 1);
    let mut record = Record::new(generation);
    let made = make(storage, &sources, &rows, generation, &names, &mut record);
    let published = made.and_then(|manifest| {
        record.keep(aside(&names, &manifest));
        record.write(storage)?;
        commit::publish(storage, lock, &manifest, Some(&sources.base))?;
        Ok(manifest)
    });
    match published {
        Ok(_) => {}
        // It is visible: what it names must stay.
        Err(error @ Error::CommitUnknown { .. }) => return Err(error),
        Err(error) => {
            // The database is as it was; what is left behind the next writer removes.
            record.remove_made(storage);
            return Err(error);
        }
    }
    report.published = Some(generation.0);
    // The new generation stands. What cannot be renamed now keeps its name, which the record protects.
    report.set_aside = record.set_aside(storage);
    let _ = storage.sync_directory();
    Ok(())
}

/// Writes the files of the new generation and checks all of it, as `verify` does.
fn make(
    storage: &dyn Storage,
    sources: &Sources,
    rows: &Rows,
    generation: Generation,
    names: &[String],
    record: &mut Record,
) -> Result<Manifest> {
    let mut next = free_segment(storage, &sources.base)?;
    if let Some((_, committed)) = remembered(names) {
        next = next.max(committed);
    }
    let mut segments = Vec::new();
    for source in sources.segments.iter().filter(|source| !source.is_damaged()) {
        let deleted = deleted_of(sources, source, rows);
        if source.is_as_named && *deleted == source.deleted {
            segments.push(source.entry.clone());
        } else if deleted.is_empty() {
            segments.push(SegmentEntry { tombstones: None, ..source.entry.clone() });
        } else {
            record.make(tombstones_name(source.entry.id, generation));
            segments.push(tombstones::write(storage, &source.entry, deleted, generation)?.0);
        }
    }
    for source in sources.segments.iter().filter(|source| source.is_damaged()) {
        let deleted = deleted_of(sources, source, rows);
        rescue(storage, sources, source, deleted, &mut next, record, &mut segments)?;
    }
    segments.sort_by_key(|entry| entry.id);
    let manifest = Manifest { generation, next_segment: next, segments, ..sources.base.clone() };
    let (bytes, _) = manifest::encode(&manifest, random_id()?)?;
    let content = open_all(storage, manifest, Bytes::copy_of(&bytes), None)?;
    verify::check(&content, &Control::default())?;
    Ok(content.manifest)
}

/// Writes what can be read of a damaged segment as new ones.
fn rescue(
    storage: &dyn Storage,
    sources: &Sources,
    source: &Source,
    deleted: &RoaringBitmap,
    next: &mut SegmentId,
    record: &mut Record,
    segments: &mut Vec<SegmentEntry>,
) -> Result<()> {
    let Some(segment) = &source.segment else { return Ok(()) };
    let vectors = sources.base.vectors.as_ref();
    let new_builder = || SegmentBuilder::new(vectors).lexical(sources.base.lexical);
    let mut builder = new_builder();
    let mut finish = |builder: SegmentBuilder| -> Result<()> {
        if builder.is_empty() {
            return Ok(());
        }
        record.make(segment_name(*next));
        let entry = builder.finish(storage, *next, random_id()?)?;
        commit::check_file(storage, &segment_name(*next), FileKind::Segment, &entry.seal)?;
        *next = SegmentId(next.0 + 1);
        segments.push(entry);
        Ok(())
    };
    let mut save = |saved: Saved<'_>| -> Result<()> {
        let revision = or_damage(saved.segment.revision(saved.row))?.unwrap_or_default();
        // A hash of zeros never equals a real one: the vector is made anew at the next import.
        let hash = match saved.has_lost_vector {
            true => [0; 16],
            false => or_damage(saved.segment.input_hash(saved.row))?.unwrap_or_default(),
        };
        builder.push_draft(&saved.draft, revision, hash, saved.vector.as_deref())?;
        if builder.memory_bytes() >= SEGMENT_BYTES_MAX {
            finish(std::mem::replace(&mut builder, new_builder()))?;
        }
        Ok(())
    };
    each_readable(segment, &source.entry, deleted, vectors, &mut save)?;
    for mark in segment.deletes() {
        if let Ok((key, revision)) = or_damage(mark)? {
            builder.push_delete(&key, revision);
        }
    }
    for confirmation in or_damage(segment.confirmations())?.into_iter().flatten() {
        if let Ok((pmid, revision)) = or_damage(confirmation)? {
            builder.push_confirmation(pmid, revision);
        }
    }
    finish(builder)
}

/// Files that the new generation does not name and an undo needs. What was surely never committed is
/// left for the next writer to remove.
fn aside(names: &[String], manifest: &Manifest) -> Vec<String> {
    let named = names_of(manifest);
    let own = [
        manifest_name(manifest.generation),
        committed_name(manifest.generation, manifest.next_segment),
    ];
    let remembered = remembered(names);
    let belongs = |name: &&String| match parse(name) {
        Some(Name::Segment(id)) => remembered.is_none_or(|(_, next)| id < next),
        Some(Name::Tombstones(_, generation)) => {
            remembered.is_none_or(|(committed, _)| generation <= committed)
        }
        Some(Name::Manifest(_) | Name::Committed(..) | Name::Codebook(_) | Name::Mesh(_)) => true,
        _ => false,
    };
    let mut aside: Vec<String> = names.iter().filter(belongs).cloned().collect();
    aside.retain(|name| !named.contains(name) && !own.contains(name));
    aside.sort_unstable();
    aside
}
