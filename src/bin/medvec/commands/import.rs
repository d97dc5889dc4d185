//! `medvec import`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use medvec::export::{json, reports};
use medvec::session::{
    Import as Prepared, ImportReport, ImportSettings, ImportSource, Opened, SourceHints,
    TRAIN_ROWS_MIN, kept_slice, select_sources,
};
use medvec::{Database, Error};

use crate::args::{Import, MetricName, Rows};
use crate::context::Context;
use crate::encoders::announce;
use crate::failure::{EXIT_ERROR, EXIT_FOUND, Failure, Result};
use crate::shell;
use crate::style::{FAINT, GOOD, MARK, agreed, count, counted, duration, nonzero};

/// What messages and the database call it.
const STANDARD_INPUT: &str = "standard input";

pub(crate) fn run(args: &Import, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let named = |file: &&PathBuf| !is_standard_input(file);
    let paths: Vec<PathBuf> = args.files.iter().filter(named).cloned().collect();
    if args.files.len() > paths.len() + 1 {
        return Err(Failure::usage("`-` is given twice: standard input can be read only once"));
    }
    let (files, others) = select_sources(&paths);
    for (file, reason) in &others {
        context.remark(format!("{FAINT}{} left out: {reason}{FAINT:#}", file.display()));
    }
    let mut sources = Sources { others, ..Sources::default() };
    sources.sources.extend(files.iter().cloned().map(ImportSource::Path));
    if let Some(at) = args.files.iter().position(|file| is_standard_input(file)) {
        let before = args.files.get(..at).unwrap_or_default();
        let at = files.iter().filter(|file| before.contains(file)).count();
        let hints = SourceHints::new(None, args.map.clone());
        match Opened::stream(STANDARD_INPUT, io::stdin(), &hints) {
            Err(error @ Error::Input { .. }) if args.keep_going && !files.is_empty() => {
                sources.broken.push(error);
            }
            opened => sources.sources.insert(at, opened?.into()),
        }
    }
    let preset = args.model.preset.as_deref();
    sources_into(&args.database, sources, &settings(args), preset, is_json, context)
}

/// Whether an argument means standard input; a file of that name is `./-`.
fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn settings(args: &Import) -> ImportSettings {
    let mut settings = ImportSettings::default();
    settings.encoder = args.model.choice(args.encoder.as_deref());
    settings.encoder.query = args.query_encoder.clone();
    settings.rows = args.rows.map(Rows::row_type);
    settings.origin = args.origin.clone();
    settings.metric = args.metric.map(MetricName::metric);
    settings.ids = args.ids.clone();
    settings.columns = args.map.clone();
    settings.defer = args.defer;
    settings.force = args.force;
    settings.keep_going = args.keep_going;
    args.writing.apply(&mut settings);
    settings
}

/// What is imported, and what not.
#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) sources: Vec<ImportSource>,
    /// Files that are no sources, and why.
    pub(crate) others: Vec<(PathBuf, String)>,
    /// What could not be opened and is passed over.
    pub(crate) broken: Vec<Error>,
}

/// Imports sources and says what became of them, and of the files that are none.
pub(crate) fn sources_into(
    path: &Path,
    Sources { sources, others, broken }: Sources,
    settings: &ImportSettings,
    preset: Option<&str>,
    is_json: bool,
    context: &mut Context,
) -> Result<u8> {
    let import = Prepared::prepare(path, sources, settings)?;
    if let Some(spec) = import.new_encoder() {
        announce(&spec.name, preset, context)?;
    }
    let database = import.database().clone();
    let started = Instant::now();
    let progress = Arc::new(context.progress("reading"));
    let report = import.run(&context.watched(&progress));
    drop(progress);
    let mut report = report?;
    report.others = others;
    report.broken_files.splice(0..0, broken);
    remarks(&report, context);
    match is_json {
        true => json::write(&mut context.out.machine(), &reports::import(&report))?,
        false => text(&mut context.out, &report, path)?,
    }
    // A vector that made a document counts as new.
    let documents = report.added + report.replaced + report.unchanged + report.deletes;
    let records = documents.max(report.vectors);
    let seconds = started.elapsed().as_secs_f64().max(1e-3);
    context.remark(format!(
        "{FAINT}{} in {}, {}/s{FAINT:#}",
        counted(records, "record"),
        duration(started.elapsed()),
        count((records as f64 / seconds) as u64)
    ));
    if let Some(slice) = kept_slice(&database.snapshot()) {
        context.remark(format!(
            "{FAINT}`sync` keeps only `{slice}` here; import added all that it was given{FAINT:#}"
        ));
    }
    advise(&database, path, context)?;
    Ok(if report.broken_files.is_empty() { EXIT_FOUND } else { EXIT_ERROR })
}

/// Says so when documents wait for their vectors, or many are not indexed.
pub(super) fn advise(database: &Database, path: &Path, context: &mut Context) -> Result<()> {
    let figures = database.snapshot().stats()?;
    let path = shell::quoted(&path.to_string_lossy());
    let vectors = database.snapshot().manifest().vectors.clone();
    let encoder = vectors.and_then(|config| config.encoder);
    if figures.pending > 0 && encoder.is_some_and(|spec| !spec.is_precomputed()) {
        context.remark(format!(
            "{FAINT}{} without vectors yet; to embed: {} embed {path}{FAINT:#}",
            counted(figures.pending, "document"),
            shell::program(),
        ));
    }
    let indexed = figures.index.map_or(0, |index| index.vectors);
    let unindexed = figures.vectors.saturating_sub(indexed);
    if unindexed >= TRAIN_ROWS_MIN {
        context.remark(format!(
            "{FAINT}{} not indexed yet; for faster searches: {} optimize {path}{FAINT:#}",
            counted(unindexed, "document"),
            shell::program(),
        ));
    }
    Ok(())
}

/// What was passed over.
fn remarks(report: &ImportReport, context: &mut Context) {
    for error in report.skipped_records.iter().chain(&report.broken_files) {
        context.remark(format!("{MARK}skipped{MARK:#} {error}"));
    }
    if report.without_vector > 0 {
        context.remark(format!(
            "{FAINT}{} {} no word that the encoder knows: found by filters, not by meaning{FAINT:#}",
            counted(report.without_vector, "document"),
            agreed(report.without_vector, ["holds", "hold"])
        ));
    }
    let unlisted = report.skipped.saturating_sub(report.skipped_records.len() as u64);
    if unlisted > 0 {
        context.remark(format!("{MARK}skipped{MARK:#} {} more", count(unlisted)));
    }
}

fn text(out: &mut dyn Write, report: &ImportReport, path: &Path) -> io::Result<()> {
    let mut parts = vec![format!("{} new", count(report.added))];
    parts.extend(nonzero([
        (report.replaced, ["replaced"; 2]),
        (report.unchanged, ["unchanged"; 2]),
        (report.deletes, ["deletion", "deletions"]),
        (report.vectors, ["vector", "vectors"]),
        (report.encoded, ["embedded"; 2]),
        (report.reused, ["embedding reused", "embeddings reused"]),
        (report.without_vector, ["without a vector"; 2]),
        (
            report.duplicates,
            ["row of an id that is there already", "rows of ids that are there already"],
        ),
        (report.skipped, ["skipped"; 2]),
    ]));
    if !report.broken_files.is_empty() {
        parts.push(format!("{} broken", counted(report.broken_files.len() as u64, "file")));
    }
    if report.files_known > 0 {
        parts.push(format!("{} imported before", counted(report.files_known, "file")));
    }
    if report.files_changed > 0 {
        let files = counted(report.files_changed, "file");
        parts.push(format!("{files} changed and imported again"));
    }
    writeln!(out, "{GOOD}imported{GOOD:#} into {}: {}", path.display(), parts.join(", "))
}
