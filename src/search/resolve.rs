//! Names that no document has: an error with suggestions instead of an empty answer.

use std::collections::BTreeMap;

use super::filter::{Filter, mesh_field};
use super::view::SegmentView;
use crate::error::{Error, Result};
use crate::format::terms::{TermField, fold};

/// Fails when a MeSH term of the filter occurs in no segment at all.
///
/// A heading that exists but is nowhere a major topic is known: it matches nothing, which is an
/// answer.
pub(super) fn check_names(filter: &Filter, segments: &[SegmentView]) -> Result<()> {
    filter.parts().try_for_each(|part| match part {
        Filter::Mesh { term, .. } => check_mesh(term, segments),
        _ => Ok(()),
    })
}

fn check_mesh(term: &str, segments: &[SegmentView]) -> Result<()> {
    for view in segments {
        if view.segment.posting(mesh_field(term, false), term)?.is_some() {
            return Ok(());
        }
    }
    let suggestions = suggest_mesh(term, segments, 5)?;
    let hint = match suggestions.is_empty() {
        true => "no heading here looks like it".to_owned(),
        false => format!("did you mean {}?", suggestions.join("; ")),
    };
    Err(Error::InvalidQuery {
        detail: format!("no document has the MeSH heading `{term}`: {hint}"),
    })
}

/// MeSH names of the database that are most like a text: those that share its words or are few
/// edits away, the more frequent first among equals. Cost: one pass over the names.
///
/// # Errors
/// [`Error::Corrupt`] when a term dictionary cannot be read.
pub fn suggest_mesh(text: &str, segments: &[SegmentView], count: usize) -> Result<Vec<String>> {
    let wanted = fold(text);
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for view in segments {
        for term in view.segment.terms(TermField::MeshName) {
            let (name, rows) = term?;
            *names.entry(name.to_owned()).or_default() += u64::from(rows);
        }
    }
    let mut ranked: Vec<(usize, std::cmp::Reverse<u64>, String)> = names
        .into_iter()
        .filter_map(|(name, rows)| {
            distance(&wanted, &name).map(|far| (far, std::cmp::Reverse(rows), name))
        })
        .collect();
    ranked.sort();
    ranked.truncate(count);
    Ok(ranked.into_iter().map(|(_, _, name)| name).collect())
}

/// 0 for a name that contains the text, else the share of edits scaled to 100; `None` when too far.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    if name.contains(wanted) || wanted.contains(name) {
        return Some(0);
    }
    let words = |text: &str| -> Vec<String> {
        text.split(|ch: char| !ch.is_alphanumeric())
            .filter(|word| word.len() > 2)
            .map(str::to_owned)
            .collect()
    };
    let (ours, theirs) = (words(wanted), words(name));
    let shared = ours.iter().filter(|word| theirs.contains(word)).count();
    let longest = wanted.chars().count().max(name.chars().count());
    let edits = edit_distance(wanted, name) * 100 / longest.max(1);
    if edits <= 35 {
        return Some(edits);
    }
    (shared > 0).then(|| 100 - 50 * shared / ours.len().max(1))
}

/// Levenshtein distance over characters, cut off at 64 characters.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        if let Some(first) = row.first_mut() {
            *first = previous;
        }
        for (b, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = *cell;
            *cell = replaced.min(previous + 1).min(diagonal + 1);
            previous = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_counts_single_changes() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("asthma", "asthma"), 0);
    }

    #[test]
    fn near_names_are_near_and_far_names_are_not() {
        assert!(distance("diabets mellitus", "diabetes mellitus").is_some_and(|far| far < 20));
        assert_eq!(distance("diabetes", "diabetes mellitus, type 2"), Some(0));
        assert_eq!(distance("zzzz", "heart failure"), None);
    }
}
