//! A new year's baseline, and what it does not have any more.

use super::key::NlmFile;
use super::report::SyncRemovals;
use crate::control::Control;
use crate::db::{Database, WriterOptions};
use crate::ids::Revision;
use crate::session::error::{SessionError, SessionResult};

/// Documents that may always be deleted.
const ALLOWED_MIN: u64 = 1_000;

/// One document in so many may be deleted without being asked for.
const ALLOWED_SHARE: u64 = 100;

/// Keys that a report lists.
const LISTED: usize = 20;

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
    let snapshot = database.snapshot();
    let first_of_year = NlmFile::of(year, 0).revision();
    let by_size = (snapshot.len() / ALLOWED_SHARE).max(ALLOWED_MIN);
    let allowed = allowed.unwrap_or(by_size);
    let mut gone = Vec::new();
    for item in snapshot.revisions() {
        let (key, revision) = item?;
        if revision.file > 0 && revision.file < first_of_year {
            gone.push(key);
        }
    }
    control.check()?;
    gone.sort_unstable();
    let count = gone.len() as u64;
    let first = gone.iter().take(LISTED).cloned().collect();
    if count > allowed {
        return Err(SessionError::TooManyRemovals { year, count, allowed, first });
    }
    if !gone.is_empty() {
        let mut writer = database.writer(WriterOptions::default().control(control.clone()))?;
        // Before the year's first file: whatever that year says of a citation later brings it back.
        let mark = Revision { file: first_of_year, position: 0, version: 0 };
        for key in &gone {
            writer.delete_revision(key, mark)?;
        }
        writer.commit()?;
    }
    Ok(SyncRemovals { year, count, first })
}
