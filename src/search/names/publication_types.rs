//! The publication types of PubMed and their usual synonyms.

use super::loose;

/// One line a type; see the head of the file.
const TABLE: &str = include_str!("publication_types.txt");

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicationType {
    /// UI in MeSH, or empty.
    pub(crate) ui: &'static str,
    /// PubMed's name.
    pub(crate) name: &'static str,
    /// Other names, between bars.
    synonyms: &'static str,
}

impl PublicationType {
    /// The name and its synonyms, loosely spelt.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = String> {
        let synonyms = self.synonyms.split('|').filter(|name| !name.is_empty());
        std::iter::once(self.name).chain(synonyms).map(loose::publication_type)
    }
}

/// Every type.
pub(crate) fn all() -> impl Iterator<Item = PublicationType> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (ui, names) = line.split_once('|')?;
        let (name, synonyms) = names.split_once('|').unwrap_or((names, ""));
        Some(PublicationType { ui, name, synonyms })
    })
}

/// The type that a text names: by name, UI or synonym, in the singular or plural, in any word
/// order, in British or American spelling. Cost: one pass over the table, some 100 us.
pub(crate) fn find(text: &str) -> Option<PublicationType> {
    let ui = text.trim();
    let wanted = loose::publication_type(text);
    all().find(|kind| {
        (!kind.ui.is_empty() && kind.ui.eq_ignore_ascii_case(ui))
            || (!wanted.is_empty() && kind.spellings().any(|spelling| spelling == wanted))
    })
}

/// The same by its name alone, as text means it that names no field: `article` and `correction` are words there, though they
/// are synonyms of types.
pub(crate) fn by_name(text: &str) -> Option<PublicationType> {
    let wanted = loose::publication_type(text);
    all().find(|kind| !wanted.is_empty() && loose::publication_type(kind.name) == wanted)
}

/// The type with this UI.
pub(crate) fn by_ui(ui: &str) -> Option<PublicationType> {
    all().find(|kind| !kind.ui.is_empty() && kind.ui == ui)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_type_is_found_by_its_own_name() {
        for kind in all() {
            assert_eq!(find(kind.name).map(|found| found.name), Some(kind.name));
        }
    }

    #[test]
    fn usual_synonyms_are_known() {
        for (name, texts) in [
            (
                "Randomized Controlled Trial",
                &[
                    "RCT",
                    "rcts",
                    "randomised controlled trial",
                    "Randomized Controlled Trials",
                    "D016449",
                    "d016449",
                    "randomised trial",
                ][..],
            ),
            ("Clinical Trial", &["clinical trials", "Clinical Trial"]),
            ("Meta-Analysis", &["meta analysis", "meta-analyses", "metaanalysis"]),
            ("Systematic Review", &["SR", "systematic reviews", "Review, Systematic"]),
            ("Case Reports", &["case report", "case reports", "Case Study"]),
            ("Guideline", &["guidelines", "GUIDELINE"]),
            ("Practice Guideline", &["practice guidelines", "clinical practice guideline"]),
            ("Multicenter Study", &["multicentre study", "multi-centre studies"]),
            ("Clinical Trial, Phase III", &["phase 3 clinical trial", "phase III trial"]),
            ("Published Erratum", &["erratum", "corrigendum"]),
            ("Validation Study", &["Validation Studies"]),
            ("Congress", &["Congresses"]),
            ("Research Support, Non-U.S. Gov't", &["research support, non-u.s. gov't"]),
        ] {
            for text in texts {
                assert_eq!(find(text).map(|kind| kind.name), Some(name), "{text}");
            }
        }
        for text in ["", " ", "-", "randomized", "trial", "D999999", "reviw"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn no_name_means_two_types() {
        let mut meaning: BTreeMap<String, &str> = BTreeMap::new();
        for kind in all() {
            assert!(!kind.name.is_empty());
            for spelling in kind.spellings() {
                let other = meaning.insert(spelling.clone(), kind.name);
                assert_eq!(other, None, "`{spelling}` of {}", kind.name);
            }
        }
        assert!(meaning.len() > 250, "{}", meaning.len());
    }
}
