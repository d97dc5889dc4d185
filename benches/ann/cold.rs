//! Searching what is not in memory: every question after the files were dropped from the page cache.
//!
//! Dropping is `posix_fadvise(DONTNEED)` on each file of the database, while nothing maps it; that
//! needs no privilege and touches no other file. A virtual machine's host may still have the pages,
//! so times are the machine's, while pages and bytes read hold anywhere.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use crate::engine::{Engine, Setting};
use crate::machine::DiskReads;
use crate::sweep::{Question, percentile};
use crate::{Report, Result, rounded};

/// Asks each question of a database that was just dropped from memory and opened; a line a setting.
pub(crate) fn measure(
    database: &Path,
    settings: &[Setting],
    questions: &[Question],
    report: &mut Report,
) -> Result<()> {
    for setting in settings {
        let (mut opening, mut searching) = (Vec::new(), Vec::new());
        let (mut bytes, mut faults) = (0, 0);
        for question in questions {
            drop_from_memory(database)?;
            let started = Instant::now();
            let engine = Engine::open(database)?;
            opening.push(started.elapsed().as_secs_f64() * 1e3);
            let before = DiskReads::now()?;
            let started = Instant::now();
            engine.search(&question.vector, setting, None)?;
            searching.push(started.elapsed().as_secs_f64() * 1e3);
            let read = before.until_now()?;
            bytes += read.bytes;
            faults += read.major_faults;
        }
        opening.sort_by(f64::total_cmp);
        searching.sort_by(f64::total_cmp);
        let count = questions.len() as f64;
        report.line(
            "cold",
            json!({
                "setting": setting.describe(),
                "queries": questions.len(),
                "open_p50_ms": rounded(percentile(&opening, 0.50), 3),
                "p50_ms": rounded(percentile(&searching, 0.50), 3),
                "p99_ms": rounded(percentile(&searching, 0.99), 3),
                "read_kib": rounded(bytes as f64 / 1024.0 / count, 0),
                "major_faults": rounded(faults as f64 / count, 1),
            }),
        )?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn drop_from_memory(folder: &Path) -> Result<()> {
    use rustix::fs::{Advice, fadvise};
    for entry in fs::read_dir(folder)? {
        fadvise(File::open(entry?.path())?, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn drop_from_memory(folder: &Path) -> Result<()> {
    Err(format!("{}: the page cache can be dropped on Linux only", folder.display()).into())
}
