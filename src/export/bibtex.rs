//! BibTeX entries.
//!
//! An entry is called by the first author, the year and the key of its document: `Okafor2019_31000001`. So it
//! has the same name in every file, and no two entries of a database have one name.
//!
//! Text stays UTF-8; only characters that TeX obeys are escaped. Braces around the title keep its capitals, and
//! braces inside of texts are written as commands, so that those of an entry always balance. `doi` is verbatim, as
//! biblatex takes it: braces and backslashes in it are percent-encoded.

use crate::date::PublicationDate;
use crate::document::{Author, Document};
use crate::ids::Key;
use crate::ingest::books::{self, BookPart};
use crate::ingest::dates::{Span, span};
use crate::ingest::headings::heading_text;
use crate::ingest::plain::one_line;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A document as an entry, a blank line behind it.
pub fn entry(document: &Document) -> String {
    let (journal, kind) = (&document.journal, kind(document));
    let mut out = Entry(format!("@{kind}{{{}", citation_key(document)));
    out.put_raw("author", &names(&document.authors));
    let title = escaped(document.display_title());
    if !title.is_empty() {
        out.put_raw("title", &format!("{{{title}}}"));
    }
    let container = if journal.title.is_empty() { &journal.abbreviation } else { &journal.title };
    match kind {
        // Its title is its own.
        "book" => {}
        "incollection" => out.put("booktitle", container),
        _ => out.put("journal", container),
    }
    out.put_raw("editor", &names(&books::editors(document)));
    for (name, field) in ["publisher", "address", "edition"].into_iter().zip(books::TEXTS) {
        out.put(name, books::text(document, field));
    }
    out.put("series", books::series(document));
    if let Some(date) = document.date.as_ref().filter(|date| date.first.0 > 0) {
        out.put("year", &date.first.year().to_string());
        if let Some(month) = month(date) {
            out.0.push_str(&format!(",\n  month = {month}"));
        }
    }
    out.put("volume", &journal.volume);
    out.put("number", &journal.issue);
    out.put_raw("pages", &escaped(&journal.pages).replace('-', "--"));
    out.put("issn", if journal.issn.is_empty() { &journal.issn_linking } else { &journal.issn });
    out.put("isbn", &books::isbn(document));
    out.put_raw("doi", &verbatim(document.id("doi").unwrap_or_default()));
    if let Key::Pmid(pmid) = &document.key {
        out.put("pmid", &pmid.to_string());
        out.put("url", &format!("https://pubmed.ncbi.nlm.nih.gov/{pmid}/"));
    }
    out.put("pmcid", document.id("pmc").unwrap_or_default());
    out.put("language", &document.languages.join(", "));
    let keywords = document.keywords.iter().map(|keyword| keyword.text.clone());
    let headings = document.mesh.iter().map(|heading| heading_text(heading).replace('*', ""));
    out.put("keywords", &keywords.chain(headings).collect::<Vec<_>>().join("; "));
    out.put("abstract", &document.abstract_text());
    out.0.push_str("\n}\n\n");
    out.0
}

/// An entry without its closing brace.
struct Entry(String);

impl Entry {
    /// Adds a field, unless its value is empty.
    fn put(&mut self, name: &str, value: &str) {
        self.put_raw(name, &escaped(value));
    }

    /// As [`Entry::put`], for a value that TeX may obey.
    fn put_raw(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.push_str(&format!(",\n  {name} = {{{value}}}"));
        }
    }
}

fn kind(document: &Document) -> &'static str {
    match books::part(document) {
        Some(BookPart::Whole) => "book",
        Some(BookPart::Chapter) => "incollection",
        None if document.journal != Default::default() => "article",
        None => "misc",
    }
}

/// `Okafor2019_31000001`: letters and digits of ASCII only; a key with anything else in it ends with four
/// digits that tell it from keys that would look the same.
pub fn citation_key(document: &Document) -> String {
    let first = document.authors.first();
    let name = first.map_or("", |author| match author.last_name.as_str() {
        "" => &author.collective_name,
        name => name,
    });
    let is_plain = |ch: &char| ch.is_ascii_alphanumeric();
    let name: String = name.chars().filter(is_plain).take(32).collect();
    let year = document.date.as_ref().map_or(0, |date| date.first.year());
    let year = if year > 0 { year.to_string() } else { String::new() };
    let key = match &document.key {
        Key::Pmid(pmid) => pmid.to_string(),
        Key::Text(text) => {
            let plain: String = text.chars().filter(is_plain).take(32).collect();
            // A text of digits is not the PMID of the same digits.
            format!("{plain}_{:08x}", crc32c::crc32c(text.as_bytes()))
        }
    };
    format!("{name}{year}_{key}")
}

/// Names with `and` between them.
fn names(authors: &[Author]) -> String {
    let names: Vec<String> = authors.iter().map(name).filter(|name| !name.is_empty()).collect();
    names.join(" and ")
}

/// `Last, Suffix, First`. A group, and a person of whom these parts do not tell, are one word in braces.
fn name(author: &Author) -> String {
    let given = if author.fore_name.is_empty() { &author.initials } else { &author.fore_name };
    let [group, last, suffix, given] =
        [&author.collective_name, &author.last_name, &author.suffix, given]
            .map(|text| escaped(text));
    if !group.is_empty() {
        return format!("{{{group}}}");
    }
    let joined = |parts: &[&String]| {
        let parts = parts.iter().map(|part| part.as_str()).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    match (last.is_empty(), suffix.is_empty(), given.is_empty()) {
        (true, true, true) => String::new(),
        // What stands before the only comma would be the last name, and behind it the first.
        (true, ..) => format!("{{{}}}", joined(&[&given, &suffix])),
        (false, false, true) => format!("{{{}}}", joined(&[&last, &suffix])),
        (false, true, true) => whole(&last),
        (false, true, false) => format!("{}, {}", whole(&last), whole(&given)),
        (false, false, false) => [&last, &suffix, &given].map(|part| whole(part)).join(", "),
    }
}

/// A part of a name; in braces where an "and" or a comma in it would end it, or it would stand for others.
fn whole(part: &str) -> String {
    let is_and = |word: &str| word.eq_ignore_ascii_case("and");
    match part.contains(',') || part.split(' ').any(is_and) || part == "others" {
        true => format!("{{{part}}}"),
        false => part.to_owned(),
    }
}

/// The month that a date is in.
fn month(date: &PublicationDate) -> Option<&'static str> {
    let is_known = matches!(span(date), Span::Day | Span::Month);
    MONTHS.get((date.first.month() as usize).checked_sub(1)?).copied().filter(|_| is_known)
}

/// A text that nobody unescapes, on one line and with its braces balanced.
fn verbatim(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in one_line(text).chars() {
        match ch {
            '{' | '}' | '\\' | ' ' => out.push_str(&format!("%{:02X}", u32::from(ch))),
            ch => out.push(ch),
        }
    }
    out
}

/// A text that TeX prints as it is.
fn escaped(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' | '%' | '$' | '#' | '_' => {
                out.push('\\');
                out.push(ch);
            }
            '{' => out.push_str("{\\textbraceleft}"),
            '}' => out.push_str("{\\textbraceright}"),
            '\\' => out.push_str("{\\textbackslash}"),
            '~' => out.push_str("{\\textasciitilde}"),
            '^' => out.push_str("{\\textasciicircum}"),
            '<' => out.push_str("{\\textless}"),
            '>' => out.push_str("{\\textgreater}"),
            '|' => out.push_str("{\\textbar}"),
            ch => out.push(ch),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::date::Day;
    use crate::document::{Field, FieldValue, OtherId};

    fn okafor() -> Document {
        let mut document = Document::new(Key::pmid(31_000_001));
        document.title = "5 % of {x} & p < 0.05".into();
        document.authors = vec![
            Author {
                last_name: "Okafor".into(),
                fore_name: "Ada".into(),
                suffix: "Jr".into(),
                ..Author::default()
            },
            Author { collective_name: "Dose and Effect Group".into(), ..Author::default() },
        ];
        document.journal.title = "Lancet".into();
        document.journal.pages = "537-43".into();
        let day = Day::new(2019, 3, 5);
        document.date =
            Some(PublicationDate { verbatim: "2019 Mar 5".into(), first: day, last: day });
        document
    }

    #[test]
    fn an_entry_has_names_that_tex_reads() {
        assert_eq!(
            entry(&okafor()),
            "@article{Okafor2019_31000001,\n  author = {Okafor, Jr, Ada and {Dose and Effect Group}},\n  \
             title = {{5 \\% of {\\textbraceleft}x{\\textbraceright} \\& p {\\textless} 0.05}},\n  \
             journal = {Lancet},\n  year = {2019},\n  month = mar,\n  pages = {537--43},\n  \
             pmid = {31000001},\n  url = {https://pubmed.ncbi.nlm.nih.gov/31000001/}\n}\n\n"
        );
    }

    #[test]
    fn names_are_as_many_as_authors() {
        let of = |[last_name, fore_name, initials, suffix]: [&str; 4]| Author {
            last_name: last_name.into(),
            fore_name: fore_name.into(),
            initials: initials.into(),
            suffix: suffix.into(),
            ..Author::default()
        };
        for (parts, wanted) in [
            (["van Berg", "Ada", "A", ""], "van Berg, Ada"),
            (["Berg", "Ada and Bo", "AB", ""], "Berg, {Ada and Bo}"),
            (["Berg", "Ada, Bo", "", "Jr"], "Berg, Jr, {Ada, Bo}"),
            (["Berg AND Li", "", "A", ""], "{Berg AND Li}, A"),
            (["Anders", "Sandy", "", ""], "Anders, Sandy"),
            (["Berg", "", "", "Jr"], "{Berg Jr}"),
            (["", "Ada Maria", "", "Jr"], "{Ada Maria Jr}"),
            (["others", "", "", ""], "{others}"),
            (["", "", "", ""], ""),
        ] {
            assert_eq!(name(&of(parts)), wanted);
        }
        assert_eq!(names(&[of(["A", "", "", ""]), of([""; 4]), of(["B", "", "", ""])]), "A and B");
    }

    #[test]
    fn chapters_are_in_books_and_dois_are_verbatim() {
        let mut chapter = okafor();
        let id = |kind: &str, value: &str| OtherId { kind: kind.into(), value: value.into() };
        let doi = "10.1002/(SICI)1_{%~2\\}";
        chapter.ids = vec![id("bookaccession", "NBK1"), id("isbn", "978-1"), id("doi", doi)];
        let field = |name: &str, value| Field { name: name.into(), value };
        chapter.fields = vec![
            field("publisher", FieldValue::String("Toy & Press".into())),
            field("editors", FieldValue::List(vec!["van Berg JK".into(), "Toy Team".into()])),
        ];
        let text = entry(&chapter);
        assert!(text.starts_with("@incollection{"), "{text}");
        for line in [
            "  booktitle = {Lancet},",
            "  editor = {van Berg, JK and {Toy Team}},",
            "  publisher = {Toy \\& Press},",
            "  isbn = {978-1},",
            "  doi = {10.1002/(SICI)1_%7B%~2%5C%7D},",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in {text}");
        }
        assert!(!text.contains("journal"), "{text}");
        chapter.title.clone_from(&chapter.journal.title);
        let text = entry(&chapter);
        assert!(text.starts_with("@book{") && !text.contains("booktitle"), "{text}");
    }

    proptest! {
        /// Braces balance, nothing ends the entry early, and keys are told apart.
        #[test]
        fn any_text_stays_inside_of_its_entry(text in any::<String>(), key in "\\PC{1,8}") {
            let mut document = okafor();
            document.title.clone_from(&text);
            document.authors[0].last_name.clone_from(&text);
            document.key = Key::Text(key);
            let entry = entry(&document);
            let body = entry.trim_end();
            let start = body.find('{').unwrap();
            let mut depth = 0i32;
            for (place, ch) in body.char_indices().skip(start) {
                depth += i32::from(ch == '{') - i32::from(ch == '}');
                let is_end = place + 1 == body.len();
                prop_assert!(depth > 0 || is_end, "closed at {}", place);
            }
            prop_assert_eq!(depth, 0);
            let key = citation_key(&document);
            prop_assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            let mut other = document.clone();
            other.key = Key::Text(format!("{} ", document.key));
            prop_assert_ne!(citation_key(&other), key);
        }
    }
}
