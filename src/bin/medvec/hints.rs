//! Remarks about a query's text that was likely meant as something else than words.

use std::path::Path;

use medvec::Key;
use medvec::db::Snapshot;
use medvec::search::{Hint, TagMeaning, hints};

use crate::failure::Result;
use crate::output::Remark;
use crate::shell;
use crate::style::counted;

/// PMIDs that a remark names.
const NAMED_MAX: usize = 3;

/// Remarks about one text: a search strategy of PubMed has dozens of tags.
const REMARKS_MAX: usize = 5;

/// What to say about a text, each with the option or command that does what was likely meant.
pub(crate) fn remarks(text: &str, snapshot: &Snapshot, database: &Path) -> Result<Vec<Remark>> {
    let database = shell::quoted(&database.to_string_lossy());
    let mut remarks = Vec::new();
    let key = Key::parse(text);
    if matches!(key, Key::Text(_)) && snapshot.contains(&key)? {
        remarks.push(Remark::new(
            "key",
            format!(
                "`{text}` is the key of a document: `medvec get {database} {}` prints it",
                shell::quoted(text)
            ),
        ));
    }
    let hints = hints(text);
    for hint in &hints {
        let (code, remark) = match hint {
            Hint::Pmids(pmids) => {
                let mut here = Vec::new();
                for pmid in pmids {
                    if snapshot.contains(&Key::Pmid(*pmid))? {
                        here.push(pmid.to_string());
                    }
                }
                ("pmid", about_pmids(pmids.len(), &here, &database))
            }
            Hint::Doi(doi) => (
                "doi",
                format!(
                    "the DOI `{doi}` was read as words: documents are found by PMID, not by DOI"
                ),
            ),
            Hint::PmcId(id) => (
                "pmc-id",
                format!(
                    "`{id}`, an id of PubMed Central, was read as words: documents are found by PMID"
                ),
            ),
            Hint::Years { from, to } if from == to => (
                "year",
                format!("`{text}` was read as words; --year {from} finds documents of that year"),
            ),
            Hint::Years { from, to } => (
                "year",
                format!(
                    "`{text}` was read as words; --year {from}:{to} finds documents of those years"
                ),
            ),
            Hint::Tag { words, tag, meaning } => ("tag", about_tag(words, tag, *meaning)),
            Hint::Operator(operator) => (
                "operator",
                format!(
                    "`{operator}` was read as a word: a text is compared by meaning as a whole; {}",
                    match *operator {
                        "NOT" => "nothing in it can be excluded",
                        _ => "filters given together (--mesh A --mesh B) must all hold",
                    }
                ),
            ),
            Hint::Quotes => (
                "quotes",
                "quotes were passed over: a text is compared by meaning, not as a phrase"
                    .to_owned(),
            ),
            Hint::Wildcard(word) => (
                "wildcard",
                format!("`{word}` was read as it stands: `*` does not stand for endings"),
            ),
            _ => continue,
        };
        remarks.push(Remark::new(code, remark));
    }
    let more = remarks.len().saturating_sub(REMARKS_MAX);
    if more > 0 {
        remarks.truncate(REMARKS_MAX);
        let text = format!("{more} more parts of PubMed's query language were read as words");
        remarks.push(Remark::new("query-language", text));
    }
    Ok(remarks)
}

fn about_pmids(count: usize, here: &[String], database: &str) -> String {
    let read = "was searched for as words";
    match (count, here) {
        (1, []) => format!("the number {read}; if it is a PMID, it is not in this database"),
        (1, [pmid, ..]) => format!(
            "{pmid} is the PMID of a document here: `medvec get {database} {pmid}` prints it; the number \
             {read}"
        ),
        (count, []) => format!(
            "the {} were searched for as words; if they are PMIDs, none is in this database",
            counted(count as u64, "number")
        ),
        (count, here) => {
            let mut named = here.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(" ");
            if here.len() > NAMED_MAX {
                named.push_str(" ...");
            }
            format!(
                "{} of the {} are PMIDs of documents here: `medvec get {database} {named}` prints them; \
                 they were searched for as words",
                here.len(),
                counted(count as u64, "number")
            )
        }
    }
}

fn about_tag(words: &str, tag: &str, meaning: TagMeaning) -> String {
    let quoted = shell::quoted(&words.replace('"', ""));
    let option = match meaning {
        TagMeaning::Mesh => format!("use --mesh {quoted}"),
        TagMeaning::MajorTopic => format!("use --major {quoted}"),
        TagMeaning::Years => format!("use --year {quoted}"),
        TagMeaning::Journal => format!("use --journal {quoted}"),
        TagMeaning::Language => format!("use --language {quoted}"),
        TagMeaning::PublicationType => format!("use --type {quoted}"),
        TagMeaning::Pmid => format!("use `medvec get` with {quoted}"),
        TagMeaning::Words => {
            "leave the tag out: titles and abstracts are searched anyway".to_owned()
        }
        _ => "no option filters by it".to_owned(),
    };
    format!("`{words}[{tag}]`, a tag of PubMed, was read as words; {option}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pmids_are_counted_and_named() {
        let here = ["1", "2", "3", "4"].map(String::from);
        assert!(about_pmids(1, &[], "db").contains("not in this database"));
        assert!(about_pmids(1, &here[..1], "db").contains("`medvec get db 1`"));
        let several = about_pmids(6, &here, "db");
        assert!(several.contains("4 of the 6 numbers"), "{several}");
        assert!(several.contains("`medvec get db 1 2 3 ...`"), "{several}");
        assert!(about_pmids(2, &[], "db").contains("none is in this database"));
    }

    #[test]
    fn a_tag_comes_with_its_option() {
        let about = |meaning| about_tag("heart attack", "x", meaning);
        assert!(about(TagMeaning::Mesh).contains("--mesh \"heart attack\""));
        assert!(about_tag("2019:2021", "dp", TagMeaning::Years).contains("--year 2019:2021"));
        assert!(about_tag("smith j", "au", TagMeaning::Other).contains("no option"));
    }
}
