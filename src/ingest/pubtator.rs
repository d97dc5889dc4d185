//! PubTator: what NCBI's annotated corpora and PubTator's export are written in.
//!
//! ```text
//! 8701013|t|Famotidine-associated delirium. A series of six cases.
//! 8701013|a|Famotidine is a histamine H2-receptor antagonist used in ...
//! 8701013 ⇥ 0 ⇥ 10 ⇥ Famotidine ⇥ Chemical ⇥ D015738
//! 8701013 ⇥ CID ⇥ D015738 ⇥ D003693
//! ```
//!
//! (`⇥` is a tab.) A record begins at a line `ID|t|`, so that blank lines between records may be missing. The first
//! such line is what the format is recognised by. The layout is that of BioCreative V's corpora and of `bioc.pubtator`.
//!
//! | part | lines |
//! |---|---|
//! | key | the id: a number is a PMID |
//! | title | `ID\|t\|` |
//! | abstract | `ID\|a\|`; each further one is a section of its own |
//! | free field `annotations` | mentions (`ID`, start, end, text, type, identifiers): a list of `type:identifier` |
//!
//! `annotations` answers *which documents mention this gene?* Each value is there once, in the order of the text, and
//! there are at most 1,000. Several identifiers of one mention (between `,`, `;`, `|` or `+`) are several values;
//! a variant (`c|SUB|G|4|A`) is one. Left out are the places of mentions, mentions without an identifier (`-`, `-1`),
//! the species of a gene (`(Tax:10116)`), tmVar's `VariantGroup`, and relations.
//!
//! A record is refused if it is not UTF-8, has a line that is none of these, or a line of another id.

use std::collections::HashSet;

use super::keys::key_of_text;
use super::raw::{Fault, utf8};
use super::{Event, Record};
use crate::document::{AbstractSection, Document, Field, FieldValue};
use crate::ids::Key;

/// Values of `annotations` that are kept: real abstracts have fewer than fifty.
const ANNOTATIONS_MAX: usize = 1000;

/// Reads one record.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    let text = utf8(bytes)?;
    let mut document = Document::new(Key::Text(String::new()));
    let mut own_id = None;
    let mut annotations = Annotations::default();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let begins = offset;
        offset += line.len() as u64;
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let fault = |detail: String| Fault { offset: begins, detail };
        let (id, part) = take_line(line).map_err(fault)?;
        if *own_id.get_or_insert(id) != id {
            let own = own_id.unwrap_or_default();
            return Err(fault(format!("a line of `{id:.40}` in the record of `{own:.40}`")));
        }
        match part {
            Part::Title(title) => title.trim().clone_into(&mut document.title),
            Part::Abstract(text) if text.trim().is_empty() => {}
            Part::Abstract(text) => {
                let text = text.trim().to_owned();
                document.abstract_sections.push(AbstractSection { text, ..Default::default() });
            }
            Part::Mention(kind, ids) => annotations.add(kind, ids),
            Part::Relation => {}
        }
    }
    document.key = key_of_text("id", own_id.unwrap_or_default())?;
    if !annotations.values.is_empty() {
        let value = FieldValue::List(annotations.values);
        document.fields.push(Field { name: "annotations".to_owned(), value });
    }
    Ok(Record { position, event: Event::Document { document: Box::new(document), vector: None } })
}

/// What a line says.
enum Part<'a> {
    Title(&'a str),
    Abstract(&'a str),
    /// A type, and identifiers.
    Mention(&'a str, &'a str),
    Relation,
}

/// Takes a line apart into its id and the rest.
fn take_line(line: &str) -> Result<(&str, Part<'_>), String> {
    let (head, rest) = line.split_once('|').unwrap_or((line, ""));
    if !head.contains('\t') {
        let part = rest.split_once('|').and_then(|(kind, text)| match kind {
            "t" => Some(Part::Title(text)),
            "a" => Some(Part::Abstract(text)),
            _ => None,
        });
        return part.map(|part| (head, part)).ok_or_else(|| {
            let found: String = line.chars().take(40).collect();
            format!("expected `ID|t|`, `ID|a|` or columns between tabs, found `{found}`")
        });
    }
    let cells: Vec<&str> = line.split('\t').collect();
    let is_number = |cell: &&str| !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
    match cells.as_slice() {
        [id, start, end, _, kind, rest @ ..] if is_number(start) && is_number(end) => {
            Ok((*id, Part::Mention(kind, rest.first().copied().unwrap_or_default())))
        }
        [id, kind, _, _, ..] if !is_number(kind) => Ok((*id, Part::Relation)),
        _ => Err(format!("{} columns; a mention has five or six, a relation four", cells.len())),
    }
}

/// Values in order, each once.
#[derive(Default)]
struct Annotations {
    values: Vec<String>,
    known: HashSet<String>,
}

impl Annotations {
    fn add(&mut self, kind: &str, ids: &str) {
        for group in ids.split(';').filter(|group| !group.starts_with("VariantGroup:")) {
            let separators: &[char] = if is_variant(group) { &[] } else { &[',', '|', '+'] };
            for id in group.split(separators) {
                let id = id.split("(Tax:").next().unwrap_or_default().trim();
                if matches!(id, "" | "-" | "-1") || self.values.len() >= ANNOTATIONS_MAX {
                    continue;
                }
                let value = format!("{}:{id}", kind.trim());
                if self.known.insert(value.clone()) {
                    self.values.push(value);
                }
            }
        }
    }
}

/// Whether strokes are inside of an identifier: `c|SUB|G|4|A`, `tmVar:p|SUB|V|600|E`, `|INS|118_119|A`.
fn is_variant(id: &str) -> bool {
    id.split_once('|').is_some_and(|(head, _)| {
        let level = head.rsplit(':').next().unwrap_or_default();
        // `c`, `p`, `g` and the like, or nothing.
        level.len() < 2 && level.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_apart_and_variants_are_not() {
        let values = |ids: &str| {
            let mut annotations = Annotations::default();
            annotations.add("T", ids);
            annotations.values
        };
        for (ids, expected) in [
            ("D000077269|D003907", &["T:D000077269", "T:D003907"][..]),
            ("D020279+D035583", &["T:D020279", "T:D035583"]),
            ("OMIM:1|OMIM:2", &["T:OMIM:1", "T:OMIM:2"]),
            ("23626,26972(Tax:10090)", &["T:23626", "T:26972"]),
            ("rs7;Disease:D1,D2;VariantGroup:0", &["T:rs7", "T:Disease:D1", "T:D2"]),
            ("c|SUB|G|IVS51+1|A", &["T:c|SUB|G|IVS51+1|A"]),
            ("tmVar:p|SUB|V|600|E;HGVS:p.V600E", &["T:tmVar:p|SUB|V|600|E", "T:HGVS:p.V600E"]),
            ("|INS|118_119|A", &["T:|INS|118_119|A"]),
            ("D002544|-1", &["T:D002544"]),
            ("-", &[]),
            ("", &[]),
        ] {
            assert_eq!(values(ids), expected, "{ids}");
        }
    }
}
