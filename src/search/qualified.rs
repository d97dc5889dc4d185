//! MeSH headings with a subheading (`Asthma/drug therapy`), and subheadings alone.

use std::collections::BTreeSet;

use super::mesh::{Meaning, field};
use super::note::Note;
use super::outcome::Outcome;
use super::spelling::{frequencies, has, is_words, suggest_terms};
use super::view::SegmentView;
use crate::error::{NameKind, Result};
use crate::format::terms::{TermField, fold, pair_term};
use crate::ids::RowId;
use crate::mesh::{Concept, Vocabulary};

/// Names that an error suggests.
const SUGGESTIONS: usize = 5;

/// Splits heading and subheading at the last stroke; `None` for a text without one.
pub(super) fn split(term: &str) -> Option<(&str, &str)> {
    let (heading, subheading) = term.rsplit_once('/')?;
    let (heading, subheading) = (heading.trim(), subheading.trim());
    (!heading.is_empty() && !subheading.is_empty()).then_some((heading, subheading))
}

/// The names and UIs, folded, that documents can have of a subheading and, if it is exploded, of those below
/// it; `None` if neither the vocabulary nor a document knows it.
pub(super) fn subheadings(
    name: &str,
    explode: bool,
    vocabulary: &Vocabulary,
    segments: &[SegmentView],
) -> Result<Option<BTreeSet<String>>> {
    let Some(qualifier) = vocabulary.find_qualifier(name) else {
        let is_here = has(segments, TermField::Qualifier, name)?;
        return Ok(is_here.then(|| BTreeSet::from([fold(name)])));
    };
    let all = if explode { vocabulary.explode(qualifier) } else { vec![qualifier] };
    let spelt = |concept: Concept| vocabulary.spellings(concept).map(|(_, name)| fold(name));
    Ok(Some(all.into_iter().flat_map(spelt).collect()))
}

/// The terms that documents have of headings with subheadings.
pub(super) fn pairs(
    heading: &str,
    meaning: &Meaning<'_>,
    subheadings: &BTreeSet<String>,
    field: TermField,
    segments: &[SegmentView],
) -> Result<BTreeSet<String>> {
    let mut headings: Vec<String> =
        meaning.spellings.iter().map(|name| (*name).to_owned()).collect();
    headings.push(heading.to_owned());
    if !meaning.is_known {
        headings.extend(uis_of(heading, segments)?);
    }
    let mut found = BTreeSet::new();
    for heading in headings {
        let begin = field.normalise(&pair_term(&heading, ""));
        for view in segments {
            for term in view.segment.terms_beginning(field, &begin)? {
                let (term, _) = term?;
                if term.get(begin.len()..).is_some_and(|name| subheadings.contains(name)) {
                    found.insert(term.to_owned());
                }
            }
        }
    }
    Ok(found)
}

/// The UIs that documents have beside a heading's name which the vocabulary does not know. Cost: one document
/// per segment is read.
fn uis_of(name: &str, segments: &[SegmentView]) -> Result<BTreeSet<String>> {
    let mut uis = BTreeSet::new();
    if field(name, false) != TermField::MeshName {
        return Ok(uis);
    }
    for view in segments {
        let rows = view.segment.posting(TermField::MeshName, name)?;
        let Some(row) = rows.and_then(|rows| rows.min()) else { continue };
        let document = view.segment.document(RowId(row))?;
        let named = document.mesh.into_iter().filter(|heading| fold(&heading.name) == fold(name));
        uis.extend(named.map(|heading| heading.ui).filter(|ui| !ui.is_empty()));
    }
    Ok(uis)
}

/// The answer to a subheading that nobody knows.
pub(super) fn unknown(
    name: &str,
    vocabulary: &Vocabulary,
    segments: &[SegmentView],
) -> Result<Outcome> {
    let mut names = frequencies(segments, TermField::Qualifier)?;
    names.retain(|name, _| is_words(name));
    for qualifier in vocabulary.qualifiers() {
        names.entry(fold(vocabulary.name(qualifier))).or_default();
    }
    let suggestions =
        suggest_terms(&fold(name), names, segments, TermField::Qualifier, SUGGESTIONS)?;
    let (kind, name, detail) = (NameKind::Subheading, name.to_owned(), String::new());
    Ok(Outcome::Unknown { kind, name, suggestions, detail })
}

/// The answer to a heading with a subheading, or a subheading, that exists and that no document has.
pub(super) fn absent(kind: NameKind, name: &str) -> Outcome {
    Outcome::absent(Note::Absent { kind, name: name.to_owned(), suggestions: Vec::new() })
}
