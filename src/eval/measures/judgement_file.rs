//! Judgements of a file in memory.

use std::io::BufRead;

use super::judgements::Judgements;
use crate::eval::input::{InputError, Lines};
use crate::eval::qrels::{JudgementFormat, each_judgement};

/// Reads judgements; without a format, the first line decides. A grade is a whole number; `1.0` is one.
///
/// `file` names the input in errors. Memory: the judgements.
///
/// # Errors
/// [`InputError`] names the line that is not as the format says, with an empty id, or with another grade for a document
/// that has one; and what the reader fails with.
pub fn read_judgements(
    reader: impl BufRead,
    file: &str,
    format: Option<JudgementFormat>,
) -> Result<Judgements, InputError> {
    let mut judgements = Judgements::default();
    each_judgement(Lines::of(reader, file), format, |_, query, document, grade| {
        judgements.insert(query, document, grade)
    })?;
    Ok(judgements)
}
