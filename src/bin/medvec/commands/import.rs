//! `medvec import`

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use medvec::db::{CreateOptions, Database};
use medvec::format::manifest::RowType;
use medvec::format::names;
use medvec::ingest;
use medvec::ingest::pipeline::{ImportOptions, ImportReport, Stage, import, select};
use medvec::limits::TRAIN_ROWS_MIN;
use medvec::{Encoder, EncoderSpec, Error};

use super::open;
use crate::args::{Import, Rows, row_type_name};
use crate::context::Context;
use crate::encoders::{self, BUILTIN, Use, batch};
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::shell;
use crate::style::{FAINT, GOOD, MARK, count, counted, duration};
use crate::vectors::{self, Brought, check_metric};

/// The `--encoder` of a database whose documents are not embedded.
pub(crate) const NO_ENCODER: &str = "none";

/// Where documents go, and who vouches for their vectors.
struct Target {
    database: Database,
    encoder: Option<Arc<dyn Encoder>>,
    origin: Option<EncoderSpec>,
}

pub(crate) fn run(args: &Import, context: &mut Context) -> Result<u8> {
    let (files, others) = select(&args.files);
    for (file, reason) in &others {
        context.remark(format!("{FAINT}{} left out: {reason}{FAINT:#}", file.display()));
    }
    if files.is_empty() {
        return Err(Failure::usage("none of the files is a source: name the files to import"));
    }
    let args = &Import { files, ..args.clone() };
    for file in &args.files {
        check_source(file, args)?;
    }
    let Target { database, encoder, origin } = match Database::exists(&args.database) {
        true => existing(args)?,
        false => create(args, context)?,
    };
    let defaults = ImportOptions::default();
    let options = ImportOptions {
        encoder,
        origin,
        ids: args.ids.clone(),
        defer: args.defer,
        force: args.force,
        keep_going: args.keep_going,
        batch: batch(args.model.device(), defaults.batch),
        control: context.control(),
        ..defaults
    };
    let started = Instant::now();
    let progress = context.progress("reading");
    let report = import(&database, &args.files, &options, &mut |now| match now.stage {
        Stage::Committing => {
            progress.bytes("making it durable", now.bytes, now.bytes_total, Some(now.records));
        }
        _ => progress.bytes("importing", now.bytes, now.bytes_total, Some(now.records)),
    });
    drop(progress);
    let report = report?;
    tell(&report, args, context)?;
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
    advise(&database, &args.database, context)?;
    Ok(EXIT_FOUND)
}

/// Says so when documents wait for their vectors, or many are not indexed.
fn advise(database: &Database, path: &Path, context: &mut Context) -> Result<()> {
    let figures = database.snapshot().stats()?;
    let path = shell::quoted(&path.to_string_lossy());
    let embeds = |spec: &EncoderSpec| !spec.is_precomputed();
    let vectors = database.snapshot().manifest().vectors.clone();
    if figures.pending > 0
        && vectors.and_then(|config| config.encoder).is_some_and(|spec| embeds(&spec))
    {
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

/// Fails for a file that is no source before anything is created.
fn check_source(file: &Path, args: &Import) -> Result<()> {
    if file.is_dir() {
        return Err(Failure::usage(format!(
            "{} is a directory: name the files in it ({}/*.xml.gz)",
            file.display(),
            file.display()
        )));
    }
    if ingest::vectors::is_vectors(file)? {
        ingest::vectors::open(file, args.ids.as_deref())?;
    } else if file.is_file() {
        ingest::open(file)?;
    } else {
        // What a pipe gives now would be missing later; a path that leads nowhere is told at once.
        std::fs::metadata(file)
            .map_err(|source| Error::io("open", file.display().to_string(), source))?;
    }
    Ok(())
}

/// A new database, as the options say.
fn create(args: &Import, context: &mut Context) -> Result<Target> {
    check_directory(&args.database)?;
    let row_type = args.rows.map_or(RowType::Int8, Rows::row_type);
    let brought = Brought::of(args)?;
    if args.origin.is_some() && brought.is_none() {
        return Err(Failure::usage("--origin says what made vectors, but the files bring none"));
    }
    let named = args.encoder.as_deref();
    let is_foreign =
        brought.as_ref().is_some_and(|brought| brought.is_file) || args.origin.is_some();
    if named == Some(NO_ENCODER) || (named.is_none() && is_foreign) {
        let (vectors, origin) = match brought {
            Some(brought) => brought.config(args, row_type)?,
            None => (None, None),
        };
        let database = Database::create(&args.database, CreateOptions { vectors })?;
        return Ok(Target { database, encoder: None, origin });
    }
    let encoder = self::named(named.unwrap_or(BUILTIN), args)?;
    encoders::announce(&encoder.spec().name, args.model.preset.as_deref(), context)?;
    let options = CreateOptions::for_encoder(encoder.spec(), row_type);
    if let Some(config) = &options.vectors {
        check_metric(args, config)?;
        if let Some(brought) = brought.filter(|brought| brought.is_file) {
            brought.check_dimension(config)?;
        }
    }
    let database = Database::create(&args.database, options)?;
    Ok(Target { database, encoder: Some(encoder), origin: None })
}

/// The encoder that the options name.
fn named(name: &str, args: &Import) -> Result<Arc<dyn Encoder>> {
    encoders::for_database(name, &args.model, args.query_encoder.as_deref())
}

/// Fails for a place that holds something else.
fn check_directory(path: &Path) -> Result<()> {
    if path.is_file() {
        return Err(Failure::usage(format!(
            "{} is a file: the first argument is the directory of the database",
            path.display()
        )));
    }
    // An import that was killed at its start leaves a lock and perhaps an unpublished manifest.
    let foreign = |entry: std::fs::DirEntry| {
        entry.file_name().to_str().is_none_or(|name| names::parse(name).is_none())
    };
    let is_used = std::fs::read_dir(path)
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(foreign)));
    if is_used {
        return Err(Failure::usage(format!(
            "{} holds other files and no database: name a new or an empty directory",
            path.display()
        )));
    }
    Ok(())
}

/// The database that is there, and the encoder it was made with; options must agree with it.
fn existing(args: &Import) -> Result<Target> {
    let database = open(&args.database)?;
    let snapshot = database.snapshot();
    let vectors = snapshot.manifest().vectors.as_ref();
    if let (Some(given), Some(vectors)) = (args.rows, vectors)
        && given.row_type() != vectors.row_type
    {
        return Err(Failure::usage(format!(
            "this database stores vectors as {}, not {}: that is fixed when it is created; leave \
             out --rows, or import into a new database",
            row_type_name(vectors.row_type),
            row_type_name(given.row_type())
        )));
    }
    if let Some(config) = vectors {
        check_metric(args, config)?;
    }
    let stored = vectors.and_then(|vectors| vectors.encoder.as_ref());
    if let Some(spec) = stored.filter(|spec| spec.is_precomputed()) {
        let origin = Some(vectors::same_origin(args, spec)?);
        return Ok(Target { database, encoder: None, origin });
    }
    if let Some(name) = &args.origin {
        return Err(Failure::usage(format!(
            "the vectors of this database are {}, not of the origin {name}: leave out --origin, or \
             import into a new database",
            stored.map_or("of your own making".into(), |spec| format!("made by {}", spec.name))
        )));
    }
    let encoder = match (args.encoder.as_deref(), stored) {
        (None | Some(NO_ENCODER), None) => None,
        (Some(NO_ENCODER), Some(spec)) => {
            return Err(Failure::usage(format!(
                "this database is embedded by {}, not by {NO_ENCODER}: that is fixed when it is \
                 created; leave out --encoder, or import into a new database",
                spec.name
            )));
        }
        (Some(name), None) => {
            return Err(Failure::usage(format!(
                "this database was created with --encoder {NO_ENCODER}, not {name}: leave out \
                 --encoder, or import into a new database"
            )));
        }
        (Some(name), Some(spec)) => Some(same_encoder(named(name, args)?, spec)?),
        (None, Some(spec)) => {
            vectors::refuse_unvouched(args, spec)?;
            Some(same_encoder(encoders::for_spec(spec, Use::Both, args.model.device())?, spec)?)
        }
    };
    Ok(Target { database, encoder, origin: None })
}

pub(crate) fn same_encoder(
    encoder: Arc<dyn Encoder>,
    stored: &medvec::EncoderSpec,
) -> Result<Arc<dyn Encoder>> {
    stored.ensure_same(encoder.spec())?;
    Ok(encoder)
}

fn tell(report: &ImportReport, args: &Import, context: &mut Context) -> Result<()> {
    for error in report.skipped_records.iter().chain(&report.broken_files) {
        context.remark(format!("{MARK}skipped{MARK:#} {error}"));
    }
    if report.without_vector > 0 {
        context.remark(format!(
            "{FAINT}{} hold no word that the encoder knows: filters find them, searches by meaning \
             do not{FAINT:#}",
            counted(report.without_vector, "document")
        ));
    }
    let unlisted = report.skipped.saturating_sub(report.skipped_records.len() as u64);
    if unlisted > 0 {
        context.remark(format!("{MARK}skipped{MARK:#} {} more", count(unlisted)));
    }
    let mut parts = vec![format!("{} new", count(report.added))];
    for (number, what) in [
        (report.replaced, "replaced"),
        (report.unchanged, "unchanged"),
        (report.deletes, "deletions"),
        (report.vectors, "vectors"),
        (report.encoded, "embedded"),
        (report.reused, "embeddings reused"),
        (report.without_vector, "without a vector"),
        (report.skipped, "skipped"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    if report.files_known > 0 {
        parts.push(format!("{} imported before", counted(report.files_known, "file")));
    }
    if report.files_changed > 0 {
        let files = counted(report.files_changed, "file");
        parts.push(format!("{files} changed and imported again"));
    }
    writeln!(
        context.out,
        "{GOOD}imported{GOOD:#} into {}: {}",
        args.database.display(),
        parts.join(", ")
    )?;
    Ok(())
}
