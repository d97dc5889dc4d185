//! Arbitrary bytes as the MeSH file of a database, checksums and content hash repaired: it is refused, or every
//! look-up has an answer. What `verify` passes is built into a file whose records build the same file again.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use medvec::db::Database;
use medvec::format::manifest::{self, Manifest};
use medvec::format::names::{manifest_name, mesh_name};
use medvec::mesh::{self, Vocabulary};
use medvec::storage::MemoryStorage;
use medvec::{Control, Generation};
use medvec_fuzz::{empty_manifest, repair_mesh};

/// Concepts that are asked about: a look-up can cost as much as there are concepts.
const CONCEPTS: usize = 64;

fn ask(vocabulary: &Vocabulary) {
    for concept in vocabulary.concepts().take(CONCEPTS) {
        let name = vocabulary.name(concept);
        vocabulary.by_ui(vocabulary.ui(concept));
        vocabulary.find(name);
        vocabulary.find_qualifier(name);
        vocabulary.starting_with(name, 5);
        let all = vocabulary.explode(concept);
        assert!(all.contains(&concept) && all.is_sorted());
        vocabulary.substances(&all);
        for number in vocabulary.tree_numbers(concept) {
            vocabulary.at_tree_number(number);
            vocabulary.children(number);
        }
        vocabulary.to_record(concept);
    }
    vocabulary.children("");
    vocabulary.qualifiers().count();
}

fn build(vocabulary: &Vocabulary) -> medvec::Result<Vec<u8>> {
    let records = vocabulary.concepts().map(|concept| vocabulary.to_record(concept)).collect();
    mesh::build(vocabulary.year(), records)
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    let Some(entry) = repair_mesh(&mut bytes) else { return };
    let manifest = Manifest { mesh: Some(entry.clone()), ..empty_manifest() };
    let (state, _) = manifest::encode(&manifest, [1; 16]).expect("valid");
    let files = [(manifest_name(Generation(1)), state), (mesh_name(entry.hash), bytes)];
    let storage = MemoryStorage::with_files(files);
    let Ok(database) = Database::open_in(Arc::new(storage)) else { return };
    let snapshot = database.snapshot();
    let Ok(vocabulary) = snapshot.vocabulary() else {
        assert!(snapshot.verify(&Control::default()).is_err());
        return;
    };
    ask(vocabulary);
    if snapshot.verify(&Control::default()).is_ok() {
        let uis = vocabulary.concepts().map(|concept| vocabulary.ui(concept));
        assert!(uis.is_sorted());
        if let Ok(built) = build(vocabulary) {
            let opened = Vocabulary::open("built", &built).expect("what is built opens");
            assert!(build(&opened).expect("its records are right") == built);
        }
    }
});
