//! PubMedQA: one JSON object, its keys PMIDs, its values question, contexts and answer.
//!
//! ```json
//! {"21645374": {"QUESTION": "Do ...?", "CONTEXTS": ["...", "..."], "LABELS": ["BACKGROUND", "RESULTS"],
//!   "MESHES": ["Apoptosis"], "YEAR": "2011", "final_decision": "yes", "LONG_ANSWER": "..."}}
//! ```
//!
//! The question is the title, since PubMedQA takes its questions from titles; the contexts are the
//! sections of the abstract under their labels, and the long answer, which is the abstract's
//! conclusion, is the last section. `final_decision` (and `reasoning_required_pred`,
//! `reasoning_free_pred`) become free fields. Members of any other name become free fields as in
//! [`super::jsonl`]. Entries with the members of MedCPT's chunks (`d`, `t`, `a`, `m`) are read as those.

use super::jsonl::values;
use super::keys::pmid_text;
use super::raw::{Fault, utf8};
use super::{Event, Record, dates, headings, medcpt};
use crate::document::{AbstractSection, Document};
use crate::ids::Key;

/// Whether a file begins like PubMedQA: `{`, a number as a string, `:`, `{`.
pub(super) fn is_pubmedqa(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.trim_ascii_start().strip_prefix(b"{") else { return false };
    let Some((digits, rest)) = key(rest) else { return false };
    !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && rest
            .trim_ascii_start()
            .strip_prefix(b":")
            .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// The PMID of an entry, for error messages.
pub(super) fn pmid_hint(entry: &[u8]) -> Option<u32> {
    pmid_text(std::str::from_utf8(key(entry)?.0).ok()?)
}

/// The first string of `bytes` and what follows it.
fn key(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().position(|&byte| byte == b'"')?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

/// Reads one entry.
///
/// # Errors
/// A [`Fault`] when it is not JSON, its key is not a PMID, or a member has the wrong type.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    utf8(bytes)?;
    let name = key(bytes).map(|(name, _)| String::from_utf8_lossy(name).into_owned());
    let pmid = pmid_hint(bytes).ok_or_else(|| {
        Fault::whole(format!("`{}` is not a PMID", name.as_deref().unwrap_or_default()))
    })?;
    let rest = key(bytes).map(|(_, rest)| rest.trim_ascii_start()).unwrap_or_default();
    let body =
        rest.strip_prefix(b":").ok_or_else(|| Fault::whole("expected `:` after the PMID"))?;
    let members = values::members(body)?.members;
    if medcpt::is_article(&members) {
        let document = Box::new(medcpt::document(pmid, members)?);
        return Ok(Record { position, event: Event::Document { document, vector: None } });
    }
    let mut document = Document::new(Key::pmid(pmid));
    let (mut contexts, mut labels, mut answer) = (Vec::new(), Vec::new(), String::new());
    for (name, value) in members {
        match name.as_str() {
            "QUESTION" => document.title = values::text(&name, value)?,
            "CONTEXTS" => contexts = values::texts(&name, value)?,
            "LABELS" => labels = values::texts(&name, value)?,
            "LONG_ANSWER" => answer = values::text(&name, value)?,
            "MESHES" => {
                let names = values::texts(&name, value)?;
                document.mesh = names.iter().map(|name| headings::parse_heading(name)).collect();
            }
            "YEAR" => {
                let year = values::text(&name, value)?;
                document.date = (!year.is_empty()).then(|| dates::parse_date(&year));
            }
            _ => values::free_field(&mut document.fields, name, value)?,
        }
    }
    document.abstract_sections = sections(contexts, labels, answer)?;
    Ok(Record { position, event: Event::Document { document: Box::new(document), vector: None } })
}

fn sections(
    contexts: Vec<String>,
    labels: Vec<String>,
    answer: String,
) -> Result<Vec<AbstractSection>, Fault> {
    if !labels.is_empty() && labels.len() != contexts.len() {
        let detail = format!("{} LABELS for {} CONTEXTS", labels.len(), contexts.len());
        return Err(Fault::whole(detail));
    }
    let labels = labels.into_iter().chain(std::iter::repeat(String::new()));
    let mut sections: Vec<AbstractSection> = contexts
        .into_iter()
        .zip(labels)
        .map(|(text, label)| AbstractSection { label, category: String::new(), text })
        .collect();
    if !answer.is_empty() {
        let label = "CONCLUSION".to_owned();
        sections.push(AbstractSection { label, category: String::new(), text: answer });
    }
    Ok(sections)
}
