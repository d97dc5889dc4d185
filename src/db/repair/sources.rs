//! What a repair starts from: the newest readable manifest and everything that belongs to it, opened and
//! checked.

use std::collections::HashMap;
use std::io;

use roaring::RoaringBitmap;

use super::super::recover::{
    check_calibration, check_features, codebook_of, features_write, generations_of,
    newest_generation, read_manifest, remembered,
};
use super::super::tombstones as tombstone_files;
use super::damage::{is_damage, or_damage};
use super::report::RepairReport;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::{CodebookEntry, Manifest, SegmentEntry};
use crate::format::names::{
    Name, codebook_name, manifest_name, mesh_name, parse, segment_name, tombstones_name,
};
use crate::format::rules::Rule;
use crate::format::tombstones;
use crate::ids::{Generation, Key, RowId, SegmentId};
use crate::mesh::MeshFile;
use crate::segment::{CodebookFile, Segment};
use crate::storage::{MemoryStorage, Storage, VerifiedFile};

/// Everything that there is to repair from.
pub(super) struct Sources {
    /// The manifest that repair starts from, without damaged codebooks and a damaged vocabulary.
    pub(super) base: Manifest,
    /// The features that it says a writer must know.
    features: u32,
    /// The codebooks that it names, without damaged ones.
    codebooks: Vec<(CodebookEntry, CodebookFile)>,
    /// The greatest generation that there was.
    pub(super) newest: Generation,
    /// By ascending number, which is the order of writing.
    pub(super) segments: Vec<Source>,
}

/// A segment that the base names, or that a lost generation named.
pub(super) struct Source {
    pub(super) entry: SegmentEntry,
    /// `None` when its file cannot be opened at all.
    pub(super) segment: Option<Segment>,
    /// What is wrong with its file.
    pub(super) problem: Option<Error>,
    /// What is wrong with its list of deleted rows.
    pub(super) tombstones_problem: Option<Error>,
    /// Rows that are known to be deleted.
    pub(super) deleted: RoaringBitmap,
    /// Whether the base names it with a list of deleted rows that can be read, or with none: what the list leaves was live then.
    pub(super) has_list: bool,
    /// Whether rows beyond those may be deleted, because a list or a whole generation is lost.
    pub(super) is_uncertain: bool,
    /// Whether `deleted` is what the base says of it.
    pub(super) is_as_named: bool,
    /// Whether only a lost generation named it.
    pub(super) is_adopted: bool,
    /// The last row of each key that can be read; of damaged segments, whose own index may lie.
    keys: Option<HashMap<Key, RowId>>,
}

impl Source {
    /// The last row that has a key.
    pub(super) fn find(&self, key: &Key) -> Result<Option<RowId>> {
        match (&self.keys, &self.segment) {
            (Some(keys), _) => Ok(keys.get(key).copied()),
            (None, Some(segment)) => segment.find(key),
            (None, None) => Ok(None),
        }
    }

    /// Whether its file needs to be written anew.
    pub(super) fn is_damaged(&self) -> bool {
        self.problem.is_some()
    }
}

impl Sources {
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Corrupt`] when no manifest can be read; anything that is not damage.
    pub(super) fn open(storage: &dyn Storage, report: &mut RepairReport) -> Result<Sources> {
        let names = storage.list()?;
        let (base, features, newest) = newest_readable(storage, &names, report)?;
        report.base = base.generation.0;
        let mut sources =
            Sources { base, features, newest, segments: Vec::new(), codebooks: Vec::new() };
        // Everything is opened before anything is checked: what is open stays when a writer that
        // commits meanwhile removes it.
        let mut codebooks = Vec::new();
        for entry in std::mem::take(&mut sources.base.codebooks) {
            let opened = CodebookFile::open(storage, &entry, sources.base.vectors.as_ref());
            let opened = confirmed(storage, &codebook_name(entry.hash), opened)?;
            codebooks.push((entry, opened));
        }
        for entry in sources.base.segments.clone() {
            let source = open_named(storage, entry, &sources)?;
            sources.segments.push(source);
        }
        for (entry, opened) in codebooks {
            sources.check_codebook(storage, entry, opened, report)?;
        }
        sources.check_mesh(storage, report)?;
        if let Err(problem) = or_damage(check_calibration(&sources.base, &sources.codebooks))? {
            report.calibration = Some(problem.to_string());
            sources.base.forget_calibrations();
        }
        if let Some((committed, next)) = remembered(&names)
            && !report.lost_generations.is_empty()
            && committed > sources.base.generation
        {
            sources.adopt(storage, &names, committed, next, report)?;
        }
        let Sources { segments, codebooks, features, .. } = &mut sources;
        for source in segments.iter_mut().filter(|source| !source.is_adopted) {
            source.check(storage, codebooks, *features)?;
        }
        let entries = sources.codebooks.iter().map(|(entry, _)| entry.clone());
        sources.base.codebooks = entries.collect();
        Ok(sources)
    }

    /// Keeps a vocabulary that is whole.
    fn check_mesh(&mut self, storage: &dyn Storage, report: &mut RepairReport) -> Result<()> {
        let Some(entry) = &self.base.mesh else { return Ok(()) };
        let name = mesh_name(entry.hash);
        let opened = confirmed(storage, &name, MeshFile::open(storage, entry))?;
        storage.read_through(&name)?;
        let check = |mesh: MeshFile| {
            mesh.verify()?;
            check_features(&name, mesh.features_write(), self.features)
        };
        if let Err(problem) = or_damage(opened.and_then(check))? {
            report.mesh = Some((name, problem.to_string()));
            self.base.mesh = None;
        }
        Ok(())
    }

    /// Keeps a codebook that is whole.
    fn check_codebook(
        &mut self,
        storage: &dyn Storage,
        entry: CodebookEntry,
        opened: Result<CodebookFile, Error>,
        report: &mut RepairReport,
    ) -> Result<()> {
        let name = codebook_name(entry.hash);
        storage.read_through(&name)?;
        let check = |codebook: CodebookFile| {
            codebook.verify()?;
            check_features(&name, codebook.features_write(), self.features)?;
            Ok(codebook)
        };
        match or_damage(opened.and_then(check))? {
            Ok(codebook) => self.codebooks.push((entry, codebook)),
            Err(problem) => {
                report.codebooks.push((name, problem.to_string()));
                // They were measured with all of them.
                self.base.forget_calibrations();
            }
        }
        Ok(())
    }

    /// Takes up what only lost generations named: intact segments that were committed after the base,
    /// lists of deleted rows that are newer than the base's, codebooks of those segments.
    fn adopt(
        &mut self,
        storage: &dyn Storage,
        names: &[String],
        committed: Generation,
        next: SegmentId,
        report: &mut RepairReport,
    ) -> Result<()> {
        let vectors = self.base.vectors.clone();
        let first = self.base.next_segment;
        let named = |id: &SegmentId| (first..next).contains(id);
        let mut ids: Vec<SegmentId> = names.iter().filter_map(|name| segment_of(name)).collect();
        ids.retain(named);
        ids.sort_unstable();
        for id in ids {
            storage.read_through(&segment_name(id))?;
            // One that is damaged as well is set aside with what nothing names.
            let opened = Segment::open_unnamed(storage, id, vectors.as_ref());
            let Ok((entry, segment)) = or_damage(opened)? else { continue };
            let unnamed = self.unnamed_codebook(storage, &segment)?;
            let codebook = unnamed.as_ref().map(|(_, codebook)| codebook.clone());
            let codebook = codebook.or_else(|| codebook_of(&segment, &self.codebooks));
            if or_damage(check_segment(&segment, codebook.as_ref(), self.features))?.is_err() {
                continue;
            }
            if let Some(unnamed) = unnamed {
                self.codebooks.push(unnamed);
                // They were measured before this codebook was the last.
                self.base.forget_calibrations();
            }
            report.adopted.push(id);
            self.segments.push(Source {
                entry,
                segment: Some(segment),
                problem: None,
                tombstones_problem: None,
                deleted: RoaringBitmap::new(),
                has_list: false,
                is_uncertain: true,
                is_as_named: false,
                is_adopted: true,
                keys: None,
            });
        }
        for source in &mut self.segments {
            let newer = names.iter().filter_map(|name| match parse(name) {
                Some(Name::Tombstones(id, generation)) if id == source.entry.id => Some(generation),
                _ => None,
            });
            let newest = newer.filter(|generation| *generation <= committed).max();
            let known = source.entry.tombstones.as_ref().map(|stored| stored.generation);
            if newest > known
                && let Some(generation) = newest
                && let Ok(rows) = or_damage(unnamed_rows(storage, &source.entry, generation))?
            {
                source.deleted |= rows;
                source.has_list = !source.is_adopted;
                source.is_as_named = false;
                source.tombstones_problem = None;
            }
            source.is_uncertain = true;
        }
        Ok(())
    }
}

impl Sources {
    /// The codebook of a segment, if it is whole and only a lost generation named it.
    fn unnamed_codebook(
        &self,
        storage: &dyn Storage,
        segment: &Segment,
    ) -> Result<Option<(CodebookEntry, CodebookFile)>> {
        let Some(index) = segment.index() else { return Ok(None) };
        if self.codebooks.iter().any(|(known, _)| known.hash == index.codebook) {
            return Ok(None);
        }
        let vectors = self.base.vectors.as_ref();
        let opened = CodebookFile::open_unnamed(storage, index.codebook, vectors);
        let Ok((entry, codebook)) = or_damage(opened)? else { return Ok(None) };
        let is_whole = or_damage(codebook.verify())?.is_ok()
            && codebook.features_write() & !self.features == 0;
        Ok(is_whole.then_some((entry, codebook)))
    }
}

impl Source {
    fn check(
        &mut self,
        storage: &dyn Storage,
        codebooks: &[(CodebookEntry, CodebookFile)],
        features: u32,
    ) -> Result<()> {
        let Some(segment) = &self.segment else { return Ok(()) };
        storage.read_through(&segment_name(self.entry.id))?;
        let checked =
            or_damage(check_segment(segment, codebook_of(segment, codebooks).as_ref(), features))?;
        let Err(problem) = checked else { return Ok(()) };
        self.problem = Some(problem);
        let mut keys = HashMap::new();
        for row in (0..self.entry.rows).map(RowId) {
            if let Some(key) = readable_key(segment, row)? {
                keys.insert(key, row);
            }
        }
        self.keys = Some(keys);
        Ok(())
    }
}

/// Checks all of a segment, and that it agrees with its codebook and its manifest.
fn check_segment(segment: &Segment, codebook: Option<&CodebookFile>, features: u32) -> Result<()> {
    segment.verify(&Control::default())?;
    check_features(&segment_name(segment.id()), segment.features_write(), features)?;
    match codebook {
        Some(codebook) => segment.check_codebook(codebook),
        None => Ok(()),
    }
}

/// The key of a row of a damaged segment: its document's, else the one in the list of keys.
pub(super) fn readable_key(segment: &Segment, row: RowId) -> Result<Option<Key>> {
    if let Ok(document) = or_damage(segment.document(row))? {
        return Ok(Some(document.key));
    }
    Ok(or_damage(segment.key(row))?.ok())
}

fn open_named(storage: &dyn Storage, entry: SegmentEntry, sources: &Sources) -> Result<Source> {
    let name = segment_name(entry.id);
    let opened = Segment::open(storage, &entry, sources.base.vectors.as_ref());
    let (segment, problem) = match confirmed(storage, &name, opened)? {
        Ok(segment) => (Some(segment), None),
        Err(problem) => (sealed_part(storage, &entry, &sources.base)?, Some(problem)),
    };
    let mut source = Source {
        segment,
        problem,
        tombstones_problem: None,
        deleted: RoaringBitmap::new(),
        has_list: true,
        is_uncertain: false,
        is_as_named: true,
        is_adopted: false,
        keys: None,
        entry,
    };
    if let Some(stored) = &source.entry.tombstones {
        let name = tombstones_name(source.entry.id, stored.generation);
        storage.read_through(&name)?;
        let read = tombstone_files::open(storage, &source.entry).and_then(|file| {
            let Some(file) = file else { return Ok((RoaringBitmap::new(), 0)) };
            Ok((tombstone_files::read(&file, &source.entry)?, file.frame().header.features_write))
        });
        match confirmed(storage, &name, read)? {
            Ok((rows, features)) => {
                source.deleted = rows;
                // Its rows are known: it is only written anew.
                if let Err(problem) = or_damage(check_features(&name, features, sources.features))?
                {
                    source.tombstones_problem = Some(problem);
                    source.is_as_named = false;
                }
            }
            Err(problem) => {
                source.tombstones_problem = Some(problem);
                source.has_list = false;
                source.is_uncertain = true;
                source.is_as_named = false;
            }
        }
    }
    Ok(source)
}

/// A segment to whose file something was appended, as it was before.
fn sealed_part(
    storage: &dyn Storage,
    entry: &SegmentEntry,
    base: &Manifest,
) -> Result<Option<Segment>> {
    let name = segment_name(entry.id);
    let Ok(sealed) = usize::try_from(entry.seal.length) else { return Ok(None) };
    let Some(bytes) = storage.open(&name)?.filter(|bytes| bytes.len() > sealed) else {
        return Ok(None);
    };
    let Some(start) = bytes.slice(0..sealed) else { return Ok(None) };
    let part = MemoryStorage::with_bytes([(name, start)]);
    Ok(or_damage(Segment::open(&part, entry, base.vectors.as_ref()))?.ok())
}

/// The rows in a list of deleted rows that no readable manifest names.
fn unnamed_rows(
    storage: &dyn Storage,
    entry: &SegmentEntry,
    generation: Generation,
) -> Result<RoaringBitmap> {
    let name = tombstones_name(entry.id, generation);
    storage.read_through(&name)?;
    let file = VerifiedFile::open(storage, &name, FileKind::Tombstones, None)?;
    tombstones::decode(&name, file.bytes(), entry.rows)
}

fn segment_of(name: &str) -> Option<SegmentId> {
    match parse(name) {
        Some(Name::Segment(id)) => Some(id),
        _ => None,
    }
}

/// As [`or_damage`]; a file that is said to be missing must also be missing in the directory's listing.
fn confirmed<T>(storage: &dyn Storage, name: &str, result: Result<T>) -> Result<Result<T, Error>> {
    if let Err(Error::Corrupt { rule: Rule::FileMissing, .. }) = &result
        && storage.list()?.iter().any(|listed| listed == name)
    {
        let error = io::Error::new(io::ErrorKind::NotFound, "it is listed and cannot be opened");
        return Err(Error::io("open", name, error));
    }
    or_damage(result)
}

/// The newest manifest that can be read, its features, and the greatest generation that there was;
/// notes those that cannot be read.
fn newest_readable(
    storage: &dyn Storage,
    names: &[String],
    report: &mut RepairReport,
) -> Result<(Manifest, u32, Generation)> {
    let all = generations_of(names);
    let missing = match newest_generation(storage) {
        Ok(None) => return Err(Error::NotFound { path: storage.location().into() }),
        Ok(Some(_)) => None,
        Err(problem) if is_damage(&problem) => Some(problem),
        Err(error) => return Err(error),
    };
    let mut newest = all.last().copied();
    if let Some((generation, _)) =
        remembered(names).filter(|(generation, _)| newest < Some(*generation))
        && let Some(problem) = &missing
    {
        report.lost_generations.push((generation.0, problem.to_string()));
        newest = Some(generation);
    }
    let mut last = missing;
    for generation in all.iter().rev() {
        let name = manifest_name(*generation);
        storage.read_through(&name)?;
        let read = read_manifest(storage, *generation);
        match confirmed(storage, &name, read)? {
            Ok((manifest, bytes)) => {
                let features = features_write(&manifest, &bytes)?;
                return Ok((manifest, features, newest.unwrap_or(*generation)));
            }
            Err(problem) => {
                report.lost_generations.push((generation.0, problem.to_string()));
                last = Some(problem);
            }
        }
    }
    Err(last.unwrap_or(Error::NotFound { path: storage.location().into() }))
}
