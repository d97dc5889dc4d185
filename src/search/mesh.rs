//! MeSH headings as people type them.

use std::collections::BTreeMap;

use super::names::suggest::nearest;
use super::note::Note;
use super::outcome::Outcome;
use super::spelling::{frequencies, has, suggest_terms};
use super::view::SegmentView;
use crate::error::{NameKind, Result};
use crate::format::mesh::MeshTag;
use crate::format::terms::{TermField, fold};
use crate::mesh::{Matched, Vocabulary};

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

/// What the vocabulary takes a text for.
#[derive(Debug, Default)]
pub(super) struct Meaning<'a> {
    /// Whether the vocabulary knows such a heading.
    pub(super) is_known: bool,
    /// UIs and names, those of earlier years too, of the heading and, if it is exploded, of all below it.
    pub(super) spellings: Vec<&'a str>,
}

/// Looks a text up in the vocabulary. Only descriptors are headings of documents.
pub(super) fn meaning<'a>(vocabulary: &'a Vocabulary, term: &str, explode: bool) -> Meaning<'a> {
    let found = vocabulary.find(term).filter(|(at, _)| vocabulary.is_descriptor(*at));
    let Some((heading, matched)) = found else { return Meaning::default() };
    let headings = match (explode, matched) {
        (false, _) => vec![heading],
        (true, Matched::TreeNumber) => {
            vocabulary.explode_tree_number(&term.trim().to_ascii_uppercase())
        }
        (true, _) => vocabulary.explode(heading),
    };
    let spellings = headings.into_iter().flat_map(|heading| {
        // A name that another heading has now is that heading's.
        let is_own = move |(tag, name): (MeshTag, &'a str)| {
            let is_free = || vocabulary.find(name).is_some_and(|(owner, _)| owner == heading);
            (tag != MeshTag::Former || is_free()).then_some(name)
        };
        vocabulary.spellings(heading).filter_map(is_own)
    });
    Meaning { is_known: true, spellings: spellings.collect() }
}

/// Whether a text with a stroke is the name of a heading as it stands, as `HIV/AIDS` is.
pub(super) fn is_name(vocabulary: &Vocabulary, term: &str) -> bool {
    let found = vocabulary.find(term).filter(|(at, _)| vocabulary.is_descriptor(*at));
    let is_written_so = |concept| {
        let own = [vocabulary.name(concept)].into_iter();
        let mut names =
            own.chain(vocabulary.entry_terms(concept)).chain(vocabulary.former_names(concept));
        names.any(|name| fold(name) == fold(term))
    };
    found.is_some_and(|(concept, _)| is_written_so(concept))
}

/// Whether any document has a heading that a text means, major topic or not.
pub(super) fn is_heading(
    term: &str,
    meaning: &Meaning<'_>,
    segments: &[SegmentView],
) -> Result<bool> {
    for spelling in std::iter::once(term).chain(meaning.spellings.iter().copied()) {
        if has(segments, field(spelling, false), spelling)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The answer to a heading that no document has: a note if the vocabulary knows it.
pub(super) fn not_here(
    term: &str,
    meaning: &Meaning<'_>,
    vocabulary: &Vocabulary,
    segments: &[SegmentView],
) -> Result<Outcome> {
    let (kind, name) = (NameKind::MeshHeading, term.to_owned());
    if meaning.is_known {
        return Ok(Outcome::absent(Note::Absent { kind, name, suggestions: Vec::new() }));
    }
    let mut suggestions = suggest_mesh(term, segments, SUGGESTIONS)?;
    let room = SUGGESTIONS.saturating_sub(suggestions.len());
    for name in suggest_headings(vocabulary, term, room) {
        if !suggestions.contains(&name) {
            suggestions.push(name);
        }
    }
    Ok(Outcome::Unknown { kind, name, suggestions, detail: String::new() })
}

/// Names of a vocabulary's descriptors that resemble a text, likeliest first. Cost: one comparison per
/// descriptor.
pub fn suggest_headings(vocabulary: &Vocabulary, text: &str, count: usize) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let headings = vocabulary.concepts().filter(|at| vocabulary.is_descriptor(*at));
    let spelt: BTreeMap<String, &str> =
        headings.map(|at| (fold(vocabulary.name(at)), vocabulary.name(at))).collect();
    let names = spelt.keys().map(|name| (name.clone(), 0)).collect();
    let near = nearest(&fold(text), names, count).into_iter();
    near.map(|name| spelt.get(&name).map_or(name.clone(), |name| (*name).to_owned())).collect()
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
