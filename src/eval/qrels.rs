//! Files of judgements, line by line.
//!
//! ```text
//! TREC         query iteration document grade              between runs of blanks or tabs
//! BEIR         query-id <tab> corpus-id <tab> score        with or without a line of headings
//! JSON lines   {"query-id": "...", "corpus-id": "...", "score": 1}
//! ```
//!
//! Grades are whole numbers, negative ones too (TREC); `1.0` is one. BEIR's loader reads cells with Python's `csv`, which takes
//! quotation marks around a cell away; so does this reader.
//!
//! Sources: beir-cellar/beir, `beir/datasets/data_loader.py`; trec_eval's README.

use std::io::BufRead;

use crate::eval::input::{
    InputError, InputRule, Line, Lines, Place, Violation, blank_columns, is_blank, json, shown,
    tab_columns,
};

/// How judgements are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JudgementFormat {
    /// Four columns; the second does not count.
    Trec,
    /// Three columns between single tabs.
    Beir,
    /// An object per line; other fields do not count.
    JsonLines,
}

impl JudgementFormat {
    /// The format of a file, by its first line that is not blank.
    fn of(line: &str) -> JudgementFormat {
        if line.trim_start().starts_with('{') {
            JudgementFormat::JsonLines
        } else if line.matches('\t').count() == 2 {
            JudgementFormat::Beir
        } else {
            JudgementFormat::Trec
        }
    }
}

/// Gives the place, the query, the document and the grade of every judgement. Without a format, the first line decides.
///
/// # Errors
/// Those of [`Lines`]; a line that is not as the format says, or that `take` refuses.
pub(crate) fn each_judgement<R: BufRead, E: Into<String>>(
    lines: Lines<R>,
    format: Option<JudgementFormat>,
    mut take: impl FnMut(&Place, &str, &str, i64) -> Result<(), E>,
) -> Result<(), InputError> {
    let mut known: Option<JudgementFormat> = None;
    for line in lines {
        let Line { place, text } = line?;
        if text.chars().all(is_blank) {
            continue;
        }
        let is_first = known.is_none();
        let format =
            *known.get_or_insert_with(|| format.unwrap_or_else(|| JudgementFormat::of(&text)));
        let read = match format {
            JudgementFormat::Trec => {
                let columns = blank_columns(&text, "query, iteration, document, grade");
                columns.and_then(|[query, _, document, score]| {
                    Ok(Some((query.to_owned(), document.to_owned(), grade(score)?)))
                })
            }
            JudgementFormat::Beir => of_table(&text, is_first),
            JudgementFormat::JsonLines => of_object(&text).map(Some),
        };
        let Some((query, document, grade)) = read.map_err(|wrong| place.error(wrong))? else {
            continue;
        };
        take(&place, &query, &document, grade).map_err(|wrong| place.error(wrong))?;
    }
    Ok(())
}

type Judgement = (String, String, i64);

/// A line of BEIR; `None` for headings.
fn of_table(text: &str, is_first: bool) -> Result<Option<Judgement>, Violation> {
    let columns = tab_columns(text, "query-id, corpus-id, score, between single tabs")?;
    let [query, document, score] = columns.map(unquoted);
    if is_first && is_heading(query) {
        return Ok(None);
    }
    Ok(Some((query.to_owned(), document.to_owned(), grade(score.trim())?)))
}

fn of_object(text: &str) -> Result<Judgement, Violation> {
    let refused = |detail: String| Violation::new(InputRule::Json, detail);
    let wanted = |name: &str| matches!(name, "query-id" | "corpus-id" | "score");
    let members = json::members(text.as_bytes(), wanted).map_err(refused)?;
    let member = |name: &str| {
        members.get(name).ok_or_else(|| {
            refused(format!(
                "expected an object with query-id, corpus-id and score; `{name}` is missing"
            ))
        })
    };
    let id = |name: &str| {
        let value = member(name)?;
        json::id(value)
            .ok_or_else(|| refused(format!("`{name}` is not an id: {}", shown(&value.to_string()))))
    };
    let score = member("score")?;
    let grade = json::grade(score).ok_or_else(|| not_a_grade(&score.to_string()))?;
    Ok((id("query-id")?, id("corpus-id")?, grade))
}

/// Whether the first column of a first line is a heading. A list, not "the grade is not a number": that rule would
/// drop a damaged judgement without a word.
fn is_heading(column: &str) -> bool {
    let column = column.trim().to_ascii_lowercase().replace('_', "-");
    ["query-id", "queryid", "qid", "query", "topic", "topic-id"].contains(&column.as_str())
}

fn unquoted(cell: &str) -> &str {
    cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell)
}

fn grade(text: &str) -> Result<i64, Violation> {
    let whole = || text.parse().ok().and_then(json::whole);
    text.parse().ok().or_else(whole).ok_or_else(|| not_a_grade(text))
}

fn not_a_grade(text: &str) -> Violation {
    Violation::new(InputRule::Grade, format!("the grade `{}` is not a whole number", shown(text)))
}
