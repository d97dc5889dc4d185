//! What a folder holds that a database has not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::folder::Folder;
use super::key::NlmFile;
use super::ledger::Ledger;
use super::settings::SyncSettings;
use super::slice::{Chooser, Slice};
use crate::db::Database;
use crate::error::Error;
use crate::format::manifest::SourceEntry;
use crate::ingest::entry_of;
use crate::session::error::{SessionError, SessionResult};

/// What a sync will do.
#[derive(Debug)]
#[non_exhaustive]
pub struct SyncPlan {
    /// The files to read, in this order.
    pub to_read: Vec<PlannedFile>,
    /// Files that were read before and are the same.
    pub known: u64,
    /// Numbers that are missing: of the newest year from 1 to the highest that is known, of older years between the
    /// lowest and the highest.
    pub missing: Vec<NlmFile>,
    /// Files of older years that a complete newer baseline makes needless.
    pub superseded: Vec<NlmFile>,
    /// Files that lie in the folder a second time.
    pub copies: Vec<PathBuf>,
    /// What is no file of NLM's series.
    pub others: Vec<PathBuf>,
    /// Files that were read, must be read again, and are not in the folder. [`plan_sync`] fails where there are any.
    pub(super) needed: Vec<NlmFile>,
    /// The query that citations must match; `None` for all of PubMed.
    pub keep: Option<String>,
    pub(super) database: PathBuf,
    pub(super) settings: SyncSettings,
    /// What chooses the citations of `keep`.
    pub(super) selection: Option<Arc<Chooser>>,
    /// Files that were read and are read again: what the ledger is to say of them.
    pub(super) reopened: Vec<SourceEntry>,
    pub(super) baseline: Option<Baseline>,
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedFile {
    /// Its place in the series.
    pub file: NlmFile,
    /// Where it is. Written out, with what is not Unicode replaced.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// Its size, packed as it is.
    pub bytes: u64,
    /// Why it is read.
    pub reason: ReadReason,
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Why a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReadReason {
    /// It was never read.
    New,
    /// It was read in part: the rest is to come.
    Unfinished,
    /// It was read, and has changed since.
    Changed,
    /// It was read, and a late file before it or another slice makes it needed again.
    Again,
}

/// The newest year's baseline, where its end is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Baseline {
    pub(super) year: u32,
    end: u32,
}

impl Baseline {
    pub(super) fn files(self) -> impl Iterator<Item = NlmFile> {
        (1..=self.end).map(move |number| NlmFile::of(self.year, number))
    }

    pub(super) fn last(self) -> NlmFile {
        NlmFile::of(self.year, self.end)
    }

    /// Whether all of it was read.
    pub(super) fn is_read(self, ledger: &Ledger) -> bool {
        self.files().all(|file| ledger.is_read(file))
    }
}

/// Compares a folder with what the database in a directory has read; the database need not exist. Nothing is
/// written. Cost: the first 64 KiB of each file.
///
/// # Errors
/// [`SessionError::NoNlmFiles`], [`SessionError::FileTwice`]; for a slice [`SessionError::SliceDiffers`],
/// [`SessionError::SliceUnstable`], [`SessionError::FilesNeeded`] and [`Error::Strategy`]; as [`Database::open`].
pub fn plan_sync(
    database: impl AsRef<Path>,
    folder: impl AsRef<Path>,
    settings: &SyncSettings,
) -> SessionResult<SyncPlan> {
    let plan = compare(database.as_ref(), folder.as_ref(), settings)?;
    plan.check_needed()?;
    Ok(plan)
}

/// The same, also where files are needed that are not in the folder.
pub(super) fn compare(
    database: &Path,
    path: &Path,
    settings: &SyncSettings,
) -> SessionResult<SyncPlan> {
    let folder = Folder::open(path)?;
    let opened = Database::exists(database).then(|| Database::open(database)).transpose()?;
    let snapshot = opened.map(|database| database.snapshot());
    let ledger = snapshot
        .as_ref()
        .map_or_else(Ledger::default, |snapshot| Ledger::of(&snapshot.manifest().sources));
    // A folder is empty where every file of it was read and removed; one with other things in it is the wrong one.
    let is_followed = ledger.files().next().is_some();
    if folder.files.is_empty() && !(is_followed && folder.others.is_empty()) {
        return Err(SessionError::NoNlmFiles { path: path.to_owned() });
    }
    let slice = Slice::parse(settings.keep.as_deref().unwrap_or(&ledger.slice))?;
    let selection = slice.as_ref().map(|slice| slice.selection(snapshot.as_ref())).transpose()?;
    let text = slice.as_ref().map_or("", |slice| slice.text.as_str());
    if text != ledger.slice && is_followed && !settings.reread {
        return Err(SessionError::SliceDiffers {
            stored: ledger.slice.clone(),
            given: text.to_owned(),
            files: ledger.files().count() as u64,
        });
    }
    let baseline = baseline(Some(&folder), &ledger, settings);
    let present: BTreeSet<NlmFile> = folder.files.keys().copied().chain(ledger.read()).collect();
    let newer = baseline.filter(|baseline| baseline.files().all(|file| present.contains(&file)));
    let is_superseded = |file: NlmFile| newer.is_some_and(|newer| file.year() < newer.year);
    let is_needed = |file: &NlmFile| !is_superseded(*file);
    let known = ledger.files().chain(baseline.map(Baseline::last)).filter(is_needed);
    let mut plan = SyncPlan {
        to_read: Vec::new(),
        known: 0,
        missing: missing(&present.iter().copied().filter(is_needed).collect(), known),
        superseded: Vec::new(),
        copies: folder.copies,
        others: folder.others,
        needed: Vec::new(),
        keep: slice.map(|slice| slice.text),
        database: database.to_owned(),
        settings: settings.clone(),
        selection,
        reopened: Vec::new(),
        baseline,
    };
    // Under a slice, a record that is not kept leaves no trace. What is read late could bring back an older one,
    // unless what came after it is read once more.
    let mut is_late = settings.reread;
    for (file, path) in folder.files {
        let entry = match entry_of(&path) {
            Ok(entry) => Some(entry),
            // It is read when its turn comes, and stops the run there.
            Err(Error::Input { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let is_known = entry.as_ref().is_some_and(|entry| ledger.is_known(file, entry));
        let reason = match () {
            () if is_superseded(file) => {
                if !is_known {
                    plan.superseded.push(file);
                }
                continue;
            }
            () if is_known && is_late => ReadReason::Again,
            () if is_known => {
                plan.known += 1;
                continue;
            }
            () if ledger.is_read(file) => ReadReason::Changed,
            () if ledger.is_begun(file) => ReadReason::Unfinished,
            () => ReadReason::New,
        };
        is_late |= plan.keep.is_some();
        let bytes = entry.as_ref().map_or(0, |entry| entry.bytes);
        if is_late && ledger.is_read(file) {
            plan.reopened.extend(entry);
        }
        plan.to_read.push(PlannedFile { file, path, bytes, reason });
    }
    plan.needed = plan.needed(&ledger, is_superseded);
    Ok(plan)
}

impl SyncPlan {
    /// Bytes of the files to read, packed as they are.
    pub fn read_bytes(&self) -> u64 {
        self.to_read.iter().map(|planned| planned.bytes).sum()
    }

    /// What must be read again and is not in the folder.
    fn needed(&self, ledger: &Ledger, is_superseded: impl Fn(NlmFile) -> bool) -> Vec<NlmFile> {
        let from = match self.to_read.first() {
            _ if self.settings.reread => None,
            Some(first) if self.keep.is_some() => Some(first.file),
            _ => return Vec::new(),
        };
        let here: BTreeSet<NlmFile> = self.to_read.iter().map(|planned| planned.file).collect();
        let is_needed = |file: &NlmFile| {
            from.is_none_or(|from| *file > from) && !is_superseded(*file) && !here.contains(file)
        };
        ledger.read().filter(is_needed).collect()
    }

    fn check_needed(&self) -> SessionResult<()> {
        let Some(first) = self.needed.first() else { return Ok(()) };
        let late = self.to_read.first().filter(|_| !self.settings.reread);
        Err(SessionError::FilesNeeded {
            first: first.to_string(),
            count: self.needed.len() as u64,
            late: late.map(|planned| planned.file.to_string()),
        })
    }
}

/// The newest year's baseline, where its end is given or the folder shows it.
pub(super) fn baseline(
    folder: Option<&Folder>,
    ledger: &Ledger,
    settings: &SyncSettings,
) -> Option<Baseline> {
    let here = folder.into_iter().flat_map(|folder| folder.files.keys().copied());
    let year = here.chain(ledger.files()).max()?.year();
    let end = settings.baseline_end.or_else(|| folder?.baseline_end(year))?;
    Some(Baseline { year, end })
}

/// Numbers that are missing among the files that are here and others that are known to exist. The newest year's
/// begin at 1. Where an older year's begin does not matter: a newer baseline takes its place.
pub(super) fn missing(
    present: &BTreeSet<NlmFile>,
    known: impl Iterator<Item = NlmFile>,
) -> Vec<NlmFile> {
    let mut years: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    for file in present.iter().copied().chain(known) {
        let number = file.number();
        let (first, last) = years.entry(file.year()).or_insert((number, number));
        (*first, *last) = (number.min(*first), number.max(*last));
    }
    if let Some(mut newest) = years.last_entry() {
        newest.get_mut().0 = 1;
    }
    let numbers = years.into_iter().flat_map(|(year, (first, last))| {
        (first..=last).map(move |number| NlmFile::of(year, number))
    });
    numbers.filter(|file| !present.contains(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_within_a_year_and_the_newest_begins_at_1() {
        let missing = |present: &[(u32, u32)], known: &[(u32, u32)]| {
            let file = |(year, number): &(u32, u32)| NlmFile::of(*year, *number);
            let present = present.iter().map(file).collect();
            let missing = missing(&present, known.iter().map(file));
            missing.iter().map(NlmFile::to_string).collect::<Vec<_>>()
        };
        let found = missing(&[(26, 3), (26, 4), (26, 7), (27, 2), (27, 4)], &[]);
        assert_eq!(found, ["pubmed26n0005", "pubmed26n0006", "pubmed27n0001", "pubmed27n0003"]);
        assert_eq!(missing(&[(26, 1)], &[(26, 3), (26, 1)]), ["pubmed26n0002", "pubmed26n0003"]);
        assert_eq!(missing(&[], &[]), [""; 0]);
    }
}
