//! Journals, languages and publication types as people write them.

use std::collections::BTreeMap;

use super::names::index::Spelling;
use super::names::{languages, loose, publication_types, suggest};
use super::note::Note;
use super::outcome::{Found, Outcome};
use super::spelling::{as_written, frequencies, has, is_words, suggest_terms};
use super::view::SegmentView;
use crate::error::{NameKind, Result};
use crate::format::terms::{TermField, fold};

/// Names that an error suggests.
const SUGGESTIONS: usize = 5;

/// A journal by title, abbreviation, NLM id or ISSN. Dots and other punctuation, accents, `&`, a leading
/// `The` and an ISSN's hyphen do not matter; where no name fits, the first part of a title does.
pub(super) fn journal(name: &str, segments: &[SegmentView]) -> Result<Outcome> {
    let wanted = loose::journal(name);
    let mut terms = terms_spelt(segments, Spelling::Journal, &wanted)?;
    if terms.is_empty() && has(segments, TermField::Journal, name)? {
        terms.push(name.to_owned());
    }
    if !terms.is_empty() {
        return Ok(Outcome::terms(terms));
    }
    let mut terms = terms_spelt(segments, Spelling::MainTitle, &wanted)?;
    if let Some(main) = loose::main_title(name) {
        terms.extend(terms_spelt(segments, Spelling::Journal, &main)?);
    }
    if !terms.is_empty() {
        let mut read = Vec::new();
        for term in &terms {
            let spelt = as_written(term, segments, TermField::Journal)?;
            read.push(spelt.unwrap_or_else(|| term.clone()));
        }
        let note = Note::ReadAs { kind: NameKind::Journal, name: name.to_owned(), read };
        return Ok(read_as(terms, note));
    }
    let issn = loose::issn(name);
    if issn.as_deref().is_some_and(loose::is_valid_issn) {
        return Ok(Outcome::absent(absent(NameKind::Journal, name)));
    }
    let mut names = frequencies(segments, TermField::Journal)?;
    let has_none = names.is_empty();
    // Numbers resemble each other without meaning it.
    names.retain(|term, _| is_words(term) || issn.is_some());
    Ok(Outcome::Unknown {
        kind: NameKind::Journal,
        name: name.to_owned(),
        suggestions: suggest_terms(&fold(name), names, segments, TermField::Journal, SUGGESTIONS)?,
        detail: match issn {
            Some(_) => "as an ISSN its last digit does not fit the others".to_owned(),
            None if has_none => "no document here has a journal".to_owned(),
            None => String::new(),
        },
    })
}

/// Whether a document's journal is spelt so. Cost: as a look-up that finds it; nothing is suggested.
pub(super) fn is_journal(name: &str, segments: &[SegmentView]) -> Result<bool> {
    Ok(!terms_spelt(segments, Spelling::Journal, &loose::journal(name))?.is_empty())
}

/// A language by ISO 639-2 or 639-1 code or English name.
pub(super) fn language(name: &str, segments: &[SegmentView]) -> Result<Outcome> {
    let known = languages::find(name);
    let mut spellings = vec![fold(name)];
    spellings.extend(known.iter().flat_map(languages::Language::spellings));
    spellings.sort();
    spellings.dedup();
    let mut terms = Vec::new();
    for spelling in spellings {
        if has(segments, TermField::Language, &spelling)? {
            terms.push(spelling);
        }
    }
    if !terms.is_empty() {
        return Ok(Outcome::terms(terms));
    }
    if !known.is_empty() {
        return Ok(Outcome::absent(absent(NameKind::Language, name)));
    }
    let mut names = frequencies(segments, TermField::Language)?;
    let here: Vec<String> = names.keys().take(20).map(|code| format!("`{code}`")).collect();
    let mut spelt = BTreeMap::new();
    for language in languages::all() {
        names.entry(language.code.to_owned()).or_default();
        names.entry(fold(language.name())).or_default();
        spelt.insert(fold(language.name()), language.name());
    }
    let nearest = suggest::nearest(&fold(name), names, SUGGESTIONS).into_iter();
    Ok(Outcome::Unknown {
        kind: NameKind::Language,
        name: name.to_owned(),
        suggestions: nearest
            .map(|near| spelt.get(&near).map_or(near, |name| (*name).to_owned()))
            .collect(),
        detail: match here.is_empty() {
            true => "no document here has a language".to_owned(),
            false => format!("languages here: {}", here.join(", ")),
        },
    })
}

/// A publication type by name, UI or usual synonym.
pub(super) fn publication_type(name: &str, segments: &[SegmentView]) -> Result<Outcome> {
    let known = publication_types::find(name);
    let own = terms_spelt(segments, Spelling::PublicationType, &loose::publication_type(name))?;
    let mut terms = own.clone();
    if let Some(known) = known {
        let ui = loose::publication_type(known.ui);
        for spelling in known.spellings().chain([ui]).filter(|spelling| !spelling.is_empty()) {
            terms.extend(terms_spelt(segments, Spelling::PublicationType, &spelling)?);
        }
        terms.sort();
        terms.dedup();
    }
    if !terms.is_empty() {
        let is_synonym = own.is_empty();
        return Ok(match known.filter(|_| is_synonym) {
            Some(known) => {
                let read = vec![known.name.to_owned()];
                let (kind, name) = (NameKind::PublicationType, name.to_owned());
                read_as(terms, Note::ReadAs { kind, name, read })
            }
            None => Outcome::terms(terms),
        });
    }
    if known.is_some() {
        return Ok(Outcome::absent(absent(NameKind::PublicationType, name)));
    }
    let mut names = frequencies(segments, TermField::PublicationType)?;
    names.retain(|term, _| is_words(term));
    let mut spelt = BTreeMap::new();
    for kind in publication_types::all() {
        names.entry(fold(kind.name)).or_default();
        spelt.insert(fold(kind.name), kind.name);
    }
    let mut suggestions = Vec::new();
    for near in suggest::nearest(&fold(name), names, SUGGESTIONS) {
        let here = as_written(&near, segments, TermField::PublicationType)?;
        let known = || spelt.get(&near).map(|name| (*name).to_owned());
        suggestions.push(here.or_else(known).unwrap_or(near));
    }
    Ok(Outcome::Unknown {
        kind: NameKind::PublicationType,
        name: name.to_owned(),
        suggestions,
        detail: String::new(),
    })
}

/// Terms that were taken for what was meant.
fn read_as(terms: Vec<String>, note: Note) -> Outcome {
    Outcome::Found(Found { terms, note: Some(note), ..Found::default() })
}

fn absent(kind: NameKind, name: &str) -> Note {
    Note::Absent { kind, name: name.to_owned(), suggestions: Vec::new() }
}

/// The terms of all segments with this loose spelling, each once.
fn terms_spelt(segments: &[SegmentView], spelling: Spelling, wanted: &str) -> Result<Vec<String>> {
    let mut terms = Vec::new();
    if wanted.is_empty() {
        return Ok(terms);
    }
    for view in segments {
        terms.extend(view.names().find(&view.segment, spelling, wanted)?);
    }
    terms.sort();
    terms.dedup();
    Ok(terms)
}
