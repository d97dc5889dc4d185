//! A document as RIS.

use crate::document::{Author, Document};
use crate::ids::Key;
use crate::ingest::books::{self, BookPart};
use crate::ingest::dates::{Span, span};
use crate::ingest::headings::heading_text;
use crate::ingest::keys::line_of_key;
use crate::ingest::plain::one_line;

/// The start of the address of a book or chapter in NLM's Bookshelf, without its protocol.
pub(super) const BOOKSHELF: &str = "www.ncbi.nlm.nih.gov/books/";

/// A document as a record of RIS, a blank line behind it; the module's text says what is lost.
///
/// ```
/// let mut document = medvec::Document::new(medvec::Key::pmid(17));
/// document.title = "A title".into();
/// let ris = medvec::ingest::ris::to_ris(&document);
/// assert!(ris.starts_with("TY  - JOUR\r\nTI  - A title\r\n") && ris.contains("AN  - 17\r\n"));
/// ```
pub fn to_ris(document: &Document) -> String {
    let mut out = Tags(String::new());
    let journal = &document.journal;
    out.put("TY", kind(document));
    for author in &document.authors {
        out.put("AU", &name(author));
        author.affiliations.iter().for_each(|text| out.put("AD", text));
    }
    out.put("TI", document.display_title());
    if document.display_title() == document.title {
        out.put("TT", &document.vernacular_title);
    }
    out.put("T2", if journal.title.is_empty() { &journal.abbreviation } else { &journal.title });
    out.put("JA", &journal.abbreviation);
    date(&mut out, document);
    out.put("VL", &journal.volume);
    out.put("IS", &journal.issue);
    // Pages as printed: 537 and 43 for 537-43. What would not come back as it is, such as `5-5`, is one text.
    let is_page = |text: &str| !text.is_empty() && text.trim() == text;
    let pages = journal.pages.split_once('-');
    let pages = pages.filter(|(start, end)| is_page(start) && is_page(end) && start != end);
    let (start, end) = pages.unwrap_or((&journal.pages, ""));
    out.put("SP", start);
    out.put("EP", end);
    out.put("PB", books::text(document, "publisher"));
    out.put("CY", books::text(document, "publisher_place"));
    if books::part(document).is_some() {
        out.put("ET", books::text(document, "edition"));
        out.put("T3", books::text(document, "collection"));
    }
    books::editors(document).iter().for_each(|editor| out.put("ED", &name(editor)));
    books::isbns(document).for_each(|isbn| out.put("SN", isbn));
    out.put("SN", if journal.issn.is_empty() { &journal.issn_linking } else { &journal.issn });
    out.put("DO", document.id("doi").unwrap_or_default());
    out.put("C2", document.id("pmc").unwrap_or_default());
    if let Some(accession) = document.id("bookaccession").filter(|text| is_accession(text)) {
        out.put("UR", &format!("https://{BOOKSHELF}{accession}/"));
    }
    match &document.key {
        Key::Pmid(pmid) => {
            out.put("AN", &pmid.to_string());
            out.put("UR", &format!("https://pubmed.ncbi.nlm.nih.gov/{pmid}/"));
            out.put("DB", "PubMed");
        }
        // A number alone would be taken for that of a library.
        Key::Text(key) if key.bytes().all(|byte| byte.is_ascii_digit()) => {
            out.put("ID", &format!("\"{key}\""));
        }
        Key::Text(key) => out.put("ID", &line_of_key(key)),
    }
    out.put("AB", &document.abstract_text());
    document.keywords.iter().for_each(|keyword| out.put("KW", &keyword.text));
    for heading in &document.mesh {
        out.put("KW", &heading_text(heading).replace('*', ""));
    }
    document.languages.iter().for_each(|language| out.put("LA", language));
    document.publication_types.iter().for_each(|term| out.put("M3", &term.name));
    out.0.push_str("ER  - \r\n\r\n");
    out.0
}

/// Whether a text is such a part of an address as `NBK1`.
pub(super) fn is_accession(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Lines of tags, each on one line whatever its length.
struct Tags(String);

impl Tags {
    /// Adds a tag, unless its value is empty.
    fn put(&mut self, tag: &str, value: &str) {
        let value = one_line(value);
        if !value.is_empty() {
            self.0.push_str(&format!("{tag}  - {value}\r\n"));
        }
    }
}

fn kind(document: &Document) -> &'static str {
    match books::part(document) {
        Some(BookPart::Whole) => "BOOK",
        Some(BookPart::Chapter) => "CHAP",
        None => "JOUR",
    }
}

/// `Last, First, Suffix`, initials where there are no first names; `Last, , Suffix` where there are no initials either.
/// A comma inside of a part would end it and becomes a blank, as in the name of a group, which would become a person's.
fn name(author: &Author) -> String {
    if !author.collective_name.is_empty() {
        return author.collective_name.replace(',', " ");
    }
    let given = if author.fore_name.is_empty() { &author.initials } else { &author.fore_name };
    let parts = [&author.last_name, given, &author.suffix];
    let parts = parts.map(|part| one_line(&part.replace(',', " ")).into_owned());
    let [last, _, suffix] = &parts;
    let is_whole = !last.is_empty() && !suffix.is_empty();
    let parts = parts.iter().filter(|part| is_whole || !part.is_empty());
    parts.map(String::as_str).collect::<Vec<&str>>().join(", ")
}

/// `PY  - 2019` and `DA  - 2019/03/05/`; where the date is neither a day, a month nor a year, the words of the
/// source are the fourth part.
fn date(out: &mut Tags, document: &Document) {
    let Some(date) = document.date.as_ref().filter(|date| date.first.0 > 0) else { return };
    let (year, month) = (date.first.year(), date.first.month());
    out.put("PY", &format!("{year:04}"));
    match span(date) {
        Span::Day => out.put("DA", &format!("{year:04}/{month:02}/{:02}/", date.first.day())),
        Span::Month => out.put("DA", &format!("{year:04}/{month:02}//")),
        Span::Year => {}
        Span::Other => out.put("DA", &format!("{year:04}///{}", date.verbatim)),
    }
}
