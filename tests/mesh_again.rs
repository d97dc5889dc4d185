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
