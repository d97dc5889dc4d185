//! Runs in the format of TREC: `query Q0 document rank score tag`.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Write};

use super::run::{RankedDocument, Run, check_score, duplicate};
use crate::eval::input::{
    InputError, InputRule, Line, Lines, Violation, blank_columns, is_blank, shown,
};

/// Reads a run. Columns stand between runs of blanks or tabs; the lines may come in any order. The tag is that of
/// the first line. The second column and the rank do not count, as in trec_eval.
///
/// `file` names the input in errors. Memory: the run.
///
/// # Errors
/// [`InputError`] names the line with other than six columns, with a query that begins with a byte order mark, with a score that is not a finite number, or with a document
/// that its query has already; and what the reader fails with.
pub fn read_run(reader: impl BufRead, file: &str) -> Result<Run, InputError> {
    let mut queries: BTreeMap<String, HashMap<String, f64>> = BTreeMap::new();
    let mut tag: Option<String> = None;
    for line in Lines::of(reader, file) {
        let Line { place, text } = line?;
        if !text.chars().all(is_blank) {
            add(&text, &mut queries, &mut tag).map_err(|violation| place.error(violation))?;
        }
    }
    let mut run = Run::new(tag.unwrap_or_default());
    for (query, documents) in queries {
        let documents = documents.into_iter().map(|(id, score)| RankedDocument::new(id, score));
        run.insert_checked(query, documents.collect());
    }
    Ok(run)
}

fn add(
    line: &str,
    queries: &mut BTreeMap<String, HashMap<String, f64>>,
    tag: &mut Option<String>,
) -> Result<(), Violation> {
    let [query, _, document, _, score, line_tag] =
        blank_columns(line, "query, Q0, document, rank, score, tag")?;
    let value: f64 = score.parse().map_err(|_| {
        let detail = format!("the score `{}` is not a number", shown(score));
        Violation::new(InputRule::Score, detail)
    })?;
    check_score(value, score)?;
    if tag.is_none() {
        *tag = Some(line_tag.to_owned());
    }
    let documents = match queries.get_mut(query) {
        Some(documents) => documents,
        None => queries.entry(query.to_owned()).or_default(),
    };
    match documents.insert(document.to_owned(), value) {
        Some(_) => Err(duplicate(query, document)),
        None => Ok(()),
    }
}

/// Writes a run that [`read_run`] reads back equal. Queries come in byte order, documents by rank, from 1. A score
/// has as many digits as give the same number again. The format has no place for a query without documents.
///
/// # Errors
/// Those of the writer; [`io::ErrorKind::InvalidInput`] for an id with a blank and for a tag that is empty or has
/// one, because blanks end columns, and for a query id that begins with a byte order mark.
pub fn write_run(out: &mut impl Write, run: &Run) -> io::Result<()> {
    for (query, documents) in run.queries() {
        let tag = column("tag", run.tag())?; // here, because an empty file has no tag
        let query = column("query id", query)?;
        if query.starts_with('\u{feff}') {
            let detail = format!(
                "the query id `{}` begins with a byte order mark, which readers drop",
                shown(query)
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
        }
        for (rank, RankedDocument { document, score }) in (1u64..).zip(documents) {
            let document = column("document id", document)?;
            writeln!(out, "{query} Q0 {document} {rank} {} {tag}", Digits(*score))?;
        }
    }
    Ok(())
}

/// The shortest digits that give the number again, with an exponent where zeros would fill the line.
struct Digits(f64);

impl std::fmt::Display for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.0.abs();
        if size == 0.0 || (1e-5..1e16).contains(&size) {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

fn column<'a>(what: &str, text: &'a str) -> io::Result<&'a str> {
    if text.is_empty() || text.contains(is_blank) {
        let detail = format!(
            "the {what} `{}` is empty or has a blank: a TREC run cannot hold it",
            shown(text)
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
    }
    Ok(text)
}
