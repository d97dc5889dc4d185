//! What PubMed's filters stand for: `humans[filter]`, `english[filter]`, `review[filter]`, `y_5[filter]`.
//!
//! Source: PubMed User Guide, "Filters", and what PubMed's "Search details" write for them.

use super::headings::{translated, whole_type};
use super::meant::Meant;
use super::refused::Refused;
use super::scope::Scope;
use crate::query::{DateTerm, DateUnit, QueryTerm, SearchField};
use crate::search::filter::Filter;
use crate::search::names::languages;
use crate::search::names::publication_types::{self, PublicationType};

/// The headings that a filter stands for, and whether those below them are meant, too.
const HEADINGS: &[(&str, &[(&str, bool)])] = &[
    ("humans", &[("Humans", true)]),
    ("animal", &[("Animals", false)]),
    ("female", &[("Female", true)]),
    ("male", &[("Male", true)]),
    ("allchild", &[("Infant", true), ("Child", true), ("Adolescent", true)]),
    ("allinfant", &[("Infant", true)]),
    ("newborn", &[("Infant, Newborn", true)]),
    ("infant", &[("Infant", false)]),
    ("preschoolchild", &[("Child, Preschool", true)]),
    ("child", &[("Child", false)]),
    ("adolescent", &[("Adolescent", true)]),
    ("alladult", &[("Adult", true)]),
    ("youngadult", &[("Young Adult", true)]),
    ("adult", &[("Adult", false)]),
    ("middleagedaged", &[("Middle Aged", true), ("Aged", true)]),
    ("middleaged", &[("Middle Aged", true)]),
    ("aged", &[("Aged", true)]),
    ("80andover", &[("Aged, 80 and over", true)]),
];

/// Filters for the publication date of the last years.
const YEARS: &[(&str, u32)] = &[("y_1", 1), ("y_5", 5), ("y_10", 10)];

impl Scope<'_> {
    /// What a filter of PubMed's stands for.
    pub(super) fn subset(&self, term: &QueryTerm) -> Result<Meant, Refused> {
        let name = term.text.to_lowercase();
        if let Some((_, headings)) = HEADINGS.iter().find(|(known, _)| *known == name) {
            return Ok(self.of_headings(headings));
        }
        if let Some((_, years)) = YEARS.iter().find(|(known, _)| *known == name) {
            return self
                .date(SearchField::PublicationDate, DateTerm::Last(*years, DateUnit::Years));
        }
        match name.as_str() {
            "all" => return Ok(Meant::new(Filter::All, "all[sb]")),
            "fha" | "hasabstract" => return Ok(Meant::new(Filter::HasAbstract, "hasabstract")),
            "excludepreprints" => {
                let filter = !Filter::PublicationType("Preprint".to_owned());
                return Ok(Meant::new(filter, "NOT \"Preprint\"[pt]"));
            }
            _ => {}
        }
        if let Some(kind) = type_of(&name) {
            return Ok(whole_type(kind, self.vocabulary));
        }
        if !languages::find(&name).is_empty() {
            return Ok(Meant::new(Filter::Language(term.text.clone()), format!("{name}[la]")));
        }
        Err(Refused::not_searchable(
            "this filter is not known here; those of PubMed's for species, sex, age, language, publication type, \
             abstracts and years (`y_5`) are. Write the strategy that it stands for",
        ))
    }

    fn of_headings(&self, names: &[(&str, bool)]) -> Meant {
        let (mut filters, mut shown, mut headings) = (Vec::new(), Vec::new(), Vec::new());
        for (name, explode) in names {
            let (term, explode) = ((*name).to_owned(), *explode);
            filters.push(Filter::Mesh { term, major_only: false, explode });
            shown.push(format!("\"{name}\"[mh{}]", if explode { "" } else { ":noexp" }));
            let found = self.vocabulary.find(name);
            headings.extend(found.map(|(concept, matched)| {
                translated(self.vocabulary, concept, explode, matched, name)
            }));
        }
        let shown =
            if shown.len() == 1 { shown.concat() } else { format!("({})", shown.join(" OR ")) };
        Meant { headings, ..Meant::new(Filter::Or(filters), shown) }
    }
}

/// The publication type of a filter, which has its name in one word: `clinicaltrialphaseiii`, `evaluationstudies`.
fn type_of(name: &str) -> Option<PublicationType> {
    let squeezed = |text: &str| -> String {
        text.chars().filter(|ch| ch.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = squeezed(name);
    let is_named = |kind: &PublicationType| {
        let own = squeezed(kind.name);
        let plural = match own.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{own}s"),
        };
        wanted == own || wanted == plural
    };
    publication_types::all().find(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_their_names_in_one_word() {
        for (name, expected) in [
            ("review", Some("Review")),
            ("systematicreview", Some("Systematic Review")),
            ("meta-analysis", Some("Meta-Analysis")),
            ("randomizedcontrolledtrial", Some("Randomized Controlled Trial")),
            ("clinicaltrialphaseiii", Some("Clinical Trial, Phase III")),
            ("evaluationstudies", Some("Evaluation Study")),
            ("casereports", Some("Case Reports")),
            ("consensusdevelopmentconferencenih", Some("Consensus Development Conference, NIH")),
            ("rct", None),
            ("", None),
        ] {
            assert_eq!(type_of(name).map(|kind| kind.name), expected, "{name}");
        }
    }

    #[test]
    fn no_name_means_two_things() {
        let mut names: Vec<&str> = HEADINGS.iter().map(|(name, _)| *name).collect();
        names.extend(YEARS.iter().map(|(name, _)| *name));
        for name in &names {
            assert!(type_of(name).is_none() && languages::find(name).is_empty(), "{name}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
