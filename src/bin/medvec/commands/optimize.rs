//! `medvec optimize`

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use medvec::db::{OptimizeOptions, OptimizeReport, OptimizeStage, WriterOptions};
use medvec::encode::folder::Device;
use medvec::limits::TRAIN_ROWS_MIN;
use medvec::{Encoder, Error};

use super::open;
use crate::args::Optimize;
use crate::context::Context;
use crate::encoders::{self, Use};
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::recall::recall_text;
use crate::style::{bytes, count, counted};

/// The recall that is reported on.
const DEFAULT_RECALL: f32 = 0.95;

pub(crate) fn run(args: &Optimize, context: &mut Context) -> Result<u8> {
    let database = open(&args.database)?;
    let snapshot = database.snapshot();
    let Some(vectors) = &snapshot.manifest().vectors else {
        return Err(Failure::usage("this database has no vectors, so there is nothing to index"));
    };
    let spec = vectors.encoder.as_ref().filter(|spec| !spec.is_precomputed());
    let encoder =
        spec.map(|spec| encoders::for_spec(spec, Use::Questions, Device::Cpu)).transpose()?;
    let questions =
        args.questions.as_deref().map(|file| embed(file, encoder.as_deref())).transpose()?;
    let progress = Arc::new(context.progress("training the index"));
    let shown = progress.clone();
    let options = OptimizeOptions::default()
        .retrain(args.retrain)
        .lists(args.lists)
        .sub_dimension(args.bits.map(|bits| if bits == 1 { 4 } else { 2 }))
        .questions(questions)
        .progress(Some(Arc::new(move |stage, part| {
            let what = match stage {
                OptimizeStage::Train => "training the index",
                // Its documents are counted by the control.
                OptimizeStage::Index => return,
                _ => "measuring recall",
            };
            let (done, total) = if part > 0.0 { ((part * 100.0) as u64, 100) } else { (0, 0) };
            shown.stage(what, "percent", done, total);
        })));
    let memory_bytes_max = args.memory.map(|megabytes| megabytes.saturating_mul(1_000_000));
    let mut writer = database
        .writer(WriterOptions::default().encoder(encoder).memory_bytes_max(memory_bytes_max))?;
    let report = writer.optimize(&options, &context.watched(&progress))?;
    drop((options, progress));
    tell(&report, context)?;
    Ok(EXIT_FOUND)
}

/// The vectors of a file of questions, one a line.
fn embed(file: &Path, encoder: Option<&dyn Encoder>) -> Result<Vec<f32>> {
    let Some(encoder) = encoder else {
        return Err(Failure::usage(
            "this database holds vectors of your own making: --questions needs an encoder",
        ));
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::io("read", file.display().to_string(), error))?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return Err(Failure::usage(format!("{} holds no questions", file.display())));
    }
    Ok(encoder.encode_queries(&lines)?)
}

fn tell(report: &OptimizeReport, context: &mut Context) -> Result<()> {
    let compact = &report.compact;
    if report.lists == 0 {
        writeln!(
            context.out,
            "no index: below {} vectors every search is exact and takes a fraction of a millisecond",
            count(TRAIN_ROWS_MIN)
        )?;
    } else {
        let trained = match report.trained_rows {
            0 => String::new(),
            rows => format!(", trained on {}", counted(rows as u64, "document")),
        };
        writeln!(
            context.out,
            "{}{trained}; {} indexed",
            counted(u64::from(report.lists), "list"),
            counted(compact.encoded, "document")
        )?;
    }
    writeln!(
        context.out,
        "{}, {} -> {}, {}",
        counted(compact.segments_before as u64, "segment"),
        bytes(compact.bytes_before),
        counted(compact.segments_after as u64, "segment"),
        bytes(compact.bytes_after)
    )?;
    if let Some(recall) = &report.recall {
        let low = recall.point(DEFAULT_RECALL).and_then(|point| point.low_share);
        let low = low.map_or(String::new(), |share| {
            format!(
                "; at {DEFAULT_RECALL}, {:.1} % of them find fewer than 8 of their 10",
                100.0 * share
            )
        });
        context.remark(format!("recall {}{low}", recall_text(recall)));
    }
    Ok(())
}
