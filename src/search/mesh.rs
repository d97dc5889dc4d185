//! MeSH headings as people type them.

use super::outcome::Outcome;
use super::spelling::{frequencies, has, suggest_terms};
use super::view::SegmentView;
use crate::error::{NameKind, Result};
use crate::format::terms::{TermField, fold};

/// Names that an error suggests.
const SUGGESTIONS: usize = 5;

/// Where a MeSH term as typed is looked up: among descriptor UIs (`D003924`), or among names.
pub(super) fn field(term: &str, major_only: bool) -> TermField {
    let digits = term.trim().strip_prefix(['D', 'd']).filter(|digits| digits.len() >= 6);
    let is_ui = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match (is_ui, major_only) {
        (true, false) => TermField::MeshUi,
        (true, true) => TermField::MeshMajorUi,
        (false, false) => TermField::MeshName,
        (false, true) => TermField::MeshMajorName,
    }
}

/// Whether any document has a term as a heading, major topic or not.
pub(super) fn is_heading(term: &str, segments: &[SegmentView]) -> Result<bool> {
    has(segments, field(term, false), term)
}

/// The answer to a heading that no document has.
pub(super) fn unknown(term: &str, segments: &[SegmentView]) -> Result<Outcome> {
    Ok(Outcome::Unknown {
        kind: NameKind::MeshHeading,
        name: term.to_owned(),
        suggestions: suggest_mesh(term, segments, SUGGESTIONS)?,
        detail: String::new(),
    })
}

/// MeSH names of the database that are most like a text, as documents spell them: those that share its
/// words or are few edits away, the more frequent first among equals. Cost: one pass over the names.
///
/// # Errors
/// [`crate::Error::Corrupt`] when a term dictionary cannot be read.
pub fn suggest_mesh(text: &str, segments: &[SegmentView], count: usize) -> Result<Vec<String>> {
    let names = frequencies(segments, TermField::MeshName)?;
    suggest_terms(&fold(text), names, segments, TermField::MeshName, count)
}
