//! Equal scores are ordered by key, whatever the plan, `k`, the order of import and the layout of segments.

use std::sync::Arc;

use medvec::db::{CreateOptions, Database, OptimizeOptions, Snapshot, WriterOptions};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::{Accuracy, Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{Control, Document, Key, Metric};

use crate::common::Random;
use crate::number;
use crate::world::hits;

const DIMENSION: usize = 8;

/// The vector of a document: one of a few, so that very many scores are equal.
fn vector(number: u32, distinct: u64, seed: u64) -> Vec<f32> {
    let mut random = Random(seed ^ (u64::from(number) << 32));
    // Half of all documents have the first one.
    let which = if random.below(2) == 0 { 0 } else { random.below(distinct) };
    let mut random = Random(seed ^ which);
    (0..DIMENSION).map(|_| random.unit()).collect()
}

fn key(number: u32) -> Key {
    let mixed = number.wrapping_mul(2_654_435_761);
    match number % 5 {
        4 => Key::Text(format!("{mixed:08x}")),
        _ => Key::pmid(mixed.max(1)),
    }
}

/// A way to bring the same documents into a database.
#[derive(Clone, Copy, Debug)]
struct Layout {
    commits: usize,
    compacts: bool,
    /// Shuffles the documents.
    order: u64,
    /// Lists of an index; 0 for none.
    lists: usize,
}

fn made(count: u32, distinct: u64, seed: u64, row_type: RowType, layout: Layout) -> Snapshot {
    let metric = if seed.is_multiple_of(2) { Metric::Cosine } else { Metric::Dot };
    let vectors = Some(VectorConfig::new(DIMENSION as u32, metric, row_type, None));
    let storage = Arc::new(MemoryStorage::new());
    let database =
        Database::create_in(storage, CreateOptions::default().vectors(vectors)).expect("new");
    let options = WriterOptions::default().index_rows_min(8).train_rows_min(8);
    let mut writer = database.writer(options).expect("no other writer");
    let mut numbers: Vec<u32> = (0..count).collect();
    let mut random = Random(layout.order);
    for place in (1..numbers.len()).rev() {
        numbers.swap(place, random.below(place as u64 + 1) as usize);
    }
    let index = |lists: usize| OptimizeOptions::default().lists(Some(lists));
    let part = numbers.len().div_ceil(layout.commits);
    for (place, numbers) in numbers.chunks(part).enumerate() {
        for number in numbers {
            let mut document = Document::new(key(*number));
            document.languages = vec![if number % 3 == 0 { "ger" } else { "eng" }.into()];
            let vector = vector(*number, distinct, seed);
            writer.upsert_with_vector(document, vector).expect("a document");
        }
        writer.commit().expect("a commit");
        if place == 0 && layout.lists > 0 {
            // What comes later is indexed with the same codebook, or not at all.
            writer.optimize(&index(layout.lists), &Control::default()).expect("optimizes");
        }
    }
    if layout.compacts {
        writer.compact(&Control::default()).expect("compacts");
    }
    database.snapshot()
}

#[test]
fn equal_scores_are_ordered_by_key_in_every_layout() {
    let mut random = Random(5);
    for case in 0..u64::from(number("MEDVEC_ROWS_QUERIES", 6)) {
        let (count, distinct) = (40 + random.below(900) as u32, 1 + random.below(9));
        let row_type = [RowType::Int8, RowType::F16, RowType::F32][case as usize % 3];
        let plain = Layout { commits: 1, compacts: false, order: 1, lists: 0 };
        let reference = made(count, distinct, case, row_type, plain);
        let layouts = [
            plain,
            Layout { order: 2, commits: 3, ..plain },
            Layout { order: 3, lists: 1 + random.below(20) as usize, ..plain },
            Layout { order: 4, lists: 12, commits: 4, compacts: false },
            Layout { order: 5, lists: 7, commits: 4, compacts: true },
        ];
        let worlds = layouts.map(|layout| (layout, made(count, distinct, case, row_type, layout)));
        for round in 0..8 {
            let query = vector(random.next() as u32, distinct, case);
            let filter = match round % 3 {
                0 => Filter::Language("eng".into()),
                _ => Filter::All,
            };
            let query = Query::vector(query).filter(filter);
            let whole = hits(&reference.search(&query.clone().k(2000).exact()).expect("answers"));
            assert!(whole.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
            let k = 1 + random.below(u64::from(count)) as usize;
            for (layout, world) in &worlds {
                for (accuracy, is_all) in [
                    (Accuracy::Exact, true),
                    (Accuracy::Effort { probes: u32::MAX, candidates: u32::MAX }, true),
                    (Accuracy::Recall(0.95), false),
                    (Accuracy::Effort { probes: 1, candidates: 1 }, false),
                ] {
                    let what = format!("case {case}, {layout:?}, {accuracy:?}, k {k}");
                    let found = world.search(&query.clone().k(k).accuracy(accuracy));
                    let found = hits(&found.expect("an answer"));
                    assert_eq!(found.len(), k.min(whole.len()), "{what}");
                    if is_all {
                        assert!(found == whole[..found.len()], "{what}");
                    }
                    // Of documents with one score, the first by key.
                    for equal in found.chunk_by(|a, b| a.1 == b.1) {
                        let first = whole.iter().filter(|hit| hit.1 == equal[0].1);
                        assert!(equal.iter().eq(first.take(equal.len())), "{what}: {equal:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_greater_k_lengthens_the_list_and_the_same_many_queries_agree() {
    let layout = Layout { commits: 2, compacts: false, order: 9, lists: 10 };
    let world = made(1500, 3, 1, RowType::Int8, layout);
    let query = |k: usize| Query::vector(vector(7, 3, 1)).k(k);
    let whole = hits(&world.search(&query(1500).exact()).expect("answers"));
    let ks = [1, 2, 5, 10, 30, 299, 700];
    let many: Vec<Query> = ks.iter().map(|k| query(*k)).collect();
    let answers = world.search_many(&many, 3).expect("answers");
    for (k, answer) in ks.into_iter().zip(answers) {
        assert_eq!(hits(&answer), whole[..k], "k {k}");
        assert_eq!(hits(&answer), hits(&world.search(&query(k)).expect("answers")));
    }
}
