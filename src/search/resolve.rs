//! Names in a filter, and the terms of the database that they mean.
//!
//! A name that no document has would find nothing, or, under [`Filter::Not`], pass everything, without
//! a word. So every name is looked up before a filter is evaluated: it becomes the terms that the
//! database spells that way, a [`Note`] where it is legal and absent, or an error with suggestions.

use std::sync::Arc;

use super::check::check;
use super::fields::check_field;
use super::filter::{Filter, mesh_field};
use super::note::Note;
use super::resolved::{Outcome, Resolved};
use super::spelling::{frequencies, suggest_terms};
use super::view::SegmentView;
use super::vocabulary::{journal, language, publication_type};
use crate::error::{Error, NameKind, Result};
use crate::format::terms::{TermField, fold};

/// Looks up every name of a filter. Where the database holds no document at all, nothing is looked up.
///
/// Cost: a binary search a name and segment; nothing for a filter that was resolved lately.
///
/// # Errors
/// [`Error::InvalidQuery`] for a condition that fits no field or means nothing; unless `allow_unknown`,
/// [`Error::UnknownName`] for a name that nobody knows; [`Error::Corrupt`].
pub(super) fn resolve(
    filter: &Filter,
    segments: &[SegmentView],
    allow_unknown: bool,
) -> Result<Arc<Resolved>> {
    check(filter)?;
    let is_empty = segments.iter().all(|view| view.segment.rows() == 0);
    let Some(newest) = segments.last().filter(|_| !is_empty) else { return Ok(Arc::default()) };
    if !filter.parts().any(is_name) {
        return Ok(Arc::default());
    }
    let ids: Vec<_> = segments.iter().map(|view| view.segment.id()).collect();
    if let Some(known) = newest.resolved(&ids, filter, allow_unknown) {
        return Ok(known);
    }
    let mut resolved = filter.clone();
    let mut notes = Vec::new();
    let mut nodes = vec![&mut resolved];
    while let Some(node) = nodes.pop() {
        match node {
            Filter::And(parts) | Filter::Or(parts) => nodes.extend(parts.iter_mut().rev()),
            Filter::Not(part) => nodes.push(part),
            leaf if is_name(leaf) => match look_up(leaf, segments)? {
                Outcome::Found(found) => *leaf = found,
                Outcome::FoundBut(found, note) => {
                    *leaf = found;
                    notes.push(note);
                }
                Outcome::Absent(note) => notes.push(note),
                Outcome::Unknown { kind, name, suggestions, .. } if allow_unknown => {
                    notes.push(Note::Absent { kind, name, suggestions });
                }
                Outcome::Unknown { kind, name, suggestions, detail } => {
                    return Err(Error::UnknownName { kind, name, suggestions, detail });
                }
            },
            _ => {}
        }
    }
    let resolved = Arc::new(Resolved { filter: Some(resolved), notes });
    newest.remember_resolved(ids, filter, allow_unknown, resolved.clone());
    Ok(resolved)
}

fn is_name(leaf: &Filter) -> bool {
    matches!(
        leaf,
        Filter::Mesh { .. }
            | Filter::Journal(_)
            | Filter::Language(_)
            | Filter::PublicationType(_)
            | Filter::Field { .. }
    )
}

fn look_up(leaf: &Filter, segments: &[SegmentView]) -> Result<Outcome> {
    match leaf {
        Filter::Mesh { term, .. } => mesh(leaf, term, segments),
        Filter::Journal(name) => journal(name, segments),
        Filter::Language(name) => language(name, segments),
        Filter::PublicationType(name) => publication_type(name, segments),
        Filter::Field { name, test } => check_field(leaf, name, test, segments),
        other => Ok(Outcome::Found(other.clone())),
    }
}

/// A heading that exists but is nowhere a major topic is known: it matches nothing, which is an answer.
fn mesh(leaf: &Filter, term: &str, segments: &[SegmentView]) -> Result<Outcome> {
    for view in segments {
        if view.segment.posting(mesh_field(term, false), term)?.is_some() {
            return Ok(Outcome::Found(leaf.clone()));
        }
    }
    Ok(Outcome::Unknown {
        kind: NameKind::MeshHeading,
        name: term.to_owned(),
        suggestions: suggest_mesh(term, segments, 5)?,
        detail: String::new(),
    })
}

/// MeSH names of the database that are most like a text, as documents spell them: those that share its
/// words or are few edits away, the more frequent first among equals. Cost: one pass over the names.
///
/// # Errors
/// [`Error::Corrupt`] when a term dictionary cannot be read.
pub fn suggest_mesh(text: &str, segments: &[SegmentView], count: usize) -> Result<Vec<String>> {
    let names = frequencies(segments, TermField::MeshName)?;
    suggest_terms(&fold(text), names, segments, TermField::MeshName, count)
}
