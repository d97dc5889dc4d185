//! The leaves of a query.

use std::fmt;
use std::ops::Range;

use super::date::DateTerm;
use super::field::SearchField;
use super::tag::FieldTag;
use super::typed::TypedTest;

/// One term of a query, with its place in the text. Two clauses are equal if they say the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Clause {
    /// What it searches for.
    pub kind: ClauseKind,
    /// Its bytes in the text.
    pub span: Range<usize>,
}

/// What a clause searches for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClauseKind {
    /// Words, a phrase or a name.
    Term(QueryTerm),
    /// A date, a range of dates or a span until now, in a date field.
    Date {
        /// The field, one for which [`SearchField::is_date`] holds.
        field: SearchField,
        /// The days.
        term: DateTerm,
    },
    /// A fact about a record: `hasabstract`.
    Property(RecordProperty),
    /// A free field of the database's own: `rating:>3`, `tag:lung`.
    Typed {
        /// The field's name, as typed.
        name: String,
        /// What its value must be.
        test: TypedTest,
    },
    /// An earlier line of the strategy: `#1`.
    Line {
        /// Its name, without `#`.
        name: String,
        /// Its place in [`Strategy::lines`](super::Strategy::lines).
        index: usize,
    },
}

/// Words with or without quotation marks and a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryTerm {
    /// The words as typed, one space between each two; `*` stands for zero or more characters. Names of headings and
    /// journals keep their punctuation.
    pub text: String,
    /// Whether they stood in quotation marks.
    pub quoted: bool,
    /// The tag; without one, PubMed maps the words to headings, journals, authors and text words.
    pub tag: Option<FieldTag>,
}

impl QueryTerm {
    /// Heading and subheading of a term such as `asthma/drug therapy`, as typed; without a slash the heading alone.
    pub fn heading(&self) -> (&str, Option<&str>) {
        match self.text.rsplit_once('/') {
            Some((heading, subheading)) if !heading.trim().is_empty() => {
                (heading.trim(), Some(subheading.trim()))
            }
            _ => (&self.text, None),
        }
    }

    /// Whether a `*` stands in it.
    pub fn has_wildcard(&self) -> bool {
        self.text.contains('*')
    }
}

/// A fact about a record that PubMed finds by a word of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordProperty {
    /// `hasabstract`: it has an abstract.
    HasAbstract,
    /// `hasstructuredabstract`: its abstract has labelled sections.
    HasStructuredAbstract,
    /// `haskeyword`: it has author keywords.
    HasKeyword,
    /// `hasretractionin`: it was retracted.
    HasRetractionIn,
}

impl RecordProperty {
    const ALL: [RecordProperty; 4] = [
        RecordProperty::HasAbstract,
        RecordProperty::HasStructuredAbstract,
        RecordProperty::HasKeyword,
        RecordProperty::HasRetractionIn,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            RecordProperty::HasAbstract => "hasabstract",
            RecordProperty::HasStructuredAbstract => "hasstructuredabstract",
            RecordProperty::HasKeyword => "haskeyword",
            RecordProperty::HasRetractionIn => "hasretractionin",
        }
    }

    pub(super) fn named(word: &str) -> Option<RecordProperty> {
        RecordProperty::ALL.into_iter().find(|known| known.word().eq_ignore_ascii_case(word))
    }
}

impl PartialEq for Clause {
    fn eq(&self, other: &Clause) -> bool {
        self.kind == other.kind
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ClauseKind::Term(term) => term.fmt(f),
            ClauseKind::Date { field, term } => write!(f, "{term}{field}"),
            ClauseKind::Property(property) => f.write_str(property.word()),
            ClauseKind::Typed { name, test } => write!(f, "{name}:{test}"),
            ClauseKind::Line { name, .. } => write!(f, "#{name}"),
        }
    }
}

impl fmt::Display for QueryTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quoted {
            true => write!(f, "\"{}\"", self.text)?,
            false => f.write_str(&self.text)?,
        }
        self.tag.iter().try_for_each(|tag| tag.fmt(f))
    }
}
