//! Orders of hits against a plain sort, and pages that are the parts of one long list.

use std::cmp::Ordering;
use std::collections::HashMap;

use medvec::db::OptimizeOptions;
use medvec::document::FieldValue;
use medvec::error::{Error, NameKind};
use medvec::format::manifest::RowType;
use medvec::limits::HITS_MAX;
use medvec::search::{Accuracy, Filter, Mode, Query, Sort, SortOrder};
use medvec::{Control, Key};

use crate::common::Random;
use crate::number;
use crate::world::{CONTAINER, Made, World, filter, hits, vector};

/// The whole index.
const ALL: Accuracy = Accuracy::Effort { probes: u32::MAX, candidates: u32::MAX };

const ORDERS: [SortOrder; 2] = [SortOrder::Ascending, SortOrder::Descending];

/// Hits of the long list.
const LONG: usize = 300;

/// What a document is ordered by; numbers before texts.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Value {
    Number(f64),
    Text(String),
}

fn value(made: Made, sort: &Sort, order: SortOrder) -> Option<Value> {
    let value = match sort {
        Sort::Date => return made.year().map(|year| Value::Number(f64::from(year))),
        Sort::Field(name) if name == "half" => FieldValue::Float(f64::from(made.0) / 2.0),
        Sort::Field(name) if name == "mixed" => made.mixed_value()?,
        Sort::Field(_) => FieldValue::List(made.shapes()),
        _ => return None,
    };
    match value {
        FieldValue::Integer(value) => Some(Value::Number(value as f64)),
        FieldValue::Float(value) => Some(Value::Number(value)),
        FieldValue::String(value) => Some(Value::Text(value)),
        FieldValue::List(values) => {
            let (first, last) = (values.iter().min(), values.iter().max());
            let chosen = if order == SortOrder::Ascending { first } else { last };
            chosen.cloned().map(Value::Text)
        }
    }
}

fn directed(order: SortOrder, ascending: Ordering) -> Ordering {
    if order == SortOrder::Ascending { ascending } else { ascending.reverse() }
}

/// The keys of documents in an order.
fn sorted(matching: &[Made], sort: &Sort, order: SortOrder) -> Vec<Key> {
    let valued = matching.iter().map(|made| (value(*made, sort, order), made.key()));
    let mut valued: Vec<(Option<Value>, Key)> = valued.collect();
    valued.sort_by(|(a, one), (b, other)| {
        let values = match (a, b) {
            (Some(a), Some(b)) => directed(order, a.partial_cmp(b).expect("numbers")),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        let keys = one.cmp(other);
        values.then(if *sort == Sort::Key { directed(order, keys) } else { keys })
    });
    valued.into_iter().map(|(_, key)| key).collect()
}

fn score(made: Made, query: &[f32]) -> Option<f32> {
    Some(made.vector()?.iter().zip(query).map(|(a, b)| a * b).sum())
}

/// Asks for one list of `LONG`, holds its pages against it, and gives it.
fn paged(world: &World, query: &Query, what: &str) -> Vec<(Key, f32)> {
    let snapshot = world.database.snapshot();
    let long = snapshot.search(&query.clone().k(LONG)).expect("answers");
    let whole = hits(&long);
    // A page that does not divide the list, and the whole.
    for page in [64, LONG] {
        let mut parts = Vec::new();
        for offset in (0..LONG).step_by(page) {
            let k = page.min(LONG - offset);
            let part = snapshot.search(&query.clone().offset(offset).k(k)).expect("answers");
            assert_eq!(part.matched, long.matched, "{what}");
            parts.extend(hits(&part));
        }
        assert!(parts == whole, "{what}: pages of {page}");
    }
    let beyond = long.matched as usize + 1;
    assert!(snapshot.search(&query.clone().offset(beyond)).expect("answers").hits.is_empty());
    let counted = snapshot.search(&query.clone().count_only()).expect("counts");
    assert_eq!((counted.matched, counted.hits.len()), (long.matched, 0), "{what}");
    whole
}

fn check(world: &World, filter: &Filter, random: &mut Random) {
    let matching = world.matching(filter);
    let listing = Query::matching(filter.clone());
    let query = vector(random);
    let with_vector = Query::vector(query.clone()).filter(filter.clone());
    let searchable: Vec<Made> =
        matching.iter().copied().filter(|made| made.vector().is_some()).collect();
    let by_key: HashMap<Key, Made> = searchable.iter().map(|made| (made.key(), *made)).collect();

    let newest = paged(world, &listing, "listed");
    let date_descending = listing.clone().sort(Sort::Date, SortOrder::Descending);
    assert!(newest == paged(world, &date_descending, "newest"), "{filter:?}");

    for order in ORDERS {
        let field = |name: &str| Sort::Field(name.into());
        for sort in [Sort::Date, Sort::Key, field("mixed"), field("shape"), field("half")] {
            let what = format!("{sort:?} {order:?} {filter:?}");
            let found = paged(world, &listing.clone().sort(sort.clone(), order), &what);
            let expected = sorted(&matching, &sort, order).into_iter().take(LONG);
            assert!(found.into_iter().map(|(key, _)| key).eq(expected), "{what}");
        }
        let sort = Sort::Date;
        let found = paged(world, &with_vector.clone().sort(sort.clone(), order), "scored by date");
        let expected = sorted(&searchable, &sort, order).into_iter().take(LONG);
        assert!(found.iter().map(|(key, _)| key.clone()).eq(expected), "{order:?} {filter:?}");
        for (key, given) in found {
            assert_eq!(Some(given), score(by_key[&key], &query), "{key}");
        }

        let mut scored: Vec<(Key, f32)> = searchable
            .iter()
            .filter_map(|made| Some((made.key(), score(*made, &query)?)))
            .collect();
        scored.sort_by(|a, b| {
            let scores = a.1.partial_cmp(&b.1).expect("numbers");
            directed(order, scores).then_with(|| a.0.cmp(&b.0))
        });
        scored.truncate(LONG);
        for accuracy in [Accuracy::Exact, ALL] {
            let query = with_vector.clone().accuracy(accuracy).sort(Sort::Score, order);
            let found = paged(world, &query, "scored");
            assert!(found == scored, "{order:?} {accuracy:?} {filter:?}");
        }
    }
}

#[test]
fn pages_are_the_parts_of_one_list_in_every_order() {
    let mut world = World::new(RowType::F32);
    world.add(0..CONTAINER + 400);
    let options = OptimizeOptions::default().lists(Some(60));
    world.writer().optimize(&options, &Control::default()).expect("optimizes");
    world.add(CONTAINER + 400..CONTAINER + 1500);
    world.delete(|made| made.0 % 9 == 4);
    let mut random = Random(5);
    check(&world, &Filter::All, &mut random);
    for _ in 0..number("MEDVEC_ROWS_PAGES", 1) {
        let filter = filter(&mut random, CONTAINER + 1500, 2);
        check(&world, &filter, &mut random);
    }
}

#[test]
fn orders_and_pages_that_cannot_be_are_refused() {
    let mut world = World::new(RowType::F32);
    world.add(0..100);
    let snapshot = world.database.snapshot();
    let listing = || Query::matching(Filter::All);
    for (query, words) in [
        (listing().offset(HITS_MAX).k(1), "offset and k together"),
        (listing().offset(usize::MAX).k(2), "offset and k together"),
        (listing().k(HITS_MAX + 1), "at most 1000000 are possible"),
        (listing().sort(Sort::Score, SortOrder::Descending), "needs a vector"),
        (Query::text("aspirin").mode(Mode::Dense), "Query::embedded_by"),
    ] {
        let error = snapshot.search(&query).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
    let by_field = |name: &str| listing().sort(Sort::Field(name.into()), SortOrder::Ascending);
    match snapshot.search(&by_field("numbers")) {
        Err(Error::UnknownName { kind: NameKind::Field, suggestions, .. }) => {
            assert_eq!(suggestions, ["number"]);
        }
        other => panic!("{other:?}"),
    }
    let found = snapshot.search(&by_field("numbers").allow_unknown_names()).expect("lists");
    assert_eq!(found.hits.len(), 10);
    let counted = snapshot.search(&Query::text("aspirin").count_only()).expect("counts");
    assert_eq!(counted.matched, 100);
    let with_both = Query::text("aspirin").with_vector(vec![1.0; 4]).k(3);
    assert_eq!(snapshot.search(&with_both).expect("answers").hits.len(), 3);
}
