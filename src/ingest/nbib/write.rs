//! A document as NBIB, in the order and with the line breaks of PubMed.

use super::draft::KEY_KIND;
use super::{abstracts, links, people};
use crate::date::Day;
use crate::document::{Author, Document, FieldValue, OtherAbstract};
use crate::ids::Key;
use crate::ingest::headings::heading_text;
use crate::ingest::keys::line_of_key;
use crate::ingest::plain::one_line;

/// Columns of a line, its tag included.
const COLUMNS: usize = 88;

/// Columns of a tag, and blanks before a line that goes on.
const INDENT: usize = 6;

/// Events that have a tag of their own, in the order of their tags.
const DATED: [(&str, &str); 4] =
    [("created", "DA"), ("completed", "DCOM"), ("revised", "LR"), ("electronic", "DEP")];

/// A document as a record of NBIB, a blank line behind it; the module's text says what is lost.
///
/// ```
/// let mut document = medvec::Document::new(medvec::Key::pmid(17));
/// document.title = "A title".into();
/// assert_eq!(medvec::ingest::nbib::to_nbib(&document), "PMID- 17\nTI  - A title\n\n");
/// ```
pub fn to_nbib(document: &Document) -> String {
    let mut out = Tags(String::new());
    head(&mut out, document);
    people(&mut out, document);
    article(&mut out, document);
    terms(&mut out, document);
    tail(&mut out, document);
    out.0.push('\n');
    out.0
}

/// Lines of tags.
struct Tags(String);

impl Tags {
    /// Adds a tag, unless its value is empty.
    fn put(&mut self, tag: &str, value: &str) {
        let value = one_line(value);
        if !value.is_empty() {
            self.put_line(tag, &value);
        }
    }

    /// Adds a tag, broken at blanks: a line is as long as it may be, and a word is never cut.
    fn put_line(&mut self, tag: &str, value: &str) {
        self.0.push_str(&format!("{tag:<4}-"));
        let mut column = INDENT - 1;
        for (place, word) in value.split(' ').enumerate() {
            let width = word.chars().count();
            if place > 0 && column + 1 + width > COLUMNS {
                self.0.push('\n');
                self.0.extend(std::iter::repeat_n(' ', INDENT));
                column = INDENT;
            } else {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(word);
            column += width;
        }
        self.0.push('\n');
    }

    fn put_all(&mut self, tag: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        values.into_iter().for_each(|value| self.put(tag, value.as_ref()));
    }
}

/// Key, status, dates, issue, title, abstract.
fn head(out: &mut Tags, document: &Document) {
    let key = match &document.key {
        Key::Pmid(pmid) => pmid.to_string(),
        // Readers begin a record at its PMID, whatever it is.
        Key::Text(_) => String::new(),
    };
    out.put_line("PMID", &key);
    out.put("STAT", &document.status);
    for (tag, day) in dated(document).filter(|(tag, _)| *tag != "DEP") {
        out.put(tag, &compact(day));
    }
    let journal = &document.journal;
    out.put("IS", &journal.issn);
    if !journal.issn_linking.is_empty() {
        out.put("IS", &format!("{} (Linking)", journal.issn_linking));
    }
    out.put("VI", &journal.volume);
    out.put("IP", &journal.issue);
    out.put("DP", document.date.as_ref().map_or("", |date| &date.verbatim));
    out.put("TI", &document.title);
    out.put("PG", &journal.pages);
    if let Some(doi) = document.id("doi") {
        out.put("LID", &format!("{doi} [doi]"));
    }
    out.put("AB", &abstracts::text(&document.abstract_sections));
    for other in &document.other_abstracts {
        out.put("OAB", &other_text(other));
        out.put("OABL", &other.language);
    }
    out.put("CI", &document.copyright);
}

fn other_text(other: &OtherAbstract) -> String {
    let text = abstracts::text(&other.sections);
    match other.kind.as_str() {
        "" => text,
        kind => format!("{kind}: {text}"),
    }
}

fn people(out: &mut Tags, document: &Document) {
    for author in &document.authors {
        self::author(out, author);
    }
    for field in &document.fields {
        let tag = match field.name.as_str() {
            "editors" => "ED",
            "investigators" => "IR",
            _ => continue,
        };
        if let FieldValue::List(names) = &field.value {
            out.put_all(tag, names);
        }
    }
}

fn author(out: &mut Tags, author: &Author) {
    if !author.collective_name.is_empty() {
        out.put("CN", &author.collective_name);
    } else if let Some(name) = people::full_name(author) {
        out.put("FAU", &name);
        out.put("AU", &people::short_name(author));
    }
    out.put("AUID", &author.identifier.replacen(':', ": ", 1));
    out.put_all("AD", &author.affiliations);
}

/// Language, accession numbers, grants, types, place, journal.
fn article(out: &mut Tags, document: &Document) {
    out.put_all("LA", &document.languages);
    for bank in &document.data_banks {
        match bank.accessions.is_empty() {
            true => out.put("SI", &bank.name),
            false => {
                let numbers = bank.accessions.iter();
                out.put_all("SI", numbers.map(|number| format!("{}/{number}", bank.name)));
            }
        }
    }
    out.put_all("GR", document.grants.iter().map(links::grant_value));
    out.put_all("PT", document.publication_types.iter().map(|term| &term.name));
    for (_, day) in dated(document).filter(|(tag, _)| *tag == "DEP") {
        out.put("DEP", &compact(day));
    }
    out.put("TT", &document.vernacular_title);
    out.put("PL", &document.journal.country);
    out.put("TA", &document.journal.abbreviation);
    out.put("JT", &document.journal.title);
    out.put("JID", &document.journal.nlm_id);
}

/// Chemicals, corrections, headings, keywords.
fn terms(out: &mut Tags, document: &Document) {
    for chemical in &document.chemicals {
        out.put("RN", &format!("{} ({})", chemical.kind, chemical.name));
    }
    out.put_all("NM", document.supplementary.iter().map(|term| &term.name));
    for correction in &document.corrections {
        if let Some(tag) = links::correction_tag(&correction.kind) {
            out.put(tag, &links::correction_value(correction));
        }
    }
    out.put_all("MH", document.mesh.iter().map(heading_text));
    let mut owner = "";
    for keyword in &document.keywords {
        if keyword.owner != owner {
            owner = &keyword.owner;
            out.put_line("OTO", &one_line(owner));
        }
        let star = if keyword.major { "*" } else { "" };
        out.put("OT", &format!("{star}{}", keyword.text));
    }
    out.put("COIS", &document.conflict_of_interest);
}

/// Events, identifiers, and the citation in one line.
fn tail(out: &mut Tags, document: &Document) {
    for (event, tag) in [("pubmed", "EDAT"), ("medline", "MHDA"), ("entrez", "CRDT")] {
        if let Some(date) = document.history.iter().find(|date| date.event == event) {
            out.put(tag, &links::spaced(date.day));
        }
    }
    let rest = document.history.iter().skip(dated(document).count());
    out.put_all("PHST", rest.map(links::event_value));
    for id in &document.ids {
        match id.kind.as_str() {
            "pmc" => out.put("PMC", &id.value),
            "mid" => out.put("MID", &id.value),
            kind @ ("doi" | "pii" | "bookaccession") => {
                out.put("AID", &format!("{} [{kind}]", id.value));
            }
            "" => out.put("OID", &id.value),
            kind => out.put("OID", &format!("{}: {}", kind.to_ascii_uppercase(), id.value)),
        }
    }
    if let Key::Text(text) = &document.key {
        out.put("OID", &format!("{}: {}", KEY_KIND.to_ascii_uppercase(), line_of_key(text)));
    }
    out.put("SO", &source(document));
}

/// The first events that have tags of their own, as far as they follow the order of those.
fn dated(document: &Document) -> impl Iterator<Item = (&'static str, Day)> + '_ {
    let mut tags = DATED.iter();
    document.history.iter().map_while(move |date| {
        let (_, tag) = tags.find(|(event, _)| *event == date.event)?;
        Some((*tag, date.day))
    })
}

fn compact(day: Day) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// `Lancet. 2019 Mar 5;393(10172):1200-1207. doi: 10.1000/1.`
fn source(document: &Document) -> String {
    let journal = &document.journal;
    let name = if journal.abbreviation.is_empty() { &journal.title } else { &journal.abbreviation };
    if name.is_empty() {
        return String::new();
    }
    let date = document.date.as_ref().map_or("", |date| date.verbatim.as_str());
    let mut text = format!("{name}. {date}");
    let part = |open: &str, value: &str, close: &str| match value {
        "" => String::new(),
        value => format!("{open}{value}{close}"),
    };
    text += &part(";", &journal.volume, "");
    text += &part("(", &journal.issue, ")");
    text += &part(":", &journal.pages, "");
    text += &part(". doi: ", document.id("doi").unwrap_or_default(), "");
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_as_pubmed_breaks_them() {
        let mut out = Tags(String::new());
        out.put("TI", &"word ".repeat(20));
        let lines: Vec<&str> = out.0.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("TI  - word ") && lines[1].starts_with("      word"));
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS));
        let mut out = Tags(String::new());
        out.put("AID", &"x".repeat(100));
        assert_eq!(out.0.lines().count(), 1, "a word is not cut");
    }
}
