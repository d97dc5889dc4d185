//! NFCorpus as its authors released it: lines of columns between tabs, without a header and without quotes.
//!
//! ```text
//! MED-10 ⇥ statin breast cancer survival nationwide cohort study finland ...
//! MED-10 ⇥ http://www.ncbi.nlm.nih.gov/pubmed/25329299 ⇥ Statin Use and ... ⇥ Recent studies ...
//! ```
//!
//! (`⇥` is a tab.)
//!
//! | file | columns |
//! |---|---|
//! | `train.docs`, `dev.docs`, `test.docs` | id, text |
//! | `raw/doc_dump.txt` | id, URL, title, abstract |
//!
//! A file is recognised by its first line: `MED-`, digits and a tab. The key is the id. The URL becomes the free field
//! `url`, and its number the identifier `pubmed`. Files of queries (`PLAIN-1`) are not documents. (BEIR's NFCorpus is
//! [`super::jsonl`].)
//!
//! A line is refused if it is not UTF-8, has no id, or neither two nor four columns.

use super::keys::{key_of_text, pmid_text};
use super::raw::{Fault, utf8};
use super::{Event, Record};
use crate::document::{AbstractSection, Document, Field, FieldValue, OtherId};

/// Whether a file begins with a line of NFCorpus; `bytes` are without white space before.
pub(super) fn is_nfcorpus(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"MED-") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits) == Some(&b'\t')
}

/// Reads one line.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    let line = utf8(bytes)?.trim_end_matches('\r');
    let columns: Vec<&str> = line.split('\t').collect();
    let (id, url, title, text) = match columns.as_slice() {
        [id, text] => (*id, "", "", *text),
        [id, url, title, text] => (*id, *url, *title, *text),
        _ => {
            let detail = format!("{} columns; expected an id and a text, or four", columns.len());
            return Err(Fault::whole(detail));
        }
    };
    let mut document = Document::new(key_of_text("id", id)?);
    title.trim().clone_into(&mut document.title);
    let (text, url) = (text.trim(), url.trim());
    if !text.is_empty() {
        let text = text.to_owned();
        document.abstract_sections.push(AbstractSection { text, ..Default::default() });
    }
    let pmid = url.trim_end_matches('/').rsplit_once("pubmed/").and_then(|(_, id)| pmid_text(id));
    if let Some(pmid) = pmid {
        document.ids.push(OtherId { kind: "pubmed".to_owned(), value: pmid.to_string() });
    }
    if !url.is_empty() {
        let value = FieldValue::String(url.to_owned());
        document.fields.push(Field { name: "url".to_owned(), value });
    }
    Ok(Record { position, event: Event::Document { document: Box::new(document), vector: None } })
}
