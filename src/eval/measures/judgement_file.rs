//! Judgements in the three formats that test collections use.
//!
//! ```text
//! TREC         query iteration document grade              between runs of blanks or tabs
//! BEIR         query-id <tab> corpus-id <tab> score        with or without a line of headings
//! JSON lines   {"query-id": "...", "corpus-id": "...", "score": 1}
//! ```

use std::io::BufRead;

use serde_json::Value;

use super::judgements::Judgements;
use crate::eval::input::{
    InputRule, ReadError, Violation, blank_columns, for_each_line, shown, tab_columns,
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

/// Reads judgements; without a format, the first line decides. A grade is a whole number; `1.0` is one.
///
/// `file` names the input in errors. Memory: the judgements.
///
/// # Errors
/// Those of the reader. [`ReadError::Input`] names the line that is not as the format says, with an empty id, or
/// with another grade for a document that has one.
pub fn read_judgements(
    reader: impl BufRead,
    file: &str,
    format: Option<JudgementFormat>,
) -> Result<Judgements, ReadError> {
    let mut judgements = Judgements::default();
    let mut known: Option<JudgementFormat> = None;
    for_each_line(reader, file, |line| {
        let is_first = known.is_none();
        let format =
            *known.get_or_insert_with(|| format.unwrap_or_else(|| JudgementFormat::of(line)));
        match format {
            JudgementFormat::Trec => {
                let [query, _, document, text] =
                    blank_columns(line, "query, iteration, document, grade")?;
                judgements.insert(query, document, grade(text)?)
            }
            JudgementFormat::Beir => {
                let [query, document, text] =
                    tab_columns(line, "query-id, corpus-id, score, between single tabs")?;
                if is_first && is_heading(query) {
                    return Ok(());
                }
                judgements.insert(query, document, grade(text.trim())?)
            }
            JudgementFormat::JsonLines => {
                let value: Value = serde_json::from_str(line)
                    .map_err(|error| Violation::new(InputRule::Json, error.to_string()))?;
                let query = id(&value, "query-id")?;
                let document = id(&value, "corpus-id")?;
                judgements.insert(&query, &document, score(&value)?)
            }
        }
    })?;
    Ok(judgements)
}

/// Whether the first column of a first line is a heading. A list, not "the grade is not a number": that rule would
/// drop a damaged judgement without a word.
fn is_heading(column: &str) -> bool {
    let column = column.trim().to_ascii_lowercase().replace('_', "-");
    ["query-id", "queryid", "qid", "query", "topic", "topic-id"].contains(&column.as_str())
}

fn grade(text: &str) -> Result<i64, Violation> {
    let whole = || text.parse::<f64>().ok().and_then(whole);
    text.parse().ok().or_else(whole).ok_or_else(|| not_a_grade(text))
}

/// A float as the integer that it is, while floats are exact.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
}

fn score(value: &Value) -> Result<i64, Violation> {
    let score = value.get("score").ok_or_else(|| missing("score"))?;
    let found = score.as_i64().or_else(|| score.as_f64().and_then(whole));
    found.ok_or_else(|| not_a_grade(&score.to_string()))
}

fn id(value: &Value, name: &str) -> Result<String, Violation> {
    match value.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) if number.is_u64() || number.is_i64() => Ok(number.to_string()),
        Some(_) => {
            let detail = format!("`{name}` is neither a string nor a whole number");
            Err(Violation::new(InputRule::Json, detail))
        }
        None => Err(missing(name)),
    }
}

fn missing(name: &str) -> Violation {
    let detail =
        format!("expected an object with query-id, corpus-id and score; `{name}` is missing");
    Violation::new(InputRule::Json, detail)
}

fn not_a_grade(text: &str) -> Violation {
    Violation::new(InputRule::Grade, format!("the grade `{}` is not a whole number", shown(text)))
}
