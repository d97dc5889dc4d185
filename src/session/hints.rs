//! Remarks about a query's text that was likely meant as something else than words.

use super::remark::{Remark, TextHint};
use crate::db::Snapshot;
use crate::error::Result;
use crate::ids::{Key, Pmid};
use crate::search::{Hint, TagMeaning, hints};

/// Remarks about one text: a search strategy of PubMed has dozens of tags.
const REMARKS_MAX: usize = 5;

/// What to say about a text.
///
/// # Errors
/// As [`Snapshot::contains`].
pub(super) fn remarks(text: &str, snapshot: &Snapshot) -> Result<Vec<Remark>> {
    let mut remarks = Vec::new();
    let key = Key::Text(text.to_owned());
    if !text.is_empty() && snapshot.contains(&key)? {
        let words = format!("`{text}` is the key of a document; it was searched for as words");
        remarks.push(Remark::about("key", words, TextHint::Key(key)));
    }
    for hint in hints(text) {
        let remark = match hint {
            Hint::Pmids(pmids) => Some(about_pmids(&pmids, snapshot)?),
            other => about(text, other),
        };
        remarks.extend(remark);
    }
    let more = remarks.len().saturating_sub(REMARKS_MAX);
    if more > 0 {
        remarks.truncate(REMARKS_MAX);
        let what = if more == 1 {
            "part of PubMed's query language was"
        } else {
            "parts of PubMed's query language were"
        };
        let text = format!("{more} more {what} read as words");
        remarks.push(Remark::new("query-language", text));
    }
    Ok(remarks)
}

fn about_pmids(pmids: &[Pmid], snapshot: &Snapshot) -> Result<Remark> {
    let mut here = Vec::new();
    for pmid in pmids {
        if snapshot.contains(&Key::Pmid(*pmid))? {
            here.push(*pmid);
        }
    }
    let text = match (pmids.len(), here.len()) {
        (1, 0) => {
            "the number was searched for as words; if it is a PMID, it is not in this database"
                .to_owned()
        }
        (1, _) => "the number is the PMID of a document here; it was searched for as words".into(),
        (count, 0) => format!(
            "the {count} numbers were searched for as words; if they are PMIDs, none is in this \
             database"
        ),
        (count, here) => format!(
            "{here} of the {count} numbers are PMIDs of documents here; they were searched for as \
             words"
        ),
    };
    Ok(Remark::about("pmid", text, TextHint::Pmids { count: pmids.len(), here }))
}

fn about(text: &str, hint: Hint) -> Option<Remark> {
    let (code, words) = match &hint {
        Hint::Doi(doi) => (
            "doi",
            format!("the DOI `{doi}` was read as words: documents are found by PMID, not by DOI"),
        ),
        Hint::PmcId(id) => (
            "pmc-id",
            format!(
                "`{id}`, an id of PubMed Central, was read as words: documents are found by PMID"
            ),
        ),
        Hint::Years { from, to } if from == to => (
            "year",
            format!("`{text}` was read as words; a filter finds documents of the year {from}"),
        ),
        Hint::Years { from, to } => (
            "year",
            format!("`{text}` was read as words; a filter finds documents of {from} to {to}"),
        ),
        Hint::Tag { words, tag, meaning } => {
            let instead = instead_of(*meaning);
            ("tag", format!("`{words}[{tag}]`, a tag of PubMed, was read as words; {instead}"))
        }
        Hint::Operator(operator) => {
            let instead = match *operator {
                "NOT" => "nothing in it can be excluded",
                _ => "filters given together must all hold",
            };
            let words = format!(
                "`{operator}` was read as a word: a text is compared by meaning as a whole; {instead}"
            );
            ("operator", words)
        }
        Hint::Quotes => (
            "quotes",
            "quotes were passed over: a text is compared by meaning, not as a phrase".to_owned(),
        ),
        Hint::Wildcard(word) => {
            ("wildcard", format!("`{word}` was read as it stands: `*` does not stand for endings"))
        }
        _ => return None,
    };
    Some(Remark::about(code, words, TextHint::Part(hint)))
}

fn instead_of(meaning: TagMeaning) -> &'static str {
    match meaning {
        TagMeaning::Mesh => "filter by the MeSH heading",
        TagMeaning::MajorTopic => "filter by the MeSH heading as a major topic",
        TagMeaning::Years => "filter by year",
        TagMeaning::Journal => "filter by journal",
        TagMeaning::Language => "filter by language",
        TagMeaning::PublicationType => "filter by publication type",
        TagMeaning::Pmid => "look the document up by its PMID",
        TagMeaning::Words => "leave the tag out: titles and abstracts are searched anyway",
        _ => "no filter looks in that",
    }
}
