//! `medvec verify`

use std::io::Write;

use super::open;
use crate::args::Verify;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::progress::Progress;
use crate::style::{GOOD, bytes, counted};

pub(crate) fn run(args: &Verify, context: &mut Context) -> Result<u8> {
    let snapshot = open(&args.database)?.snapshot();
    let progress = Progress::spinner("checking every byte", context.quiet);
    let report = snapshot.verify(&context.control())?;
    drop(progress);
    writeln!(
        context.out,
        "{GOOD}ok{GOOD:#}: {}, {}, {}: every checksum and rule holds",
        counted(report.documents, "document"),
        counted(report.files as u64, "file"),
        bytes(report.bytes)
    )?;
    if report.superseded {
        writeln!(
            context.out,
            "another process committed meanwhile; what was checked is the generation before its commit"
        )?;
    }
    Ok(EXIT_FOUND)
}
