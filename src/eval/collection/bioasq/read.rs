//! Questions of a BioASQ file, one at a time.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::entries::each_element;
use super::super::query::{GoldAnswer, QuestionKind, Snippet};
use super::question::Question;
use crate::eval::input::{InputError, Place};

/// Documents and snippets of one question: training sets have some hundreds.
const DOCUMENTS_MAX: usize = 100_000;

/// Longest PMID, in digits: NLM's ids are 32-bit numbers.
const PMID_DIGITS_MAX: usize = 10;

#[derive(Deserialize)]
struct Entry {
    id: String,
    body: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    documents: Option<Vec<String>>,
    snippets: Option<Vec<Passage>>,
    exact_answer: Option<Value>,
    ideal_answer: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Passage {
    document: Option<String>,
    begin_section: Option<String>,
    end_section: Option<String>,
    offset_in_begin_section: Option<i64>,
    offset_in_end_section: Option<i64>,
}

impl Passage {
    /// Where it stands; `None` if that is not said, or is nowhere in PubMed.
    fn place(&self) -> Option<Snippet> {
        let begin = u32::try_from(self.offset_in_begin_section?).ok()?;
        let end = u32::try_from(self.offset_in_end_section?).ok().filter(|end| *end >= begin)?;
        Some(Snippet {
            document: pmid(self.document.as_deref()?)?.to_owned(),
            sections: (self.begin_section.clone()?, self.end_section.clone()?),
            offsets: (begin, end),
        })
    }
}

/// Gives every question of a file (also `.gz`, `.zst`). Memory: one question.
///
/// # Errors
/// The file is not as described above, has a type that BioASQ does not have, or `take` refuses a question.
pub fn each_question(
    path: &Path,
    mut take: impl FnMut(Question) -> Result<(), String>,
) -> Result<(), InputError> {
    questions(path, |_, question| take(question))
}

pub(super) fn questions(
    path: &Path,
    mut take: impl FnMut(&Place, Question) -> Result<(), String>,
) -> Result<(), InputError> {
    each_element(path, "questions", |place, entry: Entry| {
        let id = entry.id.clone();
        let question = question(entry).map_err(|detail| format!("question {id}: {detail}"))?;
        take(place, question)
    })
}

fn question(entry: Entry) -> Result<Question, String> {
    let kind = match entry.kind.as_deref() {
        None => None,
        Some(name) => {
            let kind = QuestionKind::from_name(name);
            Some(kind.ok_or_else(|| format!("unknown type `{name}` of a question"))?)
        }
    };
    let documents = entry.documents.unwrap_or_default();
    let snippets = entry.snippets.unwrap_or_default();
    if documents.len() + snippets.len() > DOCUMENTS_MAX {
        return Err(format!("more than {DOCUMENTS_MAX} documents and snippets"));
    }
    let mut other_documents = Vec::new();
    let places = snippets.iter().filter_map(Passage::place).collect();
    let snippets = snippets.into_iter().filter_map(|snippet| snippet.document);
    let documents = pmids(documents, &mut other_documents);
    let snippet_documents = pmids(snippets, &mut other_documents);
    let exact = match entry.exact_answer {
        None | Some(Value::Null) => Vec::new(),
        Some(answer) => exact(answer, kind)?,
    };
    let ideal = match entry.ideal_answer {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(texts)) => texts.into_iter().map(text).collect::<Result<_, _>>()?,
        Some(_) => return Err("the ideal answer is neither a text nor a list of texts".to_owned()),
    };
    Ok(Question {
        id: entry.id,
        body: entry.body,
        kind,
        documents,
        snippet_documents,
        other_documents,
        answer: GoldAnswer { exact, ideal, snippets: places },
    })
}

/// The PMIDs of these addresses, each once; other addresses go to `others`.
fn pmids(addresses: impl IntoIterator<Item = String>, others: &mut Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for address in addresses {
        match pmid(&address) {
            Some(pmid) if seen.insert(pmid.to_owned()) => found.push(pmid.to_owned()),
            Some(_) => {}
            None => others.push(address),
        }
    }
    found
}

/// `http://www.ncbi.nlm.nih.gov/pubmed/123`, `https://pubmed.ncbi.nlm.nih.gov/123/` and `123` are 123.
pub(super) fn pmid(address: &str) -> Option<&str> {
    let address = address.trim().trim_end_matches('/');
    let (site, last) = address.rsplit_once('/').unwrap_or(("pubmed", address));
    let is_number = (1..=PMID_DIGITS_MAX).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && site.contains("pubmed")).then_some(last)
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        // A few gold lists have bare numbers.
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("an answer that is not a text: {other}")),
    }
}

/// One entity per inner list. Texts in the outer list are synonyms of a factoid's only entity (files
/// before BioASQ 3), and entities of a list.
fn exact(answer: Value, kind: Option<QuestionKind>) -> Result<Vec<Vec<String>>, String> {
    let parts = match answer {
        Value::Array(parts) => parts,
        other => return Ok(vec![vec![text(other)?]]),
    };
    let mut entities: Vec<Vec<String>> = Vec::new();
    let mut is_one = false;
    for part in parts {
        match part {
            Value::Array(names) => {
                entities.push(names.into_iter().map(text).collect::<Result<_, _>>()?);
                is_one = false;
            }
            name => match entities.last_mut() {
                Some(entity) if is_one => entity.push(text(name)?),
                _ => {
                    entities.push(vec![text(name)?]);
                    is_one = kind == Some(QuestionKind::Factoid);
                }
            },
        }
    }
    Ok(entities)
}
