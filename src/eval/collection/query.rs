//! What a benchmark asks, and what it counts as an answer.

use std::fmt;

/// A query of a benchmark.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestQuery {
    /// Its id, as judgements and runs name it.
    pub id: String,
    /// What to search for. Never empty.
    pub text: String,
    /// What kind of answer is wanted, where the benchmark says so (BioASQ).
    pub kind: Option<QuestionKind>,
    /// What a relevant document must have (TREC), or the hypothetical document (R2MED).
    pub narrative: Option<String>,
}

impl TestQuery {
    /// A query without kind and narrative.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> TestQuery {
        TestQuery { id: id.into(), text: text.into(), kind: None, narrative: None }
    }
}

/// BioASQ's types of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuestionKind {
    /// `yesno`
    YesNo,
    /// `factoid`: one entity.
    Factoid,
    /// `list`: several entities.
    List,
    /// `summary`: no exact answer.
    Summary,
}

impl QuestionKind {
    /// BioASQ's name.
    pub fn name(self) -> &'static str {
        match self {
            QuestionKind::YesNo => "yesno",
            QuestionKind::Factoid => "factoid",
            QuestionKind::List => "list",
            QuestionKind::Summary => "summary",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<QuestionKind> {
        use QuestionKind::{Factoid, List, Summary, YesNo};
        [YesNo, Factoid, List, Summary].into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for QuestionKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The gold answer of a question (BioASQ, PubMedQA).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoldAnswer {
    /// Entities, each with its synonyms; `[["yes"]]` for a yes/no question. Empty for a summary.
    pub exact: Vec<Vec<String>>,
    /// Answers in sentences, each complete by itself.
    pub ideal: Vec<String>,
    /// Passages that answer the question, those of which the place is said (BioASQ).
    pub snippets: Vec<Snippet>,
}

/// A passage of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snippet {
    /// PMID of its document.
    pub document: String,
    /// The sections that it begins and ends in: `title`, `abstract`, or in early years numbers.
    pub sections: (String, String),
    /// Its first and its last character, counted from 0 within their sections; the first is not behind the last.
    pub offsets: (u32, u32),
}

/// Records that were passed over, as the field expects, and counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// What they are: `queries without judgements`.
    pub what: &'static str,
    /// How many.
    pub count: u64,
    /// Where the first one stands.
    pub example_place: String,
}

/// Counts what is skipped, by kind, in the order of first sight.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Vec<Skipped>);

impl Tally {
    pub(super) fn add(&mut self, what: &'static str, place: impl fmt::Display) {
        match self.0.iter_mut().find(|skipped| skipped.what == what) {
            Some(skipped) => skipped.count += 1,
            None => self.0.push(Skipped { what, count: 1, example_place: place.to_string() }),
        }
    }

    pub(super) fn as_slice(&self) -> &[Skipped] {
        &self.0
    }

    pub(super) fn into_vec(self) -> Vec<Skipped> {
        self.0
    }
}
