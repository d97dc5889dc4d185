//! The Cystic Fibrosis collection (`cf74` to `cf79`): MEDLINE records of 1974 to 1979 in tagged text.
//!
//! ```text
//! PN 74001
//! RN 00001
//! AN 75051687
//! AU Hoiby-N.  Jacobsen-L.
//! TI Pseudomonas aeruginosa infection in cystic fibrosis.  Occurrence of
//!    precipitating antibodies ...
//! SO Acta-Paediatr-Scand. 1974 Nov. 63(6). P 843-8.
//! MJ CYSTIC-FIBROSIS: co.  PSEUDOMONAS-AERUGINOSA: im.
//! MN ADOLESCENCE.  BLOOD-PROTEINS: me.
//! AB The significance of ...
//! RF 001   BELFRAGE S            ACTA MED SCAND SUPPL           173     5 963
//! CT   1   HOIBY N               SCAND J RESPIR DIS              56    38 975
//! ```
//!
//! A record begins at a line `PN` and a number; the first one is what the format is recognised by. The layout is that
//! of the collection's own README (Shaw, Wood, Wood and Tibbo, 1991).
//!
//! | part | tags |
//! |---|---|
//! | key | `RN` as an integer, as the judgements name documents: **not a PMID**, though it is printed like one |
//! | title; abstract | `TI`; `AB`, else the extract `EX` |
//! | authors | `AU`: `Jorgensen-B-A` is last name and initials |
//! | journal, publication date | `SO`; of a chapter of a book, the book is the journal's title |
//! | MeSH headings | `MJ` (major topics) and `MN`, with the names that the built-in MeSH has for them today, subheadings by their two letters |
//! | keywords | what of `MJ` and `MN` is no heading today |
//! | references | `RF`, one each line |
//! | free fields | `paper` (`PN`), `accession` (`AN`, a number of old MEDLINE), `cited_by` (`CT`, a list) |
//!
//! Bytes that are not UTF-8 are read as ISO 8859-1. Padding with Ctrl-Z is passed over. A record is refused if it
//! has no `RN` that is a positive number.

mod headings;

use std::borrow::Cow;

use super::plain::one_line;
use super::raw::Fault;
use super::tagged::{Layout, tags};
use super::{Event, Record, dates};
use crate::document::{AbstractSection, Author, Document, Field, FieldValue, Reference};
use crate::ids::Key;

/// Reads one record.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // Each byte of ISO 8859-1 is the character of this number.
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
    };
    let tagged = tags(Layout::CysticFibrosis, &text)?;
    let mut document = Document::new(Key::Text(String::new()));
    let (mut number, mut extract) = (None, String::new());
    for (place, own) in tagged.iter().enumerate() {
        let end = tagged.get(place + 1).map_or(text.len(), |next| next.offset as usize);
        let lines = || entries(text.get(own.offset as usize + 2..end).unwrap_or_default());
        let value = own.value.as_str();
        match own.tag {
            "RN" => number = value.parse::<u32>().ok().filter(|&number| number > 0),
            "TI" => value.clone_into(&mut document.title),
            "AB" if !value.is_empty() => document.abstract_sections = vec![section(value)],
            "EX" => value.clone_into(&mut extract),
            "AU" => document.authors = parts(value).map(author).collect(),
            "SO" => source(&mut document, value),
            "MJ" | "MN" => headings::take(&mut document, parts(value), own.tag == "MJ"),
            "RF" => {
                let reference = |citation| Reference { citation, ..Default::default() };
                document.references.extend(lines().into_iter().map(reference));
            }
            "CT" => field(&mut document, "cited_by", FieldValue::List(lines())),
            "PN" => field(&mut document, "paper", FieldValue::String(value.to_owned())),
            "AN" => field(&mut document, "accession", FieldValue::String(value.to_owned())),
            _ => {}
        }
    }
    let number = number.ok_or_else(|| Fault::whole("`RN` must be a positive number"))?;
    document.key = Key::pmid(number);
    if document.abstract_sections.is_empty() && !extract.is_empty() {
        document.abstract_sections.push(section(&extract));
    }
    Ok(Record { position, event: Event::Document { document: Box::new(document), vector: None } })
}

fn section(text: &str) -> AbstractSection {
    AbstractSection { text: text.to_owned(), ..Default::default() }
}

/// Adds a free field; a tag that comes twice adds nothing.
fn field(document: &mut Document, name: &str, value: FieldValue) {
    let is_empty = match &value {
        FieldValue::String(text) => text.is_empty(),
        FieldValue::List(values) => values.is_empty(),
        _ => false,
    };
    if !is_empty && document.fields.iter().all(|field| field.name != name) {
        document.fields.push(Field { name: name.to_owned(), value });
    }
}

/// What stands between full stops with a blank behind them.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(". ").map(|part| part.trim().trim_end_matches('.')).filter(|part| !part.is_empty())
}

/// `Jorgensen-B-A`: the parts of one letter at the end are initials.
fn author(name: &str) -> Author {
    let mut last = name;
    let mut initials = Vec::new();
    while let Some((rest, initial)) = last.rsplit_once('-') {
        if initial.chars().count() != 1 {
            break;
        }
        initials.push(initial);
        last = rest;
    }
    initials.reverse();
    Author { last_name: last.replace('-', " "), initials: initials.concat(), ..Default::default() }
}

/// `Acta-Paediatr-Scand. 1974 Nov. 63(6). P 843-8.`, or `In: Mangos JA, ed. A title. New York, Stratton, 1976.`
fn source(document: &mut Document, value: &str) {
    if let Some(book) = value.strip_prefix("In: ") {
        book.clone_into(&mut document.journal.title);
        let is_year = |text: &&str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        let mut years = parts(book).filter_map(|part| part.rsplit_once(", ")).map(|(_, year)| year);
        document.date = years.find(is_year).map(dates::parse_date);
        return;
    }
    let mut parts = parts(value);
    let journal = &mut document.journal;
    journal.abbreviation = parts.next().unwrap_or_default().replace('-', " ");
    if let Some(date) = parts.next() {
        document.date = Some(dates::parse_date(date));
    }
    for part in parts {
        if let Some(pages) = part.strip_prefix("P ") {
            pages.clone_into(&mut journal.pages);
        } else if journal.volume.is_empty() {
            let (volume, issue) = part.split_once('(').unwrap_or((part, ""));
            volume.trim().clone_into(&mut journal.volume);
            issue.trim_end_matches(')').clone_into(&mut journal.issue);
        }
    }
}

/// Numbered lines without their numbers (`001`, `011$`); a line without one goes on with the one before.
fn entries(lines: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in lines.lines() {
        let line = one_line(line);
        let (number, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let digits = number.trim_end_matches('$');
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match (is_number, entries.last_mut()) {
            (true, _) if !rest.is_empty() => entries.push(rest.to_owned()),
            (false, Some(last)) if !line.is_empty() => {
                last.push(' ');
                last.push_str(&line);
            }
            _ => {}
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_have_initials() {
        let read = |name| {
            let author = author(name);
            (author.last_name, author.initials)
        };
        assert_eq!(read("Jorgensen-B-A"), ("Jorgensen".into(), "BA".into()));
        assert_eq!(read("Mei-Liu-H"), ("Mei Liu".into(), "H".into()));
        assert_eq!(read("Mangos"), ("Mangos".into(), String::new()));
    }

    #[test]
    fn numbered_lines_are_entries() {
        let text = " 001   BELFRAGE S     ACTA  173\n   002$  A\n   goes on\n\n   \u{1a}\u{1a}\n";
        assert_eq!(entries(text), ["BELFRAGE S ACTA 173", "A goes on"]);
        assert!(entries("  \n x").is_empty());
    }
}
