//! JSON lines and PubMedQA.

use medvec::document::FieldValue;
use medvec::ingest::jsonl::to_json;
use medvec::ingest::{Event, open};
use medvec::{Document, Key};

use super::{all, data, document, input_error};

fn lines() -> Vec<(Document, Option<Vec<f32>>)> {
    let source = open(&data("documents.jsonl")).expect("opens");
    source
        .map(|record| match record.expect("good").event {
            Event::Document { document, vector } => (*document, vector),
            other => panic!("no document: {other:?}"),
        })
        .collect()
}

fn field<'a>(document: &'a Document, name: &str) -> &'a FieldValue {
    let field = document.fields.iter().find(|field| field.name == name);
    &field.unwrap_or_else(|| panic!("no field {name}")).value
}

fn line(text: &str) -> Document {
    document(all(text).remove(0))
}

#[test]
fn the_collected_abstracts_form_works_as_it_is() {
    let (document, vector) = lines().swap_remove(0);
    assert_eq!(document.key, Key::pmid(90_000_011));
    assert_eq!(document.mesh[0].name, "Bathing Beaches");
    assert!(document.mesh[0].major && document.mesh[0].qualifiers[0].major);
    assert_eq!(field(&document, "source"), &FieldValue::String("toy".into()));
    assert_eq!(field(&document, "labels"), &FieldValue::List(vec!["C01".into(), "C02".into()]));
    assert_eq!(document.fields.len(), 2);
    assert!(vector.is_none());
}

#[test]
fn the_beir_form_works_as_it_is() {
    let (document, _) = lines().swap_remove(1);
    assert_eq!(document.key, Key::Text("duck-2".into()));
    assert_eq!(document.abstract_text(), "A passage without a title.");
    assert_eq!(field(&document, "rank"), &FieldValue::Integer(3));
}

#[test]
fn every_member_finds_its_place() {
    let (document, vector) = lines().swap_remove(2);
    assert_eq!(document.abstract_text(), "METHODS: We looked. RESULTS: We saw.");
    let date = document.date.as_ref().expect("a date");
    assert_eq!((date.first.0, date.verbatim.as_str()), (20_190_305, "2019-03-05"));
    assert_eq!(document.journal.issn, "9999-0001");
    assert_eq!(document.authors[0].last_name, "Okafor");
    assert_eq!(document.authors[1].collective_name, "TOY Study Group");
    assert_eq!(document.languages, ["eng"]);
    assert_eq!(document.publication_types[0].name, "Review");
    assert_eq!(document.id("doi"), Some("10.9999/toy.3"));
    assert_eq!(field(&document, "rating"), &FieldValue::Float(4.5));
    assert_eq!(field(&document, "read"), &FieldValue::String("true".into()));
    assert_eq!(vector.expect("a vector"), [0.5, -0.25, 1e-3]);
}

#[test]
fn a_document_without_text_is_a_document() {
    let (document, _) = lines().swap_remove(3);
    assert_eq!(document.key, Key::Text("empty-4".into()));
    assert!(document.encoder_input().is_empty());
}

#[test]
fn keys_come_from_pmid_then_id() {
    assert_eq!(line(r#"{"pmid": "17", "title": "t"}"#).key, Key::pmid(17));
    assert_eq!(line(r#"{"id": "PMID:17", "title": "t"}"#).key, Key::pmid(17));
    assert_eq!(line(r#"{"_id": 17, "title": "t"}"#).key, Key::pmid(17));
    let both = line(r#"{"pmid": 17, "id": "local-1"}"#);
    assert_eq!(both.key, Key::pmid(17));
    assert_eq!(field(&both, "id"), &FieldValue::String("local-1".into()));
    assert_eq!(line(r#"{"pmid": null, "id": "x"}"#).key, Key::Text("x".into()));
}

#[test]
fn blank_lines_and_a_missing_last_line_end_are_fine() {
    let records = all("\n{\"id\": \"a\"}\r\n\n  \n{\"id\": \"b\"}");
    let positions: Vec<_> =
        records.iter().map(|record| record.as_ref().map(|r| r.position).ok()).collect();
    assert_eq!(positions, [Some(0), Some(1)]);
}

#[test]
fn mesh_may_be_objects() {
    let document = line(
        r#"{"id": "a", "mesh": [{"ui": "D006333", "name": "Heart Failure", "major": true, "qualifiers": ["*therapy", {"name": "history"}]}]}"#,
    );
    assert_eq!(document.mesh[0].ui, "D006333");
    assert!(document.mesh[0].major && document.mesh[0].qualifiers[0].major);
    assert_eq!(document.mesh[0].qualifiers[1].name, "history");
}

#[test]
fn medrag_chunks_work_as_they_are() {
    let document = line(r#"{"id": "PMID:9", "title": "T", "content": "C", "contents": "T. C"}"#);
    assert_eq!((document.key.clone(), document.abstract_text()), (Key::pmid(9), "C".into()));
}

#[test]
fn pubmedqa_entries_are_documents() {
    let source = open(&data("pubmedqa_sample.json")).expect("opens");
    let documents: Vec<_> = source.map(document).collect();
    assert_eq!(documents.len(), 2);
    let first = &documents[0];
    assert_eq!(first.key, Key::pmid(90_000_021));
    assert_eq!(first.title, "Do wooden ducks float?");
    assert_eq!(
        first.abstract_text(),
        "BACKGROUND: Ducks were carved, \"all\" of oak {and} [ash]. RESULTS: Most of them floated. \
         CONCLUSION: They do float."
    );
    assert_eq!(first.mesh[1].name, "Wood");
    assert_eq!(first.date.as_ref().expect("a date").last.0, 20_111_231);
    assert_eq!(field(first, "final_decision"), &FieldValue::String("yes".into()));
    assert!(documents[1].date.is_none() && !documents[1].has_abstract());
}

#[test]
fn pubmedqa_names_its_bad_entries_and_goes_on() {
    let text = r#"{"5": {"QUESTION": 1.5}, "6": {"QUESTION": "q"}, "x": {}, "7": {"CONTEXTS": ["a"], "LABELS": ["A", "B"]}}"#;
    let mut records = all(text);
    assert_eq!(records.len(), 4);
    assert!(records[1].is_ok());
    let (place, detail) = input_error(records.remove(3));
    assert_eq!(place, "record 4 (PMID 7), byte 58");
    assert_eq!(detail, "2 LABELS for 1 CONTEXTS");
    let (_, detail) = input_error(records.remove(2));
    assert_eq!(detail, "`x` is not a PMID");
    let (place, detail) = input_error(records.remove(0));
    assert_eq!(place, "record 1 (PMID 5), byte 1");
    assert_eq!(detail, "`QUESTION` must be a string, found the number 1.5");
}

#[test]
fn pubmedqa_cut_short_is_fatal() {
    for text in [r#"{"5": {"QUESTION": "q"}"#, r#"{"5": {"QUESTION": "q"#, r#"{"5": {}} x"#] {
        let mut source = super::source(text).expect("opens");
        let last = source.by_ref().last().expect("an error");
        let (_, detail) = input_error(last);
        assert!(detail.contains("cut") || detail.contains("follows"), "{detail}");
        assert!(!source.recoverable());
        assert!(source.next().is_none());
    }
}

#[test]
fn the_elements_of_an_array_are_documents() {
    let text = "[\n  {\"pmid\": 5,\n   \"title\": \"A ], and \\\"{\"},{\"id\": \"b\", \"keywords\": [\"x\"]}\n]\n";
    let documents: Vec<_> = all(text).into_iter().map(document).collect();
    assert_eq!((documents.len(), &documents[0].key), (2, &Key::pmid(5)));
    assert_eq!((documents[0].title.as_str(), documents[1].keywords.len()), ("A ], and \"{", 1));
    assert!(all("[ ]").is_empty());

    let mut records = all(
        r#"[{"id": "a"}, 7, , {"id": "b"}, [1, 2], {"pmid": 4, "issued": {"date-parts": [[2020]]}}]"#,
    );
    assert_eq!(records.len(), 6);
    let (place, detail) = input_error(records.remove(5));
    assert_eq!(place, "record 6, byte 40");
    assert!(detail.contains("CSL-JSON"), "{detail}");
    let (place, detail) = input_error(records.remove(2));
    assert!(place.starts_with("record 3") && detail.contains("nothing before a comma"), "{detail}");
    let (place, _) = input_error(records.remove(1));
    assert_eq!(place, "record 2, byte 15");
    assert!(records[0].is_ok() && records[1].is_ok());

    for (text, what) in [
        (r#"[{"id": "a"}"#, "cut"),
        (r#"[{"id": "a"#, "cut"),
        (r#"[{"id": "a"},"#, "before the closing `]`"),
        (r#"[{"id": "a"}] {"id": "b"}"#, "follows the end of the JSON array"),
    ] {
        let mut source = super::source(text).expect("opens");
        let (_, detail) = input_error(source.by_ref().last().expect("an error"));
        assert!(detail.contains(what) && !source.recoverable(), "{text}: {detail}");
    }
}

#[test]
fn an_array_longer_than_what_is_read_at_a_time() {
    let element = |number: u32| {
        format!(
            "{{\"pmid\": {number},\n \"title\": \"{}\"}}",
            "x,]}".repeat(number as usize % 5_000)
        )
    };
    let elements: Vec<String> = (1..=2_000).map(element).collect();
    let documents: Vec<_> =
        all(format!("[{}]", elements.join(" ,\n"))).into_iter().map(document).collect();
    assert_eq!(documents.len(), 2_000);
    for (number, document) in (1u32..).zip(documents) {
        assert_eq!(document.key, Key::pmid(number));
        assert_eq!(document.title.len(), 4 * (number as usize % 5_000));
    }
}

#[test]
fn a_line_of_key_and_vector_is_a_vector() {
    let read = |line: &str| {
        let bytes = std::io::Cursor::new(line.as_bytes().to_vec());
        let mut source = medvec::ingest::open_reader("v.jsonl", bytes).expect("opens");
        source.next().expect("a record").map(|record| record.event)
    };
    let vector = |line: &str| match read(line).expect("good") {
        Event::Vector { key, vector } => (key.to_string(), vector),
        other => panic!("no vector: {other:?}"),
    };
    let both = "{\"_id\": \"12\", \"id\": \"pmid:12\", \"embedding\": [1, 2]}";
    assert_eq!(vector(both), ("12".to_owned(), vec![1.0, 2.0]));
    assert_eq!(vector("{\"vector\": [3], \"id\": \"a\"}"), ("a".to_owned(), vec![3.0]));
    for document in [
        "{\"id\": \"a\", \"vector\": [1], \"shelf\": 4}",
        "{\"id\": \"a\", \"vector\": [1], \"title\": \"t\"}",
        "{\"id\": \"a\", \"pmid\": 4, \"vector\": [1]}",
        "{\"id\": \"a\", \"vector\": null}",
    ] {
        let event = read(document).expect("good");
        assert!(matches!(event, Event::Document { .. }), "{document}: {event:?}");
    }
    let long = format!("{{\"id\": \"{}\", \"vector\": [1]}}", "x".repeat(600));
    assert!(read(&long).is_err_and(|error| error.to_string().contains("the key has 600 bytes")));
}

#[test]
fn a_text_that_is_not_the_abstract_is_a_free_field() {
    let both = line(
        r#"{"pmid": 1, "title": "t", "abstract": "zebrafish", "text": "rats", "sections": [{"label": "METHODS", "text": "mice"}]}"#,
    );
    assert_eq!(both.abstract_text(), "METHODS: mice");
    assert_eq!(field(&both, "abstract"), &FieldValue::String("zebrafish".into()));
    assert_eq!(field(&both, "text"), &FieldValue::String("rats".into()));
    let written = to_json(&both).expect("JSON").to_string();
    assert_eq!(line(&written), both, "{written}");

    let texts = line(r#"{"pmid": 1, "text": "rats", "abstract": "zebrafish", "content": " "}"#);
    assert_eq!(texts.abstract_text(), "zebrafish");
    assert_eq!(field(&texts, "text"), &FieldValue::String("rats".into()));
    assert_eq!(texts.fields.len(), 1);
    let blank = line(r#"{"pmid": 1, "abstract": " ", "text": "rats"}"#);
    assert_eq!((blank.abstract_text().as_str(), blank.fields.len()), ("rats", 0));

    for same in [
        r#"{"pmid": 1, "abstract": "A b.  C d.", "sections": [{"text": "A b."}, {"label": "X", "text": "C d."}]}"#,
        r#"{"pmid": 1, "text": "X: A b.", "sections": [{"label": "X", "text": "A b."}]}"#,
        r#"{"pmid": 1, "title": "T", "abstract": "C", "text": " C ", "content": "C", "contents": "T. C"}"#,
    ] {
        assert_eq!(line(same).fields, [], "{same}");
    }
}
