//! Pairs of texts: sentence similarity (BIOSSES, STS), training mixes (BMRetriever) and names with
//! definitions (BioLORD).
//!
//! | part | columns or members, the first that is there |
//! |---|---|
//! | left | `sentence1`, `sentence_1`, `text1`, `text_1`, `s1`, `sent1`, `query`, `anchor`, `question` |
//! | right | `sentence2`, `sentence_2`, `text2`, `text_2`, `s2`, `sent2`, `positive`, `positives`, `pos`, `positive_passages`, `passage`, `document`, `answer` |
//! | score | `score`, `similarity_score`, `similarity`, `label` |
//! | negatives | all of `negative`, `negatives`, `neg`, `hard_negative`, `hard_negatives`, `negative_passages`, `negative_1`, `neg_1`, … |
//! | source | `source`, `dataset`, `task` |
//!
//! A positive or negative is a text, a list of texts, or Tevatron's `{"docid", "title", "text"}` (title and
//! text with a space between); a record with several positives is several pairs. Files are those of
//! the table in `records.rs`: JSON lines, a JSON list, CSV, TSV without quotation marks, Parquet. Scores are
//! in the set's own unit: BIOSSES has 0 to 4, STS 0 to 5. Pairs with an empty text are counted.
//!
//! Memory: one record.
//!
//! Sources: the cards of `qanastek/Biosses-BLUE` (`sentence1`, `sentence2`, `score`) and `mteb/biosses-sts`;
//! BLUE's TSV of ten columns; sentence-transformers, "Dataset Overview" (`anchor`, `positive`,
//! `negative_1`); ritaranx/BMRetriever, `README.md`; texttron/tevatron, `query`, `positive_passages`,
//! `negative_passages`.

mod sides;

use std::collections::VecDeque;
use std::path::Path;

use serde_json::Value;

use super::query::{Skipped, Tally};
use super::record::Record;
use super::records::Records;
use crate::eval::input::{InputError, until_error};

const LEFT: [&str; 9] =
    ["sentence1", "sentence_1", "text1", "text_1", "s1", "sent1", "query", "anchor", "question"];
const RIGHT: [&str; 13] = [
    "sentence2",
    "sentence_2",
    "text2",
    "text_2",
    "s2",
    "sent2",
    "positive",
    "positives",
    "pos",
    "positive_passages",
    "passage",
    "document",
    "answer",
];
const SCORES: [&str; 4] = ["score", "similarity_score", "similarity", "label"];
const SOURCES: [&str; 3] = ["source", "dataset", "task"];

/// Negatives of one pair.
const NEGATIVES_MAX: usize = 10_000;

/// Two texts that belong together, or as much as the score says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pair {
    /// A sentence, a query or a name.
    pub left: String,
    /// A sentence, a relevant passage or a definition.
    pub right: String,
    /// The set's score, finite; `None` where the file has none.
    pub score: Option<f64>,
    /// Passages that are not relevant to the left text.
    pub negatives: Vec<String>,
    /// Which set of a mix the pair is from.
    pub source: Option<String>,
}

/// An iterator of pairs; it ends after an error.
///
/// ```no_run
/// # use medvec::eval::collection::pairs::Pairs;
/// for pair in Pairs::open("biosses.tsv".as_ref())? {
///     let pair = pair?;
///     println!("{:?} {} | {}", pair.score, pair.left, pair.right);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pairs {
    records: Records,
    waiting: VecDeque<Pair>,
    skipped: Tally,
    is_over: bool,
}

impl Pairs {
    /// Opens a file of pairs.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or has a name of another kind. Missing columns are an error of the
    /// first pair.
    pub fn open(path: &Path) -> Result<Pairs, InputError> {
        let records = Records::open(path, is_wanted)?;
        Ok(Pairs { records, waiting: VecDeque::new(), skipped: Tally::default(), is_over: false })
    }

    /// What was passed over so far.
    pub fn skipped(&self) -> &[Skipped] {
        self.skipped.as_slice()
    }

    fn read(&mut self) -> Result<Option<Pair>, InputError> {
        loop {
            if let Some(pair) = self.waiting.pop_front() {
                return Ok(Some(pair));
            }
            match self.records.next().transpose()? {
                Some(record) => self.take(&record)?,
                None => return Ok(None),
            }
        }
    }

    fn take(&mut self, record: &Record) -> Result<(), InputError> {
        let wrong = |detail: String| record.place.error(detail);
        let left = record.need_text(&LEFT)?;
        if !RIGHT.iter().any(|name| record.members.contains_key(*name)) {
            record.need_text(&RIGHT)?; // says what is missing
        }
        let rights = record.get(&RIGHT).map_or(Ok(Vec::new()), sides::texts).map_err(wrong)?;
        let score = record.get(&SCORES).map(sides::score).transpose().map_err(wrong)?.flatten();
        let mut negatives = Vec::new();
        for (_, value) in record.members.iter().filter(|(name, _)| sides::is_negative(name)) {
            negatives.extend(sides::texts(value).map_err(wrong)?);
            if negatives.len() > NEGATIVES_MAX {
                return Err(wrong(format!("more than {NEGATIVES_MAX} negatives")));
            }
        }
        negatives.retain(|text| !text.trim().is_empty());
        let source = match record.get(&SOURCES) {
            Some(Value::String(source)) => Some(source.clone()),
            _ => None,
        };
        if rights.is_empty() || left.trim().is_empty() {
            self.skipped.add("pairs with an empty text", &record.place);
            return Ok(());
        }
        for right in rights {
            match right.trim().is_empty() {
                true => self.skipped.add("pairs with an empty text", &record.place),
                false => {
                    let (left, negatives, source) =
                        (left.clone(), negatives.clone(), source.clone());
                    self.waiting.push_back(Pair { left, right, score, negatives, source });
                }
            }
        }
        Ok(())
    }
}

fn is_wanted(name: &str) -> bool {
    [&LEFT[..], &RIGHT, &SCORES, &SOURCES].iter().any(|names| names.contains(&name))
        || sides::is_negative(name)
}

impl Iterator for Pairs {
    type Item = Result<Pair, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        until_error(self, |own| &mut own.is_over, Self::read)
    }
}

#[cfg(test)]
mod tests;
