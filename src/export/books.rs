//! What citations say of books beside articles: where NLM's books have it, in free fields and identifiers.

use crate::document::{Author, Document, FieldValue};
use crate::ingest::parse_short_name;

/// The International Standard Book Numbers of a document, between blanks.
pub(super) fn isbn(document: &Document) -> String {
    let numbers = document.ids.iter().filter(|id| id.kind == "isbn");
    numbers.map(|id| id.value.as_str()).collect::<Vec<_>>().join(" ")
}

/// A free field that is a text; empty where there is none.
pub(super) fn text<'a>(document: &'a Document, name: &str) -> &'a str {
    match field(document, name) {
        Some(FieldValue::String(text)) => text,
        _ => "",
    }
}

/// The editors: persons as `Last AB`, groups as anything else.
pub(super) fn editors(document: &Document) -> Vec<Author> {
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
