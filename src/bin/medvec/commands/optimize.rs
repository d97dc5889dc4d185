//! `medvec optimize`

use std::io::Write;
use std::sync::Arc;

use medvec::Error;
use medvec::export::{json, reports};
use medvec::session::{
    OptimizeOptions, OptimizeReport, OptimizeStage, Session, SessionError, SessionOptions,
    TRAIN_ROWS_MIN,
};

use crate::args::Optimize;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::progress::PERCENT;
use crate::recall::{DRIFTED, recall_text};
use crate::style::{bytes, count, counted, held};

/// The recall that is reported on.
const DEFAULT_RECALL: f32 = 0.95;

pub(crate) fn run(args: &Optimize, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let session = Session::open(&args.database, SessionOptions::default())?;
    let text = match &args.queries {
        Some(file) => Some(
            std::fs::read_to_string(file)
                .map_err(|error| Error::io("read", file.display().to_string(), error))?,
        ),
        None => None,
    };
    // One query per line.
    let queries: Option<Vec<&str>> = text
        .as_deref()
        .map(|text| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect());
    let progress = Arc::new(context.progress("training the index"));
    let shown = progress.clone();
    let options = OptimizeOptions::default()
        .retrain(args.retrain)
        .lists(args.lists)
        .sub_dimension(args.bits.map(|bits| if bits == 1 { 4 } else { 2 }))
        .spill(!args.no_spill)
        .progress(Some(Arc::new(move |stage, part| {
            let what = match stage {
                OptimizeStage::Train => "training the index",
                // Its documents are counted by the control.
                OptimizeStage::Index => return,
                _ => "measuring recall",
            };
            let (done, total) = if part > 0.0 { ((part * 100.0) as u64, 100) } else { (0, 0) };
            shown.stage(what, PERCENT, done, total);
        })));
    let memory_bytes_max = args.memory.map(|megabytes| megabytes.saturating_mul(1_000_000));
    let control = context.watched(&progress).paced(args.pace);
    let report = session.optimize(queries.as_deref(), options, memory_bytes_max, &control);
    drop((control, progress));
    let report = report.map_err(|error| match (error, &args.queries) {
        (SessionError::NoQueries, Some(file)) => {
            Failure::usage(format!("{} holds no queries", file.display()))
        }
        (error, _) => error.into(),
    })?;
    match is_json {
        true => {
            let report = reports::optimize(&report, &session.snapshot());
            json::write(&mut context.out.machine(), &report)?;
        }
        false => report_on(&report, context)?,
    }
    Ok(EXIT_FOUND)
}

fn report_on(report: &OptimizeReport, context: &mut Context) -> Result<()> {
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
        "{}, {} -> {}, {}{}",
        counted(compact.segments_before as u64, "segment"),
        bytes(compact.bytes_before),
        counted(compact.segments_after as u64, "segment"),
        bytes(compact.bytes_after),
        held(compact.writer_held)
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
    if report.has_drifted {
        context.remark(DRIFTED);
    }
    Ok(())
}
