//! Arbitrary bytes as JSON lines with vectors, imported into a database of two numbers a vector:
//! whatever is stored is sound and finite.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use medvec::Control;
use medvec::db::{CreateOptions, Database};
use medvec::encoder::Metric;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ingest::pipeline::{ImportOptions, import};
use medvec::search::Query;
use medvec::storage::MemoryStorage;
use medvec_fuzz::models::Bench;

const ROWS: [RowType; 3] = [RowType::Int8, RowType::F16, RowType::F32];

fuzz_target!(|bytes: &[u8]| {
    let Some((way, bytes)) = bytes.split_first() else { return };
    let metric = if way % 2 == 0 { Metric::Cosine } else { Metric::Dot };
    let rows = ROWS[usize::from(way / 2) % 3];
    let vectors = Some(VectorConfig::new(2, metric, rows, None));
    let storage = Arc::new(MemoryStorage::new());
    let database =
        Database::create_in(storage, CreateOptions::default().vectors(vectors)).expect("memory");
    let paths = [Bench::with(|bench| bench.put("lines.jsonl", bytes))];
    let options =
        ImportOptions::default().keep_going(way & 0x80 == 0).parse_threads(1).encode_threads(1);
    let report = import(&database, &paths, &options, &mut |_| {});
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).expect("sound");
    let query = Query::vector(vec![0.5, -1.0]).k(1000).exact();
    let hits = snapshot.search(&query).expect("searches").hits;
    assert!(hits.iter().all(|hit| hit.score.is_finite()));
    if let Ok(report) = report {
        assert!(snapshot.len() <= report.added + report.vectors);
    }
});
