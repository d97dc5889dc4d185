//! `medvec embed`

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use medvec::export::{json, reports};
use medvec::session::{Session, SessionOptions};

use crate::args::Embed;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{FAINT, GOOD, count, counted, duration};

pub(crate) fn run(args: &Embed, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let mut encoder = args.model.choice(args.encoder.as_deref());
    encoder.query = args.query_encoder.clone();
    let session = Session::open(&args.database, SessionOptions::default().encoder(encoder))?;
    let started = Instant::now();
    let progress = Arc::new(context.progress("reading"));
    let outcome = session.embed(args.threads.map(usize::from), &context.watched(&progress));
    drop(progress);
    let outcome = outcome?;
    if let Some(adopted) = &outcome.adopted {
        context.remark(format!(
            "{FAINT}it made the vectors that were there: median cosine {:.4} for {}{FAINT:#}",
            adopted.cosine,
            counted(adopted.samples as u64, "document")
        ));
    }
    let rate = outcome.embedded as f64 / started.elapsed().as_secs_f64().max(1e-3);
    match is_json {
        true => {
            let report = reports::embed(&outcome, &session.snapshot());
            json::write(&mut context.out.machine(), &report)?;
        }
        false => writeln!(
            context.out,
            "{GOOD}embedded{GOOD:#} {}; {} left",
            counted(outcome.embedded, "document"),
            count(outcome.left)
        )?,
    }
    if outcome.without_vector > 0 {
        context.remark(format!(
            "{FAINT}{} without a word that the encoder knows: left without a vector{FAINT:#}",
            counted(outcome.without_vector, "document")
        ));
    }
    if outcome.embedded > 0 {
        context.remark(format!(
            "{FAINT}{}, {}/s{FAINT:#}",
            duration(started.elapsed()),
            count(rate as u64)
        ));
    }
    match outcome.stopped {
        Some(error) => Err(error.into()),
        None => Ok(EXIT_FOUND),
    }
}
