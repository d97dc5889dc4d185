//! MeSH headings, publication types and substances as terms name them.

use super::meant::{Meant, TranslatedHeading};
use super::refused::Refused;
use crate::mesh::{Concept, Matched, Vocabulary};
use crate::query::{FieldTag, QueryTerm, SearchField};
use crate::search::filter::Filter;
use crate::search::names::publication_types::{self, PublicationType};
use crate::search::text::TextField;

/// Headings that a truncated heading may mean.
const TRUNCATED_MAX: usize = 1000;

/// `asthma[mh]`, `asthma[majr:noexp]`, `neoplas*[mh]`; `name` is the term without its subheading.
pub(super) fn heading(
    name: &str,
    term: &QueryTerm,
    tag: FieldTag,
    vocabulary: &Vocabulary,
) -> Result<Meant, Refused> {
    let major_only = tag.field == SearchField::MajorTopic;
    if term.has_wildcard() {
        return truncated(term, tag, vocabulary, major_only);
    }
    let name = name.trim_end_matches(',');
    let explode = !tag.no_explosion;
    let filter = |term: &str| Filter::Mesh { term: term.to_owned(), major_only, explode };
    let found = vocabulary.find(name).filter(|(at, _)| vocabulary.is_descriptor(*at));
    // A name that the vocabulary lacks may still be one of the documents'.
    let Some((concept, matched)) = found else {
        return Ok(Meant::new(filter(name), format!("\"{name}\"{tag}")));
    };
    // Below a tree number lies what is below that one place.
    let searched = if matched == Matched::TreeNumber { name } else { vocabulary.name(concept) };
    let mut meant = Meant::new(filter(searched), format!("\"{}\"{tag}", vocabulary.name(concept)));
    meant.headings.push(translated(vocabulary, concept, explode, matched, name));
    Ok(meant)
}

pub(super) fn translated(
    vocabulary: &Vocabulary,
    concept: Concept,
    explode: bool,
    matched: Matched,
    text: &str,
) -> TranslatedHeading {
    let descriptors = match (explode, matched) {
        (false, _) => 1,
        (true, Matched::TreeNumber) => {
            vocabulary.explode_tree_number(&text.trim().to_ascii_uppercase()).len()
        }
        (true, _) => vocabulary.explode(concept).len().max(1),
    };
    TranslatedHeading {
        ui: vocabulary.ui(concept).to_owned(),
        name: vocabulary.name(concept).to_owned(),
        descriptors,
    }
}

/// Headings with a name or entry term that begins so, without what is below them: a wildcard switches explosion off.
fn truncated(
    term: &QueryTerm,
    tag: FieldTag,
    vocabulary: &Vocabulary,
    major_only: bool,
) -> Result<Meant, Refused> {
    let start = term.text.strip_suffix('*').filter(|start| !start.contains('*'));
    let start = start.ok_or_else(|| {
        Refused::not_searchable("a heading can be truncated at its end only: write `neoplas*[mh]`")
    })?;
    let found = vocabulary.starting_with(start, TRUNCATED_MAX + 1);
    let found: Vec<Concept> = found
        .into_iter()
        .map(|(concept, _)| concept)
        .filter(|at| vocabulary.is_descriptor(*at))
        .collect();
    if found.is_empty() || found.len() > TRUNCATED_MAX {
        let count =
            if found.is_empty() { "no".to_owned() } else { format!("more than {TRUNCATED_MAX}") };
        return Err(Refused::Term {
            rule: "unknown_name",
            detail: format!("{count} MeSH headings begin with `{start}`"),
        });
    }
    let uis: Vec<String> = found.iter().map(|at| vocabulary.ui(*at).to_owned()).collect();
    let filters =
        uis.iter().map(|ui| Filter::Mesh { term: ui.clone(), major_only, explode: false });
    let mut meant = Meant::new(Filter::Or(filters.collect()), format!("{}{tag}", term.text));
    meant.implied = uis;
    let headings = found.iter().map(|at| translated(vocabulary, *at, false, Matched::Ui, ""));
    meant.headings = headings.collect();
    Ok(meant)
}

/// `Clinical Trial[pt]`: a publication type and, unless `:noexp`, those below it.
pub(super) fn publication_type(
    term: &QueryTerm,
    tag: FieldTag,
    vocabulary: &Vocabulary,
) -> Result<Meant, Refused> {
    let typed = term.text.trim_end_matches(',');
    // Its usual synonyms, such as `rct`, are not names of the vocabulary.
    let kind = publication_types::find(typed);
    let name = kind.map_or(typed, |kind| kind.name);
    let concept = kind.and_then(|kind| publication_concept(kind, vocabulary));
    let found = concept.or_else(|| vocabulary.find(name)).filter(|_| !tag.no_explosion);
    let mut meant = exploded_type(name, found.map(|(concept, _)| concept), vocabulary);
    meant.translation = format!("\"{name}\"{tag}");
    let heading = |(concept, matched)| translated(vocabulary, concept, true, matched, name);
    meant.headings.extend(found.map(heading));
    Ok(meant)
}

/// The concept of a publication type.
pub(super) fn publication_concept(
    kind: PublicationType,
    vocabulary: &Vocabulary,
) -> Option<(Concept, Matched)> {
    Some(kind.ui).filter(|ui| !ui.is_empty()).and_then(|ui| vocabulary.find(ui))
}

/// `Clinical Trial`, the type, with those below it, where no term names the field.
pub(super) fn whole_type(kind: PublicationType, vocabulary: &Vocabulary) -> Meant {
    let found = publication_concept(kind, vocabulary);
    let mut meant = exploded_type(kind.name, found.map(|(concept, _)| concept), vocabulary);
    let heading = |(at, matched)| translated(vocabulary, at, true, matched, kind.name);
    meant.headings.extend(found.map(heading));
    meant
}

/// A publication type and, if it is a concept, those below it, which are implied.
fn exploded_type(name: &str, concept: Option<Concept>, vocabulary: &Vocabulary) -> Meant {
    let below = concept.map(|concept| vocabulary.explode(concept)).unwrap_or_default();
    let others = below.into_iter().filter(|below| Some(*below) != concept);
    // By their names, as documents have them: a note about a UI that nobody typed would say nothing.
    let others = others.map(|at| {
        let ui = vocabulary.ui(at);
        publication_types::by_ui(ui).map_or(ui, |kind| kind.name).to_owned()
    });
    let others: Vec<String> = others.collect();
    let names = std::iter::once(name).chain(others.iter().map(String::as_str));
    let mut filters: Vec<Filter> =
        names.map(|name| Filter::PublicationType(name.to_owned())).collect();
    let filter = if filters.len() == 1 { filters.swap_remove(0) } else { Filter::Or(filters) };
    let mut meant = Meant::new(filter, format!("\"{name}\"[pt]"));
    meant.implied = others;
    meant
}

/// `tafenoquine[nm]`: a substance under its present and former names.
pub(super) fn substance(term: &QueryTerm, tag: FieldTag, vocabulary: &Vocabulary) -> Meant {
    let fields = &[TextField::Substances];
    let found = vocabulary.find(&term.text).filter(|_| !term.has_wildcard());
    let Some((concept, matched)) = found else {
        return Meant::new(Filter::text(fields, &term.text), term.to_string());
    };
    let name = vocabulary.name(concept);
    let names = std::iter::once(name).chain(vocabulary.former_names(concept));
    let filters: Vec<Filter> = names.map(|name| Filter::text(fields, name)).collect();
    let mut meant = Meant::new(Filter::Or(filters), format!("\"{name}\"{tag}"));
    meant.headings.push(translated(vocabulary, concept, false, matched, name));
    meant
}

/// `anti-infective agents[pa]`: headings and substances with this action, without what is below them.
pub(super) fn action(
    term: &QueryTerm,
    tag: FieldTag,
    vocabulary: &Vocabulary,
) -> Result<Meant, Refused> {
    let found = vocabulary.find(term.text.trim_end_matches(','));
    let unknown = || Refused::Term {
        rule: "unknown_name",
        detail: format!(
            "unknown pharmacological action `{}`; use the name of its MeSH heading",
            term.text
        ),
    };
    let (concept, matched) = found.ok_or_else(unknown)?;
    let filter =
        Filter::PharmacologicalAction { name: vocabulary.name(concept).to_owned(), explode: false };
    let name = vocabulary.name(concept);
    let mut meant = Meant::new(filter, format!("\"{name}\"{tag}"));
    meant.headings.push(translated(vocabulary, concept, false, matched, name));
    Ok(meant)
}
