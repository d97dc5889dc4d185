//! Queries expanded by the documents that they find, against a plain reading of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::db::{Database, Snapshot, WriterOptions};
use medvec::storage::MemoryStorage;
use medvec::{Control, Error, Expansion, Filter, Key, Mode, Query, Sort, SortOrder, TextField};

use crate::common::{self, Random};
use crate::hybrid::{assert_ranked, fused, vector};
use crate::plain::{self, Documents};
use crate::{QUERIES, database, document, keys_of, seeds};

/// The default, and others that reach further.
fn expansions() -> [Expansion; 3] {
    let mut wide = Expansion::default();
    (wide.documents, wide.terms, wide.query_weight) = (8, 15, 0.4);
    (wide.vector_documents, wide.query_vector_weight) = (12, 0.3);
    let mut words_alone = Expansion::default();
    (words_alone.documents, words_alone.vector_documents) = (1, 0);
    [Expansion::default(), wide, words_alone]
}

/// Scores as the library rounds them.
fn rounded(ranking: &[(Key, u32)]) -> Vec<(Key, f64)> {
    let score = |units: u32| f64::from((f64::from(units) / 65_536.0) as f32);
    ranking.iter().map(|(key, units)| (key.clone(), score(*units))).collect()
}

fn scores(snapshot: &Snapshot, query: &Query) -> Vec<(Key, f64)> {
    let found = snapshot.search(query).unwrap();
    found.hits.into_iter().map(|hit| (hit.key, f64::from(hit.score))).collect()
}

#[test]
fn words_are_added_as_a_reader_would() {
    let (mut expanded_any, mut found_more) = (0, 0);
    for (seed, compact) in seeds(400) {
        let (database, documents) = database(seed, seed % 3 != 0, compact);
        let snapshot = database.snapshot();
        let filter = Filter::text(TextField::TITLE_ABSTRACT, "trial*");
        let passes = keys_of(&snapshot, filter.clone());
        for text in QUERIES {
            let own = plain::of_query(text);
            for (filter, is_allowed) in [
                (Filter::All, (|_: &Key| true) as for<'a> fn(&'a Key) -> bool),
                (filter.clone(), |_| false),
            ] {
                let allowed = |key: &Key| is_allowed(key) || passes.contains(key);
                let plain = |terms: &plain::Terms| -> Vec<(Key, f64)> {
                    let mut ranking = plain::ranking(&documents, terms);
                    ranking.retain(|(key, _)| allowed(key));
                    rounded(&ranking)
                };
                let first = plain(&own);
                for expansion in expansions() {
                    let query = Query::text(*text).mode(Mode::Lexical).filter(filter.clone());
                    let query = query.expand(expansion).k(1000);
                    let found = snapshot.search(&query).unwrap();
                    let terms = plain::expanded(&own, &documents, &first, expansion);
                    let expected = plain(&terms);
                    let what = format!("seed {seed}, {text:?}, {expansion:?}");
                    assert_eq!(found.hits.len(), expected.len(), "{what}");
                    assert_ranked(&found.hits, &expected, &what);
                    assert!(found.hits.iter().all(|hit| allowed(&hit.key)), "{what}");

                    let explain = found.explain.expansion.expect("an expansion explains itself");
                    let sources = first.iter().take(expansion.documents).map(|(key, _)| key);
                    let sources: Vec<&Key> =
                        sources.filter(|key| plain::has_words(&documents[*key])).collect();
                    assert_eq!(explain.documents.iter().collect::<Vec<_>>(), sources, "{what}");
                    let mut added: Vec<&str> =
                        explain.added.iter().map(|added| &*added.stem).collect();
                    added.sort_unstable();
                    let expected_added: Vec<&str> = terms
                        .keys()
                        .filter(|stem| !own.contains_key(*stem))
                        .map(|stem| &**stem)
                        .collect();
                    assert_eq!(added, expected_added, "{what}");
                    for added in &explain.added {
                        assert!(!added.from.is_empty() && added.weight > 0.0, "{what}: {added:?}");
                        assert!(added.from.iter().all(|key| sources.contains(&key)), "{added:?}");
                    }
                    expanded_any += added.len();
                    found_more += usize::from(expected.len() > first.len());
                }
            }
        }
    }
    assert!(expanded_any > 1000 && found_more > 50, "{expanded_any} {found_more}");
}

/// Documents with vectors, but for every seventh, in segments with deleted rows.
fn with_vectors(seed: u64) -> (Database, Documents) {
    let mut random = Random(seed);
    let storage = Arc::new(MemoryStorage::new());
    let database = Database::create_in(storage, common::create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let mut known = BTreeMap::new();
    for number in 0..260 {
        let document = document(&mut random, number);
        known.insert(document.key.clone(), document.clone());
        if number % 7 == 0 {
            writer.upsert(document).unwrap();
        } else {
            writer.upsert_with_vector(document, vector(&mut random)).unwrap();
        }
        if number % 65 == 64 {
            writer.commit().unwrap();
            let gone = common::key(random.below(number));
            writer.delete(&gone).unwrap();
            known.remove(&gone);
        }
    }
    writer.commit().unwrap();
    drop(writer);
    (database, known)
}

/// Rocchio's formula, every vector with the query's length.
fn moved(
    snapshot: &Snapshot,
    query: &[f32],
    hits: &[(Key, f64)],
    expansion: Expansion,
) -> Vec<f32> {
    let length =
        |vector: &[f32]| vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    let hits = hits.iter().take(expansion.vector_documents);
    let vectors: Vec<Vec<f32>> =
        hits.filter_map(|(key, _)| snapshot.vector(key).unwrap()).collect();
    if vectors.is_empty() {
        return query.to_vec();
    }
    let share = f64::from(expansion.query_vector_weight);
    let moved = query.iter().enumerate().map(|(place, own)| {
        let of = |vector: &Vec<f32>| f64::from(vector[place]) / length(vector);
        let mean = vectors.iter().map(of).sum::<f64>() / vectors.len() as f64;
        (share * f64::from(*own) + (1.0 - share) * length(query) * mean) as f32
    });
    moved.collect()
}

#[test]
fn vectors_are_moved_in_each_mode_that_ranks_by_them() {
    let mut without_vector = 0;
    for seed in 500..504 {
        let (database, documents) = with_vectors(seed);
        let snapshot = database.snapshot();
        let own_vector = vector(&mut Random(seed));
        let filters = [Filter::All, Filter::text(TextField::TITLE_ABSTRACT, "trial*")];
        for (text, filter) in QUERIES.iter().zip(filters.iter().cycle()) {
            let passes = keys_of(&snapshot, filter.clone());
            for expansion in expansions() {
                let asked = |vector: &[f32], mode: Mode| {
                    let query = Query::text(*text).with_vector(vector.to_vec()).mode(mode);
                    query.filter(filter.clone()).exact().k(1000)
                };
                let what = format!("seed {seed}, {text:?}, {expansion:?}");
                let first = scores(&snapshot, &asked(&own_vector, Mode::Dense));
                let to = moved(&snapshot, &own_vector, &first, expansion);
                let expected = scores(&snapshot, &asked(&to, Mode::Dense));
                let query = asked(&own_vector, Mode::Dense).expand(expansion);
                let found = snapshot.search(&query).unwrap();
                assert_eq!(found.hits.len(), expected.len(), "{what}");
                assert_ranked(&found.hits, &expected, &what);
                let explain = found.explain.expansion.unwrap();
                assert!(explain.documents.is_empty() && explain.added.is_empty(), "{what}");

                let wanted = expansion.documents.max(expansion.vector_documents);
                let first = scores(&snapshot, &asked(&own_vector, Mode::Hybrid).k(wanted));
                let own = plain::of_query(text);
                let terms = plain::expanded(&own, &documents, &first, expansion);
                let to = moved(&snapshot, &own_vector, &first, expansion);
                // The mean and what could be reached are those of all documents, and the best scores those of matches.
                if *filter == Filter::All {
                    let by_words = rounded(&plain::ranking(&documents, &terms));
                    let by_vector = scores(&snapshot, &asked(&to, Mode::Dense));
                    let reach = plain::reach(&documents, &terms);
                    let expected = fused(&by_vector, &by_words, reach);
                    let query = asked(&own_vector, Mode::Hybrid).expand(expansion).k(50);
                    let found = snapshot.search(&query).unwrap();
                    assert_eq!(found.hits.len(), 50);
                    assert_ranked(&found.hits, &expected, &what);
                }
                let query = asked(&own_vector, Mode::Hybrid).expand(expansion);
                let found = snapshot.search(&query).unwrap();
                assert!(found.hits.iter().all(|hit| passes.contains(&hit.key)), "{what}");
                let explain = found.explain.expansion.unwrap();
                let sources = first.iter().take(expansion.vector_documents).map(|(key, _)| key);
                let sources: Vec<&Key> =
                    sources.filter(|key| snapshot.vector(key).unwrap().is_some()).collect();
                assert_eq!(explain.vector_documents.iter().collect::<Vec<_>>(), sources, "{what}");
                without_vector += usize::from(sources.len() < expansion.vector_documents);
            }
        }
    }
    assert!(without_vector > 0);
}

#[test]
fn the_layout_of_segments_changes_no_answer() {
    for seed in 600..603 {
        let (database, _) = with_vectors(seed);
        let before = database.snapshot();
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        writer.compact(&Control::default()).unwrap();
        drop(writer);
        let after = database.snapshot();
        assert!(before.manifest().segments.len() > 1 && after.manifest().segments.len() == 1);
        for text in QUERIES {
            for mode in [Mode::Lexical, Mode::Dense, Mode::Hybrid] {
                let query = Query::text(*text).with_vector(vector(&mut Random(seed))).mode(mode);
                let query = query.exact().k(1000).expand(Expansion::default());
                let (before, after) = (before.search(&query), after.search(&query));
                let (before, after) = (before.unwrap(), after.unwrap());
                assert_eq!(before.explain.expansion, after.explain.expansion, "{text:?}");
                let expected: Vec<(Key, f64)> =
                    before.hits.iter().map(|hit| (hit.key.clone(), f64::from(hit.score))).collect();
                assert_eq!(after.hits.len(), expected.len());
                assert_ranked(&after.hits, &expected, text);
            }
        }
    }
}

#[test]
fn an_expansion_leaves_orders_and_empty_answers_alone() {
    let (database, _) = with_vectors(700);
    let snapshot = database.snapshot();
    let own = vector(&mut Random(700));
    let keys = |query: &Query| -> Vec<Key> {
        snapshot.search(query).unwrap().hits.into_iter().map(|hit| hit.key).collect()
    };
    let expansion = Expansion::default();

    let nothing = Query::text("unheard of").mode(Mode::Lexical).expand(expansion);
    let found = snapshot.search(&nothing).unwrap();
    let explain = found.explain.expansion.unwrap();
    assert!(found.hits.is_empty() && explain.documents.is_empty() && explain.added.is_empty());
    let stems: Vec<&str> = found.explain.words.iter().map(|word| &*word.stem).collect();
    assert_eq!(stems, ["unheard"]);

    let dense = Query::vector(own.clone()).exact().k(1000).expand(expansion);
    let best_first = keys(&dense);
    let mut worst_first = keys(&dense.clone().sort(Sort::Score, SortOrder::Ascending));
    worst_first.reverse();
    assert_eq!(worst_first, best_first);

    let by_key = Query::text("kinase").with_vector(own).sort(Sort::Key, SortOrder::Ascending);
    let (plain, expanded) = (by_key.clone().k(1000), by_key.expand(expansion).k(1000));
    assert_eq!(keys(&expanded), keys(&plain));
    assert_ne!(scores(&snapshot, &expanded), scores(&snapshot, &plain));
    let explain = snapshot.search(&expanded).unwrap().explain.expansion.unwrap();
    assert!(!explain.added.is_empty() && explain.added.iter().all(|added| added.weight > 0.0));

    let pages: Vec<Key> =
        (0..4).flat_map(|page| keys(&dense.clone().offset(10 * page).k(10))).collect();
    assert_eq!(pages, best_first[..40]);
}

#[test]
fn expansions_that_cannot_be_are_refused() {
    let (database, _) = with_vectors(800);
    let snapshot = database.snapshot();
    let with = |change: &dyn Fn(&mut Expansion)| {
        let mut expansion = Expansion::default();
        change(&mut expansion);
        expansion
    };
    for (expansion, words) in [
        (with(&|expansion| expansion.query_weight = 1.5), "1.5 is not a share"),
        (with(&|expansion| expansion.query_weight = f32::NAN), "NaN is not a share"),
        (with(&|expansion| expansion.query_vector_weight = -0.1), "-0.1 is not a share"),
        (with(&|expansion| expansion.documents = 101), "101 documents"),
        (with(&|expansion| expansion.vector_documents = 1000), "1000 documents"),
        (with(&|expansion| expansion.terms = 1001), "1001 words"),
    ] {
        let error = snapshot.search(&Query::text("kinase").expand(expansion)).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidQuery { detail, .. } if detail.contains(words)),
            "{error}"
        );
    }
    let listed = Query::matching(Filter::All).expand(Expansion::default());
    let error = snapshot.search(&listed).unwrap_err();
    assert!(error.to_string().contains("nothing to expand"), "{error}");
    assert!(snapshot.search(&listed.k(0)).is_ok());
}
