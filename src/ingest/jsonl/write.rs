//! A document as JSON, under the names that this module reads.

use serde_json::{Map, Value, json};

use crate::document::{
    AbstractSection, Author, Document, FieldValue, Journal, Keyword, MeshHeading, OtherId, Term,
    TypedTerm,
};
use crate::error::Result;
use crate::ingest::keys::key_member;

/// A document as a JSON object: one line of a file that [`crate::ingest::open`] reads back as the same
/// document. Empty parts are left out.
///
/// ```
/// let mut document = medvec::Document::new(medvec::Key::pmid(17));
/// document.title = "A title".into();
/// let line = medvec::ingest::jsonl::to_json(&document)?.to_string();
/// assert_eq!(line, r#"{"pmid":17,"title":"A title"}"#);
/// # Ok::<(), medvec::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::InvalidDocument`] as [`Document::validate`]: JSON has no number that is not finite,
/// for one.
pub fn to_json(document: &Document) -> Result<Value> {
    document.validate()?;
    let mut members = Map::new();
    let (name, key) = key_member(&document.key);
    members.insert(name.into(), key);
    if document.version != 0 {
        members.insert("version".into(), document.version.into());
    }
    let out = &mut members;
    put_text(out, "title", &document.title);
    put_text(out, "vernacular_title", &document.vernacular_title);
    match document.abstract_sections.as_slice() {
        [only] if only.label.is_empty() && only.category.is_empty() && !only.text.is_empty() => {
            put_text(out, "abstract", &only.text);
        }
        sections => put(out, "sections", sections, section),
    }
    put(out, "other_abstracts", &document.other_abstracts, |other| {
        let mut value = texts(&[("kind", &other.kind), ("language", &other.language)]);
        put(&mut value, "sections", &other.sections, section);
        value.into()
    });
    if document.journal != Journal::default() {
        out.insert("journal".into(), journal(&document.journal));
    }
    if let Some(date) = &document.date {
        out.insert("date".into(), date.verbatim.as_str().into());
        let range = json!([date.first.to_string(), date.last.to_string()]);
        out.insert("date_range".into(), range);
    }
    put(
        out,
        "history",
        &document.history,
        |event| json!({"event": event.event, "day": event.day.to_string()}),
    );
    put(out, "authors", &document.authors, author);
    put(out, "publication_types", &document.publication_types, term);
    put(out, "languages", &document.languages, |code| code.as_str().into());
    put(out, "mesh", &document.mesh, heading);
    put(out, "supplementary", &document.supplementary, typed_term);
    put(out, "chemicals", &document.chemicals, typed_term);
    put(out, "keywords", &document.keywords, keyword);
    for (name, kind) in [("doi", "doi"), ("pmcid", "pmc")] {
        put_text(out, name, document.id(kind).unwrap_or_default());
    }
    put(out, "ids", &document.ids, id);
    put(out, "references", &document.references, |reference| {
        let mut value = texts(&[("citation", &reference.citation)]);
        put(&mut value, "ids", &reference.ids, id);
        value.into()
    });
    put(out, "corrections", &document.corrections, |correction| {
        let mut value = texts(&[("kind", &correction.kind), ("source", &correction.source)]);
        if correction.pmid != 0 {
            value.insert("pmid".into(), correction.pmid.into());
        }
        value.into()
    });
    put(out, "data_banks", &document.data_banks, |bank| {
        let mut value = texts(&[("name", &bank.name)]);
        put(&mut value, "accessions", &bank.accessions, |text| text.as_str().into());
        value.into()
    });
    put(out, "grants", &document.grants, |grant| {
        texts(&[("id", &grant.id), ("agency", &grant.agency), ("country", &grant.country)]).into()
    });
    put_text(out, "status", &document.status);
    put_text(out, "indexing_method", &document.indexing_method);
    put_text(out, "conflict_of_interest", &document.conflict_of_interest);
    put_text(out, "copyright", &document.copyright);
    if !document.fields.is_empty() {
        out.insert("fields".into(), fields(document).into());
    }
    Ok(members.into())
}

/// The free fields of a document, as `fields` and `metadata` have them.
pub(crate) fn fields(document: &Document) -> Map<String, Value> {
    let fields = document.fields.iter();
    fields.map(|field| (field.name.clone(), field_value(&field.value))).collect()
}

/// Adds a list, unless it is empty.
fn put<T>(out: &mut Map<String, Value>, name: &str, items: &[T], value: impl Fn(&T) -> Value) {
    if !items.is_empty() {
        out.insert(name.to_owned(), items.iter().map(value).collect());
    }
}

/// Adds a text, unless it is empty.
fn put_text(out: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        out.insert(name.to_owned(), text.into());
    }
}

/// An object of the texts that are not empty.
fn texts(members: &[(&str, &str)]) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, text) in members {
        put_text(&mut object, name, text);
    }
    object
}

fn section(section: &AbstractSection) -> Value {
    let AbstractSection { label, category, text } = section;
    texts(&[("label", label), ("category", category), ("text", text)]).into()
}

fn journal(journal: &Journal) -> Value {
    texts(&[
        ("title", &journal.title),
        ("abbreviation", &journal.abbreviation),
        ("nlm_id", &journal.nlm_id),
        ("issn", &journal.issn),
        ("issn_linking", &journal.issn_linking),
        ("volume", &journal.volume),
        ("issue", &journal.issue),
        ("pages", &journal.pages),
        ("country", &journal.country),
    ])
    .into()
}

fn author(author: &Author) -> Value {
    let mut value = texts(&[
        ("last_name", &author.last_name),
        ("fore_name", &author.fore_name),
        ("initials", &author.initials),
        ("suffix", &author.suffix),
        ("collective_name", &author.collective_name),
        ("identifier", &author.identifier),
    ]);
    put(&mut value, "affiliations", &author.affiliations, |text| text.as_str().into());
    value.into()
}

fn heading(heading: &MeshHeading) -> Value {
    let mut value = texts(&[("ui", &heading.ui), ("name", &heading.name)]);
    value.insert("major".into(), heading.major.into());
    put(&mut value, "qualifiers", &heading.qualifiers, |qualifier| {
        let mut value = texts(&[("ui", &qualifier.ui), ("name", &qualifier.name)]);
        value.insert("major".into(), qualifier.major.into());
        value.into()
    });
    value.into()
}

fn term(term: &Term) -> Value {
    texts(&[("ui", &term.ui), ("name", &term.name)]).into()
}

fn typed_term(term: &TypedTerm) -> Value {
    texts(&[("kind", &term.kind), ("ui", &term.ui), ("name", &term.name)]).into()
}

/// A string where there is nothing but the text.
fn keyword(keyword: &Keyword) -> Value {
    let Keyword { owner, major, text } = keyword;
    if owner.is_empty() && !major {
        return text.as_str().into();
    }
    let mut value = texts(&[("text", text), ("owner", owner)]);
    value.insert("major".into(), (*major).into());
    value.into()
}

fn id(id: &OtherId) -> Value {
    texts(&[("kind", &id.kind), ("value", &id.value)]).into()
}

fn field_value(value: &FieldValue) -> Value {
    match value {
        FieldValue::String(text) => text.as_str().into(),
        FieldValue::Integer(number) => (*number).into(),
        FieldValue::Float(number) => (*number).into(),
        FieldValue::List(items) => json!(items),
    }
}
