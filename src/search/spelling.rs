//! Terms as the documents of the database spell them: the dictionaries hold them folded.

use std::collections::BTreeMap;

use super::names::suggest::nearest;
use super::view::SegmentView;
use crate::document::Document;
use crate::error::Result;
use crate::format::terms::TermField;
use crate::ids::RowId;

/// Every term of a field with the number of its rows, deleted ones included.
pub(super) fn frequencies(
    segments: &[SegmentView],
    field: TermField,
) -> Result<BTreeMap<String, u64>> {
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for view in segments {
        for term in view.segment.terms(field) {
            let (name, rows) = term?;
            match names.get_mut(name) {
                Some(known) => *known += u64::from(rows),
                None => {
                    names.insert(name.to_owned(), u64::from(rows));
                }
            }
        }
    }
    Ok(names)
}

/// The names that are most like a folded text, likeliest first, as documents spell them.
pub(super) fn suggest_terms(
    wanted: &str,
    names: BTreeMap<String, u64>,
    segments: &[SegmentView],
    field: TermField,
    count: usize,
) -> Result<Vec<String>> {
    let mut suggestions = Vec::new();
    for term in nearest(wanted, names, count) {
        let spelt = as_written(&term, segments, field)?.unwrap_or(term);
        if !suggestions.contains(&spelt) {
            suggestions.push(spelt);
        }
    }
    Ok(suggestions)
}

/// A term as a document spells it; `None` when no document has it. Cost: the first document with the
/// term is read.
pub(super) fn as_written(
    term: &str,
    segments: &[SegmentView],
    field: TermField,
) -> Result<Option<String>> {
    for view in segments {
        let Some(row) = view.segment.posting(field, term)?.and_then(|rows| rows.min()) else {
            continue;
        };
        let document = view.segment.document(RowId(row))?;
        let mut spellings = spellings(&document, field).into_iter();
        if let Some(name) = spellings.find(|name| field.normalise(name) == term) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// Whether a term has words, and is not a number, ISSN or UI.
pub(super) fn is_words(term: &str) -> bool {
    let letters = |pair: &[u8]| pair.iter().all(|byte| byte.is_ascii_alphabetic() || *byte > 127);
    term.as_bytes().windows(2).any(letters)
}

/// Whether any segment has a term.
pub(super) fn has(segments: &[SegmentView], field: TermField, term: &str) -> Result<bool> {
    for view in segments {
        if view.segment.find_term(field, term)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn spellings(document: &Document, field: TermField) -> Vec<&str> {
    let journal = &document.journal;
    match field {
        TermField::MeshName | TermField::MeshMajorName => {
            document.mesh.iter().map(|heading| heading.name.as_str()).collect()
        }
        TermField::Qualifier => {
            let qualifiers = document.mesh.iter().flat_map(|heading| &heading.qualifiers);
            qualifiers.map(|qualifier| qualifier.name.as_str()).collect()
        }
        TermField::Substance => {
            let substances = document.chemicals.iter().chain(&document.supplementary);
            substances.map(|substance| substance.name.as_str()).collect()
        }
        TermField::Journal => vec![
            &journal.title,
            &journal.abbreviation,
            &journal.nlm_id,
            &journal.issn,
            &journal.issn_linking,
        ],
        TermField::PublicationType => {
            document.publication_types.iter().map(|kind| kind.name.as_str()).collect()
        }
        TermField::Language => document.languages.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}
