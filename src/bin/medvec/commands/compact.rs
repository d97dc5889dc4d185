//! `medvec compact`

use std::io::Write;
use std::sync::Arc;

use medvec::db::WriterOptions;

use super::open;
use crate::args::Compact;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{bytes, count, counted};

pub(crate) fn run(args: &Compact, context: &mut Context) -> Result<u8> {
    let mut writer = open(&args.database)?.writer(WriterOptions::default())?;
    let progress = Arc::new(context.progress("merging segments"));
    let report = writer.compact(&context.watched(&progress))?;
    drop(progress);
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
