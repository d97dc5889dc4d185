//! Filters and their evaluation to a bitmap of rows.

mod nested;

use roaring::RoaringBitmap;

use super::numbers::{NumberRange, Typed, typed};
use super::rows::{all_rows, days, keyed, numbers, posting};
use crate::date::Day;
use crate::error::Result;
use crate::format::terms::{TermField, field_term};
use crate::ids::Key;
use crate::segment::Segment;

/// Which documents may be hits.
///
/// Filters may be nested to any depth: nothing that is done with one recurses. `Debug` prints one line.
#[non_exhaustive]
pub enum Filter {
    /// Every document.
    All,
    /// Documents with this MeSH heading, by descriptor UI (`D003924`) or by name in any case.
    Mesh {
        /// Descriptor UI or name.
        term: String,
        /// Only where the descriptor, or one of its qualifiers, is a major topic.
        major_only: bool,
    },
    /// Documents whose publication date can lie in these years, both included.
    Years {
        /// First year.
        from: u32,
        /// Last year.
        to: u32,
    },
    /// Documents whose publication date can lie between these days, both included.
    Dates {
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
    },
    /// Journal, by abbreviation, full title, NLM id or ISSN. Case, dots and other punctuation, accents,
    /// `&` for `and` and a leading `The` do not matter.
    Journal(String),
    /// Language, by ISO 639-2 or 639-1 code or English name, in any case: `ger`, `deu`, `de`, `German`.
    Language(String),
    /// Publication type, by name, UI or usual synonym (`RCT`), in the singular or plural, in any case.
    PublicationType(String),
    /// Documents with an abstract of their own.
    HasAbstract,
    /// These documents.
    Keys(Vec<Key>),
    /// A free field.
    Field {
        /// Its name.
        name: String,
        /// What it must be.
        test: FieldTest,
    },
    /// All of these; an empty list is every document.
    And(Vec<Filter>),
    /// Any of these; an empty list is none.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
}

/// A test of one free field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldTest {
    /// The string, or one string of the list, is exactly this.
    Is(String),
    /// The number, whole or not, lies in this range, both ends included.
    Integer {
        /// Least value.
        from: i64,
        /// Greatest value.
        to: i64,
    },
    /// The number, whole or not, lies in this range, both ends included.
    Float {
        /// Least value.
        from: f64,
        /// Greatest value.
        to: f64,
    },
    /// As a person types it, who need not know the field's type: the string itself, or a number
    /// (`12`), or a range of numbers (`5:9`, `0.5:`, `:9`). A value fits when it fits in any of these ways.
    Typed(String),
}

impl Filter {
    /// A MeSH heading, major topic or not.
    pub fn mesh(term: impl Into<String>) -> Filter {
        Filter::Mesh { term: term.into(), major_only: false }
    }

    /// A MeSH heading as a major topic.
    pub fn major(term: impl Into<String>) -> Filter {
        Filter::Mesh { term: term.into(), major_only: true }
    }

    /// A range of years, both included.
    pub fn years(from: u32, to: u32) -> Filter {
        Filter::Years { from, to }
    }

    /// This and that.
    #[must_use]
    pub fn and(mut self, other: Filter) -> Filter {
        if matches!(other, Filter::All) {
            return self;
        }
        match &mut self {
            Filter::All => other,
            Filter::And(all) => {
                all.push(other);
                self
            }
            _ => Filter::And(vec![self, other]),
        }
    }

    /// The rows that pass a filter that has no parts.
    fn rows_alone(&self, segment: &Segment) -> Result<RoaringBitmap> {
        Ok(match self {
            Filter::All | Filter::And(_) => all_rows(segment),
            Filter::Or(_) | Filter::Not(_) => RoaringBitmap::new(),
            Filter::Mesh { term, major_only } => {
                posting(segment, mesh_field(term, *major_only), term)?
            }
            Filter::Years { from, to } => {
                days(segment, Day::new(*from, 1, 1), Day::new(*to, 12, 31))?
            }
            Filter::Dates { from, to } => days(segment, *from, *to)?,
            Filter::Journal(name) => posting(segment, TermField::Journal, name)?,
            Filter::Language(code) => posting(segment, TermField::Language, code)?,
            Filter::PublicationType(name) => posting(segment, TermField::PublicationType, name)?,
            Filter::HasAbstract => posting(segment, TermField::Flag, "abstract")?,
            Filter::Keys(keys) => keyed(segment, keys)?,
            Filter::Field { name, test } => field_rows(segment, name, test)?,
        })
    }
}

/// Where a MeSH term as typed is looked up: among descriptor UIs (`D003924`), or among names.
pub(super) fn mesh_field(term: &str, major_only: bool) -> TermField {
    let digits = term.trim().strip_prefix(['D', 'd']).filter(|digits| digits.len() >= 6);
    let is_ui = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match (is_ui, major_only) {
        (true, false) => TermField::MeshUi,
        (true, true) => TermField::MeshMajorUi,
        (false, false) => TermField::MeshName,
        (false, true) => TermField::MeshMajorName,
    }
}

fn field_rows(segment: &Segment, name: &str, test: &FieldTest) -> Result<RoaringBitmap> {
    match test {
        FieldTest::Is(value) => posting(segment, TermField::Field, &field_term(name, value)),
        FieldTest::Integer { from, to } => {
            numbers(segment, name, &NumberRange::Integers { from: *from, to: *to })
        }
        FieldTest::Float { from, to } => {
            numbers(segment, name, &NumberRange::Floats { from: *from, to: *to })
        }
        FieldTest::Typed(text) => {
            let mut found = posting(segment, TermField::Field, &field_term(name, text))?;
            if let Typed::Range(range) = typed(text) {
                found |= numbers(segment, name, &range)?;
            }
            Ok(found)
        }
    }
}
