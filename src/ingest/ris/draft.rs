//! A document in the making: tags come in any order, and some of them say the same.

use super::write::{BOOKSHELF, is_accession};
use crate::document::{
    AbstractSection, Author, Document, Field, FieldValue, Keyword, OtherId, Term,
};
use crate::ids::Key;
use crate::ingest::books::{self, BookPart};
use crate::ingest::dates;
use crate::ingest::keys::{bare_doi, key_of_content, key_of_line, pmid_text};
use crate::ingest::names::parse_author;
use crate::ingest::pubmed::{add_list, deduplicate, short_name};
use crate::ingest::raw::Fault;
use crate::ingest::tagged::Tagged;

/// The start of the address of a citation in PubMed, without its protocol.
const PUBMED: [&str; 2] = ["pubmed.ncbi.nlm.nih.gov/", "www.ncbi.nlm.nih.gov/pubmed/"];

#[derive(Default)]
pub(super) struct Draft {
    document: Option<Box<Document>>,
    /// A PMID for certain, from an address or a record of ours.
    pmid: Option<u32>,
    /// What `AN` says: a PMID only in records of PubMed.
    accession: String,
    is_pubmed: bool,
    id: String,
    day: String,
    year: String,
    pages: (String, String),
    /// Affiliations before the first author.
    affiliations: Vec<String>,
    /// What `TY` says.
    kind: String,
    /// ISSNs and ISBNs.
    numbers: Vec<String>,
    publisher: String,
    place: String,
    edition: String,
    collection: String,
    editors: Vec<String>,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft::default()
    }

    /// Takes one tag in.
    pub(super) fn take(&mut self, tagged: Tagged<'_>) {
        let Tagged { tag, value, .. } = tagged;
        if value.is_empty() {
            return;
        }
        let blank = || Box::new(Document::new(Key::Text(String::new())));
        let document = self.document.get_or_insert_with(blank);
        let journal = &mut document.journal;
        match tag {
            "TI" | "T1" | "CT" => first(&mut document.title, value),
            "TT" => first(&mut document.vernacular_title, value),
            "AB" | "N2" => longest_abstract(&mut document.abstract_sections, value),
            "T2" | "JO" | "JF" => first(&mut journal.title, value),
            "JA" | "J2" | "J1" => first(&mut journal.abbreviation, value),
            "VL" => first(&mut journal.volume, value),
            "IS" => first(&mut journal.issue, value),
            "TY" => first(&mut self.kind, value),
            "SN" => self.numbers.push(value),
            "PB" => first(&mut self.publisher, value),
            "CY" | "PP" => first(&mut self.place, value),
            // Of other works the first is the day of online publication, the second any title.
            "ET" if is_of_book(&self.kind) => first(&mut self.edition, value),
            "T3" if is_of_book(&self.kind) => first(&mut self.collection, value),
            "ED" => self.editors.push(editor(&value)),
            // Of other works it names who edited a series, or translated.
            "A2" if is_chapter(&self.kind) => self.editors.push(editor(&value)),
            "SP" => first(&mut self.pages.0, value),
            "EP" => first(&mut self.pages.1, value),
            "DA" => first(&mut self.day, value),
            "PY" | "Y1" => first(&mut self.year, value),
            "AU" | "A1" => {
                let author = author(&value);
                // Nothing but commas names nobody.
                let names =
                    [&author.last_name, &author.fore_name, &author.suffix, &author.collective_name];
                if names.iter().any(|name| !name.is_empty()) {
                    document.authors.push(author);
                }
            }
            "AD" => match document.authors.last_mut() {
                Some(last) => last.affiliations.push(value),
                None => self.affiliations.push(value),
            },
            "KW" => {
                document.keywords.push(Keyword { text: value, ..Default::default() });
            }
            "M3" => document.publication_types.push(Term { ui: String::new(), name: value }),
            "LA" => document.languages.push(value),
            "DO" => identifier(&mut document.ids, "doi", bare_doi(&value)),
            "C2" if value.starts_with("PMC") => identifier(&mut document.ids, "pmc", &value),
            "AN" => first(&mut self.accession, value),
            "DB" | "DP" => self.is_pubmed |= is_pubmed(&value),
            "UR" => match accession_of_address(&value) {
                Some(accession) => identifier(&mut document.ids, "bookaccession", accession),
                None => self.pmid = self.pmid.or_else(|| pmid_of_address(&value)),
            },
            "ID" => first(&mut self.id, value),
            _ => {}
        }
    }

    /// The document.
    ///
    /// # Errors
    /// A [`Fault`] where nothing can be its key.
    pub(super) fn finish(self) -> Result<Document, Fault> {
        let document = self.document.ok_or_else(|| Fault::whole("the record is empty"))?;
        let mut document = *document;
        for number in self.numbers {
            match is_isbn(&number) || (is_of_book(&self.kind) && !is_issn(&number)) {
                true => identifier(&mut document.ids, "isbn", &number),
                false => first(&mut document.journal.issn, number),
            }
        }
        deduplicate(&mut document.ids);
        let texts = [self.publisher, self.place, self.edition, self.collection];
        for (name, text) in books::TEXTS.into_iter().zip(texts) {
            if !text.is_empty() {
                let value = FieldValue::String(text);
                document.fields.push(Field { name: name.to_owned(), value });
            }
        }
        add_list(&mut document.fields, "editors", self.editors);
        document.journal.pages = match self.pages {
            (start, end) if end.is_empty() || start == end => start,
            (start, end) if start.is_empty() => end,
            // Some write the whole range as the first page.
            (start, end) if start.ends_with(&format!("-{end}")) => start,
            (start, end) => format!("{start}-{end}"),
        };
        let [date, year] = [slashed(&self.day), self.year];
        let [date, year] = [&date, &year].map(|text| text.trim_end_matches('/'));
        if !date.is_empty() || !year.is_empty() {
            document.date = Some(dates::parse_date_of(date, year));
        }
        if let Some(author) = document.authors.first_mut() {
            author.affiliations.splice(0..0, self.affiliations);
        }
        let accession = pmid_text(&self.accession).filter(|_| self.is_pubmed);
        let pmid = self.pmid.or(accession);
        // Reference managers number the records of a library: such a number is no key.
        let is_number = self.id.bytes().all(|byte| byte.is_ascii_digit());
        let own = key_of_line(&self.id).filter(|_| !is_number);
        document.key = match (pmid, own) {
            (Some(pmid), _) => Key::pmid(pmid),
            (None, Some(key)) => key,
            (None, None) => key_of_content(&document)?,
        };
        document.version = u32::from(pmid.is_some());
        if is_of_book(&self.kind) {
            let is_chapter = is_chapter(&self.kind);
            books::say(&mut document, if is_chapter { BookPart::Chapter } else { BookPart::Whole });
        }
        Ok(document)
    }
}

/// Keeps the first of several texts.
fn first(text: &mut String, value: String) {
    if text.is_empty() {
        *text = value;
    }
}

fn longest_abstract(sections: &mut Vec<AbstractSection>, value: String) {
    if sections.first().is_none_or(|known| known.text.len() < value.len()) {
        *sections = vec![AbstractSection { text: value, ..Default::default() }];
    }
}

fn identifier(ids: &mut Vec<OtherId>, kind: &str, value: &str) {
    ids.push(OtherId { kind: kind.to_owned(), value: value.to_owned() });
}

/// Whether the accession numbers of a database are PMIDs.
fn is_pubmed(database: &str) -> bool {
    let name = database.to_ascii_lowercase();
    ["pubmed", "medline", "nlm"].iter().any(|known| name.contains(known))
}

/// `Last AB Suffix`, as other sources name editors; a name without a comma as it is.
fn editor(name: &str) -> String {
    match name.contains(',') {
        true => short_name(&author(name)),
        false => name.to_owned(),
    }
}

/// Whether a type is that of a part of a book.
fn is_chapter(kind: &str) -> bool {
    matches!(kind, "CHAP" | "ECHAP")
}

/// Whether a type is that of a book or of a part of one.
fn is_of_book(kind: &str) -> bool {
    is_chapter(kind) || matches!(kind, "BOOK" | "EBOOK" | "EDBOOK")
}

/// Ten or thirteen digits, with hyphens or without, and maybe words behind.
fn is_isbn(text: &str) -> bool {
    matches!(digits(text), 10 | 13)
}

/// Eight digits.
fn is_issn(text: &str) -> bool {
    digits(text) == 8
}

/// Digits of a number with a check digit, which may be `X`.
fn digits(text: &str) -> usize {
    let number = text.split(['(', ' ']).next().unwrap_or_default();
    number.chars().filter(|ch| ch.is_ascii_digit() || matches!(ch, 'X' | 'x')).count()
}

/// `Last, First, Suffix`; a name without a comma is a group unless it is one word or ends with initials.
fn author(name: &str) -> Author {
    if let Some((person, suffix)) = name.rsplit_once(", ").filter(|(rest, _)| rest.contains(", ")) {
        return Author { suffix: suffix.to_owned(), ..parse_author(person) };
    }
    let author = parse_author(name);
    let is_group = !name.contains(',') && !author.fore_name.is_empty();
    match is_group {
        true => Author { collective_name: name.to_owned(), ..Author::default() },
        false => author,
    }
}

/// `https://www.ncbi.nlm.nih.gov/books/NBK1/`
fn accession_of_address(address: &str) -> Option<&str> {
    let rest = bare_address(address).strip_prefix(BOOKSHELF)?;
    rest.split(['/', '?', '#']).next().filter(|text| is_accession(text))
}

fn bare_address(address: &str) -> &str {
    address.trim_start_matches("https://").trim_start_matches("http://")
}

/// `https://pubmed.ncbi.nlm.nih.gov/31000001/`
fn pmid_of_address(address: &str) -> Option<u32> {
    let bare = bare_address(address);
    let rest = PUBMED.iter().find_map(|start| bare.strip_prefix(start))?;
    pmid_text(rest.split(['/', '?']).next()?)
}

/// `2019/03/05/other` as `2019-03-05`; parts may be missing, and anything else stays as it is.
fn slashed(day: &str) -> String {
    let parts: Vec<&str> = day.split('/').collect();
    let (days, other) = parts.split_at(parts.len().min(3));
    let is_number = |part: &&&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let numbers: Vec<&str> = days.iter().take_while(is_number).copied().collect();
    let other = other.join("/");
    match numbers.as_slice() {
        // The words of the source, where it has some.
        _ if !other.is_empty() => other,
        [year] if year.len() == 4 => (*year).to_owned(),
        [year, month] => format!("{year}-{month:0>2}"),
        [year, month, day] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => day.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_parts_or_words() {
        for (text, date) in [
            ("2019/03/05/", "2019-03-05"),
            ("2019/3/5", "2019-03-05"),
            ("2019/03//", "2019-03"),
            ("2019///", "2019"),
            ("1998/12//1998 Dec-1999 Jan", "1998 Dec-1999 Jan"),
            ("2019-03-05", "2019-03-05"),
            ("5 Mar 2019", "5 Mar 2019"),
        ] {
            assert_eq!(slashed(text), date, "{text}");
        }
    }

    #[test]
    fn names_with_commas_are_persons() {
        let parts = |name: &str| {
            let author = author(name);
            (author.last_name, author.fore_name, author.suffix, author.collective_name)
        };
        let of = |parts: [&str; 4]| {
            let [a, b, c, d] = parts.map(str::to_owned);
            (a, b, c, d)
        };
        assert_eq!(parts("Okafor, Ada"), of(["Okafor", "Ada", "", ""]));
        assert_eq!(parts("Dalton, William T, 3rd"), of(["Dalton", "William T", "3rd", ""]));
        assert_eq!(parts("Okafor"), of(["Okafor", "", "", ""]));
        assert_eq!(parts("Okafor AM"), of(["Okafor", "", "", ""]));
        assert_eq!(parts("VIGOR Study Group"), of(["", "", "", "VIGOR Study Group"]));
    }

    #[test]
    fn addresses_of_pubmed_have_a_pmid() {
        assert_eq!(pmid_of_address("https://pubmed.ncbi.nlm.nih.gov/31000001/"), Some(31_000_001));
        assert_eq!(pmid_of_address("http://www.ncbi.nlm.nih.gov/pubmed/7"), Some(7));
        assert_eq!(pmid_of_address("https://doi.org/10.1/7"), None);
    }
}
