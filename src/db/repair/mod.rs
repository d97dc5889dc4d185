//! Explicit repair: finds what is damaged, says what is lost, and saves the rest.
//!
//! Three steps, each in its file:
//!
//! 1. [`sources`] opens and checks everything. Only what breaks a rule of the format is damage. Any
//!    other failure (permissions, memory, descriptors, a device's error) ends the repair, which then has
//!    changed nothing.
//! 2. [`rows`] settles which rows are live: where a list of deleted rows is lost, by the keys and
//!    revisions of all other segments, so that no replaced edition comes back.
//! 3. [`apply`] writes new files, checks the new generation in full, publishes it, and sets aside what
//!    it does not name. [`undo`] brings that back.

mod apply;
mod rows;
mod sources;
mod undo;

use super::gc;
use super::recover::{check_writable, newest_generation, remembered};
use crate::error::{Error, Result};
use crate::ids::{Generation, SegmentId};
use crate::storage::Storage;

use rows::Rows;
use sources::Sources;

pub use undo::UndoReport;
pub(super) use undo::{protected, undo};

/// How often a plan is made anew when a writer commits while it is made.
const ATTEMPTS_MAX: usize = 1000;

/// What is wrong and what can be saved.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RepairReport {
    /// The generation that repair starts from: the newest whose manifest can be read.
    pub base: u64,
    /// Newer generations whose manifest cannot be read, and why.
    pub lost_generations: Vec<(u64, String)>,
    /// Damaged segments; the others are kept as they are.
    pub segments: Vec<SegmentRepair>,
    /// Segments that only a lost generation named, whose documents are kept.
    pub adopted: Vec<SegmentId>,
    /// Damaged codebooks and what is wrong with them: without one, segments are searched exactly until
    /// they are indexed again.
    pub codebooks: Vec<(String, String)>,
    /// What is wrong with the recall that was measured: without it, the effort of a search is a guess
    /// until the next [`super::Writer::optimize`].
    pub calibration: Option<String>,
    /// Documents that were live twice; the newer edition of each is kept.
    pub duplicates: u64,
    /// Documents that can be saved, over all segments, deleted ones not counted.
    pub documents_kept: u64,
    /// Files that no generation names: of a writer at work, or of one that was killed. They are no damage;
    /// the next writer removes them.
    pub leftover_files: u64,
    /// Their bytes.
    pub leftover_bytes: u64,
    /// Files that were set aside under names that start with `damaged-`.
    pub set_aside: Vec<String>,
    /// The generation that was published, when repair was applied and there was something to do.
    pub published: Option<u64>,
}

/// A damaged segment, or an intact one whose list of deleted rows is damaged.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// Live documents that are lost.
    pub lost: u64,
    /// Saved documents that may have been deleted before: their list of deleted rows is lost, and no
    /// other segment knows better.
    pub may_return: u64,
    /// Whether the segment's file stays as it is, because only its list of deleted rows is damaged.
    pub is_file_intact: bool,
}

impl RepairReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.lost_generations.is_empty()
            && self.segments.is_empty()
            && self.codebooks.is_empty()
            && self.calibration.is_none()
            && self.duplicates == 0
    }
}

/// Whether an error says that stored bytes are wrong. Everything else says something about the machine,
/// the moment or this build.
fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. })
}

/// The value, or the damage that kept it from being read.
fn or_damage<T>(result: Result<T>) -> Result<Result<T, Error>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if is_damage(&error) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

pub(super) fn repair(storage: &dyn Storage, apply: bool) -> Result<RepairReport> {
    let lock = if apply { Some(storage.lock()?) } else { None };
    let newest = || newest_generation(storage).ok().flatten();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let before = newest();
        let found = assess(storage);
        let is_clean = found.as_ref().is_ok_and(|(_, _, report)| report.is_clean());
        // Under the lock nobody commits. Without it, what looks damaged may be what a commit removed.
        if lock.is_none() && !is_clean && attempt < ATTEMPTS_MAX && newest() > before {
            continue;
        }
        let (sources, rows, mut report) = found?;
        if let Some(lock) = lock.filter(|_| !report.is_clean()) {
            check_writable(storage, sources.base.generation)?;
            apply::apply(storage, &*lock, sources, rows, &mut report)?;
        }
        return Ok(report);
    }
}

/// Looks at everything and changes nothing.
fn assess(storage: &dyn Storage) -> Result<(Sources, Rows, RepairReport)> {
    let mut report = RepairReport::default();
    let sources = Sources::open(storage, &mut report)?;
    let rows = Rows::settle(&sources, &mut report)?;
    for source in &sources.segments {
        apply::describe(&sources, source, &rows, &mut report)?;
    }
    let kept = gc::kept_manifests(storage).and_then(|kept| gc::orphans(storage, &kept));
    // What cannot be known is not counted.
    for name in or_damage(kept)?.unwrap_or_default() {
        report.leftover_files += 1;
        report.leftover_bytes += storage.length(&name)?.unwrap_or_default();
    }
    Ok((sources, rows, report))
}

/// The first segment number that was never committed, as far as the directory remembers.
fn first_uncommitted(names: &[String]) -> Option<(Generation, SegmentId)> {
    remembered(names)
}
