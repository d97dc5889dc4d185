//! The record of a repair, and its undoing.
//!
//! A repair writes `repair-<generation>` before it publishes that generation: one line per file, `made`
//! with the name of a file that it wrote, or `kept` with the names of a file after and before it was set
//! aside; the last line is the CRC-32C of those before. Until a file is set aside, garbage collection
//! keeps it because the record names it.

use std::collections::HashSet;

use super::super::recover::generations;
use crate::error::{Error, Result};
use crate::format::names::{Name, TEMPORARY_MANIFEST, manifest_name, parse, repair_name};
use crate::format::rules::Rule;
use crate::ids::Generation;
use crate::storage::Storage;

/// What the names of files that were set aside start with.
const ASIDE: &str = "damaged-";

/// What an undo brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoReport {
    /// The generation that the repair had published, which is gone.
    pub undone: u64,
    /// Files that have their names again.
    pub restored: Vec<String>,
}

/// What a repair made and moved.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    generation: Generation,
    made: Vec<String>,
    /// New and old names.
    kept: Vec<(String, String)>,
}

impl Record {
    pub(super) fn new(generation: Generation) -> Record {
        Record { generation, made: Vec::new(), kept: Vec::new() }
    }

    pub(super) fn make(&mut self, name: String) {
        self.made.push(name);
    }

    pub(super) fn keep(&mut self, names: Vec<String>) {
        self.kept = names.into_iter().map(|name| (format!("{ASIDE}{name}"), name)).collect();
    }

    /// Writes it, durable but for its name, which the commit that follows makes durable.
    pub(super) fn write(&mut self, storage: &dyn Storage) -> Result<()> {
        let taken: HashSet<String> = storage.list()?.into_iter().collect();
        for (aside, name) in &mut self.kept {
            // A codebook has the same name each time that it is trained.
            let mut number = 2;
            while taken.contains(aside) {
                *aside = format!("{ASIDE}{name}.{number}");
                number += 1;
            }
        }
        let mut text = String::new();
        for name in &self.made {
            text += &format!("made {name}\n");
        }
        for (aside, name) in &self.kept {
            text += &format!("kept {aside} {name}\n");
        }
        text += &format!("crc {:08x}\n", crc32c::crc32c(text.as_bytes()));
        let name = repair_name(self.generation);
        storage.remove(&name)?;
        super::super::commit::write_file(storage, &name, text.as_bytes())
    }

    fn read(storage: &dyn Storage, generation: Generation) -> Result<Record> {
        let name = repair_name(generation);
        let damaged = |rule, detail: &str| Error::corrupt(&*name, 0, rule, detail);
        let bytes = storage.open(&name)?;
        let bytes = bytes.ok_or_else(|| damaged(Rule::FileMissing, "the record is gone"))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| damaged(Rule::Utf8, "the record is not text"))?;
        let end = text.rfind("crc ").unwrap_or_default();
        let (lines, sum) = text.split_at_checked(end).unwrap_or_default();
        if sum != format!("crc {:08x}\n", crc32c::crc32c(lines.as_bytes())) {
            return Err(damaged(Rule::BlockChecksum, "the record's checksum differs"));
        }
        let mut record = Record::new(generation);
        for line in lines.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["made", made] => record.made.push(made.to_owned()),
                ["kept", aside, kept] => record.kept.push((aside.to_owned(), kept.to_owned())),
                _ => return Err(damaged(Rule::Archive, "the record has a line of another form")),
            }
        }
        Ok(record)
    }

    /// Gives the files that are kept their new names, as far as that is possible; returns those.
    pub(super) fn set_aside(&self, storage: &dyn Storage) -> Vec<String> {
        let is_moved = |(aside, name): &&(String, String)| storage.publish(name, aside).is_ok();
        self.kept.iter().filter(is_moved).map(|(aside, _)| aside.clone()).collect()
    }

    /// Removes what was made when nothing came of it; best effort.
    pub(super) fn remove_made(&self, storage: &dyn Storage) {
        for name in &self.made {
            let _ = storage.remove(name);
        }
        let _ = storage.remove(&repair_name(self.generation));
        let _ = storage.remove(TEMPORARY_MANIFEST);
    }

    /// Gives files that were set aside their old names.
    fn restore(
        &self,
        storage: &dyn Storage,
        wanted: impl Fn(&str) -> bool,
        report: &mut UndoReport,
    ) -> Result<()> {
        for (aside, name) in self.kept.iter().filter(|(_, name)| wanted(name)) {
            if storage.length(aside)?.is_some() && storage.length(name)?.is_none() {
                storage.publish(aside, name)?;
                report.restored.push(name.clone());
            }
        }
        storage.sync_directory()
    }
}

/// Records of repairs, the newest last.
fn records(names: &[String]) -> Vec<Generation> {
    let repairs = names.iter().filter_map(|name| match parse(name) {
        Some(Name::Repair(generation)) => Some(generation),
        _ => None,
    });
    let mut found: Vec<Generation> = repairs.collect();
    found.sort_unstable();
    found
}

/// The last generation up to `newest` that a repair published and that was not undone.
///
/// # Errors
/// Those of the storage.
pub(crate) fn last_repair(storage: &dyn Storage, newest: Generation) -> Result<Option<Generation>> {
    Ok(records(&storage.list()?).into_iter().rfind(|generation| *generation <= newest))
}

/// Files that garbage collection must leave, because a repair has not set them aside yet or an undo has
/// brought them back. `newest` is the newest generation: a later repair was never published.
///
/// # Errors
/// A record that cannot be read: then nothing is known, and nothing may be deleted.
pub(crate) fn protected(
    storage: &dyn Storage,
    names: &[String],
    newest: Option<Generation>,
) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for generation in records(names).into_iter().filter(|generation| Some(*generation) <= newest) {
        let record = Record::read(storage, generation)?;
        kept.extend(record.kept.into_iter().map(|(_, name)| name));
    }
    Ok(kept)
}

/// Brings back the state before the last repair, byte for byte.
pub(crate) fn undo(storage: &dyn Storage) -> Result<UndoReport> {
    let lock = storage.lock()?;
    let names = storage.list()?;
    let cannot = |detail: String| Err(Error::Undo { path: storage.location(), detail });
    let Some(generation) = records(&names).last().copied() else {
        return cannot("no repair is recorded here".into());
    };
    let record = Record::read(storage, generation)?;
    if let Some(newest) = generations(storage)?.last().filter(|newest| **newest > generation) {
        return cannot(format!(
            "generation {newest} was committed after the repair, which published {generation}, and \
             would be lost"
        ));
    }
    lock.check()?;
    let mut report = UndoReport { undone: generation.0, restored: Vec::new() };
    // The repaired generation stays the newest, and whole, until everything else is in its place.
    let is_state =
        |name: &str| matches!(parse(name), Some(Name::Manifest(_) | Name::Committed(..)));
    record.restore(storage, |name| !is_state(name), &mut report)?;
    record.restore(storage, is_state, &mut report)?;
    for name in &names {
        if matches!(parse(name), Some(Name::Committed(committed, _)) if committed == generation) {
            storage.remove(name)?;
        }
    }
    storage.sync_directory()?;
    storage.remove(&manifest_name(generation))?;
    storage.sync_directory()?;
    for name in &record.made {
        storage.remove(name)?;
    }
    storage.remove(&repair_name(generation))?;
    storage.sync_directory()?;
    Ok(report)
}
