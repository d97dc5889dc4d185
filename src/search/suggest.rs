//! Names that documents have and that begin with a text, or resemble it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::fields::fields;
use super::names::{languages, suggest};
use super::spelling::is_words;
use super::spelling::{as_written, frequencies};
use super::view::SegmentView;
use crate::error::{NameKind, Result};
use crate::format::terms::{TermField, fold};

/// Names of a kind that documents have: first those that begin with the text, the more frequent first,
/// then those that resemble it. Names are as documents spell them; languages by their English name.
///
/// Cost: one pass over the names of that kind, two where fewer than `count` begin with the text.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) when a term dictionary cannot be read.
pub fn suggest(
    kind: NameKind,
    text: &str,
    segments: &[SegmentView],
    count: usize,
) -> Result<Vec<String>> {
    let mut originals = BTreeMap::new();
    let names = match kind {
        NameKind::MeshHeading | NameKind::PharmacologicalAction => {
            frequencies(segments, TermField::MeshName)?
        }
        NameKind::Subheading => words_only(frequencies(segments, TermField::Qualifier)?),
        NameKind::Substance => words_only(frequencies(segments, TermField::Substance)?),
        NameKind::Journal => words_only(frequencies(segments, TermField::Journal)?),
        NameKind::PublicationType => words_only(frequencies(segments, TermField::PublicationType)?),
        NameKind::Language => folded(language_names(segments)?, &mut originals),
        NameKind::Field => {
            let fields = fields(segments)?.into_iter().map(|field| (field.name, 1));
            folded(fields.collect(), &mut originals)
        }
    };
    let mut found = Vec::new();
    for name in ranked(&fold(text), names, count) {
        let spelt = match kind {
            NameKind::MeshHeading | NameKind::PharmacologicalAction => {
                as_written(&name, segments, TermField::MeshName)?
            }
            NameKind::Subheading => as_written(&name, segments, TermField::Qualifier)?,
            NameKind::Substance => as_written(&name, segments, TermField::Substance)?,
            NameKind::Journal => as_written(&name, segments, TermField::Journal)?,
            NameKind::PublicationType => as_written(&name, segments, TermField::PublicationType)?,
            NameKind::Language | NameKind::Field => originals.remove(&name),
        };
        let spelt = spelt.unwrap_or(name);
        if !found.contains(&spelt) {
            found.push(spelt);
        }
    }
    Ok(found)
}

fn ranked(wanted: &str, mut names: BTreeMap<String, u64>, count: usize) -> Vec<String> {
    let begins = |name: &str| name.starts_with(wanted);
    let mut first: Vec<(Reverse<u64>, String)> = names
        .iter()
        .filter(|(name, _)| begins(name))
        .map(|(name, rows)| (Reverse(*rows), name.clone()))
        .collect();
    first.sort();
    first.truncate(count);
    let mut found: Vec<String> = first.into_iter().map(|(_, name)| name).collect();
    if found.len() < count {
        names.retain(|name, _| !begins(name));
        found.extend(suggest::nearest(wanted, names, count - found.len()));
    }
    found
}

/// Without ISSNs, UIs and other ids, which are terms too.
fn words_only(mut names: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    names.retain(|name, _| is_words(name));
    names
}

/// Names in the form that texts are compared in; `originals` gives them back.
fn folded(
    names: BTreeMap<String, u64>,
    originals: &mut BTreeMap<String, String>,
) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (name, rows) in names {
        *all.entry(fold(&name)).or_default() += rows;
        originals.insert(fold(&name), name);
    }
    all
}

/// The languages of documents by their English names; a code that nobody knows is its own name.
fn language_names(segments: &[SegmentView]) -> Result<BTreeMap<String, u64>> {
    let mut names = BTreeMap::new();
    for (code, rows) in frequencies(segments, TermField::Language)? {
        let known = languages::find(&code);
        let name = known.first().map_or_else(|| code.clone(), |known| known.name().to_owned());
        *names.entry(name).or_default() += rows;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_with_the_text_come_first() {
        let names = [("asthma", 5), ("asthma, occupational", 9), ("status asthmaticus", 100)];
        let names = names.map(|(name, rows)| (name.to_owned(), rows));
        let all = ranked("asthma", names.clone().into(), 9);
        assert_eq!(all, ["asthma, occupational", "asthma", "status asthmaticus"]);
        assert_eq!(ranked("asth", names.clone().into(), 1), ["asthma, occupational"]);
        assert_eq!(ranked("asthmaa", names.into(), 1), ["asthma"]);
    }
}
