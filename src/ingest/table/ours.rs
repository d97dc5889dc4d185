//! The tables that we write: their columns, and the mark that keeps a spreadsheet from running a cell.

/// Columns of documents.
pub(crate) const DOCUMENT_COLUMNS: [&str; 6] =
    ["key", "year", "journal", "title", "abstract", "mesh"];

/// Columns of hits.
pub(crate) const HIT_COLUMNS: [&str; 7] =
    ["rank", "key", "score", "year", "journal", "title", "sentence"];

/// First characters of a formula.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Whether a header begins with the columns of such a table.
pub(super) fn is_ours(names: &[String]) -> bool {
    let is_start = |own: &[&str]| names.get(..own.len()).is_some_and(|names| names == own);
    is_start(&DOCUMENT_COLUMNS) || is_start(&HIT_COLUMNS)
}

/// What stands before a text in its cell: an apostrophe where a spreadsheet would run the text as a formula.
#[cfg(feature = "session")]
pub(crate) fn mark(text: &str) -> &'static str {
    if is_formula(text) { "'" } else { "" }
}

/// The text of a cell, without the apostrophe before it.
pub(super) fn without_mark(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

fn is_formula(text: &str) -> bool {
    // White space before a formula does not keep every program from running it.
    text.trim_start_matches([' ', '\u{a0}', '\'']).starts_with(FORMULA)
}
