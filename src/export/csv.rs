//! Comma-separated values (RFC 4180) that spreadsheets can open.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, also behind a tab or
//! a carriage return, and some read the full-width forms of these characters alike. Such a cell gets an
//! apostrophe before it, as OWASP recommends; who reads the file with a program takes one apostrophe
//! off a cell that begins with an apostrophe and one of these characters. Numbers are not changed. An import does so,
//! and gives each document the key that it had.

use std::io::{self, Write};

use crate::document::Document;
use crate::ingest::table::ours::{DOCUMENT_COLUMNS, HIT_COLUMNS, mark};
use crate::session::{AnswerHit, journal_of, key_line, years_of};

/// What a cell holds.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// A number of ours, or nothing.
    Number(&'a str),
    /// A text from a document.
    Text(&'a str),
}

/// Writes the names of the columns.
///
/// # Errors
/// Those of the writer.
pub fn header(out: &mut dyn Write, names: &[&str]) -> io::Result<()> {
    record(out, &names.iter().map(|name| Cell::Number(name)).collect::<Vec<_>>())
}

/// Writes one record.
///
/// # Errors
/// Those of the writer.
pub fn record(out: &mut dyn Write, cells: &[Cell<'_>]) -> io::Result<()> {
    let mut line = String::new();
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        let (value, mark) = match *cell {
            Cell::Number(value) => (value, ""),
            // White space before a formula does not keep every program from running it.
            Cell::Text(value) => (value, mark(value)),
        };
        let is_quoted = value.contains([',', '"', '\n', '\r', ';', '\t'])
            || value.starts_with(' ')
            || value.ends_with(' ');
        if is_quoted {
            line.push_str(&format!("\"{mark}{}\"", value.replace('"', "\"\"")));
        } else {
            line.push_str(mark);
            line.push_str(value);
        }
    }
    line.push_str("\r\n");
    out.write_all(line.as_bytes())
}

/// Writes hits under a header.
///
/// # Errors
/// Those of the writer.
pub fn hits(out: &mut dyn Write, hits: &[AnswerHit]) -> io::Result<()> {
    header(out, &HIT_COLUMNS)?;
    for hit in hits {
        let score = hit.rounded_score().map_or_else(String::new, |score| score.to_string());
        record(
            out,
            &[
                Cell::Number(&hit.rank.to_string()),
                Cell::Text(&key_line(&hit.key)),
                Cell::Number(&score),
                Cell::Text(&hit.year),
                Cell::Text(&hit.journal),
                Cell::Text(&hit.title),
                Cell::Text(hit.sentence.as_deref().unwrap_or_default()),
            ],
        )?;
    }
    Ok(())
}

/// Writes the header of documents.
///
/// # Errors
/// Those of the writer.
pub fn document_header(out: &mut dyn Write) -> io::Result<()> {
    header(out, &DOCUMENT_COLUMNS)
}

/// Writes a document as a record under [`document_header`].
///
/// # Errors
/// Those of the writer.
pub fn document(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mesh: Vec<&str> = document.mesh.iter().map(|heading| heading.name.as_str()).collect();
    record(
        out,
        &[
            Cell::Text(&key_line(&document.key)),
            Cell::Text(&years_of(document)),
            Cell::Text(journal_of(document)),
            Cell::Text(document.display_title()),
            Cell::Text(&document.abstract_text()),
            Cell::Text(&mesh.join("; ")),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_quoted_where_they_must_be() {
        let mut hit = AnswerHit::new(1, Some(0.5), &Document::new(crate::ids::Key::pmid(12)));
        hit.title = "A, \"B\"".into();
        let mut out = Vec::new();
        hits(&mut out, &[hit]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().nth(1), Some("1,12,0.5,,,\"A, \"\"B\"\"\","));
    }

    fn written(cells: &[Cell<'_>]) -> String {
        let mut out = Vec::new();
        record(&mut out, cells).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_values_that_need_it_are_quoted() {
        let cells = ["a", "b,c", "d\"e", "", "two\nlines"].map(Cell::Text);
        assert_eq!(written(&cells), "a,\"b,c\",\"d\"\"e\",,\"two\nlines\"\r\n");
    }

    #[test]
    fn no_text_starts_a_formula_and_numbers_stay() {
        for (text, cell) in [
            ("=1+2", "'=1+2"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum(a1)", "'@sum(a1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            (" =1", "\"' =1\""),
            ("'=1", "''=1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a=b", "a=b"),
            ("'tis", "'tis"),
        ] {
            assert_eq!(written(&[Cell::Text(text)]), format!("{cell}\r\n"), "{text}");
        }
        assert_eq!(written(&[Cell::Number("-0.25"), Cell::Number("")]), "-0.25,\r\n");
    }
}
