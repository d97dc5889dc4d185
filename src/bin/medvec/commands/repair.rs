//! `medvec repair`

use std::io::{self, Write};
use std::path::Path;

use medvec::Database;
use medvec::export::{json, reports};
use medvec::session::RepairReport;

use crate::args::Repair;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::shell;
use crate::style::{BAD, GOOD, MARK, bytes, count, counted};

/// Sources that a line lists.
const LISTED: usize = 10;

pub(crate) fn run(args: &Repair, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    if args.undo {
        let report = Database::undo_repair(&args.database)?;
        if is_json {
            json::write(&mut context.out.machine(), &reports::undo(&report))?;
            return Ok(EXIT_FOUND);
        }
        writeln!(
            context.out,
            "undid the repair that published generation {}: gave {} the old names",
            report.undone,
            counted(report.restored.len() as u64, "file")
        )?;
        return Ok(EXIT_FOUND);
    }
    let report = Database::repair(&args.database, args.apply)?;
    match is_json {
        true => json::write(&mut context.out.machine(), &reports::repair(&report))?,
        false => text(&mut context.out, &report, &args.database)?,
    }
    // Damage may have been found that is still there.
    let is_whole = report.is_clean() || report.published.is_some();
    Ok(if is_whole { EXIT_FOUND } else { EXIT_NONE })
}

fn text(out: &mut dyn Write, report: &RepairReport, database: &Path) -> io::Result<()> {
    if report.leftover_files > 0 {
        writeln!(
            out,
            "{} of {} outside of every generation: of a writer at work, or of one that was killed; the next \
             one removes them",
            counted(report.leftover_files, "file"),
            bytes(report.leftover_bytes)
        )?;
    }
    if report.is_clean() {
        writeln!(
            out,
            "{GOOD}nothing to repair{GOOD:#}: generation {} and its {} are whole",
            report.base,
            counted(report.documents_kept, "document")
        )?;
        return Ok(());
    }
    describe(out, report)?;
    match report.published {
        Some(generation) => {
            writeln!(
                out,
                "\n{GOOD}repaired{GOOD:#}: generation {generation} holds what could be saved"
            )?;
            writeln!(
                out,
                "kept {} under names that start with damaged-; to bring back the state before: \
                 {} repair {} --undo",
                counted(report.set_aside.len() as u64, "file"),
                shell::program(),
                shell::quoted(&database.to_string_lossy())
            )
        }
        None => writeln!(
            out,
            "\nnothing was changed; to do this: {} repair {} --apply",
            shell::program(),
            shell::quoted(&database.to_string_lossy())
        ),
    }
}

fn describe(out: &mut dyn Write, report: &RepairReport) -> io::Result<()> {
    for (generation, problem) in &report.lost_generations {
        writeln!(out, "{BAD}generation {generation} is lost{BAD:#}: {problem}")?;
    }
    if !report.lost_generations.is_empty() {
        writeln!(out, "the newest state that can be read is generation {}", report.base)?;
        if !report.adopted.is_empty() {
            writeln!(
                out,
                "  documents of {} that only a lost generation named are kept; what it deleted without \
                 a trace comes back",
                counted(report.adopted.len() as u64, "segment")
            )?;
        }
    }
    if report.duplicates > 0 {
        writeln!(
            out,
            "{BAD}{} had two live editions{BAD:#}: the newer one of each is kept",
            counted(report.duplicates, "document")
        )?;
    }
    for (name, problem) in &report.codebooks {
        writeln!(out, "{BAD}{name} is damaged{BAD:#}: {problem}")?;
        writeln!(
            out,
            "  no document is lost; searches are exact until `medvec optimize` makes a new index"
        )?;
    }
    if let Some((name, problem)) = &report.mesh {
        writeln!(out, "{BAD}{name} is damaged{BAD:#}: {problem}")?;
        writeln!(
            out,
            "  no document is lost; headings are looked up in the built-in MeSH until `medvec mesh \
             import` brings another"
        )?;
    }
    if let Some(problem) = &report.calibration {
        writeln!(out, "{BAD}the measured recall is damaged{BAD:#}: {problem}")?;
        writeln!(out, "  no document is lost; `medvec optimize` measures it again")?;
    }
    for segment in &report.segments {
        let what = if segment.is_file_intact {
            "has a damaged list of deleted documents"
        } else {
            "is damaged"
        };
        writeln!(out, "{BAD}segment {} {what}{BAD:#}: {}", segment.id, segment.problem)?;
        writeln!(
            out,
            "  of {}, {} can be saved, {MARK}{} lost{MARK:#}",
            counted(segment.rows, "row"),
            count(segment.saved),
            count(segment.lost)
        )?;
        if segment.without_vector > 0 {
            writeln!(
                out,
                "  {} without vectors",
                counted(segment.without_vector, "saved document")
            )?;
        }
        if segment.may_return > 0 {
            writeln!(
                out,
                "  up to {} may come back: nothing says which they were",
                counted(segment.may_return, "deleted document")
            )?;
        }
    }
    if !report.unread.is_empty() {
        let (first, more) = report.unread.split_at(report.unread.len().min(LISTED));
        let more = match more.len() {
            0 => String::new(),
            left => format!(" and {} more", count(left as u64)),
        };
        writeln!(
            out,
            "to bring back what is lost, import or sync again: {}{more}",
            first.join(", ")
        )?;
        writeln!(
            out,
            "  what you deleted of them comes back, too, but for citations of NLM's numbered files"
        )?;
    }
    writeln!(out, "kept in all: {}", counted(report.documents_kept, "document"))
}
