//! Filters of many words, which are evaluated several at a time in a large segment.

use std::sync::Arc;

use medvec::db::{CreateOptions, Database};
use medvec::format::manifest::LexicalConfig;
use medvec::search::{Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{RowType, TextField};

use crate::common::Random;
use crate::world::{CONTAINER, Made, World, newest};

const ROWS: u32 = CONTAINER + 500;

/// Numbers in titles, by their first digits.
fn number(random: &mut Random) -> Filter {
    let digits = 1000 + random.below(9000);
    let star = if random.below(4) == 0 { "" } else { "*" };
    Filter::text(TextField::TITLE_ABSTRACT, &format!("{digits}{star}"))
}

fn numbers(random: &mut Random, count: usize) -> Vec<Filter> {
    (0..count).map(|_| number(random)).collect()
}

fn count(world: &World, filter: &Filter) -> u64 {
    // Nothing is remembered by a database that was just opened.
    let query = Query::matching(filter.clone()).count_only();
    world.reopened().search(&query).expect("a count").matched
}

#[test]
fn words_are_the_same_alone_and_among_many() {
    let mut world = World::new(RowType::Int8);
    world.add(0..ROWS);
    world.delete(|made| made.0 % 500 == 3);
    let mut random = Random(11);
    for conditions in [3, 64, 65, 200] {
        let any = Filter::Or(numbers(&mut random, conditions));
        let other = Filter::Or(numbers(&mut random, conditions));
        let why = Filter::text(TextField::TITLE_ABSTRACT, "\"why and how\"");
        let filters = [
            any.clone(),
            any.clone() & why.clone() & !other.clone(),
            // A group that is decided in the middle of what is evaluated together, and one after it.
            Filter::Or(vec![
                Filter::And(vec![number(&mut random), number(&mut random), any.clone()]),
                Filter::And(vec![Filter::HasAbstract, other.clone(), why.clone()]),
            ]),
            Filter::And(vec![Filter::Keys(vec![Made(9).key()]), any, other | why]),
        ];
        for filter in filters {
            let expected = world.matching(&filter);
            assert_eq!(count(&world, &filter), expected.len() as u64, "{conditions}: {filter}");
            let snapshot = world.reopened();
            let query = Query::matching(filter.clone()).k(20);
            for _ in 0..2 {
                let found = snapshot.search(&query).expect("hits");
                let keys: Vec<_> = found.hits.into_iter().map(|hit| hit.key).collect();
                assert_eq!(keys, newest(&expected, 20), "{conditions}: {filter}");
            }
        }
    }
}

#[test]
fn a_fault_counts_only_where_it_is_reached() {
    let lexical = Some(LexicalConfig { positions: false });
    let options = CreateOptions::default().lexical(lexical);
    let storage = Arc::new(MemoryStorage::new());
    let database = Database::create_in(storage.clone(), options).expect("a new database");
    let mut world = World { storage, database, live: Vec::new() };
    world.add_without_vectors(0..CONTAINER / 2 + 500);
    let text = |words: &str| Filter::text(TextField::TITLE_ABSTRACT, words);
    let (phrase, none, some) = (text("\"why and how\""), text("nowhere"), text("why"));
    let mut parts = numbers(&mut Random(12), 20);
    parts.insert(0, none);
    parts.push(phrase.clone());
    let unreached = Filter::And(parts.clone());
    assert_eq!(count(&world, &unreached), 0);
    let reached = Filter::Or(vec![some, unreached, Filter::And(parts[1..].to_vec()), phrase]);
    let query = Query::matching(reached).count_only();
    let refused = world.reopened().search(&query).expect_err("phrases need positions");
    assert!(matches!(refused, medvec::Error::InvalidQuery { .. }), "{refused}");
}
