//! Files of judgements, by line.
//!
//! ```text
//! query-id <tab> corpus-id <tab> score      BEIR; these headings stand in line 1
//! 301 0 FBIS3-10082 1                       TREC: query, iteration, document, grade; no headings
//! ```
//!
//! Grades are integers, negative ones too (TREC). BEIR's loader reads cells with Python's `csv`, which
//! takes quotation marks around a cell away; so does this one.
//!
//! Sources: beir-cellar/beir, `beir/datasets/data_loader.py`; trec_eval's README.

use std::path::Path;

use super::draft::Draft;
use super::error::InputError;
use super::lines::{Encoding, Line, Lines};

const HEADINGS: [&str; 3] = ["query-id", "corpus-id", "score"];

/// Reads a table of BEIR.
///
/// # Errors
/// Other headings, another number of cells, a grade that is not an integer; as [`Draft::judge`].
pub(super) fn read_table(path: &Path, draft: &mut Draft) -> Result<(), InputError> {
    let mut lines = Lines::open(path, Encoding::Utf8)?;
    if let Some(first) = lines.next().transpose()? {
        let found: Vec<&str> = first.text.split('\t').map(unquoted).collect();
        if found != HEADINGS {
            let expected = HEADINGS.join(", ");
            let detail = format!(
                "expected the headings {expected} between tabs, found {}",
                found.join(", ")
            );
            return Err(first.place.error(detail));
        }
    }
    draft.expect_judgements();
    for line in lines {
        let Line { place, text } = line?;
        if text.is_empty() {
            continue;
        }
        let cells: Vec<&str> = text.split('\t').map(unquoted).collect();
        let [query, document, score] = cells.as_slice() else {
            let detail = format!(
                "expected query, document and grade between tabs, found {} cells",
                cells.len()
            );
            return Err(place.error(detail));
        };
        let judged = grade(score).and_then(|grade| draft.judge(query, document, grade, &place));
        judged.map_err(|detail| place.error(detail))?;
    }
    Ok(())
}

/// Reads qrels of TREC.
///
/// # Errors
/// Another number of columns, a grade that is not an integer; as [`Draft::judge`].
pub(super) fn read_trec(path: &Path, draft: &mut Draft) -> Result<(), InputError> {
    draft.expect_judgements();
    for line in Lines::open(path, Encoding::Utf8)? {
        let Line { place, text } = line?;
        if text.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = text.split_ascii_whitespace().collect();
        let [query, _, document, score] = cells.as_slice() else {
            let detail = format!(
                "expected query, iteration, document and grade, found {} columns",
                cells.len()
            );
            return Err(place.error(detail));
        };
        let judged = grade(score).and_then(|grade| draft.judge(query, document, grade, &place));
        judged.map_err(|detail| place.error(detail))?;
    }
    Ok(())
}

fn grade(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("the grade `{text}` is not an integer"))
}

fn unquoted(cell: &str) -> &str {
    cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell)
}
