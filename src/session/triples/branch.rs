//! The branch of MeSH around some headings.

use std::collections::BTreeSet;

use super::grade::concept;
use crate::document::{Document, MeshHeading};
use crate::mesh::Vocabulary;
use crate::search::Filter;

/// Documents under the parent of a heading of these documents (a major one, where there is any) that have none of those
/// headings and none below them; `None` if no heading has a parent.
pub(super) fn around(vocabulary: &Vocabulary, documents: &[Document]) -> Option<Filter> {
    let (mut parents, mut own) = (BTreeSet::new(), BTreeSet::new());
    for heading in documents.iter().flat_map(topics) {
        match concept(vocabulary, heading) {
            Some(concept) => {
                own.insert(vocabulary.ui(concept).to_owned());
                let numbers = vocabulary.tree_numbers(concept).into_iter();
                parents.extend(numbers.filter_map(|number| Some(number.rsplit_once('.')?.0)));
            }
            None => drop(own.insert(name_of(heading).to_owned())),
        }
    }
    let any =
        |terms: &mut dyn Iterator<Item = String>| Filter::Or(terms.map(Filter::mesh).collect());
    (!parents.is_empty())
        .then(|| any(&mut parents.into_iter().map(str::to_owned)) & !any(&mut own.into_iter()))
}

/// The major headings of a document, or all where none is major.
fn topics(document: &Document) -> impl Iterator<Item = &MeshHeading> {
    let has_major = document.mesh.iter().any(MeshHeading::is_major);
    document.mesh.iter().filter(move |heading| !has_major || heading.is_major())
}

/// Documents with one of a document's major headings as a major topic; `None` without any.
pub(super) fn sharing(document: &Document) -> Option<Filter> {
    let major = document.mesh.iter().filter(|heading| heading.is_major());
    let same = |heading| Filter::major(name_of(heading)).not_exploded();
    let filters: Vec<Filter> = major.map(same).collect();
    (!filters.is_empty()).then_some(Filter::Or(filters))
}

/// The major headings of a document, by UI where the vocabulary knows them.
pub(super) fn major_names(vocabulary: &Vocabulary, document: &Document) -> BTreeSet<String> {
    let major = document.mesh.iter().filter(|heading| heading.is_major());
    let name = |heading| match concept(vocabulary, heading) {
        Some(concept) => vocabulary.ui(concept).to_owned(),
        None => name_of(heading).to_lowercase(),
    };
    major.map(name).collect()
}

/// What documents have a heading under.
fn name_of(heading: &MeshHeading) -> &str {
    if heading.ui.is_empty() { &heading.name } else { &heading.ui }
}
