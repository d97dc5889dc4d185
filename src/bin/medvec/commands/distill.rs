//! `medvec distill`

use std::io::Write;
use std::sync::Arc;

use medvec::Encoder;
use medvec::export::{json, reports};
use medvec::session::models::distill::{self, DistillOptions};
use medvec::session::{EncoderChoice, open_encoder};

use crate::args::Distill;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{GOOD, KEY, bytes, counted};

pub(crate) fn run(args: &Distill, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let teacher: Option<Arc<dyn Encoder>> = match &args.teacher {
        Some(folder) => Some(open_encoder(&folder.to_string_lossy(), &EncoderChoice::default())?),
        None => None,
    };
    let defaults = DistillOptions::default();
    let options = DistillOptions {
        teacher: teacher.as_deref(),
        corpus: args.corpus.clone(),
        vectors: args.vectors.clone(),
        out: args.out.clone(),
        dimension: args.dimension.unwrap_or(defaults.dimension),
        passages_max: args.passages.unwrap_or(defaults.passages_max),
        vocabulary: args.vocabulary.unwrap_or(defaults.vocabulary),
        vocabulary_file: args.vocabulary_file.clone(),
        bits: args.bits.unwrap_or(defaults.bits),
        bytes_max: args.size_max.or(defaults.bytes_max),
        beir: args.beir.clone(),
        steps: args.steps.unwrap_or(defaults.steps),
        seed: args.seed.unwrap_or(defaults.seed),
        ..defaults
    };
    let progress = context.progress("starting");
    let report = distill::run(
        &options,
        &|what, done, total| {
            // A stage of one step has no size that says anything.
            let total = if total > 1 { total } else { 0 };
            progress.stage(what, "steps", done, total);
        },
        &context.control(),
    )?;
    drop(progress);
    if is_json {
        json::write(&mut context.out.machine(), &reports::distill(&report, &options))?;
        return Ok(EXIT_FOUND);
    }
    let out = &mut context.out;
    writeln!(
        out,
        "{GOOD}wrote{GOOD:#} {}: {}, {}, {}",
        args.out.display(),
        counted(report.tokens as u64, "token"),
        counted(options.dimension as u64, "dimension"),
        bytes(report.bytes)
    )?;
    writeln!(
        out,
        "learned from {} of {}; on held-out ones, its similarities correlate {:.3} with the teacher's, \
         and {:.0} % of the teacher's ten nearest are among its own ten",
        counted(report.passages as u64, "passage"),
        counted(report.documents as u64, "document"),
        report.held_out_correlation,
        100.0 * report.held_out_neighbours
    )?;
    for found in &report.retrieval {
        let folder = found.folder.display();
        write!(
            out,
            "nDCG@10 on {folder}, {}: {:.4}",
            counted(found.documents as u64, "document"),
            found.ndcg
        )?;
        match found.teacher_ndcg {
            Some(teacher) => writeln!(out, " (teacher {teacher:.4})")?,
            None => writeln!(out)?,
        }
    }
    writeln!(
        out,
        "\nuse it with:  {KEY}medvec import my.medvec FILES... --encoder {}{KEY:#}",
        args.out.display()
    )?;
    let pairs = counted(report.pairs as u64, "pair");
    context.remark(format!("used {pairs} of title and abstract"));
    Ok(EXIT_FOUND)
}
