//! `medvec import`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use medvec::db::{CreateOptions, Database};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::format::names;
use medvec::ingest::pipeline::{ImportOptions, ImportReport, Stage, import};
use medvec::ingest::{self, Event};
use medvec::limits::TRAIN_ROWS_MIN;
use medvec::{Encoder, Error, Metric};

use super::open;
use crate::args::{Import, Rows, row_type_name};
use crate::context::Context;
use crate::encoders::{self, BUILTIN, Use};
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::progress::Progress;
use crate::shell;
use crate::style::{FAINT, GOOD, MARK, count, counted, duration};

/// The `--encoder` of a database whose documents are not embedded.
const NO_ENCODER: &str = "none";

pub(crate) fn run(args: &Import, context: &mut Context) -> Result<u8> {
    for file in &args.files {
        check_source(file)?;
    }
    let (database, encoder) = match Database::exists(&args.database) {
        true => existing(args)?,
        false => create(args, context)?,
    };
    let options = ImportOptions {
        encoder,
        keep_going: args.keep_going,
        control: context.control(),
        ..ImportOptions::default()
    };
    let started = Instant::now();
    let progress = Progress::over_bytes(context.quiet);
    let report = import(&database, &args.files, &options, &mut |now| match now.stage {
        Stage::Committing => progress.stage("making it durable", 0, 0),
        _ => progress.update(now.bytes, now.bytes_total, now.records),
    });
    drop(progress);
    let report = report?;
    tell(&report, args, context)?;
    let records = report.added + report.replaced + report.unchanged + report.deletes;
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

/// Says so when many documents are not indexed.
fn advise(database: &Database, path: &Path, context: &mut Context) -> Result<()> {
    let figures = database.snapshot().stats()?;
    let indexed = figures.index.map_or(0, |index| index.vectors);
    let unindexed = figures.vectors.saturating_sub(indexed);
    if unindexed >= TRAIN_ROWS_MIN {
        context.remark(format!(
            "{FAINT}{} not indexed yet; for faster searches: {} optimize {}{FAINT:#}",
            counted(unindexed, "document"),
            shell::program(),
            shell::quoted(&path.to_string_lossy())
        ));
    }
    Ok(())
}

/// Fails for a file that is no source before anything is created.
fn check_source(file: &Path) -> Result<()> {
    if file.is_dir() {
        return Err(Failure::usage(format!(
            "{} is a directory: name the files in it ({}/*.xml.gz)",
            file.display(),
            file.display()
        )));
    }
    ingest::open(file)?;
    Ok(())
}

/// A new database, as the options say.
fn create(args: &Import, context: &mut Context) -> Result<(Database, Option<Arc<dyn Encoder>>)> {
    check_directory(&args.database)?;
    let row_type = args.rows.map_or(RowType::Int8, Rows::row_type);
    let name = args.encoder.as_deref().unwrap_or(BUILTIN);
    if name == NO_ENCODER {
        let options = CreateOptions { vectors: own_vectors(&args.files, row_type)? };
        return Ok((Database::create(&args.database, options)?, None));
    }
    let encoder = named(name, args)?;
    encoders::announce(&encoder.spec().name, args.model.preset.as_deref(), context)?;
    let options = CreateOptions::for_encoder(encoder.spec(), row_type);
    Ok((Database::create(&args.database, options)?, Some(encoder)))
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

/// Vectors as the first document brings them, for a database without an encoder; `None` when it
/// brings none.
fn own_vectors(files: &[PathBuf], row_type: RowType) -> Result<Option<VectorConfig>> {
    for file in files {
        for record in ingest::open(file)? {
            // A bad record is the import's to report.
            let Ok(record) = record else { break };
            let Event::Document { vector, .. } = record.event else { continue };
            return Ok(vector.map(|vector| {
                let dimension = u32::try_from(vector.len()).unwrap_or(u32::MAX);
                VectorConfig::new(dimension, Metric::Cosine, row_type, None)
            }));
        }
    }
    Ok(None)
}

/// The database that is there, and the encoder it was made with; options must agree with it.
fn existing(args: &Import) -> Result<(Database, Option<Arc<dyn Encoder>>)> {
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
    let stored = vectors.and_then(|vectors| vectors.encoder.as_ref());
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
        (None, Some(spec)) => Some(same_encoder(encoders::for_spec(spec, Use::Both)?, spec)?),
    };
    Ok((database, encoder))
}

fn same_encoder(
    encoder: Arc<dyn Encoder>,
    stored: &medvec::EncoderSpec,
) -> Result<Arc<dyn Encoder>> {
    let given = encoder.spec();
    if given.fingerprint() == stored.fingerprint() {
        return Ok(encoder);
    }
    Err(Failure::Library(Error::EncoderMismatch {
        stored_name: stored.name.clone(),
        stored: stored.fingerprint(),
        given_name: given.name.clone(),
        given: given.fingerprint(),
    }))
}

fn tell(report: &ImportReport, args: &Import, context: &mut Context) -> Result<()> {
    for error in report.skipped_records.iter().chain(&report.broken_files) {
        context.remark(format!("{MARK}skipped{MARK:#} {error}"));
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
        (report.encoded, "embedded"),
        (report.reused, "embeddings reused"),
        (report.skipped, "skipped"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    if report.files_known > 0 {
        parts.push(format!("{} imported before", counted(report.files_known, "file")));
    }
    writeln!(
        context.out,
        "{GOOD}imported{GOOD:#} into {}: {}",
        args.database.display(),
        parts.join(", ")
    )?;
    Ok(())
}
