//! Vectors of extreme numbers: what is accepted is stored, verified, indexed and searched; what is refused
//! leaves the database as it was.

use std::sync::Arc;

use medvec::db::{Change, CreateOptions, Database, OptimizeOptions, WriterOptions};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::{Accuracy, Query};
use medvec::storage::MemoryStorage;
use medvec::{Control, Document, Error, Key, Metric};

use crate::common::Random;
use crate::number;
use crate::world::hits;

const DIMENSION: usize = 6;

/// A number of any magnitude, most often one at the end of a format.
fn any_number(random: &mut Random) -> f32 {
    let edges = [
        0.0,
        -0.0,
        f32::MAX,
        -f32::MAX,
        f32::MIN_POSITIVE,
        1.0e-45,
        3.0e-39,
        65_504.0,
        65_505.0,
        -65_520.0,
        6.0e-8,
        1.0e18,
        9.9e17,
        -1.1e18,
        4.0e17,
        1.8e19,
        1.9e19,
        3.0e38,
        1.0,
        -1.0,
        f32::NAN,
        f32::INFINITY,
    ];
    match random.below(3) {
        0 => edges[random.below(edges.len() as u64) as usize],
        1 => random.unit(),
        _ => f32::from_bits(random.next() as u32),
    }
}

fn any_vector(random: &mut Random) -> Vec<f32> {
    match random.below(4) {
        0 => vec![any_number(random); DIMENSION],
        1 => {
            let scale = any_number(random);
            (0..DIMENSION).map(|_| random.unit() * scale).collect()
        }
        2 => {
            let mut vector = vec![0.0; DIMENSION];
            vector[random.below(DIMENSION as u64) as usize] = any_number(random);
            vector
        }
        _ => (0..DIMENSION).map(|_| any_number(random)).collect(),
    }
}

/// What the documentation says of a vector that is stored.
fn is_accepted(vector: &[f32], metric: Metric, row_type: RowType) -> bool {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    let half = vector.iter().all(|number| number.abs() <= 65_504.0);
    match metric {
        Metric::Cosine => length.is_finite() && length > 0.0,
        Metric::Dot => length <= 1e18 && (half || row_type != RowType::F16),
    }
}

#[test]
fn what_is_accepted_works_and_what_is_refused_changes_nothing() {
    let mut random = Random(11);
    for case in 0..number("MEDVEC_ROWS_QUERIES", 6) * 4 {
        let metric = if case % 2 == 0 { Metric::Dot } else { Metric::Cosine };
        let row_type = [RowType::Int8, RowType::F16, RowType::F32][case as usize / 2 % 3];
        let what = format!("case {case}: {metric:?}, {row_type:?}");
        let vectors = Some(VectorConfig::new(DIMENSION as u32, metric, row_type, None));
        let storage = Arc::new(MemoryStorage::new());
        let database =
            Database::create_in(storage, CreateOptions::default().vectors(vectors)).expect("new");
        let options = WriterOptions::default().index_rows_min(8).train_rows_min(8);
        let mut writer = database.writer(options).expect("no other writer");
        let mut live = 0;
        for number in 1..60 {
            let vector = any_vector(&mut random);
            let document = Document::new(Key::pmid(number));
            let accepted = is_accepted(&vector, metric, row_type);
            // The refused one takes the whole batch with it.
            let other = Change {
                vector: Some(vec![1.0; DIMENSION]),
                ..Change::new(Document::new(Key::pmid(1000)))
            };
            let change = Change { vector: Some(vector.clone()), ..Change::new(document) };
            match writer.apply(vec![other, change]) {
                Ok(_) => {
                    assert!(accepted, "{what}: {vector:?} is stored");
                    live += u64::from(live == 0) + 1;
                }
                Err(Error::Vector { subject, detail, .. }) => {
                    assert!(!accepted, "{what}: {vector:?} is refused: {detail}");
                    assert!(subject.contains(&number.to_string()), "{subject}");
                }
                Err(error) => panic!("{what}: {error}"),
            }
        }
        writer.commit().expect("a commit");
        let control = Control::default();
        let check = |state: &str| {
            let snapshot = database.snapshot();
            assert_eq!(snapshot.len(), live, "{what}, {state}");
            snapshot.verify(&control).unwrap_or_else(|error| panic!("{what}, {state}: {error}"));
            let mut random = Random(u64::from(case));
            for _ in 0..20 {
                let vector = any_vector(&mut random);
                let query = Query::vector(vector.clone()).k(100);
                let exact = snapshot.search(&query.clone().exact());
                // Half precision does not limit queries.
                if !is_accepted(&vector, metric, RowType::F32) {
                    assert!(matches!(exact, Err(Error::Vector { .. })), "{what}: {vector:?}");
                    continue;
                }
                let exact = exact.unwrap_or_else(|error| panic!("{what}: {vector:?}: {error}"));
                assert_eq!(exact.hits.len() as u64, live);
                assert!(exact.hits.iter().all(|hit| hit.score.is_finite()), "{what}");
                let all = Accuracy::Effort { probes: u32::MAX, candidates: u32::MAX };
                for accuracy in [all, Accuracy::default()] {
                    let found = snapshot.search(&query.clone().accuracy(accuracy));
                    let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(found.hits.len(), exact.hits.len(), "{what}");
                    if accuracy == all {
                        assert!(hits(&found) == hits(&exact), "{what}, {state}");
                    }
                }
            }
        };
        check("as written");
        let report = writer.optimize(&OptimizeOptions::default().lists(Some(5)), &control);
        report.unwrap_or_else(|error| panic!("{what}: {error}"));
        check("with an index");
        writer.compact(&control).unwrap_or_else(|error| panic!("{what}: {error}"));
        check("compacted");
    }
}
