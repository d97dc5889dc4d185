//! What is wrong with a value, before its place is known.

use std::fmt;

/// What a line must satisfy. The names ([`InputRule::name`]) are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputRule {
    /// A line has as many columns as its format says.
    Columns,
    /// A line of JSON is an object with the fields of its format.
    Json,
    /// An id is not empty, and holds no blank where blanks separate columns.
    Id,
    /// A score is a finite number.
    Score,
    /// A grade is a whole number.
    Grade,
    /// A run lists a document once per query.
    DuplicateDocument,
    /// A document has one grade per query.
    ConflictingGrade,
}

impl InputRule {
    /// A stable name in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            InputRule::Columns => "columns",
            InputRule::Json => "json",
            InputRule::Id => "id",
            InputRule::Score => "score",
            InputRule::Grade => "grade",
            InputRule::DuplicateDocument => "duplicate-document",
            InputRule::ConflictingGrade => "conflicting-grade",
        }
    }
}

/// A rule that a value breaks, before the file and the line are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: InputRule,
    /// What is wrong and what is expected.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(rule: InputRule, detail: impl Into<String>) -> Violation {
        Violation { rule, detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (rule: {})", self.detail, self.rule.name())
    }
}

impl std::error::Error for Violation {}

/// As the detail of an error with a place.
impl From<Violation> for String {
    fn from(violation: Violation) -> String {
        violation.to_string()
    }
}
