//! A document is written as JSON and read back as it was: every field, any text.

use medvec::document::{
    AbstractSection, Author, Correction, DataBank, Document, Field, FieldValue, Grant, HistoryDate,
    Journal, Keyword, MeshHeading, MeshQualifier, OtherAbstract, OtherId, Reference, Term,
    TypedTerm,
};
use medvec::ingest::jsonl::to_json;
use medvec::{Day, Error, Key, PublicationDate};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{all, document, input_error};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        4 => "[a-zA-Z ,.;/*-]{1,12}",
        2 => "\\PC{1,8}",
        1 => any::<String>(),
        1 => prop::sample::select(vec!["123", "pmid:7", " 9 ", "1.0", "null", "\u{1b}[31m", "\"q\"", "{\"a\":1}"])
            .prop_map(str::to_owned),
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        (1..=u32::MAX).prop_map(Key::pmid),
        text().prop_filter("not empty", |text| !text.is_empty()).prop_map(Key::Text),
    ]
}

fn day() -> impl Strategy<Value = Day> {
    prop_oneof![
        3 => (1800u32..2100, 1u32..=12, 1u32..=31).prop_map(|(y, m, d)| Day::new(y, m, d)),
        1 => any::<u32>().prop_map(Day),
    ]
}

fn section() -> impl Strategy<Value = AbstractSection> {
    (text(), text(), text()).prop_map(|(label, category, text)| AbstractSection {
        label,
        category,
        text,
    })
}

fn journal() -> impl Strategy<Value = Journal> {
    vec(text(), 9).prop_map(|texts| {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        Journal {
            title: next(),
            abbreviation: next(),
            nlm_id: next(),
            issn: next(),
            issn_linking: next(),
            volume: next(),
            issue: next(),
            pages: next(),
            country: next(),
        }
    })
}

fn author() -> impl Strategy<Value = Author> {
    (vec(text(), 6), texts()).prop_map(|(texts, affiliations)| {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        Author {
            last_name: next(),
            fore_name: next(),
            initials: next(),
            suffix: next(),
            collective_name: next(),
            identifier: next(),
            affiliations,
        }
    })
}

fn date() -> impl Strategy<Value = PublicationDate> {
    (text(), day(), day()).prop_map(|(verbatim, one, other)| PublicationDate {
        verbatim,
        first: one.min(other),
        last: one.max(other),
    })
}

fn heading() -> impl Strategy<Value = MeshHeading> {
    let qualifier = (text(), text(), any::<bool>()).prop_map(|(ui, name, major)| MeshQualifier {
        ui,
        name,
        major,
    });
    (text(), text(), any::<bool>(), vec(qualifier, 0..3))
        .prop_map(|(ui, name, major, qualifiers)| MeshHeading { ui, name, major, qualifiers })
}

fn typed() -> impl Strategy<Value = TypedTerm> {
    (text(), text(), text()).prop_map(|(kind, ui, name)| TypedTerm { kind, ui, name })
}

fn id() -> impl Strategy<Value = OtherId> {
    let kind =
        prop_oneof![Just("doi".to_owned()), Just("pmc".to_owned()), Just("pii".to_owned()), text()];
    (kind, text()).prop_map(|(kind, value)| OtherId { kind, value })
}

fn value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        text().prop_map(FieldValue::String),
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0)]
            .prop_map(FieldValue::Integer),
        prop_oneof![
            any::<f64>().prop_filter("finite", |number| number.is_finite()),
            any::<i32>().prop_map(f64::from),
            Just(3.0),
            Just(-0.0),
            Just(1e300),
            Just(9_223_372_036_854_775_808.0),
            Just(f64::MIN_POSITIVE),
        ]
        .prop_map(FieldValue::Float),
        texts().prop_map(FieldValue::List),
    ]
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    let name = prop_oneof![
        "[a-z_]{1,8}",
        prop::sample::select(vec![
            "id",
            "pmid",
            "title",
            "vector",
            "fields",
            "embedding",
            "version"
        ])
        .prop_map(str::to_owned),
    ];
    vec((name, value()), 0..4).prop_map(|fields| {
        let mut unique: Vec<Field> = Vec::new();
        for (name, value) in fields {
            if unique.iter().all(|field| field.name != name) {
                unique.push(Field { name, value });
            }
        }
        unique
    })
}

/// A document with anything in any field.
pub(super) fn any_document() -> impl Strategy<Value = Document> {
    let head = (key(), any::<u32>(), vec(text(), 6), vec(section(), 0..3), journal());
    let other = (text(), text(), vec(section(), 0..2))
        .prop_map(|(kind, language, sections)| OtherAbstract { kind, language, sections });
    let times = (
        prop::option::of(date()),
        vec((text(), day()).prop_map(|(event, day)| HistoryDate { event, day }), 0..3),
        vec(other, 0..2),
        vec(author(), 0..3),
    );
    let term = (text(), text()).prop_map(|(ui, name)| Term { ui, name });
    let keyword = (text(), any::<bool>(), text()).prop_map(|(owner, major, text)| Keyword {
        owner,
        major,
        text,
    });
    let terms = (
        vec(term, 0..3),
        texts(),
        vec(heading(), 0..3),
        vec(typed(), 0..2),
        vec(typed(), 0..2),
        vec(keyword, 0..3),
    );
    let reference =
        (text(), vec(id(), 0..2)).prop_map(|(citation, ids)| Reference { citation, ids });
    let correction = (text(), text(), any::<u32>()).prop_map(|(kind, source, pmid)| Correction {
        kind,
        source,
        pmid,
    });
    let bank = (text(), texts()).prop_map(|(name, accessions)| DataBank { name, accessions });
    let grant =
        (text(), text(), text()).prop_map(|(id, agency, country)| Grant { id, agency, country });
    let links = (
        vec(id(), 0..4),
        vec(reference, 0..2),
        vec(correction, 0..2),
        vec(bank, 0..2),
        vec(grant, 0..2),
    );
    (head, times, terms, links, fields()).prop_map(|(head, times, terms, links, fields)| {
        let (key, version, texts, abstract_sections, journal) = head;
        let (date, history, other_abstracts, authors) = times;
        let (publication_types, languages, mesh, supplementary, chemicals, keywords) = terms;
        let (ids, references, corrections, data_banks, grants) = links;
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        // Every field by its name, so that a new one is noticed here.
        Document {
            key,
            version,
            title: next(),
            vernacular_title: next(),
            abstract_sections,
            other_abstracts,
            journal,
            date,
            history,
            authors,
            publication_types,
            languages,
            mesh,
            supplementary,
            chemicals,
            keywords,
            ids,
            references,
            corrections,
            data_banks,
            grants,
            status: next(),
            indexing_method: next(),
            conflict_of_interest: next(),
            copyright: next(),
            fields,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_document_comes_back_as_it_was(written in any_document()) {
        prop_assume!(written.validate().is_ok());
        let line = to_json(&written).expect("is valid").to_string();
        let mut records = all(line.clone());
        prop_assert_eq!(records.len(), 1);
        let read = records.remove(0);
        prop_assert!(read.is_ok(), "{:?}: {}", read, line);
        prop_assert_eq!(document(read), written, "{}", line);
    }
}

#[test]
fn what_json_cannot_hold_is_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut document = Document::new(Key::pmid(1));
        document.fields = vec![Field { name: "x".into(), value: FieldValue::Float(number) }];
        assert!(matches!(to_json(&document), Err(Error::InvalidDocument { .. })));
    }
    assert!(matches!(to_json(&Document::new(Key::pmid(0))), Err(Error::InvalidDocument { .. })));
}

fn read(line: &str) -> Document {
    document(all(line).remove(0))
}

fn refused(line: &str) -> String {
    input_error(all(line).remove(0)).1
}

fn field(document: &Document, name: &str) -> Option<FieldValue> {
    let field = document.fields.iter().find(|field| field.name == name);
    field.map(|field| field.value.clone())
}

#[test]
fn members_of_another_shape_are_free_fields() {
    let document = read(
        r#"{"id": "a", "references": ["Smith 2001"], "history": "long", "version": "1.0", "grants": [{"x": 1}], "date_range": [1, 2]}"#,
    );
    assert_eq!(field(&document, "references"), Some(FieldValue::List(vec!["Smith 2001".into()])));
    assert_eq!(field(&document, "history"), Some(FieldValue::String("long".into())));
    assert_eq!(field(&document, "version"), Some(FieldValue::String("1.0".into())));
    assert_eq!(field(&document, "grants"), Some(FieldValue::List(vec![r#"{"x":1}"#.into()])));
    assert_eq!(
        field(&document, "date_range"),
        Some(FieldValue::List(vec!["1".into(), "2".into()]))
    );
}

#[test]
fn no_member_is_lost_silently() {
    for (line, name) in [
        (r#"{"id": "a", "authors": [{"last_name": "B", "given": "C"}]}"#, "given"),
        (r#"{"id": "a", "journal": {"name": "B"}}"#, "name"),
        (r#"{"id": "a", "sections": [{"heading": "B", "text": "c"}]}"#, "heading"),
        (r#"{"id": "a", "mesh": [{"descriptor": "B"}]}"#, "descriptor"),
        (r#"{"id": "a", "mesh": [{"name": "B", "qualifiers": [{"x": 1}]}]}"#, "x"),
        (r#"{"id": "a", "keywords": [{"keyword": "B"}]}"#, "keyword"),
        (r#"{"id": "a", "publication_types": [{"type": "B"}]}"#, "type"),
    ] {
        let detail = refused(line);
        assert!(detail.contains(&format!("unknown member `{name}`; expected")), "{line}: {detail}");
    }
    let named = read(r#"{"id": "a", "authors": [{"name": "Okafor, Ada"}]}"#);
    assert_eq!(named.authors[0].last_name, "Okafor");
}

#[test]
fn integers_that_do_not_fit_are_refused_and_floats_are_not() {
    for number in [
        "9223372036854775808",
        "18446744073709551615",
        "123456789012345678901234567890",
        "-9223372036854775809",
    ] {
        for line in [
            format!("{{\"id\": \"a\", \"x\": {number}}}"),
            format!("{{\"id\": \"a\\\"1\", \"fields\": {{\"x\": {number}}}}}"),
        ] {
            let detail = refused(&line);
            assert!(detail.contains(&format!("the integer {number} does not fit")), "{detail}");
        }
    }
    for (number, wanted) in [
        ("3.0", FieldValue::Float(3.0)),
        ("1e30", FieldValue::Float(1e30)),
        ("9223372036854775808.0", FieldValue::Float(9_223_372_036_854_775_808.0)),
        ("9223372036854775807", FieldValue::Integer(i64::MAX)),
        ("-9223372036854775808", FieldValue::Integer(i64::MIN)),
        ("0.1234567890123456789", FieldValue::Float(0.123_456_789_012_345_68)),
    ] {
        let line = format!("{{\"id\": \"12345678901234567890123\", \"x\": {number}}}");
        assert_eq!(field(&read(&line), "x"), Some(wanted), "{number}");
    }
}
