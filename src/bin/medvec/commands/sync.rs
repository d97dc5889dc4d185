//! `medvec sync`

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use medvec::Key;
use medvec::export::json;
use medvec::session::{
    NlmFile, PendingRemovals, PlannedFile, ReadReason, SessionError, SyncBudget, SyncPlan,
    SyncReport, SyncSettings, SyncStatus, plan_sync, sync_status_with,
};
use serde::Serialize;

use crate::args::{Rows, Sync};
use crate::context::Context;
use crate::failure::{EXIT_ERROR, EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::style::{FAINT, GOOD, MARK, bytes, count, counted, duration, nonzero};

/// Runs of files that a line lists.
const LISTED: usize = 10;

pub(crate) fn run(args: &Sync, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    if args.status {
        return status(args, is_json, context);
    }
    let Some(folder) = &args.folder else {
        return Err(Failure::usage("name the folder of NLM's files"));
    };
    let mut settings = settings(args);
    let source = args.source.as_ref();
    let fetched =
        source.map(|source| fetch(args, source, folder, &mut settings, context)).transpose()?;
    let plan = match plan_sync(&args.database, folder, &settings) {
        // All that the server lists was read before, and removed.
        Err(SessionError::NoNlmFiles { .. }) if fetched.is_some() => {
            report_on(&SyncReport::default(), fetched.as_ref(), args, context)?;
            return Ok(EXIT_NONE);
        }
        plan => plan?,
    };
    remarks(&plan, context);
    let budget = match args.dry_run || plan.is_large() {
        true => Some(plan.budget(&context.control())?),
        false => None,
    };
    if args.dry_run {
        let code = dry_run(is_json, &plan, budget.as_ref(), context)?;
        return Ok(if has_gaps(&plan.missing, args) { EXIT_ERROR } else { code });
    }
    if let Some(budget) = &budget {
        context.remark(format!("{FAINT}{}{FAINT:#}", cost(budget)));
        if !args.ignore_space {
            budget.check_space()?;
        }
    }
    let progress = Arc::new(context.progress("reading"));
    let mut report = SyncReport::default();
    let result = plan.run_into(&mut report, &context.watched(&progress));
    drop(progress);
    // What was read before a new baseline was refused is kept, and said.
    let refused = match result {
        Err(SessionError::TooManyRemovals { .. }) => result,
        _ => Ok(result?),
    };
    for problem in &report.problems {
        context.remark(format!("{MARK}skipped{MARK:#} {problem}"));
    }
    report_on(&report, fetched.as_ref(), args, context)?;
    refused?;
    Ok(match report.is_news() {
        _ if report.broken > 0 => EXIT_ERROR,
        _ if has_gaps(&report.missing, args) => EXIT_ERROR,
        true => EXIT_FOUND,
        false => EXIT_NONE,
    })
}

/// Whether files that are missing make the command fail. Who has no beginning of a year may not want it; a file that
/// others surround, or that a baseline ends with, is lost.
fn has_gaps(missing: &[NlmFile], args: &Sync) -> bool {
    let begins_a_year = |run: &[NlmFile]| run.first().is_some_and(|first| first.number() == 1);
    !args.allow_gaps && runs(missing).any(|run| !begins_a_year(run))
}

/// Files of a year in a row, of files in order.
fn runs(files: &[NlmFile]) -> impl Iterator<Item = &[NlmFile]> {
    files.chunk_by(|before, after| {
        (before.year(), before.number() + 1) == (after.year(), after.number())
    })
}

/// What was fetched before a sync, for programs.
#[derive(Serialize)]
struct Fetched {
    /// Files that the server lists.
    listed: u64,
    files: Vec<NlmFile>,
    bytes: u64,
}

/// Fetches what is missing.
#[cfg(feature = "download")]
fn fetch(
    args: &Sync,
    source: &str,
    folder: &Path,
    settings: &mut SyncSettings,
    context: &mut Context,
) -> Result<Fetched> {
    use medvec::session::{DownloadSettings, download_nlm_files};

    let mut download = DownloadSettings::default();
    download.source = source.to_owned();
    let progress = Arc::new(context.progress("asking"));
    let report = download_nlm_files(&args.database, folder, &download, &context.watched(&progress));
    drop(progress);
    let report = report?;
    settings.baseline_end = settings.baseline_end.or(report.baseline_end);
    let fetched = Fetched { listed: report.listed, files: report.fetched, bytes: report.bytes };
    context.remark(format!(
        "{FAINT}{} fetched of {} listed, {}{FAINT:#}",
        counted(fetched.files.len() as u64, "file"),
        count(fetched.listed),
        bytes(fetched.bytes)
    ));
    Ok(fetched)
}

/// This build has no network.
#[cfg(not(feature = "download"))]
fn fetch(_: &Sync, _: &str, _: &Path, _: &mut SyncSettings, _: &mut Context) -> Result<Fetched> {
    Err(Failure::usage("this build of medvec does not fetch (feature `download`)"))
}

fn settings(args: &Sync) -> SyncSettings {
    let mut settings = SyncSettings::default();
    settings.import.encoder = args.model.choice(args.encoder.as_deref());
    settings.import.encoder.query = args.query_encoder.clone();
    settings.import.rows = args.rows.map(Rows::row_type);
    settings.import.defer = args.defer;
    settings.import.keep_going = args.keep_going;
    args.writing.apply(&mut settings.import);
    settings.keep = args.keep.clone();
    settings.reread = args.reread;
    settings.baseline_end = args.baseline_end;
    settings.allow_removals = args.allow_removals;
    settings
}

/// What is wrong with the folder, or left out of it.
fn remarks(plan: &SyncPlan, context: &mut Context) {
    for path in &plan.others {
        let path = path.display();
        context.remark(format!("{FAINT}{path} left out: no file of NLM's series{FAINT:#}"));
    }
    for path in &plan.copies {
        let path = path.display();
        context.remark(format!("{FAINT}{path} left out: the same file lies elsewhere{FAINT:#}"));
    }
    if !plan.superseded.is_empty() {
        context.remark(format!(
            "{FAINT}{} left out: a newer baseline is complete{FAINT:#}",
            names(&plan.superseded)
        ));
    }
    if !plan.missing.is_empty() {
        context.remark(format!("{MARK}missing{MARK:#} {}", names(&plan.missing)));
    }
}

/// Files in order by name, three and more in a row by the first and the last.
fn names(files: &[NlmFile]) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut named = 0;
    for run in runs(files).take(LISTED) {
        named += run.len();
        match run {
            [first, _, .., last] => names.push(format!("{first} to {last}")),
            _ => names.extend(run.iter().map(NlmFile::to_string)),
        }
    }
    if named < files.len() {
        names.push(format!("and {} more", count((files.len() - named) as u64)));
    }
    names.join(", ")
}

/// What a sync would do, for programs.
#[derive(Serialize)]
struct DryRun<'a> {
    to_read: &'a [PlannedFile],
    known: u64,
    missing: &'a [NlmFile],
    superseded: &'a [NlmFile],
    copies: Vec<Cow<'a, str>>,
    others: Vec<Cow<'a, str>>,
    keep: Option<&'a str>,
    pending_removals: Option<&'a PendingRemovals>,
    budget: Option<&'a SyncBudget>,
}

fn dry_run(
    is_json: bool,
    plan: &SyncPlan,
    budget: Option<&SyncBudget>,
    context: &mut Context,
) -> Result<u8> {
    let pending = plan.pending()?;
    if is_json {
        let dry = DryRun {
            to_read: &plan.to_read,
            known: plan.known,
            missing: &plan.missing,
            superseded: &plan.superseded,
            copies: plan.copies.iter().map(|path| path.to_string_lossy()).collect(),
            others: plan.others.iter().map(|path| path.to_string_lossy()).collect(),
            keep: plan.keep.as_deref(),
            pending_removals: pending.as_ref(),
            budget,
        };
        json::write(&mut context.out.machine(), &dry)?;
    } else {
        for PlannedFile { path, bytes: size, reason, .. } in &plan.to_read {
            let why = match reason {
                ReadReason::Unfinished => "  the rest",
                ReadReason::Changed => "  it has changed",
                ReadReason::Again => "  once more",
                _ => "",
            };
            let path = path.display();
            writeln!(context.out, "{path}  {FAINT}{}{why}{FAINT:#}", bytes(*size))?;
        }
        let to_read = counted(plan.to_read.len() as u64, "file");
        let known = count(plan.known);
        writeln!(context.out, "{to_read} to read, {known} read before")?;
        if let Some(budget) = budget.filter(|budget| budget.sample_citations > 0) {
            writeln!(context.out, "{}", cost(budget))?;
        }
        if let Some(pending) = &pending {
            writeln!(context.out, "{}", waiting(pending))?;
        }
    }
    Ok(match pending {
        Some(pending) if pending.is_refused() => EXIT_ERROR,
        None if plan.to_read.is_empty() => EXIT_NONE,
        _ => EXIT_FOUND,
    })
}

/// What a sync will delete, or not without being told so.
fn waiting(pending: &PendingRemovals) -> String {
    let PendingRemovals { year, count, .. } = pending;
    let what =
        format!("{} not in the baseline of 20{year:02} any more", counted(*count, "citation"));
    let verb = match pending.is_refused() {
        true => format!("kept until --allow-removals {count}"),
        false => "to delete".to_owned(),
    };
    format!("{what}, {verb}: {}", some_keys(&pending.first, *count))
}

/// The first of so many keys.
fn some_keys(first: &[Key], count: u64) -> String {
    let keys: Vec<String> = first.iter().map(ToString::to_string).collect();
    let more = if count > first.len() as u64 { " ..." } else { "" };
    format!("{}{more}", keys.join(" "))
}

fn cost(budget: &SyncBudget) -> String {
    let free = match budget.free_bytes {
        Some(free) => format!("{} are free", bytes(free)),
        None => "how much is free is not known".to_owned(),
    };
    format!(
        "{} to read: about {} at {}/s; the database grows by about {}, needs {} meanwhile, and {free}",
        bytes(budget.read_bytes),
        duration(Duration::from_secs_f64(budget.seconds.clamp(0.0, 1e9))),
        counted(budget.citations_per_second as u64, "citation"),
        bytes(budget.disk_bytes),
        bytes(budget.needed_bytes),
    )
}

/// What a sync did, for programs.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    sync: &'a SyncReport,
    /// `None` where no source was given.
    fetched: Option<&'a Fetched>,
}

fn report_on(
    report: &SyncReport,
    fetched: Option<&Fetched>,
    args: &Sync,
    context: &mut Context,
) -> Result<()> {
    if args.format.is_json() {
        let report = Report { sync: report, fetched };
        return Ok(json::write(&mut context.out.machine(), &report)?);
    }
    let database = &args.database;
    if let Some(removals) = report.removals.as_ref().filter(|removals| removals.count > 0) {
        let (removed, year) = (counted(removals.count, "citation"), removals.year);
        let keys = some_keys(&removals.first, removals.count);
        writeln!(
            context.out,
            "{removed} not in the baseline of 20{year:02} any more, deleted: {keys}"
        )?;
    }
    if report.files == 0 && report.broken == 0 {
        if !report.is_news() && report.pending.is_none() {
            writeln!(context.out, "nothing new for {}", database.display())?;
        }
        return Ok(());
    }
    let mut parts = vec![counted(report.files, "file"), format!("{} new", count(report.added))];
    parts.extend(nonzero([
        (report.replaced, ["replaced"; 2]),
        (report.unchanged, ["unchanged"; 2]),
        (report.deletes, ["deletion", "deletions"]),
        (report.left_out, ["left out"; 2]),
        (report.encoded, ["embedded"; 2]),
        (report.reused, ["embedding reused", "embeddings reused"]),
        (report.skipped, ["skipped"; 2]),
    ]));
    if report.broken > 0 {
        parts.push(format!("{} broken", counted(report.broken, "file")));
    }
    writeln!(context.out, "{GOOD}synced{GOOD:#} {}: {}", database.display(), parts.join(", "))?;
    Ok(())
}

fn status(args: &Sync, is_json: bool, context: &mut Context) -> Result<u8> {
    let status = sync_status_with(&args.database, args.folder.as_deref(), &settings(args))?;
    match is_json {
        true => json::write(&mut context.out.machine(), &status)?,
        false => show(&status, context)?,
    }
    Ok(match &status {
        _ if has_gaps(&status.missing, args) || !status.needed.is_empty() => EXIT_ERROR,
        _ if status.pending.as_ref().is_some_and(PendingRemovals::is_refused) => EXIT_ERROR,
        SyncStatus { last_file: None, .. } => EXIT_NONE,
        _ => EXIT_FOUND,
    })
}

fn show(status: &SyncStatus, context: &mut Context) -> Result<()> {
    let mut row =
        |name: &str, value: String| writeln!(context.out, "{FAINT}{name:<12}{FAINT:#} {value}");
    row("last file", status.last_file.map_or("none".into(), |file| file.to_string()))?;
    if let (Some(day), Some(days)) = (&status.newest_record, status.days_old) {
        let days = counted(u64::try_from(days).unwrap_or(0), "day");
        row("last record", format!("revised {day}, {days} ago"))?;
    }
    let (citations, documents) = (count(status.citations), counted(status.documents, "document"));
    row("citations", format!("{citations} of {documents}"))?;
    let all = || "all of PubMed".to_owned();
    row("keeps", if status.keep.is_empty() { all() } else { status.keep.clone() })?;
    row("files read", count(status.files_read))?;
    for (name, files) in [
        ("unfinished", Some(&status.unfinished)),
        ("to read", status.to_read.as_ref()),
        ("missing", Some(&status.missing)),
        ("read again", Some(&status.needed)),
    ] {
        if let Some(files) = files.filter(|files| !files.is_empty()) {
            row(name, format!("{}: {}", count(files.len() as u64), names(files)))?;
        }
    }
    if !status.needed.is_empty() {
        row("", "a slice needs them again, and they are not in the folder".to_owned())?;
    }
    if let Some(pending) = &status.pending {
        row("removals", waiting(pending))?;
    }
    Ok(())
}
