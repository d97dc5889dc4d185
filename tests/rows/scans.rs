//! Scored scans and lists under filters, deletions and missing vectors, for every shape of the rows that are
//! looked at.

use medvec::db::OptimizeOptions;
use medvec::format::manifest::RowType;
use medvec::search::{Accuracy, Filter, Query};
use medvec::{Control, Key};

use crate::common::Random;
use crate::number;
use crate::world::{CONTAINER, Made, World, filter, hits, nearest, newest, vector};

/// Two full containers and a part of a third.
const ROWS: u32 = 2 * CONTAINER + 9000;

/// Everything that is looked at.
const ALL: Accuracy = Accuracy::Effort { probes: u32::MAX, candidates: u32::MAX };

/// Holds some searches of a state against the reference, and against each other.
fn check(world: &World, what: &str, seed: u64) {
    let snapshot = world.reopened();
    assert_eq!(snapshot.len(), world.live.len() as u64, "{what}");
    let mut random = Random(seed);
    for round in 0..number("MEDVEC_ROWS_QUERIES", 4) {
        let filter = match round {
            0 => Filter::All,
            _ => filter(&mut random, ROWS, 2),
        };
        let what = format!("{what}, query {round}: {filter:?}");
        let matching = world.matching(&filter);
        let query = vector(&mut random);
        let k = match round % 3 {
            0 => ROWS as usize,
            1 => 1 + random.below(20) as usize,
            _ => 1 + random.below(u64::from(ROWS)) as usize,
        };
        let exact = Query::vector(query.clone()).filter(filter.clone()).k(k).exact();
        let found = snapshot.search(&exact).expect("an answer");
        assert_eq!(found.matched, matching.len() as u64, "{what}");
        same(&hits(&found), &nearest(&matching, &query, k), &what);
        let all = snapshot.search(&exact.accuracy(ALL)).expect("an answer");
        same(&hits(&all), &hits(&found), &format!("{what}, by the index"));

        let list = snapshot.search(&Query::matching(filter).k(k)).expect("a list");
        assert_eq!(list.matched, matching.len() as u64, "{what}");
        let keys: Vec<Key> = list.hits.into_iter().map(|hit| hit.key).collect();
        assert!(keys == newest(&matching, k), "{what}: {} are listed", keys.len());
    }
}

fn same(found: &[(Key, f32)], expected: &[(Key, f32)], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let wrong = found.iter().zip(expected).position(|(found, expected)| found != expected);
    if let Some(place) = wrong {
        panic!("{what}: hit {place} is {:?}, not {:?}", found[place], expected[place]);
    }
}

#[test]
fn whole_containers_are_searched_in_every_state_of_a_database() {
    let mut world = World::new(RowType::F16);
    world.add(0..ROWS);
    check(&world, "as imported", 1);
    world.delete(|made| made.0 == ROWS - 1);
    check(&world, "after one deletion", 2);
    // Runs, single rows, half of the rows of a container.
    let dies = |made: Made| {
        let at = made.0 % CONTAINER;
        match made.0 / CONTAINER {
            0 => made.0.is_multiple_of(6000),
            1 => at < 10_000 || made.0.wrapping_mul(2_654_435_761) >> 31 == 1,
            _ => false,
        }
    };
    world.delete(dies);
    check(&world, "after many deletions", 3);
    let options = OptimizeOptions::default().lists(Some(64));
    let report = world.writer().optimize(&options, &Control::default()).expect("optimizes");
    assert_eq!(report.lists, 64);
    check(&world, "with an index", 4);
    world.delete(|made| made.0 % 7 == 3);
    let fresh = ROWS..ROWS + CONTAINER + 300;
    world.add(fresh);
    check(&world, "with an index, deletions and a segment without one", 5);
    world.reopened().verify(&Control::default()).expect("sound");
}

#[test]
fn filters_of_any_depth_are_evaluated() {
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(|| {
        let mut world = World::new(RowType::F32);
        world.add(0..60);
        let snapshot = world.reopened();
        let number = |number: u32| Filter::Keys(vec![Made(number % 60).key()]);
        let mut chains = [number(0), number(0), Filter::All, number(0)];
        for round in 1..5000 {
            let [or, and, not, mixed] = chains;
            chains = [
                Filter::Or(vec![or, number(round)]),
                Filter::And(vec![Filter::HasAbstract, and]),
                Filter::Not(Box::new(not)),
                match round % 2 {
                    0 => Filter::And(vec![mixed, Filter::All]),
                    _ => Filter::Or(vec![number(round % 7), mixed]),
                },
            ];
        }
        for (chain, expected) in chains.into_iter().zip([60, 1, 0, 7]) {
            let found = snapshot.search(&Query::matching(chain).k(100)).expect("an answer");
            assert_eq!(found.matched, expected);
        }
    });
    thread.expect("starts").join().expect("returns");
}
