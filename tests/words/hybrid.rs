//! Rankings by words and vectors together, against the formula that makes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use medvec::db::{Database, WriterOptions};
use medvec::storage::MemoryStorage;
use medvec::{Error, Fusion, Hit, Key, Mode, Query};

use crate::common::{self, Random};
use crate::{QUERIES, document};

/// A database of documents with vectors, but for every seventh.
fn with_vectors(seed: u64, documents: u64) -> Database {
    let mut random = Random(seed);
    let database =
        Database::create_in(Arc::new(MemoryStorage::new()), common::create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for number in 0..documents {
        let document = document(&mut random, number);
        if number % 7 == 0 {
            writer.upsert(document).unwrap();
        } else {
            writer.upsert_with_vector(document, vector(&mut random)).unwrap();
        }
        if number % 50 == 49 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    drop(writer);
    database
}

pub fn vector(random: &mut Random) -> Vec<f32> {
    (0..common::DIMENSION).map(|_| random.unit()).collect()
}

/// The documents among the first hundred of either ranking, by the formula of the default.
pub fn fused(dense: &[(Key, f64)], words: &[(Key, f64)], reach: f64) -> Vec<(Key, f64)> {
    let of = |list: &[(Key, f64)], key: &Key| {
        list.iter().find(|(known, _)| known == key).map(|(_, score)| *score)
    };
    let mean = dense.iter().map(|(_, score)| score).sum::<f64>() / dense.len() as f64;
    let best = dense[0].1;
    let scale = (words.first().map_or(0.0, |(_, score)| *score) * reach).sqrt();
    let candidates: BTreeSet<&Key> =
        dense.iter().take(100).chain(words.iter().take(100)).map(|(key, _)| key).collect();
    let scored = candidates.into_iter().map(|key| {
        let by_words = if scale > 0.0 { of(words, key).unwrap_or(0.0) / scale } else { 0.0 };
        let by_vector = of(dense, key).map_or(0.0, |score| (score - mean) / (best - mean));
        (key.clone(), by_words + 0.8 * by_vector)
    });
    let mut scored: Vec<(Key, f64)> = scored.collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    scored
}

/// Whether hits are the first of a ranking; two may change places only where they are as good as equal.
pub fn assert_ranked(hits: &[Hit], expected: &[(Key, f64)], what: &str) {
    for (hit, (key, score)) in hits.iter().zip(expected) {
        assert!((f64::from(hit.score) - score).abs() < 1e-4, "{what}: {} {score}", hit.score);
        let own = expected.iter().find(|(known, _)| *known == hit.key).map(|(_, own)| *own);
        assert!(own.is_some_and(|own| (own - score).abs() < 1e-4), "{what}: {} {key}", hit.key);
    }
}

#[test]
fn a_hybrid_ranking_is_what_its_formula_says() {
    for seed in 300..306 {
        // Below and above the hundred documents that each ranking offers.
        let database = with_vectors(seed, if seed % 2 == 0 { 60 } else { 400 });
        let snapshot = database.snapshot();
        let vector = vector(&mut Random(seed));
        for text in QUERIES {
            let query = Query::text(*text).with_vector(vector.clone()).exact().k(10_000);
            let scores = |mode: Mode| -> Vec<(Key, f64)> {
                let found = snapshot.search(&query.clone().mode(mode)).unwrap();
                found.hits.into_iter().map(|hit| (hit.key, f64::from(hit.score))).collect()
            };
            let (dense, words) = (scores(Mode::Dense), scores(Mode::Lexical));
            let mean = dense.iter().map(|(_, score)| score).sum::<f64>() / dense.len() as f64;
            let explain = snapshot.search(&query.clone().k(5)).unwrap().explain;
            let parts = explain.fused.expect("a text with its vector is searched by both");
            assert!((f64::from(parts.mean) - mean).abs() < 1e-4, "{} {mean}", parts.mean);
            // Parts in one piece count only where they are found, not in what could be reached.
            let joined = ["il6", "cd4+"];
            let weights = explain.words.iter().filter(|word| !joined.contains(&&*word.stem));
            let reach: f64 = weights.map(|word| f64::from(word.weight)).sum();
            let expected = fused(&dense, &words, reach);
            let found = snapshot.search(&query.clone().k(20)).unwrap();
            assert_ranked(&found.hits, &expected, text);
            assert_eq!(found.hits.len(), expected.len().min(20));
        }
    }
}

#[test]
fn pages_are_the_parts_of_one_list() {
    let snapshot = with_vectors(310, 700).snapshot();
    let fusions = [Fusion::default(), Fusion::Ranks { k: 60 }, Fusion::Sum { vector_weight: 0.5 }];
    for (text, fusion) in QUERIES.iter().zip(fusions.iter().cycle()) {
        let query = Query::text(*text).with_vector(vector(&mut Random(9))).exact().fusion(*fusion);
        let keys = |offset, k| -> Vec<Key> {
            let found = snapshot.search(&query.clone().offset(offset).k(k)).unwrap();
            found.hits.into_iter().map(|hit| hit.key).collect()
        };
        let whole = keys(0, 10_000);
        assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len(), "{text}");
        for size in [30, 100, 170] {
            let pages: Vec<Key> =
                (0..whole.len()).step_by(size).flat_map(|offset| keys(offset, size)).collect();
            assert_eq!(pages, whole, "{text}, pages of {size}");
        }
    }
}

#[test]
fn modes_that_lack_something_are_refused() {
    let database = with_vectors(9, 20);
    let snapshot = database.snapshot();
    let vector = vector(&mut Random(9));
    for query in [
        Query::text("kinase").mode(Mode::Dense),
        Query::text("kinase").mode(Mode::Hybrid),
        Query::vector(vector.clone()).mode(Mode::Lexical),
        Query::vector(vector.clone()).mode(Mode::Hybrid),
        Query::text("kinase")
            .with_vector(vector.clone())
            .fusion(Fusion::Sum { vector_weight: 2.0 }),
        Query::text("kinase")
            .with_vector(vector.clone())
            .fusion(Fusion::Relative { vector_weight: f32::NAN }),
    ] {
        assert!(matches!(snapshot.search(&query), Err(Error::InvalidQuery { .. })), "{query:?}");
    }
    for fusion in [Fusion::Ranks { k: 60 }, Fusion::Sum { vector_weight: 0.6 }] {
        let query = Query::text("kinase").with_vector(vector.clone()).fusion(fusion).k(5);
        let found = snapshot.search(&query).unwrap();
        assert!(found.hits.is_sorted_by(|a, b| a.score >= b.score) && found.hits.len() == 5);
    }
}
