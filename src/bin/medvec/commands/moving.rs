//! `medvec backup`, `pack`, `unpack`, `diff`, `apply` and `merge`

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use medvec::export::{json, moves};
use medvec::session;
use medvec::session::{ArchiveReport, BackupOptions, DeltaBase, DeltaReport, Generation};
use serde_json::Value;

use super::import::advise;
use super::open::open;
use crate::args::{Apply, Backup, Diff, Merge, Pack, Unpack};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::style::{GOOD, MARK, bytes, count, counted};

pub(crate) fn backup(args: &Backup, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let database = open(&args.database)?;
    let options = BackupOptions::default().check(args.check);
    let report = {
        let progress = Arc::new(context.progress("copying"));
        database.backup(&args.destination, &options, &context.watched(&progress))?
    };
    for name in &report.replaced {
        context.remark(format!("{MARK}{name} was damaged there{MARK:#} and was copied anew"));
    }
    if is_json {
        return write(&moves::backup(&report), context);
    }
    let (copied, kept) = (report.files_copied as u64, report.files_kept as u64);
    writeln!(
        context.out,
        "{GOOD}copied{GOOD:#} generation {} to {}: {}, {}; {} there already, {}",
        report.generation.0,
        args.destination.display(),
        counted(copied, "file"),
        bytes(report.bytes_copied),
        counted(kept, "file"),
        bytes(report.bytes_kept)
    )?;
    Ok(EXIT_FOUND)
}

pub(crate) fn pack(args: &Pack, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let snapshot = open(&args.database)?.snapshot();
    let report = {
        let progress = Arc::new(context.progress("packing"));
        session::pack(&snapshot, &args.file, &context.watched(&progress))?
    };
    archived(&report, ("packed", &args.file), is_json, context)
}

pub(crate) fn unpack(args: &Unpack, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let report = {
        let progress = Arc::new(context.progress("unpacking"));
        session::unpack(&args.file, &args.database, &context.watched(&progress))?
    };
    archived(&report, ("unpacked", &args.database), is_json, context)
}

/// Says what was done, and where the result is.
fn archived(
    report: &ArchiveReport,
    (what, place): (&str, &Path),
    is_json: bool,
    context: &mut Context,
) -> Result<u8> {
    if is_json {
        return write(&moves::archive(report), context);
    }
    writeln!(
        context.out,
        "{GOOD}{what}{GOOD:#} generation {} to {}: {}, {}, {}",
        report.generation.0,
        place.display(),
        counted(report.documents, "document"),
        counted(report.files as u64, "file"),
        bytes(report.bytes)
    )?;
    Ok(EXIT_FOUND)
}

pub(crate) fn diff(args: &Diff, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let snapshot = open(&args.database)?.snapshot();
    let base = match (&args.base, args.since) {
        (Some(path), _) => DeltaBase::Copy(path.clone()),
        (None, since) => DeltaBase::Generation(Generation(since.unwrap_or_default())),
    };
    let report = {
        let progress = Arc::new(context.progress("packing"));
        session::diff(&snapshot, &base, &args.output, &context.watched(&progress))?
    };
    match report {
        Some(report) => changed(&report, ("wrote", &args.output), is_json, context),
        None => {
            let newest = snapshot.generation().0;
            if is_json {
                write(&moves::no_delta(&snapshot), context)?;
            }
            context.remark(format!("nothing to write: generation {newest} is the newest"));
            Ok(EXIT_NONE)
        }
    }
}

pub(crate) fn apply(args: &Apply, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let report = {
        let progress = Arc::new(context.progress("applying"));
        session::apply(&args.copy, &args.file, &context.watched(&progress))?
    };
    changed(&report, ("updated", &args.copy), is_json, context)
}

/// Says from where to where a delta leads.
fn changed(
    report: &DeltaReport,
    (what, place): (&str, &Path),
    is_json: bool,
    context: &mut Context,
) -> Result<u8> {
    if is_json {
        return write(&moves::delta(report), context);
    }
    writeln!(
        context.out,
        "{GOOD}{what}{GOOD:#} {}: from generation {} to {}, {}, {}, {}",
        place.display(),
        report.from.0,
        report.generation.0,
        counted(report.documents, "document"),
        counted(report.files as u64, "file"),
        bytes(report.bytes)
    )?;
    Ok(EXIT_FOUND)
}

pub(crate) fn merge(args: &Merge, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let (database, report) = {
        let progress = Arc::new(context.progress("merging"));
        session::merge(&args.target, &args.sources, &context.watched(&progress))?
    };
    if is_json {
        return write(&moves::merge(&report), context);
    }
    let applied = &report.applied;
    writeln!(
        context.out,
        "{GOOD}merged{GOOD:#} {} into {}: {} new, {} replaced, {} unchanged",
        counted(report.databases as u64, "database"),
        args.target.display(),
        count(applied.added),
        count(applied.replaced),
        count(applied.unchanged)
    )?;
    advise(&database, &args.target, context)?;
    Ok(EXIT_FOUND)
}

fn write(value: &Value, context: &mut Context) -> Result<u8> {
    json::write(&mut context.out.machine(), value)?;
    Ok(EXIT_FOUND)
}
