//! CORD-19's `metadata.csv`: ids in several rows, and columns that are identifiers.

use std::io::Cursor;

use medvec::db::{CreateOptions, Database};
use medvec::document::FieldValue;
use medvec::ingest::pipeline::{ImportOptions, import};
use medvec::ingest::{open_reader, open_table};
use medvec::{Document, Key};

use super::{all, document, input_error};

/// Columns as allenai/cord19's README lists them.
pub(super) const CORD19: &str = "\
cord_uid,sha,source_x,title,doi,pmcid,pubmed_id,license,abstract,publish_time,authors,journal,mag_id,who_covidence_id,arxiv_id,pdf_json_files,pmc_json_files,url,s2_id
ug7v899j,d1aafb70,PMC,Clinical features,10.1186/1471-2334-1-6,PMC35282,11472636,no-cc,,2001-07-04,\"Madani, Tariq A; Al-Ghamdi, Aisha A\",BMC Infect Dis,,,2003.00010,document_parses/a.json,,https://doi.org/x,0012
02tnwd4m,,Elsevier,Nitric oxide,,,,unk,\"Inflammatory,
diseases\",2000,\"Vliet, Albert\",,,,,,,,
ug7v899j,,Elsevier,Clinical features again,,,,unk,An abstract,2001-07,,,,,,,,,
ug7v899j,,WHO,Third row,,,,unk,Another abstract,2001,,,,,,,,,
02tnwd4m,,WHO,Without abstract,,,,unk,,2001,,,,,,,,,
,,WHO,Without an id,,,,unk,,2001,,,,,,,,,
22222222,,WHO,,,,,unk,,,,,,,,,,,
";

fn read(text: &str) -> (Vec<Document>, u64) {
    let mut source = open_reader("test", Cursor::new(text.as_bytes().to_vec())).expect("opens");
    let found = source.by_ref().map(document).collect();
    (found, source.duplicates())
}

#[test]
fn metadata_is_read_with_its_ids() {
    let (found, duplicates) = read(CORD19);
    let keys: Vec<String> = found.iter().map(|document| document.key.to_string()).collect();
    assert_eq!(keys[..3], ["ug7v899j", "02tnwd4m", "ug7v899j"]);
    assert!(keys[3].starts_with("text-") && keys[4] == "22222222" && keys.len() == 5);
    // Two rows left out: a second abstract, and no abstract after one.
    assert_eq!(duplicates, 2);
    let first = &found[0];
    assert_eq!(
        (first.id("doi"), first.id("pmc"), first.id("pubmed")),
        (Some("10.1186/1471-2334-1-6"), Some("PMC35282"), Some("11472636"))
    );
    assert_eq!(first.date.as_ref().unwrap().first.0, 20_010_704);
    assert_eq!((first.authors.len(), first.authors[0].last_name.as_str()), (2, "Madani"));
    assert_eq!(first.journal.title, "BMC Infect Dis");
    for (name, text) in [("arxiv_id", "2003.00010"), ("s2_id", "0012"), ("sha", "d1aafb70")] {
        let field = first.fields.iter().find(|field| field.name == name).expect("a field");
        assert_eq!(field.value, FieldValue::String(text.into()));
    }
    assert_eq!(found[1].abstract_text(), "Inflammatory,\ndiseases");
    assert_eq!(
        (found[2].title.as_str(), found[2].abstract_text().as_str()),
        ("Clinical features again", "An abstract")
    );
    assert!(found[4].encoder_input().is_empty());
}

#[test]
fn the_rule_does_not_depend_on_pieces() {
    let text = format!("\u{feff}{}", CORD19.replace('\n', "\r\n"));
    let (found, duplicates) = read(&text);
    assert_eq!((found.len(), duplicates), (5, 2));
    let packed: Vec<u8> = text.as_bytes().chunks(90).flat_map(super::gzip).collect();
    let again: Vec<Document> = all(packed).into_iter().map(document).collect();
    assert_eq!(again, found);
}

#[test]
fn bad_rows_are_reported_and_not_counted_as_duplicates() {
    let header = "cord_uid,title,abstract\n";
    let mut records = all(format!("{header}a,A,x\na,A,x,y\na,\"A\nb,B,\n"));
    assert_eq!(records.len(), 3);
    let (place, detail) = input_error(records.pop().unwrap());
    assert!(place == "line 4" && detail.contains("quote"), "{place}: {detail}");
    let (place, detail) = input_error(records.pop().unwrap());
    assert!(place == "line 3" && detail.contains("4 cells"), "{place}: {detail}");
    // A map makes it a table like any other.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test");
    std::fs::write(&path, "cord_uid,title,n\n7,A,1.5\n7,B,2\n").unwrap();
    let source = open_table(&path, &"id=cord_uid".parse().unwrap()).unwrap();
    let found: Vec<Document> = source.map(document).collect();
    assert_eq!((found.len(), &found[0].key), (2, &Key::Text("7".into())));
    assert_eq!(found[0].fields[0].value, FieldValue::Float(1.5));
}

#[test]
fn an_import_keeps_the_first_row_with_an_abstract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.csv");
    std::fs::write(&path, CORD19).unwrap();
    let database = Database::create(folder.path().join("db"), CreateOptions::default()).unwrap();
    let options = ImportOptions::default();
    let report = import(&database, &[path], &options, &mut |_| {}).unwrap();
    assert_eq!((report.added, report.replaced, report.duplicates), (4, 1, 2));
    let kept = |key: &str| database.snapshot().get(&Key::from(key)).unwrap().unwrap();
    assert_eq!(kept("ug7v899j").abstract_text(), "An abstract");
    assert_eq!(kept("02tnwd4m").title, "Nitric oxide");
}
