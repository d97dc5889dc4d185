//! A document as JSON, under the names that JSONL import reads (`medvec::ingest`).

use medvec::document::{AbstractSection, Author, Document, FieldValue, Journal, MeshHeading, Term};
use medvec::{Day, Key};
use serde_json::{Map, Value, json};

/// What `medvec import` reads back: a JSONL line without the parts that it has no name for.
pub(crate) fn importable(document: &Document) -> Value {
    Value::Object(named(document))
}

/// Everything that is stored.
pub(crate) fn complete(document: &Document) -> Value {
    let mut members = named(document);
    let mut put = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            members.insert(name.to_owned(), Value::Array(values));
        }
    };
    put(
        "other_abstracts",
        each(&document.other_abstracts, |other| {
            json!({
                "kind": other.kind,
                "language": other.language,
                "sections": each(&other.sections, section),
            })
        }),
    );
    put(
        "history",
        each(
            &document.history,
            |event| json!({"event": event.event, "day": event.day.to_string()}),
        ),
    );
    let typed = |term: &medvec::document::TypedTerm| json!({"kind": term.kind, "ui": term.ui, "name": term.name});
    put("supplementary", each(&document.supplementary, typed));
    put("chemicals", each(&document.chemicals, typed));
    let id = |id: &medvec::document::OtherId| json!({"kind": id.kind, "value": id.value});
    put("ids", each(&document.ids, id));
    put(
        "references",
        each(
            &document.references,
            |reference| json!({"citation": reference.citation, "ids": each(&reference.ids, id)}),
        ),
    );
    put(
        "corrections",
        each(
            &document.corrections,
            |notice| json!({"kind": notice.kind, "source": notice.source, "pmid": notice.pmid}),
        ),
    );
    put(
        "data_banks",
        each(
            &document.data_banks,
            |bank| json!({"name": bank.name, "accessions": bank.accessions}),
        ),
    );
    put(
        "grants",
        each(
            &document.grants,
            |grant| json!({"id": grant.id, "agency": grant.agency, "country": grant.country}),
        ),
    );
    for (name, text) in [
        ("indexing_method", &document.indexing_method),
        ("conflict_of_interest", &document.conflict_of_interest),
    ] {
        put_text(&mut members, name, text);
    }
    if let Some(date) = &document.date {
        let days = |day: Day| Value::from(day.to_string());
        members.insert("date_range".into(), json!([days(date.first), days(date.last)]));
    }
    members.insert("version".into(), document.version.into());
    Value::Object(members)
}

fn each<T>(items: &[T], value: impl Fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(value).collect()
}

fn put_text(members: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        members.insert(name.to_owned(), text.into());
    }
}

fn named(document: &Document) -> Map<String, Value> {
    let mut members = Map::new();
    match &document.key {
        Key::Pmid(pmid) => members.insert("pmid".into(), pmid.0.into()),
        Key::Text(text) => members.insert("id".into(), text.as_str().into()),
    };
    put_text(&mut members, "title", &document.title);
    put_text(&mut members, "vernacular_title", &document.vernacular_title);
    match document.abstract_sections.as_slice() {
        [] => {}
        [only] if only.label.is_empty() && only.category.is_empty() => {
            put_text(&mut members, "abstract", &only.text);
        }
        sections => {
            members.insert("sections".into(), each(sections, section).into());
        }
    }
    if document.journal != Journal::default() {
        members.insert("journal".into(), journal(&document.journal));
    }
    if let Some(date) = &document.date {
        put_text(&mut members, "date", &date.verbatim);
    }
    let mut put = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            members.insert(name.to_owned(), Value::Array(values));
        }
    };
    put("authors", each(&document.authors, author));
    put("mesh", each(&document.mesh, heading));
    put("languages", each(&document.languages, |code| code.as_str().into()));
    put("publication_types", each(&document.publication_types, term));
    put("keywords", each(&document.keywords, |keyword| keyword.text.as_str().into()));
    for (name, kind) in [("doi", "doi"), ("pmcid", "pmc")] {
        put_text(&mut members, name, document.id(kind).unwrap_or_default());
    }
    put_text(&mut members, "status", &document.status);
    put_text(&mut members, "copyright", &document.copyright);
    if !document.fields.is_empty() {
        let fields: Map<String, Value> = document
            .fields
            .iter()
            .map(|field| (field.name.clone(), field_value(&field.value)))
            .collect();
        members.insert("fields".into(), fields.into());
    }
    members
}

fn section(section: &AbstractSection) -> Value {
    texts(&[("label", &section.label), ("category", &section.category), ("text", &section.text)])
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
    if !author.affiliations.is_empty() {
        value["affiliations"] = json!(author.affiliations);
    }
    value
}

fn heading(heading: &MeshHeading) -> Value {
    let mut value = texts(&[("ui", &heading.ui), ("name", &heading.name)]);
    value["major"] = heading.major.into();
    if !heading.qualifiers.is_empty() {
        value["qualifiers"] = Value::Array(each(&heading.qualifiers, |qualifier| {
            let mut value = texts(&[("ui", &qualifier.ui), ("name", &qualifier.name)]);
            value["major"] = qualifier.major.into();
            value
        }));
    }
    value
}

fn term(term: &Term) -> Value {
    texts(&[("ui", &term.ui), ("name", &term.name)])
}

/// An object of the texts that are not empty.
fn texts(members: &[(&str, &str)]) -> Value {
    let mut object = Map::new();
    for (name, text) in members {
        put_text(&mut object, name, text);
    }
    Value::Object(object)
}

fn field_value(value: &FieldValue) -> Value {
    match value {
        FieldValue::String(text) => text.as_str().into(),
        FieldValue::Integer(number) => (*number).into(),
        FieldValue::Float(number) => (*number).into(),
        FieldValue::List(items) => json!(items),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medvec::PublicationDate;
    use medvec::document::{Correction, Field, MeshQualifier, OtherId};

    fn rich() -> Document {
        let mut document = Document::new(Key::pmid(31));
        document.title = "A title".into();
        document.abstract_sections = vec![
            AbstractSection { label: "AIM".into(), text: "To see.".into(), ..Default::default() },
            AbstractSection { text: "Seen.".into(), ..Default::default() },
        ];
        document.journal.abbreviation = "Lancet".into();
        document.date = Some(PublicationDate {
            verbatim: "2019 Mar".into(),
            first: Day::new(2019, 3, 1),
            last: Day::new(2019, 3, 31),
        });
        document.authors =
            vec![Author { last_name: "Okafor".into(), initials: "AM".into(), ..Author::default() }];
        document.mesh = vec![MeshHeading {
            ui: "D006333".into(),
            name: "Heart Failure".into(),
            major: false,
            qualifiers: vec![MeshQualifier {
                name: "drug therapy".into(),
                major: true,
                ..Default::default()
            }],
        }];
        document.languages = vec!["eng".into()];
        document.ids = vec![OtherId { kind: "doi".into(), value: "10.1/x".into() }];
        document.fields = vec![Field { name: "rating".into(), value: FieldValue::Float(4.5) }];
        document.corrections =
            vec![Correction { kind: "RetractionIn".into(), source: "J. 2020".into(), pmid: 32 }];
        document
    }

    #[test]
    fn import_reads_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.jsonl");
        std::fs::write(&path, format!("{}\n", importable(&rich()))).unwrap();
        let records: Vec<_> =
            medvec::ingest::open(&path).unwrap().collect::<medvec::Result<_>>().unwrap();
        let [
            medvec::ingest::Record {
                event: medvec::ingest::Event::Document { document, .. }, ..
            },
        ] = records.as_slice()
        else {
            panic!("expected one document, found {records:?}")
        };
        let expected = Document { corrections: Vec::new(), ..rich() };
        assert_eq!(**document, expected);
    }

    #[test]
    fn the_complete_form_leaves_nothing_out() {
        let value = complete(&rich());
        assert_eq!(value["corrections"][0]["pmid"], 32);
        assert_eq!(value["date_range"], json!(["2019-03-01", "2019-03-31"]));
        assert_eq!(value["mesh"][0]["qualifiers"][0]["major"], true);
        assert!(value.get("grants").is_none(), "empty parts are left out");
    }
}
