//! Strategies read, translated and shown.

use std::io::{self, Read, Write};
use std::path::Path;

use medvec::export::{json, strategy};
use medvec::session::{STRATEGY_BYTES_MAX, Strategy, TranslatedLine, TranslatedStrategy};
use medvec::{Day, Snapshot};

use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Failure, Result};
use crate::style::{FAINT, KEY, count, counted};

/// Names that no document has that are said at most.
const ABSENT_MAX: usize = 10;

/// Translates a strategy for a snapshot; says on standard error what may have been meant otherwise, and which names no
/// document has.
pub(crate) fn translate(
    strategy: &Strategy,
    snapshot: &Snapshot,
    context: &mut Context,
) -> Result<TranslatedStrategy> {
    let meant = translate_for_search(strategy, snapshot, context)?;
    let absent = meant.absent();
    for (clause, note) in absent.iter().take(ABSENT_MAX) {
        let place = strategy.place(clause.span.clone());
        context.remark(format!("line {}, column {}: {note}", place.line, place.column));
    }
    let more = absent.len().saturating_sub(ABSENT_MAX);
    if more > 0 {
        let names = counted(more as u64, "more name");
        context.remark(format!("and {names} that no document has"));
    }
    Ok(meant)
}

/// As [`translate`], but for the names, which are said with the answer of the search.
pub(crate) fn translate_for_search(
    strategy: &Strategy,
    snapshot: &Snapshot,
    context: &mut Context,
) -> Result<TranslatedStrategy> {
    for caution in strategy.cautions() {
        context.remark(caution.to_string());
    }
    Ok(snapshot.translate_controlled(strategy, Day::today(), &context.control())?)
}

/// Writes what a strategy finds; nothing found by its last line is exit code 1.
pub(crate) fn show(
    strategy: &Strategy,
    meant: &TranslatedStrategy,
    lines: &[TranslatedLine],
    (is_json, explained): (bool, bool),
    context: &mut Context,
) -> Result<u8> {
    if is_json {
        json::write(&mut context.out.machine(), &strategy::to_json(strategy, meant))?;
    } else {
        for line in lines {
            write_line(&mut context.out, line, explained)?;
        }
    }
    Ok(if meant.documents() > 0 { EXIT_FOUND } else { EXIT_NONE })
}

fn write_line(out: &mut dyn Write, line: &TranslatedLine, explained: bool) -> io::Result<()> {
    if let Some(title) = &line.title {
        writeln!(out, "{FAINT}{title}{FAINT:#}")?;
    }
    writeln!(out, "{KEY}{:<4}{KEY:#} {:>10}  {}", line.name, count(line.documents), line.query)?;
    if explained {
        write_terms(out, line)?;
    }
    Ok(())
}

/// What every term of a line was taken for.
pub(crate) fn write_terms(out: &mut dyn Write, line: &TranslatedLine) -> io::Result<()> {
    for clause in &line.clauses {
        let documents = count(clause.documents);
        writeln!(
            out,
            "{FAINT}     {documents:>10}  {} = {}{FAINT:#}",
            clause.text, clause.translation
        )?;
        for heading in &clause.headings {
            let name = format!("{} {}", heading.ui, heading.name);
            let below = match heading.descriptors {
                0 | 1 => String::new(),
                all => format!(" and {} below it", count(all as u64 - 1)),
            };
            writeln!(out, "{FAINT}                   {name}{below}{FAINT:#}")?;
        }
        for note in &clause.notes {
            writeln!(out, "{FAINT}                   {note}{FAINT:#}")?;
        }
    }
    Ok(())
}

/// The text of a file in UTF-8 or, with a mark at its start, UTF-16; or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<String> {
    let failed =
        |error| Failure::from(medvec::Error::io("read", path.display().to_string(), error));
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(std::fs::File::open(path).map_err(failed)?),
    };
    // One byte more than a strategy may have, so that what is too long is refused as such.
    let mut bytes = Vec::new();
    source.take(STRATEGY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    decoded(bytes).map_err(failed)
}

fn decoded(bytes: Vec<u8>) -> io::Result<String> {
    let wrong = |detail: String| io::Error::new(io::ErrorKind::InvalidData, detail);
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => {
            return String::from_utf8(bytes).map_err(|error| {
                let place = error.utf8_error().valid_up_to();
                wrong(format!("the text is not UTF-8 at byte {place}: save it as UTF-8"))
            });
        }
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().skip(1).copied().map(unit).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(wrong("the text is cut or damaged UTF-16: save it as UTF-8".to_owned())),
    }
}
