//! `medvec compact`

use std::io::Write;
use std::sync::Arc;

use medvec::export::{json, reports};
use medvec::session::{Session, SessionOptions};

use crate::args::Compact;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{bytes, counted, held};

pub(crate) fn run(args: &Compact, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let session = Session::open(&args.database, SessionOptions::default())?;
    let memory_bytes_max = args.memory.map(|megabytes| megabytes.saturating_mul(1_000_000));
    let progress = Arc::new(context.progress("merging segments"));
    let control = context.watched(&progress).paced(args.pace);
    let report = match args.words {
        true => session.index_words(memory_bytes_max, &control)?,
        false => session.compact(memory_bytes_max, &control)?,
    };
    drop(control);
    drop(progress);
    if is_json {
        let report = reports::compact(&report, &session.snapshot());
        json::write(&mut context.out.machine(), &report)?;
        return Ok(EXIT_FOUND);
    }
    if report.merged == 0 && report.bytes_freed > 0 {
        writeln!(
            context.out,
            "finished a compaction that was interrupted: {} of old files deleted; {}, {}",
            bytes(report.bytes_freed),
            counted(report.segments_after as u64, "segment"),
            bytes(report.bytes_after)
        )?;
        return Ok(EXIT_FOUND);
    }
    if report.merged == 0 {
        let snapshot = session.snapshot();
        let lists = snapshot.manifest().segments.iter().filter_map(|one| one.tombstones.as_ref());
        let deleted = match lists.map(|list| u64::from(list.rows)).sum::<u64>() {
            0 => String::new(),
            deleted => format!(
                "; {} kept until more than a quarter of a segment is deleted",
                counted(deleted, "deleted row")
            ),
        };
        writeln!(
            context.out,
            "nothing to do: {}, {}{deleted}",
            counted(report.segments_before as u64, "segment"),
            bytes(report.bytes_before)
        )?;
        return Ok(EXIT_FOUND);
    }
    writeln!(
        context.out,
        "{}, {} -> {}, {}; {} dropped{}",
        counted(report.segments_before as u64, "segment"),
        bytes(report.bytes_before),
        counted(report.segments_after as u64, "segment"),
        bytes(report.bytes_after),
        counted(report.rows_dropped, "deleted document"),
        held(report.writer_held)
    )?;
    Ok(EXIT_FOUND)
}
