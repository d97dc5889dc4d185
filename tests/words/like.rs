//! Documents like some, by their words, against a plain reading of these.

use medvec::document::Document;
use medvec::{Expansion, Filter, Key, Mode, Query};

use crate::common::{self, Random};
use crate::hybrid::assert_ranked;
use crate::plain;
use crate::{database, seeds};

/// Words that documents are compared by, at most.
const TELLING_WORDS: usize = 25;

#[test]
fn the_most_telling_words_rank_documents() {
    let (mut found_any, mut cut) = (0, 0);
    for (seed, compact) in seeds(900) {
        let (database, documents) = database(seed, true, compact);
        let snapshot = database.snapshot();
        let mut random = Random(seed);
        let all: Vec<&Key> = documents.keys().collect();
        let pick = |random: &mut Random, count: u64| -> Vec<Key> {
            (0..count).map(|_| all[random.below(all.len() as u64) as usize].clone()).collect()
        };
        for (likes, unlikes) in [(1, 0), (1, 1), (3, 0), (4, 2), (20, 5)] {
            let (liked, unliked) = (pick(&mut random, likes), pick(&mut random, unlikes));
            let read = |keys: &[Key]| -> Vec<Document> {
                keys.iter().map(|key| snapshot.get(key).unwrap().unwrap()).collect()
            };
            let own: Vec<Key> = liked.iter().chain(&unliked).cloned().collect();
            let query = Query::like(&read(&liked), &read(&unliked)).k(1000);
            let query = query.filter(!Filter::Keys(own.clone()));
            let found = snapshot.search(&query).unwrap();
            let terms = plain::telling(&documents, &liked, &unliked, TELLING_WORDS);
            let mut expected = plain::ranking(&documents, &terms);
            expected.retain(|(key, _)| !own.contains(key));
            let expected: Vec<(Key, f64)> = expected
                .into_iter()
                .map(|(key, units)| (key, f64::from(units) / 65_536.0))
                .collect();
            let what = format!("seed {seed}, {liked:?}, {unliked:?}");
            assert_eq!(found.hits.len(), expected.len(), "{what}");
            assert_ranked(&found.hits, &expected, &what);
            let stems: Vec<&str> = found.explain.words.iter().map(|word| &*word.stem).collect();
            assert_eq!(stems, terms.keys().map(|stem| &**stem).collect::<Vec<_>>(), "{what}");
            assert!(stems.len() <= TELLING_WORDS, "{what}");
            cut += usize::from(stems.len() == TELLING_WORDS);
            found_any += found.hits.len();
        }
    }
    assert!(found_any > 1000 && cut > 0, "{found_any} {cut}");
}

#[test]
fn documents_without_words_are_like_none() {
    let (database, _) = database(42, true, false);
    let snapshot = database.snapshot();
    let mut bare = Document::new(common::key(1));
    bare.title = "Of the".into();
    let found = snapshot.search(&Query::like(&[bare.clone()], &[])).unwrap();
    assert!(found.hits.is_empty() && found.explain.words.is_empty());
    let expanded = Query::like(&[bare], &[]).mode(Mode::Lexical).expand(Expansion::default());
    assert!(snapshot.search(&expanded).unwrap().hits.is_empty());
}
