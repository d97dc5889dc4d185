//! Arbitrary files as a database: open it, ask everything, verify, plan a repair.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use medvec::db::{Database, Snapshot, WriterOptions};
use medvec::search::{FieldTest, Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{Control, Key, Result};
use medvec_fuzz::database::{Files, repair, unpack};

/// Documents read of one database: damage shows in the first ones.
const DOCUMENTS_MAX: usize = 100;

fn ask(snapshot: &Snapshot) -> Result<()> {
    let dimension = snapshot.manifest().vectors.as_ref().map_or(4, |config| config.dimension);
    let filters = [
        Filter::All,
        Filter::mesh("heading 1"),
        Filter::major("D001000"),
        Filter::years(1990, 2005),
        Filter::HasAbstract,
        Filter::Field { name: "tags".into(), test: FieldTest::Is("t1".into()) },
        Filter::Field { name: "count".into(), test: FieldTest::Integer { from: -9, to: 9 } },
        Filter::Field { name: "weight".into(), test: FieldTest::Float { from: 0.0, to: 2.0 } },
    ];
    for filter in filters {
        for query in [Query::vector(vec![1.0; dimension as usize]), Query::matching(Filter::All)] {
            let Ok(result) = snapshot.search(&query.filter(filter.clone()).k(5)) else { continue };
            assert!(result.hits.len() <= 5 && result.hits.len() as u64 <= result.matched);
            for hit in &result.hits {
                snapshot.document(hit).ok();
            }
        }
    }
    for key in [Key::pmid(1_000_002), Key::Text("doc-1".into())] {
        snapshot.get(&key).ok();
        snapshot.stored_vector(&key, [0; 16]).ok();
    }
    for document in snapshot.documents().take(DOCUMENTS_MAX) {
        document?;
    }
    snapshot.stats().map(drop)
}

fn check(files: &Files) {
    let storage = MemoryStorage::with_files(files.clone());
    Database::repair_in(&storage, false).ok();
    let Ok(database) = Database::open_in(Arc::new(storage.clone())) else { return };
    let snapshot = database.snapshot();
    let answers = ask(&snapshot);
    if snapshot.verify(&Control::default()).is_ok() {
        answers.expect("what verifies can be read");
    }
    if let Ok(mut writer) = database.writer(WriterOptions::default()) {
        writer.delete(&Key::pmid(1_000_002)).ok();
        writer.compact(&Control::default()).ok();
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut files = unpack(bytes);
    check(&files);
    repair(&mut files);
    check(&files);
});
