//! Arbitrary bytes as a file of MeSH: as they are, and inside of a record of each format. What is read is a
//! vocabulary, or cannot be built into one.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use medvec::ingest::mesh::MeshSource;
use medvec::mesh::{self, Vocabulary};

fn read(parts: &[&[u8]]) {
    let mut source = MeshSource::default();
    let outcome = source.add_reader("mesh", Cursor::new(parts.concat()));
    if let Err(error) = &outcome {
        assert!(error.to_string().starts_with("mesh, "), "{error}");
    }
    // What was read before an error is whole.
    let mut again = MeshSource::default();
    let records = source.finish();
    let Ok(file) = mesh::build(2024, records) else { return };
    let vocabulary = Vocabulary::open("built", &file).expect("what is built opens");
    again.remember(MeshSource::from(&vocabulary));
    for concept in vocabulary.concepts().take(64) {
        let found = vocabulary.by_ui(vocabulary.ui(concept));
        assert_eq!(found, Some(concept));
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(&[bytes]);
    read(&[
        b"<DescriptorRecordSet><DescriptorRecord><DescriptorUI>D000001</DescriptorUI>",
        b"<DescriptorName><String>a</String></DescriptorName>",
        bytes,
        b"</DescriptorRecord></DescriptorRecordSet>",
    ]);
    read(&[b"*NEWRECORD\nUI = D000001\nMH = a\n", bytes, b"\n*NEWRECORD\nUI = D000002\nMH = b\n"]);
    read(&[b"D000001\ta\t", bytes, b"\tA01\nD000002\tb\tc\tA02\n"]);
    read(&[b"mesh_id\tmesh_name\ttree\nD000001\ta\tA01\n", bytes]);
    read(&[b"a;A01\n", bytes]);
});
