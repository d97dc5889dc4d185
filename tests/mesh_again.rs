//! A vocabulary survives the way out and in: what its concepts say builds the same file again.

#![cfg(feature = "ingest")]

mod common;

use medvec::ingest::mesh::MeshSource;
use medvec::mesh::{self, Vocabulary};

fn again(vocabulary: &Vocabulary) -> Vec<u8> {
    let records = vocabulary.concepts().map(|concept| vocabulary.to_record(concept)).collect();
    mesh::build(vocabulary.year(), records).expect("builds")
}

#[test]
fn records_of_a_vocabulary_build_the_same_file() {
    let small = common::vocabulary(2020);
    let builtin = mesh::builtin().expect("the built-in");
    for vocabulary in [&small, builtin] {
        let file = again(vocabulary);
        let opened = Vocabulary::open("again", &file).expect("opens");
        assert!(again(&opened) == file);
        assert_eq!(mesh::diff(vocabulary, &opened), []);
    }
}

#[test]
fn names_and_uis_of_earlier_years_are_handed_on() {
    let table = |text: &str| {
        let mut source = MeshSource::default();
        source.add_reader("table", std::io::Cursor::new(text.to_owned())).expect("reads");
        source
    };
    // Three years: renamed twice, merged in the last; one UI moves to a record that exists.
    let first = table("mesh_id\tmesh_name\nD000001\tOne\nD000002\tTwo\nD000003\tThree\n");
    let mut second = table("mesh_id\tmesh_name\nD000001\tOne A\nD000002\tTwo\n");
    second.add_reader("terms", &b"D000002\tTwo\tThree\tA01\n"[..]).expect("reads");
    second.remember(first);
    let second =
        Vocabulary::open("2", &mesh::build(2, second.finish()).expect("builds")).expect("opens");
    let mut third = table("mesh_id\tmesh_name\nD000001\tOne B\n");
    third.add_reader("terms", &b"D000004\tFour\tTwo\tA01\n"[..]).expect("reads");
    third.remember(MeshSource::from(&second));
    let third =
        Vocabulary::open("3", &mesh::build(3, third.finish()).expect("builds")).expect("opens");
    for (text, ui) in [
        ("one", "D000001"),
        ("one a", "D000001"),
        ("one b", "D000001"),
        ("two", "D000004"),
        ("three", "D000004"),
        ("D000002", "D000004"),
        ("D000003", "D000004"),
    ] {
        let found = third.find(text).map(|(concept, _)| third.ui(concept));
        assert_eq!(found, Some(ui), "{text}");
    }
}

#[test]
fn xml_that_ends_between_two_records_is_cut() {
    let read = |text: &'static str| {
        let mut source = MeshSource::default();
        source.add_reader("desc", text.as_bytes()).map(|()| source.finish().len())
    };
    let set = "<DescriptorRecordSet><DescriptorRecord><DescriptorUI>D000001</DescriptorUI><DescriptorName><String>One\
               </String></DescriptorName></DescriptorRecord>\n</DescriptorRecordSet>\n";
    assert_eq!(read(set).expect("whole"), 1);
    let end = set.find("\n</").expect("an end");
    for cut in end..set.len() - 2 {
        let error = read(&set[..cut]).expect_err("cut").to_string();
        assert!(error.contains("ends before `</DescriptorRecordSet>`"), "{error}");
    }
}

/// As XML does; the first file that names a record decides.
#[test]
fn a_table_renames_what_a_vocabulary_named() {
    let named = |files: &[&'static str]| {
        let table = "mesh_id\tmesh_name\nD000001\tOne\n";
        let mut before = MeshSource::default();
        before.add_reader("table", table.as_bytes()).expect("reads");
        before.add_reader("terms", &b"D000001\tOne\tUno|Eins\tA01\n"[..]).expect("reads");
        let build = |source: MeshSource| {
            Vocabulary::open("1", &mesh::build(1, source.finish()).expect("builds")).expect("opens")
        };
        let before = build(before);
        let mut source = MeshSource::from(&before);
        for file in files {
            source.add_reader("file", file.as_bytes()).expect("reads");
        }
        source.remember(MeshSource::from(&before));
        let after = build(source);
        let one = after.concepts().next().expect("one");
        assert_eq!(after.find("One").map(|(concept, _)| concept), Some(one));
        assert_eq!(after.find("Eins").map(|(concept, _)| concept), Some(one));
        let terms = after.entry_terms(one).map(str::to_owned).collect::<Vec<_>>();
        (after.name(one).to_owned(), terms, after.tree_numbers(one).len())
    };
    let table = |name: &str, terms: &[&str]| {
        (name.to_owned(), terms.iter().map(|term| (*term).to_owned()).collect(), 1)
    };
    let renamed = "mesh_id\tmesh_name\nD000001\tUno\n";
    assert_eq!(named(&[renamed]), table("Uno", &["Eins"]));
    assert_eq!(named(&[renamed, "D000001\tThree\t\tA01\n"]).0, "Uno");
    let record = "*NEWRECORD\nMH = Four\nUI = D000001\nENTRY = Eins\n";
    assert_eq!(named(&[record, renamed]).0, "Four");
}

#[cfg(feature = "session")]
#[test]
fn what_a_record_was_called_stays_when_it_is_added_again() {
    use medvec::session::mesh::MeshImport;
    use medvec::session::{Session, SessionOptions};

    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("writes");
        MeshImport::of(vec![path]).year(Some(2021))
    };
    let path = folder.path().join("db");
    let database = medvec::Database::create(&path, medvec::CreateOptions::default());
    let session = Session::of(database.expect("creates"), SessionOptions::default());
    let record = |name: &str| format!("*NEWRECORD\nMH = {name}\nUI = D000001\n");
    let first = record("First") + "*NEWRECORD\nMH = Other\nUI = D000002\n";
    session.import_mesh(&file("1.bin", &first)).expect("imports");
    session.import_mesh(&file("2.bin", &record("Second"))).expect("imports");
    for _ in 0..2 {
        let again = file("3.bin", &record("Third")).adds(true);
        session.import_mesh(&again).expect("imports");
        let snapshot = session.database().snapshot();
        let vocabulary = snapshot.vocabulary().expect("one");
        for name in ["First", "Second", "Third"] {
            let found = vocabulary.find(name).map(|(concept, _)| vocabulary.ui(concept));
            assert_eq!(found, Some("D000001"), "{name}");
        }
    }
}
