//! Whole documents as rows of Parquet: written, and read back as they were.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::basic::{LogicalType, Type};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use medvec::document::{AbstractSection, Author, Document, Field, FieldValue, MeshHeading};
use medvec::ingest::parquet::{DocumentTable, TableFields};
use medvec::ingest::{Event, open};
use medvec::{Error, Key, Result};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::document;
use super::round_trip::any_document;
use super::shared::shared;

fn write(path: &Path, documents: &[Document]) -> std::io::Result<u64> {
    let mut fields = TableFields::default();
    documents.iter().for_each(|document| fields.see(document));
    let mut table = DocumentTable::new(&fields, File::create(path)?)?;
    documents.iter().try_for_each(|document| table.write(document))?;
    table.finish()
}

fn read(path: &Path) -> Result<Vec<Document>> {
    open(path)?.map(|record| record.map(|record| document(Ok(record)))).collect()
}

/// With free fields in the order of their names: a table has one order for all documents.
fn in_order(document: &Document) -> Document {
    let mut document = document.clone();
    document.fields.sort_by(|one, other| one.name.cmp(&other.name));
    document
}

fn check(documents: &[Document]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.parquet");
    assert_eq!(write(&path, documents).unwrap(), documents.len() as u64);
    let found = read(&path).unwrap();
    assert_eq!(found.len(), documents.len());
    for (found, expected) in found.iter().zip(documents) {
        assert!(in_order(found) == in_order(expected), "{found:?}\nis not\n{expected:?}");
    }
    (folder, path)
}

fn valid(documents: Vec<Document>) -> Vec<Document> {
    documents.into_iter().filter(|document| document.validate().is_ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn documents_come_back_as_they_were(documents in vec(any_document(), 1..30)) {
        let documents = valid(documents);
        prop_assume!(!documents.is_empty());
        check(&documents);
    }
}

/// Many rows and long ones, so that both limits of a row group are passed.
#[test]
fn documents_come_back_across_row_groups() {
    let of = |number: u32| {
        let mut document = Document::new(match number % 7 {
            0 => Key::Text(format!("note-{number}")),
            _ => Key::pmid(number + 1),
        });
        document.title = format!("Title {number}");
        let sections = (0..number % 3).map(|part| AbstractSection {
            label: format!("PART {part}"),
            text: "words ".repeat((number % 50) as usize + 1),
            ..AbstractSection::default()
        });
        document.abstract_sections = sections.collect();
        document.authors = (0..number % 4)
            .map(|author| Author {
                last_name: format!("Author {author}"),
                affiliations: (0..author).map(|place| format!("Place {place}")).collect(),
                ..Author::default()
            })
            .collect();
        document.mesh = (0..number % 2)
            .map(|_| MeshHeading { name: "Asthma".into(), ..MeshHeading::default() })
            .collect();
        document.fields = vec![
            Field { name: "rating".into(), value: FieldValue::Integer(i64::from(number)) },
            Field { name: "score".into(), value: FieldValue::Float(f64::from(number) / 3.0) },
        ];
        if number.is_multiple_of(5) {
            let value = FieldValue::List(vec!["a".into(), format!("tag {number}")]);
            document.fields.push(Field { name: "tags".into(), value });
        }
        document
    };
    let mut documents: Vec<Document> = (0..70_000).map(of).collect();
    assert_eq!(in_order(&documents[1]), documents[1], "in one order, they come back in it");
    // A row that is longer than a group.
    documents[100].title = "long ".repeat(2 << 20);
    let (_folder, path) = check(&documents);
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    assert!(file.num_row_groups() > 2, "{} row groups", file.num_row_groups());
    // Types that other programs make something of.
    let schema = file.metadata().file_metadata().schema_descr();
    let leaf = |path: &str| {
        let columns = schema.columns().iter();
        columns.into_iter().find(|column| column.path().string() == path).expect(path).clone()
    };
    assert_eq!(leaf("pmid").physical_type(), Type::INT64);
    assert_eq!(leaf("fields.rating").physical_type(), Type::INT64);
    assert_eq!(leaf("fields.score").physical_type(), Type::DOUBLE);
    assert_eq!(leaf("mesh.list.element.major").physical_type(), Type::BOOLEAN);
    let affiliations = leaf("authors.list.element.affiliations.list.element");
    assert_eq!(affiliations.logical_type_ref(), Some(&LogicalType::String));
    assert_eq!(affiliations.max_rep_level(), 2);
    leaf("fields.tags.list.element");
}

/// More fields than have columns, and fields of several types.
#[test]
fn fields_of_any_number_and_type_come_back() {
    let field = |name: String, value| Field { name, value };
    let documents: Vec<Document> = (0..300u32)
        .map(|number| {
            let mut document = Document::new(Key::pmid(number + 1));
            document.fields = vec![
                field(format!("own {number}"), FieldValue::Integer(i64::MIN)),
                field(
                    "mixed".into(),
                    match number % 4 {
                        0 => FieldValue::String("3".into()),
                        1 => FieldValue::Integer(3),
                        2 => FieldValue::Float(3.0),
                        _ => FieldValue::List(Vec::new()),
                    },
                ),
            ];
            document
        })
        .collect();
    check(&documents);
    let few: Vec<Document> = documents.into_iter().take(100).collect();
    check(&few);
    // A field that was not announced.
    let mut table = DocumentTable::new(&TableFields::default(), Vec::new()).unwrap();
    let error = table.write(&few[0]).unwrap_err();
    assert!(error.to_string().contains("no column for `fields`"), "{error}");
}

#[test]
fn real_citations_come_back() {
    let Some(data) = shared() else { return };
    let mut files = Vec::new();
    let mut folders = vec![data.join("medline-xml")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut documents = Vec::new();
    for path in files.iter().take(60) {
        let Ok(source) = open(path) else { continue };
        for record in source.take(2_000) {
            if let Ok(Event::Document { document, .. }) = record.map(|record| record.event) {
                documents.push(*document);
            }
        }
    }
    assert!(documents.len() > 1_000, "{} citations", documents.len());
    let has = |is: fn(&Document) -> bool| assert!(documents.iter().any(is));
    has(|document| document.authors.iter().any(|author| author.affiliations.len() > 1));
    has(|document| document.references.iter().any(|reference| !reference.ids.is_empty()));
    has(|document| !document.grants.is_empty() && !document.chemicals.is_empty());
    check(&documents);
    println!("{} citations", documents.len());
}

/// Whatever byte is changed, there are documents or an error.
#[test]
fn any_byte_of_a_table_may_be_changed() {
    let mut documents = Vec::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    while documents.len() < 12 {
        let made = any_document().new_tree(&mut runner).unwrap().current();
        documents.extend(valid(vec![made]));
    }
    let (folder, path) = check(&documents);
    let bytes = std::fs::read(&path).unwrap();
    let broken = folder.path().join("broken.parquet");
    for at in (0..bytes.len()).step_by(bytes.len() / 1500 + 1) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&broken, changed).unwrap();
        match open(&broken) {
            Ok(source) => source.for_each(drop),
            Err(Error::Input { .. } | Error::Unsupported { .. }) => {}
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
}

#[cfg(feature = "session")]
#[test]
fn a_database_leaves_as_a_table_and_comes_back() {
    use medvec::session::export_table;
    use medvec::storage::MemoryStorage;
    use medvec::{Control, CreateOptions, Database, Filter, WriterOptions};

    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let database =
        Database::create_in(Arc::new(MemoryStorage::new()), CreateOptions::default()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for _ in 0..100 {
        let made = any_document().new_tree(&mut runner).unwrap().current();
        for document in valid(vec![made]) {
            writer.upsert(document).unwrap();
        }
    }
    writer.commit().unwrap();
    let snapshot = database.snapshot();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.parquet");
    let export = |filter, path: &Path| export_table(&snapshot, filter, path, &Control::default());
    assert_eq!(export(Filter::All, &path).unwrap(), snapshot.len());
    let expected: Vec<Document> = snapshot.documents().map(Result::unwrap).collect();
    let sorted = |documents: Vec<Document>| documents.iter().map(in_order).collect::<Vec<_>>();
    assert!(sorted(read(&path).unwrap()) == sorted(expected));
    assert_eq!(export(Filter::All, &path).unwrap_err().code(), "io", "the name is taken");
    let none = folder.path().join("none.parquet");
    assert_eq!(export(Filter::Keys(Vec::new()), &none).unwrap(), 0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
