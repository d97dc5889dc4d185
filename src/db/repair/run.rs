//! The steps of a repair, in order.

use super::super::gc;
use super::super::recover::{check_writable, newest_generation};
use super::apply;
use super::damage::or_damage;
use super::report::RepairReport;
use super::rows::Rows;
use super::sources::Sources;
use super::unread::Unread;
use crate::error::Result;
use crate::storage::Storage;

/// How often a plan is made anew when a writer commits while it is made.
const ATTEMPTS_MAX: usize = 1000;

pub(in crate::db) fn repair(storage: &dyn Storage, apply: bool) -> Result<RepairReport> {
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
    let mut sources = Sources::open(storage, &mut report)?;
    let rows = Rows::settle(&sources, &mut report)?;
    let mut unread = Unread::default();
    for source in &sources.segments {
        apply::describe(&sources, source, &rows, &mut report, &mut unread)?;
    }
    report.unread = unread.note(&mut sources.base.sources);
    let kept = gc::kept_manifests(storage).and_then(|kept| gc::orphans(storage, &kept));
    // What cannot be known is not counted.
    for name in or_damage(kept)?.unwrap_or_default() {
        report.leftover_files += 1;
        report.leftover_bytes += storage.length(&name)?.unwrap_or_default();
    }
    Ok((sources, rows, report))
}
