//! The whole database against an in-memory model: random operations, and after each commit the same
//! documents, the same answers, and old snapshots that never moved.
//!
//! `PROPTEST_CASES=20000 cargo test --release --no-default-features --test model` runs a longer campaign.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Numbers, contents, document, key};
use medvec::db::{
    Change, CreateOptions, Database, EmbedOptions, OptimizeOptions, Snapshot, Writer, WriterOptions,
};
use medvec::document::{Document, FieldValue};
use medvec::format::manifest::RowType;
use medvec::ids::{Key, Revision};
use medvec::search::{Accuracy, FieldTest, Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{Control, Encoder, Metric};
use proptest::prelude::*;

const DIMENSION: usize = 4;

#[derive(Clone, Debug)]
enum Operation {
    Upsert { number: u64, edition: u64, revision: Option<u32>, has_vector: bool },
    SetVector { number: u64 },
    Update { number: u64, edition: u64, is_text: bool },
    Embed,
    Delete { number: u64, revision: Option<u32> },
    Commit,
    Compact,
    Optimize { retrain: bool },
    DropWriter,
    Reopen,
    Search { vector: Vec<f32>, k: usize, filter: Filter, accuracy: Accuracy },
}

#[derive(Clone, Debug, Default)]
struct Model {
    live: BTreeMap<Key, (Document, Revision, Option<Vec<f32>>)>,
    deleted: BTreeMap<Key, Revision>,
}

impl Model {
    fn newest(&self, key: &Key) -> Option<Revision> {
        self.live.get(key).map(|entry| entry.1).max(self.deleted.get(key).copied())
    }

    fn upsert(&mut self, document: Document, revision: Option<Revision>, vector: Option<Vec<f32>>) {
        let newest = self.newest(&document.key);
        if revision.is_some() && newest >= revision {
            return;
        }
        // A vector stays with its text.
        let text = document.encoder_input();
        let old = self.live.get(&document.key).filter(|old| old.0.encoder_input() == text);
        let vector = vector.or_else(|| old.and_then(|old| old.2.clone()));
        let revision = revision.or(newest).unwrap_or_default();
        self.live.insert(document.key.clone(), (document, revision, vector));
    }

    /// Changes a document that is there; its vector goes with its text.
    fn update(&mut self, key: &Key, change: impl FnOnce(&mut Document)) -> bool {
        let Some((document, _, vector)) = self.live.get_mut(key) else { return false };
        let text = document.encoder_input();
        change(document);
        if document.encoder_input() != text {
            *vector = None;
        }
        true
    }

    fn delete(&mut self, key: &Key, revision: Option<Revision>) -> bool {
        let stored = self.live.get(key).map(|entry| entry.1);
        let mark = match (revision, stored) {
            (Some(revision), Some(stored)) if stored > revision => return false,
            (Some(revision), _) => revision,
            (None, Some(stored)) => stored,
            (None, None) => return false,
        };
        if mark > Revision::default() {
            let known = self.deleted.entry(key.clone()).or_default();
            *known = mark.max(*known);
        }
        self.live.remove(key).is_some()
    }

    /// Gives every document that has none its vector.
    fn embed(&mut self) {
        let encoder = encoder();
        for (document, _, vector) in self.live.values_mut().filter(|entry| entry.2.is_none()) {
            *vector = encoder.encode_documents(&[document.encoder_input()]).ok();
        }
    }

    fn search(&self, vector: &[f32], k: usize, filter: &Filter) -> Vec<(Key, f32)> {
        let mut hits: Vec<(Key, f32)> = self
            .live
            .iter()
            .filter(|(_, (document, _, _))| passes(filter, document))
            .filter_map(|(key, (_, _, stored))| {
                let products = stored.as_ref()?.iter().zip(vector).map(|(a, b)| a * b);
                Some((key.clone(), products.sum()))
            })
            .collect();
        hits.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        hits.truncate(k);
        hits
    }
}

/// What a filter means, said once more without any index.
fn passes(filter: &Filter, document: &Document) -> bool {
    match filter {
        Filter::All => true,
        Filter::Mesh { term, major_only, .. } => document.mesh.iter().any(|heading| {
            (heading.ui == *term || heading.name.eq_ignore_ascii_case(term))
                && (!major_only || heading.is_major())
        }),
        Filter::Years { from, to } => document
            .date
            .as_ref()
            .is_some_and(|date| date.first.year() <= *to && date.last.year() >= *from),
        Filter::Journal(name) => document.journal.abbreviation.eq_ignore_ascii_case(name),
        Filter::Language(code) => document.languages.contains(code),
        Filter::PublicationType(name) => document
            .publication_types
            .iter()
            .any(|term| term.ui == *name || term.name.eq_ignore_ascii_case(name)),
        Filter::HasAbstract => document.has_abstract(),
        Filter::HasMesh => !document.mesh.is_empty(),
        Filter::Keys(keys) => keys.contains(&document.key),
        Filter::Field { name, test } => document.fields.iter().any(|field| {
            field.name == *name
                && match (&field.value, test) {
                    (FieldValue::String(value), FieldTest::Is(wanted)) => value == wanted,
                    (FieldValue::List(values), FieldTest::Is(wanted)) => values.contains(wanted),
                    (FieldValue::Integer(value), FieldTest::Integer { from, to }) => {
                        (from..=to).contains(&value)
                    }
                    (FieldValue::Integer(value), FieldTest::Float { from, to }) => {
                        (*from..=*to).contains(&(*value as f64))
                    }
                    (FieldValue::Float(value), FieldTest::Integer { from, to }) => {
                        (*from as f64..=*to as f64).contains(value)
                    }
                    (FieldValue::Float(value), FieldTest::Float { from, to }) => {
                        (from..=to).contains(&value)
                    }
                    _ => false,
                }
        }),
        Filter::And(filters) => filters.iter().all(|filter| passes(filter, document)),
        Filter::Or(filters) => filters.iter().any(|filter| passes(filter, document)),
        Filter::Not(filter) => !passes(filter, document),
        other => unreachable!("no such filter is generated: {other:?}"),
    }
}

/// Small integers, whose products and sums are exact in any order, so that ties are real ties.
fn vector(number: u64, edition: u64) -> Vec<f32> {
    (0..DIMENSION as u64)
        .map(|place| ((number * 7 + edition * 3 + place) % 5) as f32 - 2.0)
        .collect()
}

fn filters() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        Just(Filter::All),
        Just(Filter::HasAbstract),
        Just(Filter::HasMesh),
        (1985u32..2025, 0u32..20).prop_map(|(from, span)| Filter::years(from, from + span)),
        (0u64..3).prop_map(|n| Filter::Journal(format!("j test {n}"))),
        prop_oneof![Just("eng"), Just("ger"), Just("fre")]
            .prop_map(|code| Filter::Language(code.into())),
        prop_oneof![Just("journal article"), Just("D016428"), Just("Review")]
            .prop_map(|name| Filter::PublicationType(name.into())),
        prop::collection::vec(0u64..16, 0..4)
            .prop_map(|numbers| Filter::Keys(numbers.into_iter().map(key).collect())),
        (0u64..3).prop_map(|n| field("shelf", FieldTest::Is(format!("s{n}")))),
        (0u64..4).prop_map(|n| field("tags", FieldTest::Is(format!("t{n}")))),
        (-6i64..10, 0i64..6)
            .prop_map(|(from, span)| field("count", FieldTest::Integer { from, to: from + span })),
        (0u8..4).prop_map(|from| field(
            "weight",
            FieldTest::Float { from: f64::from(from), to: f64::from(from) + 1.0 }
        )),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// The whole index, which gives the exact answer, or a part of it, which may not.
fn accuracies() -> impl Strategy<Value = Accuracy> {
    prop_oneof![
        Just(Accuracy::Exact),
        Just(Accuracy::Auto),
        Just(Accuracy::Recall(0.9)),
        Just(Accuracy::Effort { probes: u32::MAX, candidates: u32::MAX }),
        (1u32..3, 0u32..5).prop_map(|(probes, candidates)| Accuracy::Effort { probes, candidates }),
    ]
}

/// Whether an answer may differ from the exact one.
fn is_partial(accuracy: Accuracy) -> bool {
    match accuracy {
        // Small databases are searched exactly unless a recall is asked for.
        Accuracy::Exact | Accuracy::Auto => false,
        Accuracy::Effort { probes, .. } => probes < u32::MAX,
        _ => true,
    }
}

fn field(name: &str, test: FieldTest) -> Filter {
    Filter::Field { name: name.into(), test }
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let revision = || prop::option::of(1u32..30);
    // Few, so that the same document comes again.
    let edition = || prop_oneof![0u64..3, 0u64..50];
    let operation = prop_oneof![
        8 => (0u64..14, edition(), revision(), any::<bool>()).prop_map(
            |(number, edition, revision, has_vector)| {
                Operation::Upsert { number, edition, revision, has_vector }
            }
        ),
        2 => (0u64..14).prop_map(|number| Operation::SetVector { number }),
        3 => (0u64..14, edition(), any::<bool>()).prop_map(|(number, edition, is_text)| {
            Operation::Update { number, edition, is_text }
        }),
        2 => Just(Operation::Embed),
        3 => (0u64..14, revision())
            .prop_map(|(number, revision)| Operation::Delete { number, revision }),
        4 => Just(Operation::Commit),
        1 => Just(Operation::Compact),
        1 => any::<bool>().prop_map(|retrain| Operation::Optimize { retrain }),
        1 => Just(Operation::DropWriter),
        1 => Just(Operation::Reopen),
        3 => (prop::collection::vec(-2i8..3, DIMENSION), 0usize..20, filters(), accuracies())
            .prop_map(|(vector, k, filter, accuracy)| Operation::Search {
                vector: vector.into_iter().map(f32::from).collect(),
                k,
                filter,
                accuracy,
            }),
    ];
    prop::collection::vec(operation, 1..60)
}

fn revision(number: Option<u32>) -> Option<Revision> {
    number.map(|file| Revision { file, position: 0, version: 1 })
}

fn compare(snapshot: &Snapshot, model: &Model) {
    let expected: BTreeMap<Key, Document> =
        model.live.iter().map(|(key, entry)| (key.clone(), entry.0.clone())).collect();
    assert_eq!(contents(snapshot).unwrap(), expected);
    assert_eq!(snapshot.len(), expected.len() as u64);
    let pending = model.live.values().filter(|entry| entry.2.is_none()).count();
    assert_eq!(snapshot.pending().unwrap(), pending as u64);
    for number in 0..16 {
        assert_eq!(snapshot.get(&key(number)).unwrap().as_ref(), expected.get(&key(number)));
        let revision = model.live.get(&key(number)).map(|entry| entry.1);
        // The model does not count changes by hand.
        let found = snapshot.revision(&key(number)).unwrap();
        let found = found.map(|found| Revision { version: found.version % 65_536, ..found });
        assert_eq!(found, revision);
    }
}

fn encoder() -> Arc<dyn Encoder> {
    Numbers::encoder(DIMENSION as u32, Metric::Dot, vector)
}

fn start(database: &Database) -> Writer {
    // A few kilobytes, so that one commit makes several segments.
    let options = WriterOptions::default()
        .encoder(Some(encoder()))
        .defer(true)
        .segment_bytes_max(3000)
        .index_rows_min(3)
        .train_rows_min(5);
    database.writer(options).unwrap()
}

fn run(operations: Vec<Operation>) {
    let storage = MemoryStorage::new();
    let options = CreateOptions::for_encoder(encoder().spec(), RowType::F32);
    let mut database = Database::create_in(Arc::new(storage.clone()), options).unwrap();
    let mut writer = start(&database);
    let (mut model, mut committed) = (Model::default(), Model::default());
    let mut old: Vec<(Snapshot, Model)> = Vec::new();
    for operation in operations {
        match operation {
            Operation::Upsert { number, edition, revision: at, has_vector } => {
                let document = document(number, edition);
                let vector = has_vector.then(|| vector(number, edition));
                model.upsert(document.clone(), revision(at), vector.clone());
                let change = Change { document, revision: revision(at), vector };
                writer.apply(vec![change]).unwrap();
            }
            Operation::SetVector { number } => {
                let Some((document, _, known)) = model.live.get_mut(&key(number)) else { continue };
                let vector = encoder().encode_documents(&[document.encoder_input()]).unwrap();
                writer.set_vector(&key(number), &vector).unwrap();
                *known = Some(vector);
            }
            Operation::Update { number, edition, is_text } => {
                let change = |document: &mut Document| match is_text {
                    true => *document = common::document(number, edition),
                    false => document.languages = vec![format!("l{edition}")],
                };
                let existed = model.update(&key(number), change);
                let applied = writer.update(&key(number), change).unwrap();
                assert_eq!(applied.is_some(), existed);
            }
            Operation::Embed => {
                let options = EmbedOptions::default().threads(2).batch(2).commit_every(3);
                let waiting = model.live.values().filter(|entry| entry.2.is_none()).count();
                let report =
                    writer.embed_pending(&options, &Control::default(), &mut |_| {}).unwrap();
                assert_eq!(report.embedded, waiting as u64);
                model.embed();
                committed = model.clone();
                compare(&database.snapshot(), &committed);
                old.push((database.snapshot(), committed.clone()));
            }
            Operation::Delete { number, revision: at } => {
                let existed = model.delete(&key(number), revision(at));
                let found = match revision(at) {
                    Some(at) => writer.delete_revision(&key(number), at).unwrap(),
                    None => writer.delete(&key(number)).unwrap(),
                };
                assert_eq!(found, existed);
            }
            Operation::Commit => {
                writer.commit().unwrap();
                committed = model.clone();
                compare(&database.snapshot(), &committed);
                old.push((database.snapshot(), committed.clone()));
            }
            Operation::Compact => {
                writer.compact(&Control::default()).unwrap();
                committed = model.clone();
                compare(&database.snapshot(), &committed);
            }
            Operation::Optimize { retrain } => {
                let options = OptimizeOptions::default().retrain(retrain);
                writer.optimize(&options, &Control::default()).unwrap();
                committed = model.clone();
                compare(&database.snapshot(), &committed);
            }
            Operation::DropWriter => {
                drop(writer);
                model = committed.clone();
                writer = start(&database);
            }
            Operation::Reopen => {
                drop(writer);
                model = committed.clone();
                database = Database::open_in(Arc::new(storage.clone())).unwrap();
                writer = start(&database);
                compare(&database.snapshot(), &committed);
            }
            Operation::Search { vector, k, filter, accuracy } => {
                // What a filter names need not be in the database yet.
                let query = Query::vector(vector.clone())
                    .k(k)
                    .filter(filter.clone())
                    .accuracy(accuracy)
                    .allow_unknown_names();
                let matched =
                    committed.live.values().filter(|entry| passes(&filter, &entry.0)).count();
                match database.snapshot().search(&query) {
                    Ok(result) => {
                        let found: Vec<(Key, f32)> =
                            result.hits.iter().map(|hit| (hit.key.clone(), hit.score)).collect();
                        if is_partial(accuracy) {
                            let all = committed.search(&vector, usize::MAX, &filter);
                            assert_eq!(found.len(), k.min(all.len()), "exactly k hits");
                            let mut ranked = all.iter();
                            assert!(
                                found.iter().all(|hit| ranked.any(|known| known == hit)),
                                "hits are matches in their order"
                            );
                        } else {
                            assert_eq!(found, committed.search(&vector, k, &filter));
                        }
                        assert_eq!(result.matched, matched as u64);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    for (snapshot, model) in &old {
        compare(snapshot, model);
    }
    database.snapshot().verify(&Control::default()).unwrap();
}

proptest! {
    #[test]
    fn the_database_behaves_like_its_model(operations in operations()) {
        run(operations);
    }
}
