//! What became of a name, or of a test of a field, when it was looked up.

use super::note::Note;
use super::numbers::NumberRange;
use crate::error::NameKind;

/// The result of a look-up.
pub(super) enum Outcome {
    /// What the database has of it.
    Found(Found),
    /// No document has it, and nothing says that it is a name at all.
    Unknown {
        /// What it is of.
        kind: NameKind,
        /// As the filter has it.
        name: String,
        /// Names like it.
        suggestions: Vec<String>,
        /// What else helps, or empty.
        detail: String,
    },
}

/// A row passes if it has any of the terms or a number in the range. Nothing at all is legal: a name that
/// is known and that no document has.
#[derive(Default)]
pub(super) struct Found {
    /// Stored terms.
    pub(super) terms: Vec<String>,
    /// Numbers of the field.
    pub(super) numbers: Option<NumberRange>,
    /// A remark.
    pub(super) note: Option<Note>,
}

impl Outcome {
    /// Terms that are just what was meant.
    pub(super) fn terms(terms: Vec<String>) -> Outcome {
        Outcome::Found(Found { terms, ..Found::default() })
    }

    /// Numbers in a range.
    pub(super) fn numbers(range: NumberRange) -> Outcome {
        Outcome::Found(Found { numbers: Some(range), ..Found::default() })
    }

    /// A name that is legal and that no document has.
    pub(super) fn absent(note: Note) -> Outcome {
        Outcome::Found(Found { note: Some(note), ..Found::default() })
    }
}
