//! `medvec repair`

use std::io::Write;

use medvec::db::{Database, RepairReport};

use crate::args::Repair;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::shell;
use crate::style::{BAD, GOOD, MARK, count, counted};

pub(crate) fn run(args: &Repair, context: &mut Context) -> Result<u8> {
    let report = Database::repair(&args.database, args.apply)?;
    let out = &mut context.out;
    if report.is_clean() {
        writeln!(
            out,
            "{GOOD}nothing to repair{GOOD:#}: generation {} and its {} are whole",
            report.base,
            counted(report.documents_kept, "document")
        )?;
        return Ok(EXIT_FOUND);
    }
    describe(out, &report)?;
    match report.published {
        Some(generation) => {
            writeln!(
                out,
                "\n{GOOD}repaired{GOOD:#}: generation {generation} holds what could be saved"
            )?;
            writeln!(out, "damaged files were kept under names that start with damaged-")?;
            Ok(EXIT_FOUND)
        }
        None => {
            writeln!(
                out,
                "\nnothing was changed; to do this: {} repair {} --apply",
                shell::program(),
                shell::quoted(&args.database.to_string_lossy())
            )?;
            // Damage was found and is still there.
            Ok(EXIT_NONE)
        }
    }
}

fn describe(out: &mut dyn Write, report: &RepairReport) -> std::io::Result<()> {
    for (generation, problem) in &report.lost_generations {
        writeln!(out, "{BAD}generation {generation} is lost{BAD:#}: {problem}")?;
    }
    if !report.lost_generations.is_empty() {
        writeln!(out, "the newest state that can be read is generation {}", report.base)?;
    }
    for (name, problem) in &report.codebooks {
        writeln!(out, "{BAD}{name} is damaged{BAD:#}: {problem}")?;
        writeln!(
            out,
            "  no document is lost; searches are exact until `medvec optimize` makes a new index"
        )?;
    }
    for segment in &report.segments {
        writeln!(out, "{BAD}segment {} is damaged{BAD:#}: {}", segment.id, segment.problem)?;
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
                "  {} lose their vector: import their source again to embed them",
                counted(segment.without_vector, "saved document")
            )?;
        }
    }
    writeln!(out, "kept in all: {}", counted(report.documents_kept, "document"))
}
