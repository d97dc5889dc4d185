//! Documents in the columns of Parquet files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;
use medvec::db::{CreateOptions, Database};
use medvec::document::FieldValue;
use medvec::ingest::pipeline::{ImportOptions, import};
use medvec::ingest::{Opened, SourceHints, open};
use medvec::{Document, Error, Key, Result};

use super::{all, document};

/// Values of a column, in the order of its leaves.
enum Column<'a> {
    Texts(&'a [Option<&'a str>]),
    Integers(&'a [i64]),
    Floats(&'a [f64]),
    Flags(&'a [bool]),
    Days(&'a [i32]),
    /// Optional lists of optional strings; a list of `None` has one null.
    Lists(&'a [Option<&'a [&'a str]>]),
    /// Strings in an optional struct.
    Members(&'a [Option<&'a str>]),
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> Vec<ByteArray> {
    values.map(ByteArray::from).collect()
}

fn write_column(group: &mut SerializedRowGroupWriter<'_, File>, column: &Column<'_>) {
    let mut writer = group.next_column().unwrap().expect("a column");
    match column {
        Column::Texts(values) | Column::Members(values) => {
            let full = if matches!(column, Column::Members(_)) { 2 } else { 1 };
            let levels: Vec<i16> =
                values.iter().map(|value| if value.is_some() { full } else { 0 }).collect();
            let present = texts(values.iter().flatten().copied());
            writer.typed::<ByteArrayType>().write_batch(&present, Some(&levels), None).unwrap();
        }
        Column::Integers(values) => {
            writer.typed::<Int64Type>().write_batch(values, None, None).unwrap();
        }
        Column::Floats(values) => {
            writer.typed::<DoubleType>().write_batch(values, None, None).unwrap();
        }
        Column::Flags(values) => {
            writer.typed::<BoolType>().write_batch(values, None, None).unwrap();
        }
        Column::Days(values) => {
            writer.typed::<Int32Type>().write_batch(values, None, None).unwrap();
        }
        Column::Lists(values) => {
            let (mut defined, mut repeated) = (Vec::new(), Vec::new());
            for value in *values {
                let elements = value.map_or(0, <[&str]>::len);
                if elements == 0 {
                    defined.push(i16::from(value.is_some()));
                    repeated.push(0);
                }
                (0..elements).for_each(|place| {
                    defined.push(3);
                    repeated.push(i16::from(place > 0));
                });
            }
            let present = texts(values.iter().flatten().flat_map(|list| list.iter().copied()));
            let typed = writer.typed::<ByteArrayType>();
            typed.write_batch(&present, Some(&defined), Some(&repeated)).unwrap();
        }
    }
    writer.close().unwrap();
}

fn write(path: &Path, schema: &str, groups: &[&[Column<'_>]]) {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    for columns in groups {
        let mut group = writer.next_row_group().unwrap();
        columns.iter().for_each(|column| write_column(&mut group, column));
        group.close().unwrap();
    }
    writer.close().unwrap();
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.parquet");
    (folder, path)
}

fn read(path: &Path) -> Result<Vec<Document>> {
    open(path)?.map(|record| record.map(|record| document(Ok(record)))).collect()
}

/// MTEB's columns.
const MTEB: &str =
    "optional binary _id (STRING); optional binary title (STRING); optional binary text (STRING);";

const ROWS: [Column<'static>; 3] = [
    Column::Texts(&[Some("MED-10"), Some("12"), Some("e")]),
    Column::Texts(&[Some("A \"title\"\n"), None, Some("")]),
    Column::Texts(&[Some("A text\tof é"), Some("B"), None]),
];

#[test]
fn mteb_corpora_are_read_as_their_lines_of_json() {
    let (_folder, path) = file();
    write(&path, MTEB, &[&ROWS, &ROWS]);
    let lines = concat!(
        "{\"_id\": \"MED-10\", \"title\": \"A \\\"title\\\"\\n\", \"text\": \"A text\\tof é\"}\n",
        "{\"_id\": \"12\", \"title\": null, \"text\": \"B\"}\n",
        "{\"_id\": \"e\", \"title\": \"\", \"text\": null}\n"
    );
    let expected: Vec<Document> = all(lines.repeat(2)).into_iter().map(document).collect();
    assert_eq!(read(&path).unwrap(), expected);
    let mut source = open(&path).unwrap();
    source.skip_records(4).unwrap();
    assert_eq!(document(source.next().unwrap()).key, Key::pmid(12));
    assert!(source.by_ref().count() == 1 && source.entry().complete);
    assert_eq!(source.bytes_read(), fs::metadata(&path).unwrap().len());
}

#[test]
fn columns_are_members() {
    let (_folder, path) = file();
    let schema = "required int64 doc_id; optional group abstract (LIST) { repeated group list { optional binary \
                  element (STRING); } } required boolean structured; required double score; required int32 day \
                  (DATE); optional group metadata { optional binary url (STRING); }";
    let rows = [
        Column::Integers(&[7, 8, 9]),
        Column::Lists(&[Some(&["First.", "Second."]), None, Some(&[])]),
        Column::Flags(&[true, false, true]),
        Column::Floats(&[0.5, f64::NAN, 2.0]),
        Column::Days(&[1, 2, 3]),
        Column::Members(&[Some("u"), None, Some("v")]),
    ];
    write(&path, schema, &[&rows]);
    let found = read(&path).unwrap();
    assert_eq!(found[0].abstract_text(), "First. Second.");
    assert!(!found[1].has_abstract() && !found[2].has_abstract());
    let names = |document: &Document| -> Vec<(String, FieldValue)> {
        document.fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect()
    };
    let text = |text: &str| FieldValue::String(text.into());
    assert_eq!(
        names(&found[0]),
        [
            ("structured".into(), text("true")),
            ("score".into(), FieldValue::Float(0.5)),
            ("url".into(), text("u"))
        ]
    );
    assert_eq!(names(&found[1]), [("structured".into(), text("false"))]);
}

#[test]
fn many_rows_come_in_order() {
    let (_folder, path) = file();
    let ids: Vec<String> = (0..1000).map(|id| format!("d{id}")).collect();
    let columns: Vec<Option<&str>> = ids.iter().map(|id| Some(id.as_str())).collect();
    let group = [Column::Texts(&columns), Column::Texts(&columns), Column::Texts(&columns)];
    write(&path, MTEB, &[&group]);
    let found = read(&path).unwrap();
    let keys: Vec<String> = found.iter().map(|document| document.key.to_string()).collect();
    assert_eq!(keys, ids);
}

fn detail(result: Result<Vec<Document>>) -> String {
    match result {
        Err(error @ Error::Input { .. }) => error.to_string(),
        other => panic!("expected an input error, found {other:?}"),
    }
}

#[test]
fn bad_rows_and_bad_files_are_named() {
    let (_folder, path) = file();
    let long = "x".repeat(17 << 20);
    let rows = [
        Column::Texts(&[None, Some("a"), Some("b")]),
        Column::Texts(&[Some("A"), Some(&long), Some("B")]),
        Column::Texts(&[None, None, None]),
    ];
    write(&path, MTEB, &[&rows]);
    let mut source = open(&path).unwrap();
    let errors: Vec<String> =
        (0..2).map(|_| source.next().unwrap().unwrap_err().to_string()).collect();
    let words = "/corpus.parquet, row 0: no key: expected `pmid`, `id`, `_id` or `doc_id`";
    assert!(errors[0].ends_with(words), "{}", errors[0]);
    let words = "/corpus.parquet, row 1: the row is longer than 16 MiB";
    assert!(errors[1].ends_with(words), "{}", errors[1]);
    assert!(source.recoverable());
    assert_eq!(document(source.next().unwrap()).title, "B");

    write(&path, MTEB, &[&ROWS]);
    let whole = fs::read(&path).unwrap();
    for end in [4, 12, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..end]).unwrap();
        let said = detail(read(&path));
        let is_cut = said.contains("it is cut, or was not written to its end");
        assert!(said.contains("cannot be read as Parquet") && (is_cut || end == 4), "{said}");
        let said = Opened::open(&path, &SourceHints::default()).err().unwrap().to_string();
        assert!(said.contains("cannot be read as Parquet"), "{said}");
    }
    write(&path, "required binary _id (STRING); required binary words (STRING);", &[]);
    let said = detail(read(&path));
    assert!(said.contains("no documents: expected a column pmid, id"), "{said}");
    let bytes = fs::read(&path).unwrap();
    let said = medvec::ingest::open_reader("pipe", std::io::Cursor::new(bytes)).err().unwrap();
    assert!(said.to_string().contains("not read from a pipe"), "{said}");
}

#[test]
fn files_with_vectors_hold_vectors() {
    let (_folder, path) = file();
    let kind = |path: &Path| match Opened::open(path, &SourceHints::default()) {
        Ok(Opened::Documents(_)) => "documents".to_owned(),
        Ok(Opened::Vectors(_)) => "vectors".to_owned(),
        Err(error) => error.to_string(),
    };
    write(&path, MTEB, &[&ROWS]);
    assert_eq!(kind(&path), "documents");
    let vectors = "required binary _id (STRING); required binary text (STRING); \
                   required group emb (LIST) { repeated group list { optional float element; } }";
    write(&path, vectors, &[]);
    assert!(kind(&path).contains("it has no rows, so that the length of vectors is not known"));
}

#[test]
fn any_byte_may_be_changed() {
    let (_folder, path) = file();
    write(&path, MTEB, &[&ROWS]);
    let sound = fs::read(&path).unwrap();
    for place in 0..sound.len() {
        for byte in [0, 0xff, sound[place] ^ 1, sound[place] ^ 0x80] {
            let mut bytes = sound.clone();
            bytes[place] = byte;
            fs::write(&path, bytes).unwrap();
            // What is still documents is valid; anything else is an error.
            read(&path).into_iter().flatten().for_each(|document| document.validate().unwrap());
        }
    }
}

#[test]
fn imported_files_are_known_again() {
    let (folder, path) = file();
    write(&path, MTEB, &[&ROWS]);
    let database = Database::create(folder.path().join("db"), CreateOptions::default()).unwrap();
    let run = || {
        let options = ImportOptions::default().commit_every(2);
        import(&database, std::slice::from_ref(&path), &options, &mut |_| {}).unwrap()
    };
    let report = run();
    assert_eq!((report.added, report.files, report.files_known), (3, 1, 0));
    let report = run();
    assert_eq!((report.added, report.files, report.files_known), (0, 0, 1));
    write(&path, MTEB, &[&ROWS, &ROWS]);
    let report = run();
    assert_eq!((report.added, report.files, report.files_changed), (0, 1, 1));
    assert!(database.snapshot().get(&Key::from("MED-10")).unwrap().is_some());
}
