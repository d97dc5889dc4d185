//! Subheadings: `drug therapy[sh]`, `asthma/drug therapy[mh]`.
//!
//! No posting says which subheading hangs on which heading. So the words of the subheading give candidates, their
//! documents are read, and those that have it become a list of keys: exact, and true in this snapshot only.

use std::collections::HashSet;

use super::count::rows;
use super::meant::Meant;
use super::qualifiers::{Qualifier, explode, find, plain};
use super::read::read;
use super::refused::Refused;
use super::scope::Scope;
use crate::document::{Document, MeshHeading};
use crate::error::Error;
use crate::mesh::Vocabulary;
use crate::query::{FieldTag, QueryTerm, SearchField};
use crate::search::filter::Filter;
use crate::search::text::TextField;

/// `drug therapy[sh]`: on any heading.
pub(super) fn alone(scope: &Scope<'_>, term: &QueryTerm, tag: FieldTag) -> Result<Meant, Refused> {
    let wanted = Subheadings::read(&term.text, tag)?;
    let any =
        |document: &Document| document.mesh.iter().any(|heading| wanted.is_on(heading, false));
    let filter = documents(scope, Filter::HasMesh, &wanted, any)?;
    Ok(Meant::new(filter, wanted.shown(tag)))
}

/// `asthma/drug therapy[mh]`: on this heading, or one below it.
pub(super) fn on_heading(
    scope: &Scope<'_>,
    heading: &str,
    subheading: &str,
    tag: FieldTag,
    mut meant: Meant,
) -> Result<Meant, Refused> {
    let wanted = Subheadings::read(subheading, tag)?;
    let names = names_of(scope.vocabulary, heading, !tag.no_explosion);
    let major_only = tag.field == SearchField::MajorTopic;
    let is_meant = |heading: &MeshHeading| match heading.ui.is_empty() {
        true => names.contains(&plain(&heading.name)),
        false => names.contains(&heading.ui.to_lowercase()),
    };
    let any = |document: &Document| {
        let mut headings = document.mesh.iter();
        headings.any(|heading| is_meant(heading) && wanted.is_on(heading, major_only))
    };
    meant.filter = documents(scope, meant.filter, &wanted, any)?;
    meant.translation = format!("{} with {}", meant.translation, wanted.shown(tag));
    Ok(meant)
}

/// UIs and names, in lower case, that a heading has in documents, with those of all below it if it is exploded.
fn names_of(vocabulary: &Vocabulary, heading: &str, is_exploded: bool) -> HashSet<String> {
    let mut names = HashSet::from([plain(heading)]);
    let Some((concept, _)) = vocabulary.find(heading) else { return names };
    let all = if is_exploded { vocabulary.explode(concept) } else { Vec::new() };
    for concept in all.into_iter().chain([concept]) {
        names.insert(vocabulary.ui(concept).to_lowercase());
        names.insert(plain(vocabulary.name(concept)));
        names.extend(vocabulary.former_names(concept).map(plain));
        names.extend(vocabulary.retired_uis(concept).map(str::to_lowercase));
    }
    names
}

/// Subheadings of which one is enough.
struct Subheadings(Vec<Qualifier>);

impl Subheadings {
    fn read(text: &str, tag: FieldTag) -> Result<Subheadings, Refused> {
        let unknown = || Refused::Term {
            rule: "unknown_name",
            detail: format!(
                "unknown subheading `{text}`; MeSH has names such as `drug therapy` and codes such as `dt`"
            ),
        };
        let top = find(text).ok_or_else(unknown)?;
        Ok(Subheadings(if tag.no_explosion { vec![top] } else { explode(top) }))
    }

    fn is_on(&self, heading: &MeshHeading, major_only: bool) -> bool {
        heading.qualifiers.iter().any(|qualifier| {
            let name = plain(&qualifier.name);
            let is_wanted = self.0.iter().any(|wanted| plain(wanted.1) == name);
            is_wanted && (!major_only || qualifier.major || heading.major)
        })
    }

    fn shown(&self, tag: FieldTag) -> String {
        let names: Vec<String> = self.0.iter().map(|wanted| format!("\"{}\"", wanted.1)).collect();
        let field = FieldTag { field: SearchField::Subheading, ..tag };
        format!("{}{field}", names.join(" or "))
    }
}

/// The documents of `among` that have one of the subheadings and pass a test, as a list of keys.
fn documents(
    scope: &Scope<'_>,
    among: Filter,
    wanted: &Subheadings,
    test: impl Fn(&Document) -> bool,
) -> Result<Filter, Refused> {
    let words = wanted.0.iter().map(|wanted| Filter::text(&[TextField::Headings], wanted.1));
    let candidates = among.clone() & Filter::Or(words.collect());
    let found = match rows(&candidates, scope.segments) {
        // Without an index of words, every indexed document is a candidate.
        Err(Error::InvalidQuery { .. }) => rows(&among, scope.segments)?,
        other => other?,
    };
    Ok(read(scope.segments, found, test)?)
}
