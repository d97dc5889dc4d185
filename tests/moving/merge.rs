//! The documents of one database added to another.

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::reports::Applied;
use medvec::storage::MemoryStorage;
use medvec::{
    Change, CreateOptions, Database, Document, EncoderSpec, Filter, Key, Metric, Query, Revision,
    RowType, Snapshot, VectorConfig, Writer, WriterOptions,
};

use crate::common::{Random, contents, create_options, document, key, vector};
use crate::{control, database};

/// Every stored vector, by key.
fn vectors(snapshot: &Snapshot) -> BTreeMap<Key, Vec<u32>> {
    let stored = snapshot.vectors_matching(&Query::matching(Filter::All)).unwrap();
    let bits = |vector: Vec<f32>| vector.into_iter().map(f32::to_bits).collect();
    stored.iter().map(|item| item.map(|(key, vector)| (key, bits(vector))).unwrap()).collect()
}

fn add(writer: &mut Writer, other: &Database) -> Applied {
    let applied = writer.add_documents_of(&other.snapshot(), &control()).unwrap();
    writer.commit().unwrap();
    applied
}

fn in_memory(options: CreateOptions) -> Database {
    Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap()
}

/// Vectors of 96 numbers, long and short, so that scales differ.
fn wide(number: u64) -> Vec<f32> {
    let mut random = Random(number * 77 + 5);
    let length = 0.01 + random.below(1000) as f32 / 7.0;
    (0..96).map(|_| random.unit() * length).collect()
}

#[test]
fn vectors_arrive_bit_for_bit() {
    for metric in [Metric::Cosine, Metric::Dot] {
        for rows in [RowType::Int8, RowType::F16, RowType::F32] {
            let config = VectorConfig::new(96, metric, rows, None);
            let options = CreateOptions::default().vectors(Some(config));
            let (source, target) = (in_memory(options.clone()), in_memory(options));
            let mut writer = source.writer(WriterOptions::default()).unwrap();
            for number in 0..500 {
                writer.upsert_with_vector(document(number, 0), wide(number)).unwrap();
            }
            writer.commit().unwrap();
            let mut writer = target.writer(WriterOptions::default()).unwrap();
            assert_eq!(add(&mut writer, &source).added, 500);
            let (found, expected) = (vectors(&target.snapshot()), vectors(&source.snapshot()));
            if (metric, rows) == (Metric::Dot, RowType::Int8) {
                // The scale of such a row is rounded anew.
                for (key, row) in &expected {
                    let widest =
                        row.iter().map(|bits| f32::from_bits(*bits).abs()).fold(0.0, f32::max);
                    for (one, other) in row.iter().zip(&found[key]) {
                        let difference = f32::from_bits(*one) - f32::from_bits(*other);
                        assert!(difference.abs() < 1e-5 * widest, "{key}");
                    }
                }
            } else {
                assert!(found == expected, "{metric:?} {rows:?}");
            }
            assert_eq!(found.len(), 500);
            let again = add(&mut writer, &source);
            assert_eq!((again.unchanged, again.replaced), (500, 0), "{metric:?} {rows:?}");
            target.snapshot().verify(&control()).unwrap();
        }
    }
}

/// What is rounded to another type of rows is rounded the same way when it comes again.
#[test]
fn a_merge_of_other_rows_that_is_done_again_changes_nothing() {
    let all = [RowType::Int8, RowType::F16, RowType::F32];
    for metric in [Metric::Cosine, Metric::Dot] {
        for (from, to) in all.into_iter().flat_map(|from| all.map(|to| (from, to))) {
            let of = |rows| {
                let config = VectorConfig::new(96, metric, rows, None);
                in_memory(CreateOptions::default().vectors(Some(config)))
            };
            let (source, target) = (of(from), of(to));
            let mut theirs = source.writer(WriterOptions::default()).unwrap();
            for number in 0..40 {
                theirs.upsert_with_vector(document(number, 0), wide(number)).unwrap();
            }
            // A vector without a document is compared as well.
            theirs.set_vector(&key(101), &wide(101)).unwrap();
            theirs.commit().unwrap();
            let mut writer = target.writer(WriterOptions::default()).unwrap();
            assert_eq!(add(&mut writer, &source).added, 41);
            let generation = target.snapshot().generation();
            let again = add(&mut writer, &source);
            let counts = (again.added, again.replaced, again.unchanged);
            assert_eq!(counts, (0, 0, 41), "{metric:?}, {from:?} to {to:?}");
            assert_eq!(target.snapshot().generation(), generation, "no commit");
            // Another vector still replaces the one that is there.
            theirs.upsert_with_vector(document(7, 0), wide(8)).unwrap();
            theirs.commit().unwrap();
            let changed = add(&mut writer, &source);
            assert_eq!((changed.replaced, changed.unchanged), (1, 40), "{from:?} to {to:?}");
        }
    }
}

/// A merge against a plain model: of each key the greater revision stays, and without one what comes later.
#[test]
fn a_merge_is_what_importing_the_sources_in_turn_would_be() {
    let mut random = Random(11);
    for round in 0..20 {
        let target = in_memory(create_options());
        let mut model = BTreeMap::<Key, (Revision, Document)>::new();
        let mut deleted = BTreeMap::<Key, Revision>::new();
        let mut own = target.writer(WriterOptions::default()).unwrap();
        for source in 0..4u32 {
            let database = in_memory(create_options());
            let mut writer = database.writer(WriterOptions::default()).unwrap();
            let mut wins = Vec::new();
            for number in 0..30 {
                if random.below(3) == 0 {
                    continue;
                }
                let file = random.below(4) as u32;
                let revision =
                    Revision { file, position: file * random.below(3) as u32, version: 0 };
                let revision = Some(revision).filter(|revision| revision.file > 0);
                let document = document(number, random.below(4));
                let vector = Some(vector(number, u64::from(source)));
                let change = Change { document: document.clone(), revision, vector };
                writer.apply(vec![change]).unwrap();
                wins.push((document, revision));
                if number % 7 == 0 {
                    writer.commit().unwrap();
                }
            }
            // What this source deletes is not taken over, and deletes nothing elsewhere.
            let gone = key(random.below(30));
            writer.delete_revision(&gone, Revision { file: 9, position: 0, version: 0 }).unwrap();
            wins.retain(|(document, _)| document.key != gone);
            writer.commit().unwrap();
            for (document, revision) in wins {
                let known = model.get(&document.key).map(|(revision, _)| *revision);
                let newest = known.max(deleted.get(&document.key).copied());
                match revision {
                    Some(own) if newest.is_some_and(|newest| own <= newest) => {}
                    own => {
                        let revision = own.or(newest).unwrap_or_default();
                        model.insert(document.key.clone(), (revision, document));
                    }
                }
            }
            let before = target.snapshot().generation();
            own.add_documents_of(&database.snapshot(), &control()).unwrap();
            assert_eq!(
                target.snapshot().generation(),
                before,
                "nothing is visible before the commit"
            );
            own.commit().unwrap();
            // The target's own deletions count like revisions.
            let gone = key(random.below(30));
            let mark = Revision { file: 2, position: 0, version: 0 };
            if model.get(&gone).is_none_or(|(revision, _)| *revision <= mark) {
                model.remove(&gone);
                deleted.insert(gone.clone(), mark);
            }
            own.delete_revision(&gone, mark).unwrap();
            own.commit().unwrap();
        }
        let expected: BTreeMap<Key, Document> =
            model.into_iter().map(|(key, (_, document))| (key, document)).collect();
        assert_eq!(contents(&target.snapshot()).unwrap(), expected, "round {round}");
        target.snapshot().verify(&control()).unwrap();
    }
}

#[test]
fn a_merge_that_is_done_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, source) = database(folder.path());
    let mut more = source.writer(WriterOptions::default()).unwrap();
    // A document without a vector, and a vector without a document.
    more.upsert(document(100, 0)).unwrap();
    more.set_vector(&key(101), &vector(101, 0)).unwrap();
    more.commit().unwrap();
    let target = in_memory(create_options());
    let mut writer = target.writer(WriterOptions::default()).unwrap();
    // Here the vector of 101 finds its document.
    writer.upsert(document(101, 0)).unwrap();
    writer.commit().unwrap();
    let first = add(&mut writer, &source);
    assert_eq!((first.added, first.replaced, first.unchanged), (21, 1, 0), "{first:?}");
    let mut expected = contents(&source.snapshot()).unwrap();
    expected.insert(key(101), document(101, 0));
    assert_eq!(contents(&target.snapshot()).unwrap(), expected);
    assert_eq!(vectors(&target.snapshot()), vectors(&source.snapshot()));
    let generation = target.snapshot().generation();
    let again = add(&mut writer, &source);
    assert_eq!((again.added, again.replaced, again.unchanged), (0, 0, 22), "{again:?}");
    assert_eq!(target.snapshot().generation(), generation, "no commit");
}

/// Nothing is committed in between.
#[test]
fn a_database_that_is_merged_twice_in_one_go_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let (_, source) = database(folder.path());
    let mut more = source.writer(WriterOptions::default()).unwrap();
    more.set_vector(&key(101), &vector(101, 0)).unwrap();
    more.commit().unwrap();
    let target = in_memory(create_options());
    let mut writer = target.writer(WriterOptions::default()).unwrap();
    for expected in [(21, 0, 0), (0, 0, 21), (0, 0, 21)] {
        let added = writer.add_documents_of(&source.snapshot(), &control()).unwrap();
        assert_eq!((added.added, added.replaced, added.unchanged), expected);
    }
    writer.commit().unwrap();
    let stats = target.snapshot().stats().unwrap();
    assert_eq!(stats.segments.iter().map(|segment| segment.rows).sum::<u64>(), 21);
    assert_eq!(vectors(&target.snapshot()), vectors(&source.snapshot()));
}

#[test]
fn vectors_that_cannot_stand_side_by_side_are_refused() {
    let of = |dimension, metric, encoder| {
        let config = VectorConfig::new(dimension, metric, RowType::Int8, encoder);
        in_memory(CreateOptions::default().vectors(Some(config)))
    };
    let spec = |name: &str| Some(EncoderSpec::of_origin(name, 8, Metric::Cosine));
    let target = of(8, Metric::Cosine, spec("one"));
    let mut writer = target.writer(WriterOptions::default()).unwrap();
    for (other, what) in [
        (of(8, Metric::Cosine, spec("two")), "made by two"),
        (of(8, Metric::Cosine, None), "of unknown origin"),
        (of(9, Metric::Cosine, None), "9 numbers"),
        (of(8, Metric::Dot, None), "Dot"),
    ] {
        let error = writer.add_documents_of(&other.snapshot(), &control()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("made by one"), "{text}");
    }
    // A database without vectors has nothing that could be wrong, and may not lose any.
    let without = in_memory(CreateOptions::default());
    writer.add_documents_of(&without.snapshot(), &control()).unwrap();
    let mut writer = without.writer(WriterOptions::default()).unwrap();
    let error = writer.add_documents_of(&target.snapshot(), &control()).unwrap_err();
    assert!(error.to_string().contains("this one holds no vectors"), "{error}");
    // The same name is the same origin.
    let same = of(8, Metric::Cosine, spec("one"));
    let mut writer = same.writer(WriterOptions::default()).unwrap();
    writer.add_documents_of(&target.snapshot(), &control()).unwrap();
}
