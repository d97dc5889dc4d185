//! What a database has read of NLM's series, as its manifest remembers it.

use std::collections::{BTreeMap, BTreeSet};

use super::key::NlmFile;
use crate::db::{Database, WriterOptions};
use crate::error::Result;
use crate::format::manifest::SourceEntry;

/// How the name begins of the entry that holds the slice; what follows is the query.
const SLICE: &str = "slice:";

/// The files of NLM's series that a database has read, wholly or in part.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    files: BTreeMap<NlmFile, Vec<SourceEntry>>,
    /// The slice; empty for all of PubMed.
    pub(super) slice: String,
}

impl Ledger {
    pub(super) fn of(sources: &[SourceEntry]) -> Ledger {
        let mut ledger = Ledger::default();
        for entry in sources {
            if let Some(text) = entry.name.strip_prefix(SLICE) {
                ledger.slice = text.to_owned();
            } else if let Some(file) = NlmFile::named(&entry.name) {
                ledger.files.entry(file).or_default().push(entry.clone());
            }
        }
        ledger
    }

    /// Every file that was read, wholly or in part.
    pub(super) fn files(&self) -> impl Iterator<Item = NlmFile> {
        self.files.keys().copied()
    }

    /// Those that were read to their end.
    pub(super) fn read(&self) -> impl Iterator<Item = NlmFile> {
        self.files.keys().copied().filter(|file| self.is_read(*file))
    }

    /// Those that were not.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = NlmFile> {
        self.files.keys().copied().filter(|file| !self.is_read(*file))
    }

    /// Whether a file was read to its end, whatever it held.
    pub(super) fn is_read(&self, file: NlmFile) -> bool {
        self.entries(file).iter().any(|entry| entry.complete)
    }

    /// Whether a file was begun.
    pub(super) fn is_begun(&self, file: NlmFile) -> bool {
        self.files.contains_key(&file)
    }

    /// Whether this very file was read to its end.
    pub(super) fn is_known(&self, file: NlmFile, found: &SourceEntry) -> bool {
        let is_it = |known: &SourceEntry| {
            known.complete
                && (&known.name, known.bytes, known.head) == (&found.name, found.bytes, found.head)
        };
        self.entries(file).iter().any(is_it)
    }

    fn entries(&self, file: NlmFile) -> &[SourceEntry] {
        self.files.get(&file).map_or(&[], Vec::as_slice)
    }
}

/// Writes the slice into a database, and that these files are to be read again from their start; both in one
/// commit, so that a run that is killed afterwards goes on with them.
///
/// # Errors
/// As [`Database::writer`] and [`crate::db::Writer::commit`].
pub(super) fn note(database: &Database, slice: &str, reopened: &[SourceEntry]) -> Result<()> {
    let stored = Ledger::of(&database.snapshot().manifest().sources).slice;
    if stored == slice && reopened.is_empty() {
        return Ok(());
    }
    let mut writer = database.writer(WriterOptions::default())?;
    let again: BTreeSet<_> = reopened.iter().map(|entry| NlmFile::named(&entry.name)).collect();
    writer.forget_sources(|entry| match NlmFile::named(&entry.name) {
        Some(file) => again.contains(&Some(file)),
        None => entry.name.starts_with(SLICE),
    });
    if !slice.is_empty() {
        writer.set_source(SourceEntry {
            name: format!("{SLICE}{slice}"),
            bytes: 0,
            head: [0; 16],
            records: 0,
            complete: true,
            digest: None,
        });
    }
    for entry in reopened {
        writer.set_source(entry.clone());
    }
    writer.commit()?;
    Ok(())
}
