//! What citations say of books beside articles: where NLM's books have it, in free fields and identifiers.

use super::names::parse_short_name;
use crate::document::{Author, Document, FieldValue, Term};

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

/// The publication types that say that a document is a book or a part of one, as Scopus, Web of Science and others have them.
/// NLM has none: its books have identifiers of books.
const TYPES: [(&str, BookPart); 2] =
    [("Book", BookPart::Whole), ("Book Chapter", BookPart::Chapter)];

/// What of a book a document is, by its publication types, else by its identifiers; `None` for anything else.
pub(crate) fn part(document: &Document) -> Option<BookPart> {
    let of_type = |name: &str| TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let types = document.publication_types.iter();
    if let Some((_, part)) = types.filter_map(|term| of_type(&term.name)).next_back() {
        return Some(*part);
    }
    let is_book = ["bookaccession", "isbn"].iter().any(|kind| document.id(kind).is_some());
    let container = document.journal.title.as_str();
    let is_whole = container.is_empty() || container == document.display_title();
    is_book.then_some(if is_whole { BookPart::Whole } else { BookPart::Chapter })
}

/// Makes a document say what its source says of it, by a publication type where nothing else does.
pub(crate) fn say(document: &mut Document, wanted: BookPart) {
    if part(document) != Some(wanted)
        && let Some((name, _)) = TYPES.iter().find(|(_, part)| *part == wanted)
    {
        document.publication_types.push(Term { ui: String::new(), name: (*name).to_owned() });
    }
}

/// The series that a document is in, or a whole book's container of another title, which is one.
#[cfg(feature = "session")]
pub(crate) fn series(document: &Document) -> &str {
    let container = document.journal.title.as_str();
    let is_in_one =
        part(document) == Some(BookPart::Whole) && container != document.display_title();
    match text(document, "collection") {
        "" if is_in_one => container,
        collection => collection,
    }
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
