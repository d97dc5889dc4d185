//! A new year's baseline, and what it does not have any more.

use super::key::NlmFile;
use super::ledger::Ledger;
use super::plan::Baseline;
use super::report::{PendingRemovals, SyncRemovals};
use crate::control::Control;
use crate::db::{Database, Snapshot, WriterOptions};
use crate::error::Result;
use crate::ids::{Key, Revision};
use crate::session::error::{SessionError, SessionResult};

/// Documents that may always be deleted.
const ALLOWED_MIN: u64 = 1_000;

/// One document in so many may be deleted without being asked for.
const ALLOWED_SHARE: u64 = 100;

/// Keys that a report lists.
const LISTED: usize = 20;

/// Citations that older years' files brought and this year's did not.
struct Gone {
    keys: Vec<Key>,
    pending: PendingRemovals,
}

impl Gone {
    fn of(snapshot: &Snapshot, year: u32, allowed: Option<u64>) -> Result<Gone> {
        let first_of_year = first_of_year(year);
        let mut keys = Vec::new();
        for item in snapshot.revisions() {
            let (key, revision) = item?;
            if revision.file > 0 && revision.file < first_of_year {
                keys.push(key);
            }
        }
        keys.sort_unstable();
        let by_size = (snapshot.len() / ALLOWED_SHARE).max(ALLOWED_MIN);
        let pending = PendingRemovals {
            year,
            count: keys.len() as u64,
            allowed: allowed.unwrap_or(by_size),
            first: keys.iter().take(LISTED).cloned().collect(),
        };
        Ok(Gone { keys, pending })
    }
}

/// Before every file of a year, and behind those of the year before.
fn first_of_year(year: u32) -> u32 {
    NlmFile::of(year, 0).revision()
}

/// What [`reconcile`] would delete for this baseline; `None` where that is nothing, or not all of it was read.
pub(super) fn pending(
    snapshot: &Snapshot,
    baseline: Option<Baseline>,
    allowed: Option<u64>,
) -> Result<Option<PendingRemovals>> {
    let ledger = Ledger::of(&snapshot.manifest().sources);
    let Some(baseline) = baseline.filter(|baseline| baseline.is_read(&ledger)) else {
        return Ok(None);
    };
    let pending = Gone::of(snapshot, baseline.year, allowed)?.pending;
    Ok(Some(pending).filter(|pending| pending.count > 0))
}

/// Deletes the citations that older years' files brought and this year's did not. Called when all of the year's
/// baseline was read. Cost: two columns of every segment are read.
///
/// # Errors
/// [`SessionError::TooManyRemovals`], and nothing was deleted; as [`crate::db::Writer::commit`].
pub(super) fn reconcile(
    database: &Database,
    year: u32,
    allowed: Option<u64>,
    control: &Control,
) -> SessionResult<SyncRemovals> {
    let Gone { keys: gone, pending } = Gone::of(&database.snapshot(), year, allowed)?;
    control.check()?;
    let is_refused = pending.is_refused();
    let PendingRemovals { count, allowed, first, .. } = pending;
    if is_refused {
        return Err(SessionError::TooManyRemovals { year, count, allowed, first });
    }
    if !gone.is_empty() {
        let mut writer = database.writer(WriterOptions::default().control(control.clone()))?;
        // Before the year's first file: whatever that year says of a citation later brings it back.
        let mark = Revision { file: first_of_year(year), position: 0, version: 0 };
        for key in &gone {
            writer.delete_revision(key, mark)?;
        }
        writer.commit()?;
    }
    Ok(SyncRemovals { year, count, first })
}
