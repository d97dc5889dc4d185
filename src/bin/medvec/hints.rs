//! Remarks about a query's text in the words of the command line: each with the option or command that
//! does what was likely meant.

use medvec::session::{Hint, Remark, TagMeaning, TextHint, key_line};

use crate::shell;
use crate::style::counted;

/// PMIDs that a remark names.
const NAMED_MAX: usize = 3;

/// Says a remark of a session in the words of the command line.
///
/// `databases` are those that were read, as they are typed.
pub(crate) fn reword(remark: &mut Remark, text: &str, databases: &str) {
    if remark.code == "count" {
        remark.text = "-k 0 counts what the filters match; the text only orders hits".to_owned();
    }
    let words = match &remark.hint {
        Some(TextHint::Key(key)) => {
            let key = key_line(key);
            Some(format!(
                "`{text}` is the key of a document: `medvec get {databases} {}` prints it",
                shell::quoted(&key)
            ))
        }
        Some(TextHint::Pmids { count, here }) => {
            let here: Vec<String> = here.iter().map(|pmid| pmid.to_string()).collect();
            Some(about_pmids(*count, &here, databases))
        }
        Some(TextHint::Part(hint)) => about_part(hint, text),
        _ => None,
    };
    if let Some(words) = words {
        remark.text = words;
    }
}

fn about_part(hint: &Hint, text: &str) -> Option<String> {
    Some(match hint {
        Hint::Years { from, to } if from == to => {
            format!("`{text}` was read as words; --year {from} finds documents of that year")
        }
        Hint::Years { from, to } => {
            format!("`{text}` was read as words; --year {from}:{to} finds documents of those years")
        }
        Hint::Tag { words, tag, meaning } => about_tag(words, tag, *meaning),
        Hint::Operator(operator) if *operator != "NOT" => format!(
            "`{operator}` was read as a word: a text is compared by meaning as a whole; --query \
             takes PubMed's operators"
        ),
        _ => return None,
    })
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
        _ => format!("use --query {}", shell::quoted(&format!("{words}[{tag}]"))),
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
        assert!(about_tag("smith j", "au", TagMeaning::Other).contains("--query \"smith j[au]\""));
    }
}
