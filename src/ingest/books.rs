//! What citations say of books beside articles: where NLM's books have it, in free fields and identifiers.

use super::names::parse_short_name;
use crate::document::{Author, Document, FieldValue};

/// The free fields that hold texts on a book.
pub(crate) const TEXTS: [&str; 4] = ["publisher", "publisher_place", "edition", "collection"];

/// What of a book a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BookPart {
    /// All of it: its title is its own.
    Whole,
    /// A part of the book that stands where articles have their journal.
    Chapter,
}

/// What of a book a document is; `None` for anything else.
pub(crate) fn part(document: &Document) -> Option<BookPart> {
    let is_book = ["bookaccession", "isbn"].iter().any(|kind| document.id(kind).is_some());
    let container = document.journal.title.as_str();
    let is_whole = container.is_empty() || container == document.display_title();
    is_book.then_some(if is_whole { BookPart::Whole } else { BookPart::Chapter })
}

/// The International Standard Book Numbers of a document.
pub(crate) fn isbns(document: &Document) -> impl Iterator<Item = &str> {
    document.ids.iter().filter(|id| id.kind == "isbn").map(|id| id.value.as_str())
}

/// The same between blanks.
#[cfg(feature = "session")]
pub(crate) fn isbn(document: &Document) -> String {
    isbns(document).collect::<Vec<_>>().join(" ")
}

/// A free field that is a text; empty where there is none.
pub(crate) fn text<'a>(document: &'a Document, name: &str) -> &'a str {
    match field(document, name) {
        Some(FieldValue::String(text)) => text,
        _ => "",
    }
}

/// The editors: persons as `Last AB`, groups as anything else.
pub(crate) fn editors(document: &Document) -> Vec<Author> {
    match field(document, "editors") {
        Some(FieldValue::List(names)) => names.iter().map(|name| editor(name)).collect(),
        Some(FieldValue::String(name)) => vec![editor(name)],
        _ => Vec::new(),
    }
}

fn field<'a>(document: &'a Document, name: &str) -> Option<&'a FieldValue> {
    document.fields.iter().find(|field| field.name == name).map(|field| &field.value)
}

fn editor(name: &str) -> Author {
    parse_short_name(name)
        .unwrap_or_else(|| Author { collective_name: name.to_owned(), ..Author::default() })
}
