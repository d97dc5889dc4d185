//! `medvec verify`

use std::io::Write;
use std::sync::Arc;

use medvec::export::{json, reports};

use super::open::open;
use crate::args::Verify;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{GOOD, bytes, counted};

pub(crate) fn run(args: &Verify, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let snapshot = open(&args.database)?.snapshot();
    let progress = Arc::new(context.progress("checking"));
    let control = context.watched(&progress);
    let (report, holds) = match args.quick {
        true => (snapshot.verify_checksums(&control)?, "every checksum holds"),
        false => (snapshot.verify(&control)?, "every checksum and rule holds"),
    };
    drop((control, progress));
    if is_json {
        json::write(&mut context.out.machine(), &reports::verify(&report, &snapshot))?;
        return Ok(EXIT_FOUND);
    }
    writeln!(
        context.out,
        "{GOOD}ok{GOOD:#}: {}, {}, {}: {holds}",
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
