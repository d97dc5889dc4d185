//! `medvec compact`

use std::io::Write;
use std::sync::Arc;

use medvec::db::WriterOptions;
use medvec::encode::folder::Device;

use super::open;
use crate::args::Compact;
use crate::context::Context;
use crate::encoders::{self, Use};
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{bytes, count, counted};

pub(crate) fn run(args: &Compact, context: &mut Context) -> Result<u8> {
    let database = open(&args.database)?;
    let snapshot = database.snapshot();
    let vectors = snapshot.manifest().vectors.as_ref();
    let spec = vectors.and_then(|config| config.encoder.as_ref());
    let spec = spec.filter(|spec| !spec.is_precomputed());
    // Only recall is measured with it: without it, with what the index has kept.
    let encoder = spec.and_then(|spec| encoders::for_spec(spec, Use::Questions, Device::Cpu).ok());
    let memory_bytes_max = args.memory.map(|megabytes| megabytes.saturating_mul(1_000_000));
    let options = WriterOptions::default().encoder(encoder).memory_bytes_max(memory_bytes_max);
    let mut writer = database.writer(options)?;
    let progress = Arc::new(context.progress("merging segments"));
    let report = writer.compact(&context.watched(&progress))?;
    drop(progress);
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
        writeln!(
            context.out,
            "nothing to do: {}, {}",
            counted(report.segments_before as u64, "segment"),
            bytes(report.bytes_before)
        )?;
        return Ok(EXIT_FOUND);
    }
    writeln!(
        context.out,
        "{} segments, {} -> {}, {}; {} dropped",
        count(report.segments_before as u64),
        bytes(report.bytes_before),
        counted(report.segments_after as u64, "segment"),
        bytes(report.bytes_after),
        counted(report.rows_dropped, "deleted document")
    )?;
    Ok(EXIT_FOUND)
}
