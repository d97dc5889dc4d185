//! Comma-separated values (RFC 4180) that spreadsheets can open.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, also behind a tab or
//! a carriage return, and some read the full-width forms of these characters alike. Such a cell gets an
//! apostrophe before it, as OWASP recommends; who reads the file with a program takes one apostrophe
//! off a cell that begins with an apostrophe and one of these characters. Numbers are not changed.

use std::io::{self, Write};

/// What a cell holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    /// A number of ours, or nothing.
    Number(&'a str),
    /// A text from a document.
    Text(&'a str),
}

/// First characters of a formula.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Writes the names of the columns.
pub(crate) fn header(out: &mut dyn Write, names: &[&str]) -> io::Result<()> {
    record(out, &names.iter().map(|name| Cell::Number(name)).collect::<Vec<_>>())
}

/// Writes one record.
pub(crate) fn record(out: &mut dyn Write, cells: &[Cell<'_>]) -> io::Result<()> {
    let mut line = String::new();
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        let (value, mark) = match *cell {
            Cell::Number(value) => (value, ""),
            // White space before a formula does not keep every program from running it.
            Cell::Text(value) => match value.trim_start_matches([' ', '\u{a0}', '\'']) {
                rest if rest.starts_with(FORMULA) => (value, "'"),
                _ => (value, ""),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

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
