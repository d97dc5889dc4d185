//! `medvec inspect`

use std::io::{self, Write};
use std::path::Path;

use medvec::export::{json, reports};
use medvec::session::{DatabaseFiles, FileOutline, outline};

use crate::args::Inspect;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Result};
use crate::style::{FAINT, TITLE, bytes, counted};

pub(crate) fn run(args: &Inspect, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    if args.path.is_dir() {
        return database(&args.path, is_json, context);
    }
    let file = outline(&args.path)?;
    match is_json {
        true => json::write(&mut context.out.machine(), &reports::file(&file))?,
        false => describe(&mut context.out, &file)?,
    }
    Ok(EXIT_FOUND)
}

/// Every file of the newest generation, and what else lies in the directory.
fn database(path: &Path, is_json: bool, context: &mut Context) -> Result<u8> {
    let files = DatabaseFiles::open(path)?;
    if is_json {
        json::write(&mut context.out.machine(), &reports::files(&files)?)?;
        return Ok(EXIT_FOUND);
    }
    writeln!(
        context.out,
        "{TITLE}{}{TITLE:#}  generation {}, database {}\n",
        path.display(),
        files.generation().0,
        files.database_id()
    )?;
    for name in files.names() {
        describe(&mut context.out, &files.outline(name)?)?;
        writeln!(context.out)?;
    }
    if !files.others().is_empty() {
        writeln!(
            context.out,
            "{FAINT}not part of this generation:{FAINT:#} {}",
            files.others().join(", ")
        )?;
    }
    Ok(EXIT_FOUND)
}

fn describe(out: &mut dyn Write, file: &FileOutline) -> io::Result<()> {
    writeln!(
        out,
        "{TITLE}{}{TITLE:#}  {}, format {}.{}, {} in {}",
        file.name,
        file.kind,
        file.version.0,
        file.version.1,
        bytes(file.length),
        counted(file.blocks, "block")
    )?;
    writeln!(
        out,
        "  {FAINT}file id {}, footer checksum {:08x}{FAINT:#}",
        file.file_id, file.footer_crc
    )?;
    writeln!(
        out,
        "  {FAINT}{:>4} {:<24} {:>14} {:>14}{FAINT:#}",
        "kind", "section", "offset", "bytes"
    )?;
    for section in &file.sections {
        writeln!(
            out,
            "  {:>4} {:<24} {:>14} {:>14}",
            section.kind, section.name, section.offset, section.length
        )?;
    }
    Ok(())
}
