//! A small database with patched files, checksums and seals made right: open, search, read,
//! verify, plan a repair, compact. What `verify` accepts must answer every question.
//!
//! An odd first byte takes the database that has an index. After it, eight bytes are a patch: file,
//! offset (three bytes), what to do, value (three bytes).
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use medvec::db::{Database, OptimizeOptions, Snapshot};
use medvec::search::{Accuracy, FieldTest, Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{Control, Result};
use medvec_fuzz::{Files, common};

fn patch(files: &mut Files, patch: &[u8; 8]) {
    let [file, a, b, c, what, value @ ..] = *patch;
    let place = file as usize % files.len();
    let Some(bytes) = files.values_mut().nth(place) else { return };
    if bytes.is_empty() {
        return;
    }
    let offset = u32::from_le_bytes([a, b, c, 0]) as usize % bytes.len();
    let number = u32::from_le_bytes([value[0], value[1], value[2], 0]);
    match what % 6 {
        0 => bytes[offset] ^= value[0].max(1),
        1 => write(bytes, offset, &number.to_le_bytes()),
        2 => write(bytes, offset, &(number | 0xff00_0000).to_le_bytes()),
        3 => write(bytes, offset, &u64::from(number).to_le_bytes()),
        4 => write(bytes, offset, &[0; 16]),
        _ => bytes.truncate(offset),
    }
    medvec_fuzz::repair(bytes);
}

fn write(bytes: &mut [u8], offset: usize, value: &[u8]) {
    let end = (offset + value.len()).min(bytes.len());
    bytes[offset..end].copy_from_slice(&value[..end - offset]);
}

fn ask(snapshot: &Snapshot) -> Result<()> {
    let filters = [
        Filter::All,
        Filter::mesh("heading 1"),
        Filter::years(1995, 2000),
        Filter::Not(Box::new(Filter::Language("ger".into()))),
        Filter::Field { name: "count".into(), test: FieldTest::Integer { from: 0, to: 3 } },
        Filter::Keys(vec![common::key(1), common::key(4)]),
    ];
    for filter in filters {
        let near = Query::vector(common::vector(4, 9));
        for query in [
            near.clone(),
            near.clone().exact(),
            near.clone().recall(0.8),
            near.accuracy(Accuracy::Effort { probes: 2, candidates: 3 }),
            Query::matching(Filter::All),
        ] {
            let found = snapshot.search(&query.k(20).filter(filter.clone()))?;
            assert!(found.hits.len() as u64 <= found.matched);
            for hit in &found.hits {
                snapshot.document(hit)?;
            }
        }
    }
    for number in 0..7 {
        snapshot.get(&common::key(number))?;
    }
    snapshot.documents().try_for_each(|document| document.map(drop))?;
    snapshot.stats().map(drop)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, patches)) = bytes.split_first() else { return };
    let mut files = match which % 2 {
        0 => medvec_fuzz::template().clone(),
        _ => medvec_fuzz::indexed_template().clone(),
    };
    for bytes in patches.as_chunks::<8>().0.iter().take(32) {
        patch(&mut files, bytes);
    }
    medvec_fuzz::reseal(&mut files);
    let storage = MemoryStorage::with_files(files);
    // A plan changes nothing, whatever it finds.
    Database::repair_in(&storage, false).ok();
    let Ok(database) = Database::open_in(Arc::new(storage)) else { return };
    let snapshot = database.snapshot();
    let answered = ask(&snapshot);
    if snapshot.verify(&Control::default()).is_ok() {
        answered.expect("what was verified answers");
    }
    if let Ok(mut writer) = database.writer(medvec_fuzz::small_index()) {
        writer.delete(&common::key(1)).ok();
        writer.compact(&Control::default()).ok();
        writer.optimize(&OptimizeOptions::default(), &Control::default()).ok();
    }
});
