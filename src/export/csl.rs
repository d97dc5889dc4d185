//! CSL-JSON: what citation processors (citeproc, pandoc, Zotero) read.

use serde_json::{Map, Value, json};

use crate::date::{Day, PublicationDate};
use crate::document::{Author, Document};
use crate::ids::Key;
use crate::ingest::books::{self, BookPart};
use crate::ingest::dates::{Span, span};
use crate::ingest::distinct_id;

/// A document as an item of a CSL-JSON list.
pub fn item(document: &Document) -> Value {
    let (journal, kind) = (&document.journal, kind(document));
    let mut out = Map::new();
    out.insert("id".into(), distinct_id(&document.key).into());
    out.insert("type".into(), kind.into());
    let issn = if journal.issn.is_empty() { &journal.issn_linking } else { &journal.issn };
    let pmid = match &document.key {
        Key::Pmid(pmid) => pmid.to_string(),
        Key::Text(_) => String::new(),
    };
    let address = match pmid.as_str() {
        "" => String::new(),
        pmid => format!("https://pubmed.ncbi.nlm.nih.gov/{pmid}/"),
    };
    let keywords: Vec<&str> = document
        .keywords
        .iter()
        .map(|keyword| keyword.text.as_str())
        .chain(document.mesh.iter().map(|heading| heading.name.as_str()))
        .collect();
    for (name, text) in [
        ("title", document.display_title()),
        // The title of a whole book is its own.
        ("container-title", if kind == "book" { "" } else { &journal.title }),
        ("container-title-short", &journal.abbreviation),
        ("volume", &journal.volume),
        ("issue", &journal.issue),
        ("page", &journal.pages),
        ("edition", books::text(document, "edition")),
        ("collection-title", books::series(document)),
        ("publisher", books::text(document, "publisher")),
        ("publisher-place", books::text(document, "publisher_place")),
        ("ISSN", issn),
        ("ISBN", &books::isbn(document)),
        ("DOI", document.id("doi").unwrap_or_default()),
        ("PMID", &pmid),
        ("PMCID", document.id("pmc").unwrap_or_default()),
        ("URL", &address),
        ("language", document.languages.first().map_or("", String::as_str)),
        ("keyword", &keywords.join("; ")),
        ("abstract", &document.abstract_text()),
    ] {
        if !text.is_empty() {
            out.insert(name.into(), text.into());
        }
    }
    for (name, authors) in [("author", &document.authors), ("editor", &books::editors(document))] {
        if !authors.is_empty() {
            out.insert(name.into(), authors.iter().map(author).collect());
        }
    }
    if let Some(date) = &document.date {
        out.insert("issued".into(), issued(date));
    }
    out.into()
}

fn kind(document: &Document) -> &'static str {
    match books::part(document) {
        Some(BookPart::Whole) => "book",
        Some(BookPart::Chapter) => "chapter",
        None if document.journal == Default::default() => "document",
        None => "article-journal",
    }
}

fn author(author: &Author) -> Value {
    if !author.collective_name.is_empty() {
        return json!({"literal": author.collective_name});
    }
    let given = if author.fore_name.is_empty() { &author.initials } else { &author.fore_name };
    let parts = [("family", &author.last_name), ("given", given), ("suffix", &author.suffix)];
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    parts
        .map(|(name, text)| (name.to_owned(), Value::from(text.as_str())))
        .collect::<Map<_, _>>()
        .into()
}

/// One date as exact as it is known, a first and a last day, or the words of the source.
fn issued(date: &PublicationDate) -> Value {
    let day = |day: Day| json!([day.year(), day.month(), day.day()]);
    let first = date.first;
    match span(date) {
        _ if first.0 == 0 => json!({"literal": date.verbatim}),
        Span::Day => json!({"date-parts": [day(first)]}),
        Span::Month => json!({"date-parts": [[first.year(), first.month()]]}),
        Span::Year => json!({"date-parts": [[first.year()]]}),
        Span::Other => json!({"date-parts": [day(first), day(date.last)]}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Field, FieldValue, OtherId};

    #[test]
    fn dates_are_as_exact_as_they_are_known() {
        let dated = |first: (u32, u32, u32), last: (u32, u32, u32)| {
            let day = |(year, month, day)| Day::new(year, month, day);
            let (first, last) = (day(first), day(last));
            issued(&PublicationDate { verbatim: "words".into(), first, last })["date-parts"].clone()
        };
        assert_eq!(dated((2019, 3, 5), (2019, 3, 5)), json!([[2019, 3, 5]]));
        assert_eq!(dated((2019, 2, 1), (2019, 2, 28)), json!([[2019, 2]]));
        assert_eq!(dated((2019, 1, 1), (2019, 12, 31)), json!([[2019]]));
        assert_eq!(dated((1998, 12, 1), (1999, 1, 31)), json!([[1998, 12, 1], [1999, 1, 31]]));
        let unknown = PublicationDate { verbatim: "no year".into(), first: Day(0), last: Day(0) };
        assert_eq!(issued(&unknown), json!({"literal": "no year"}));
    }

    #[test]
    fn persons_and_groups_are_told_apart() {
        let mut document = Document::new(Key::pmid(7));
        document.authors = vec![
            Author { last_name: "Okafor".into(), initials: "A".into(), ..Author::default() },
            Author { collective_name: "The Group".into(), ..Author::default() },
        ];
        let item = item(&document);
        assert_eq!(item["author"][0], json!({"family": "Okafor", "given": "A"}));
        assert_eq!(item["author"][1], json!({"literal": "The Group"}));
        assert_eq!((&item["id"], &item["PMID"]), (&json!("7"), &json!("7")));
        assert!(item.get("title").is_none() && item.get("editor").is_none());
    }

    #[test]
    fn books_have_publishers_editors_and_isbns() {
        let text = |name: &str, text: &str| Field {
            name: name.into(),
            value: FieldValue::String(text.into()),
        };
        let id = |kind: &str, value: &str| OtherId { kind: kind.into(), value: value.into() };
        let mut document = Document::new(Key::pmid(7));
        document.title = "Toys".into();
        document.journal.title = "The Book of Toys".into();
        document.ids = vec![id("bookaccession", "NBK1"), id("isbn", "1"), id("isbn", "2")];
        let editors = FieldValue::List(vec!["van Berg JK Jr".into(), "Toy Team".into()]);
        document.fields = vec![
            text("publisher", "Toy & Press"),
            text("publisher_place", "Toytown"),
            Field { name: "editors".into(), value: editors },
        ];
        let chapter = item(&document);
        assert_eq!(
            chapter,
            json!({
                "id": "7", "type": "chapter", "title": "Toys", "container-title": "The Book of Toys",
                "publisher": "Toy & Press", "publisher-place": "Toytown", "ISBN": "1 2", "PMID": "7",
                "URL": "https://pubmed.ncbi.nlm.nih.gov/7/",
                "editor": [{"family": "van Berg", "given": "JK", "suffix": "Jr"}, {"literal": "Toy Team"}],
            })
        );
        document.title = document.journal.title.clone();
        let book = item(&document);
        assert_eq!((&book["type"], book.get("container-title")), (&json!("book"), None));
    }
}
