//! How far a database has followed NLM's files.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::key::NlmFile;
use super::ledger::Ledger;
use super::plan::{Baseline, baseline, compare, missing};
use super::reconcile::pending;
use super::report::PendingRemovals;
use super::settings::SyncSettings;
use crate::date::Day;
use crate::db::{Database, Snapshot};
use crate::error::Result;
use crate::session::error::SessionResult;

/// How far a database has followed NLM's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncStatus {
    /// The last file that was read to its end, in the order of the series.
    pub last_file: Option<NlmFile>,
    /// The latest day on which NLM revised a citation of the newest file that brought one, as YYYY-MM-DD.
    pub newest_record: Option<String>,
    /// Days since then.
    pub days_old: Option<i64>,
    /// Documents, all of them.
    pub documents: u64,
    /// Those that came from NLM's files.
    pub citations: u64,
    /// The slice that is kept; empty for all of PubMed.
    pub keep: String,
    /// Files read to their end.
    pub files_read: u64,
    /// Files that were begun and not read to their end, of years that documents are left of.
    pub unfinished: Vec<NlmFile>,
    /// Files of the folder that are still to be read; `None` where no folder was given.
    pub to_read: Option<Vec<NlmFile>>,
    /// Numbers that are missing in the series, as [`SyncPlan::missing`](super::SyncPlan::missing) has them. Where no
    /// folder was given, files that are unfinished are not among them, and older years count as long as documents of
    /// theirs are left.
    pub missing: Vec<NlmFile>,
    /// Files that were read, must be read again because a late one comes before them, and are not in the folder: under
    /// a slice a sync fails until they are.
    pub needed: Vec<NlmFile>,
    /// What a new baseline does not have any more and is still here, as [`SyncPlan::pending`](super::SyncPlan::pending)
    /// has it. `None` also where nothing says where the baseline ends: no folder, and no `baseline_end`.
    #[serde(rename = "pending_removals")]
    pub pending: Option<PendingRemovals>,
}

/// How far the database in a directory has followed NLM's files, and what of a folder it has not read. Cost: two
/// columns of every segment, the citations of the last file, and 64 KiB per file of the folder.
///
/// # Errors
/// As [`Database::open`] and [`plan_sync`](super::plan_sync), but for files that are needed: those are listed.
pub fn sync_status(database: impl AsRef<Path>, folder: Option<&Path>) -> SessionResult<SyncStatus> {
    sync_status_with(database, folder, &SyncSettings::default())
}

/// The same for the settings of a sync, of which `baseline_end` and `allow_removals` matter.
///
/// # Errors
/// As [`sync_status`].
pub fn sync_status_with(
    database: impl AsRef<Path>,
    folder: Option<&Path>,
    settings: &SyncSettings,
) -> SessionResult<SyncStatus> {
    let (baseline_end, allow_removals) = (settings.baseline_end, settings.allow_removals);
    let settings = SyncSettings { baseline_end, allow_removals, ..SyncSettings::default() };
    let snapshot = Database::open(database.as_ref())?.snapshot();
    let ledger = Ledger::of(&snapshot.manifest().sources);
    let Counted { citations, oldest, newest } = Counted::of(&snapshot)?;
    // A newer baseline took the place of years before.
    let first_year = oldest.map_or(0, NlmFile::year);
    let plan = folder.map(|folder| compare(database.as_ref(), folder, &settings)).transpose()?;
    let baseline = match &plan {
        Some(plan) => plan.baseline,
        None => baseline(None, &ledger, &settings),
    };
    let (to_read, missing, needed) = match plan {
        Some(plan) => {
            let files = plan.to_read.iter().map(|planned| planned.file).collect();
            (Some(files), plan.missing, plan.needed)
        }
        None => {
            let files: BTreeSet<_> =
                ledger.files().filter(|file| file.year() >= first_year).collect();
            (None, missing(&files, baseline.map(Baseline::last).into_iter()), Vec::new())
        }
    };
    let last_file = ledger.read().last();
    Ok(SyncStatus {
        last_file,
        newest_record: newest.map(|day| day.to_string()),
        days_old: newest.map(|day| Day::today().days_since(day)),
        documents: snapshot.len(),
        citations,
        keep: ledger.slice.clone(),
        files_read: ledger.read().count() as u64,
        unfinished: ledger.unfinished().filter(|file| file.year() >= first_year).collect(),
        to_read,
        missing,
        needed,
        pending: pending(&snapshot, baseline, settings.allow_removals)?,
    })
}

/// The slice of PubMed that a sync ([`SyncSettings::keep`]) keeps in a database; `None` where it keeps all, or never ran. Nothing
/// else that writes heeds it.
pub fn kept_slice(snapshot: &Snapshot) -> Option<String> {
    Some(Ledger::of(&snapshot.manifest().sources).slice).filter(|slice| !slice.is_empty())
}

/// What a snapshot holds of NLM's files.
struct Counted {
    citations: u64,
    /// The oldest file that brought one of them.
    oldest: Option<NlmFile>,
    /// The latest day of revision among those of the newest file.
    newest: Option<Day>,
}

impl Counted {
    fn of(snapshot: &Snapshot) -> Result<Counted> {
        let mut counted = Counted { citations: 0, oldest: None, newest: None };
        let mut last = None;
        for item in snapshot.revisions() {
            let (_, revision) = item?;
            let Some(file) = NlmFile::of_revision(revision) else { continue };
            counted.citations += 1;
            counted.oldest = counted.oldest.map_or(Some(file), |oldest| Some(file.min(oldest)));
            last = last.max(Some(file));
        }
        for item in snapshot.revisions() {
            let (key, revision) = item?;
            if last.is_some() && NlmFile::of_revision(revision) == last {
                let document = snapshot.get(&key)?;
                let history = document.map_or_else(Vec::new, |document| document.history);
                let revised = history.iter().filter(|dated| dated.event == "revised");
                counted.newest = counted.newest.max(revised.map(|dated| dated.day).max());
            }
        }
        Ok(counted)
    }
}
