//! The texts of MedCPT's chunks (`pubmed_chunk_N.json`): one JSON object, its keys PMIDs.
//!
//! ```json
//! {"23175614": {"d": "20121123", "t": "NONCODE v3.0 ...", "a": "Facilitated by ...",
//!   "m": "animals!|databases, nucleic acid!|databases, nucleic acid*|rna!chemistry|rna!chemistry*|"}}
//! ```
//!
//! `d` is a day, `t` the title, `a` the abstract. `m` lists MeSH terms in lower case, each as
//! `descriptor!` and `descriptor!qualifier`, and once more with a star for a major topic. The vectors
//! beside it (`embeds_chunk_N.npy`) are [`super::vectors`].

use serde_json::Value;

use super::dates;
use super::jsonl::values;
use super::raw::Fault;
use crate::document::{AbstractSection, Document, MeshHeading, MeshQualifier};
use crate::ids::Key;

/// Whether an entry's members are those of an article here.
pub(super) fn is_article(members: &[(String, Value)]) -> bool {
    let has = |wanted: &str| members.iter().any(|(name, _)| name == wanted);
    let is_known = |(name, _): &(String, Value)| matches!(name.as_str(), "d" | "t" | "a" | "m");
    (has("t") || has("a")) && members.iter().all(is_known)
}

/// The document of an article's members.
///
/// # Errors
/// A [`Fault`] for a member that is not a string.
pub(super) fn document(pmid: u32, members: Vec<(String, Value)>) -> Result<Document, Fault> {
    let mut document = Document::new(Key::pmid(pmid));
    for (name, value) in members {
        let text = values::text(&name, value)?;
        match name.as_str() {
            "t" => document.title = text,
            "a" if !text.is_empty() => {
                document.abstract_sections = vec![AbstractSection { text, ..Default::default() }];
            }
            "d" if !text.is_empty() => document.date = Some(dates::parse_date(&day(&text))),
            "m" => document.mesh = headings(&text),
            _ => {}
        }
    }
    Ok(document)
}

/// `20121123` as `2012-11-23`; zeros stand for what is not known.
fn day(text: &str) -> String {
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_day, text.get(..4), text.get(4..6), text.get(6..)) {
        (true, Some(year), Some("00"), _) => year.to_owned(),
        (true, Some(year), Some(month), Some("00")) => format!("{year}-{month}"),
        (true, Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => text.to_owned(),
    }
}

/// One heading a descriptor, in the order of the list.
fn headings(list: &str) -> Vec<MeshHeading> {
    let mut headings: Vec<MeshHeading> = Vec::new();
    for term in list.split('|').map(str::trim).filter(|term| !term.is_empty()) {
        let (term, major) = term.strip_suffix('*').map_or((term, false), |term| (term, true));
        let (descriptor, qualifier) = term.split_once('!').unwrap_or((term, ""));
        // Forms of one descriptor stand together.
        if headings.last().is_none_or(|last| last.name != descriptor) {
            headings.push(MeshHeading { name: descriptor.to_owned(), ..Default::default() });
        }
        let Some(heading) = headings.last_mut() else { continue };
        if qualifier.is_empty() {
            heading.major |= major;
            continue;
        }
        match heading.qualifiers.iter_mut().find(|known| known.name == qualifier) {
            Some(known) => known.major |= major,
            None => {
                let name = qualifier.to_owned();
                heading.qualifiers.push(MeshQualifier { ui: String::new(), name, major });
            }
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_with_zeros_are_less_than_days() {
        assert_eq!(day("20121123"), "2012-11-23");
        assert_eq!(day("20121100"), "2012-11");
        assert_eq!(day("20120000"), "2012");
        assert_eq!(day("2012 Nov"), "2012 Nov");
    }

    #[test]
    fn forms_of_a_term_are_one_heading() {
        let found = headings(
            "humans!|rna, untranslated!|rna, untranslated!chemistry|rna, untranslated!chemistry*|\
             rna, untranslated!genetics|rectal neoplasms!|rectal neoplasms*|",
        );
        let names: Vec<(&str, bool)> =
            found.iter().map(|heading| (heading.name.as_str(), heading.major)).collect();
        assert_eq!(
            names,
            [("humans", false), ("rna, untranslated", false), ("rectal neoplasms", true)]
        );
        let qualifiers: Vec<(&str, bool)> =
            found[1].qualifiers.iter().map(|one| (one.name.as_str(), one.major)).collect();
        assert_eq!(qualifiers, [("chemistry", true), ("genetics", false)]);
        assert!(headings("").is_empty() && headings("||").is_empty());
    }
}
