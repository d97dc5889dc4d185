//! Chemicals, supplementary concepts and pharmacological actions.

use std::collections::BTreeSet;

use super::mesh::suggest_headings;
use super::outcome::Outcome;
use super::qualified::absent;
use super::spelling::{frequencies, is_words, suggest_terms};
use super::view::SegmentView;
use crate::error::{NameKind, Result};
use crate::format::terms::{TermField, fold};
use crate::mesh::Vocabulary;

/// Names that an error suggests.
const SUGGESTIONS: usize = 5;

/// What the vocabulary takes a substance for: itself alone, since indexers name the most special one.
pub(super) fn substance<'a>(vocabulary: &'a Vocabulary, name: &str) -> Vec<&'a str> {
    let Some((concept, _)) = vocabulary.find(name) else { return Vec::new() };
    vocabulary.spellings(concept).map(|(_, name)| name).collect()
}

/// The answer to a substance that no document has.
pub(super) fn no_substance(
    name: &str,
    is_known: bool,
    segments: &[SegmentView],
) -> Result<Outcome> {
    if is_known {
        return Ok(absent(NameKind::Substance, name));
    }
    let mut names = frequencies(segments, TermField::Substance)?;
    let has_none = names.is_empty();
    names.retain(|name, _| is_words(name));
    let suggestions =
        suggest_terms(&fold(name), names, segments, TermField::Substance, SUGGESTIONS)?;
    let detail = if has_none { "no document here names a substance" } else { "" };
    Ok(Outcome::Unknown {
        kind: NameKind::Substance,
        name: name.to_owned(),
        suggestions,
        detail: detail.to_owned(),
    })
}

/// The headings and substances that have an action, as terms to look for; `None` if the vocabulary knows no
/// such heading.
pub(super) fn with_action(
    vocabulary: &Vocabulary,
    name: &str,
    explode: bool,
) -> Option<BTreeSet<(TermField, String)>> {
    let (action, _) = vocabulary.find(name).filter(|(at, _)| vocabulary.is_descriptor(*at))?;
    let actions = if explode { vocabulary.explode(action) } else { vec![action] };
    let mut terms = BTreeSet::new();
    for concept in vocabulary.substances(&actions) {
        for (_, name) in vocabulary.spellings(concept) {
            terms.insert((TermField::Substance, name.to_owned()));
            if vocabulary.is_descriptor(concept) {
                terms.insert((super::mesh::field(name, false), name.to_owned()));
            }
        }
    }
    Some(terms)
}

/// The answer to an action that nobody knows.
pub(super) fn no_action(vocabulary: &Vocabulary, name: &str) -> Outcome {
    Outcome::Unknown {
        kind: NameKind::PharmacologicalAction,
        name: name.to_owned(),
        suggestions: suggest_headings(vocabulary, name, SUGGESTIONS),
        detail: String::new(),
    }
}
