//! `medvec embed`

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use medvec::db::{EmbedOptions, Writer, WriterOptions};
use medvec::{Encoder, Error};

use super::import::same_encoder;
use super::open;
use crate::args::Embed;
use crate::context::Context;
use crate::encoders::{self, Use, batch};
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::style::{FAINT, GOOD, count, counted, duration};

pub(crate) fn run(args: &Embed, context: &mut Context) -> Result<u8> {
    let database = open(&args.database)?;
    let snapshot = database.snapshot();
    let Some(vectors) = &snapshot.manifest().vectors else {
        return Err(Failure::usage("this database was created without vectors"));
    };
    let Some(spec) = &vectors.encoder else {
        return Err(Failure::usage(
            "this database holds vectors of your own making: import more of them instead",
        ));
    };
    let named = |name| encoders::for_database(name, &args.model, args.query_encoder.as_deref());
    let mut writer = match args.encoder.as_deref() {
        Some(name) if spec.is_precomputed() => {
            let mut writer = database.writer(WriterOptions::default())?;
            adopt(&mut writer, named(name)?, &spec.name, context)?;
            writer
        }
        Some(name) => {
            let encoder = same_encoder(named(name)?, spec)?;
            database.writer(WriterOptions::with_encoder(encoder))?
        }
        None => {
            let encoder = encoders::for_spec(spec, Use::Both, args.model.device())?;
            database.writer(WriterOptions::with_encoder(encoder))?
        }
    };
    let mut options = EmbedOptions::default();
    options.batch = batch(args.model.device(), options.batch);
    if let Some(threads) = args.threads {
        options.threads = usize::from(threads);
    }
    let started = Instant::now();
    let mut embedded = 0;
    let progress = Arc::new(context.progress("reading"));
    let result = writer.embed_pending(&options, &context.control(), &mut |now| {
        embedded = now.done;
        match now.is_committing {
            true => progress.stage("making it durable", "documents", now.done, now.total),
            false => progress.stage("embedding", "documents", now.done, now.total),
        }
    });
    if matches!(result, Err(Error::Cancelled)) {
        // What was embedded so far is worth a commit.
        writer.commit()?;
    } else if result.is_ok() && embedded > 0 {
        progress.stage("merging segments", "", 0, 0);
        writer.compact(&context.watched(&progress))?;
    }
    drop(progress);
    let mut without = 0;
    if let Ok(report) = &result {
        (embedded, without) = (report.embedded, report.without_vector);
    }
    let left = writer.snapshot().pending()?;
    let rate = embedded as f64 / started.elapsed().as_secs_f64().max(1e-3);
    writeln!(
        context.out,
        "{GOOD}embedded{GOOD:#} {}; {} left",
        counted(embedded, "document"),
        count(left)
    )?;
    if without > 0 {
        context.remark(format!(
            "{FAINT}{} hold no word that the encoder knows and stay without a vector{FAINT:#}",
            counted(without, "document")
        ));
    }
    if embedded > 0 {
        context.remark(format!(
            "{FAINT}{}, {}/s{FAINT:#}",
            duration(started.elapsed()),
            count(rate as u64)
        ));
    }
    result?;
    Ok(EXIT_FOUND)
}

/// Holds an encoder against vectors that were made elsewhere, and makes it theirs.
fn adopt(
    writer: &mut Writer,
    encoder: Arc<dyn Encoder>,
    origin: &str,
    context: &mut Context,
) -> Result<()> {
    let report = writer.adopt_encoder(encoder, &context.control())?;
    context.remark(format!(
        "{FAINT}it made the vectors of {origin}: median cosine {:.4} for {}{FAINT:#}",
        report.cosine,
        counted(report.samples as u64, "document")
    ));
    Ok(())
}
