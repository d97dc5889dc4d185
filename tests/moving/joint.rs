//! Several databases read as one: every answer is that of one database with all their documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::query::Strategy;
use medvec::reports::NameKind;
use medvec::storage::MemoryStorage;
use medvec::{
    Change, Control, CreateOptions, Database, Day, Document, EncoderSpec, Error, Expansion, Facet,
    FieldTest, Filter, Fusion, Key, Metric, Mode, OptimizeOptions, Query, Revision, RowType,
    SearchResult, Snapshot, Sort, SortOrder, TextField, VectorConfig, Writer, WriterOptions,
};

use crate::common::{Random, contents, create_options, document, key, vector};
use crate::{control, database, flip};

fn in_memory(options: CreateOptions) -> Database {
    Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap()
}

fn writer(database: &Database) -> Writer {
    let options = WriterOptions::default().index_rows_min(100).train_rows_min(200);
    database.writer(options).unwrap()
}

/// What merging the databases from the last to the first leaves.
fn merged(databases: &[Database]) -> Database {
    let target = in_memory(create_options());
    let mut writer = writer(&target);
    for database in databases.iter().rev() {
        writer.add_documents_of(&database.snapshot(), &control()).unwrap();
        writer.commit().unwrap();
    }
    target
}

/// A database of some of the documents below `count`, in several segments, some of them deleted.
fn random_database(random: &mut Random, count: u64, share: u64) -> Database {
    let database = in_memory(create_options());
    let mut writer = writer(&database);
    for number in 0..count {
        if random.below(100) >= share {
            continue;
        }
        let file = random.below(4) as u32;
        let revision = Revision { file, position: file * random.below(3) as u32, version: 0 };
        let revision = Some(revision).filter(|revision| revision.file > 0);
        // The same record of the same source is the same document.
        let edition = match revision {
            Some(revision) => u64::from(revision.file * 10 + revision.position),
            None => 100 + random.below(1_000_000),
        };
        let has_vector = revision.is_some() || random.below(10) > 0;
        let vector = has_vector.then(|| vector(number, edition));
        let document = document(number, edition);
        writer.apply(vec![Change { document, revision, vector }]).unwrap();
        if random.below(count / 3) == 0 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    for _ in 0..count / 20 {
        writer.delete(&key(random.below(count))).unwrap();
    }
    writer.commit().unwrap();
    if random.below(2) == 0 {
        writer.optimize(&OptimizeOptions::default(), &control()).unwrap();
    }
    database
}

fn filters() -> Vec<Filter> {
    let field = |name: &str, test| Filter::Field { name: name.into(), test };
    vec![
        Filter::All,
        Filter::mesh("Heading 1"),
        Filter::major("Heading 2").and(Filter::years(1995, 2010)),
        Filter::Language("ger".into()).or(Filter::Journal("J Test 1".into())),
        Filter::years(2000, 2005).not(),
        field("shelf", FieldTest::Is("s1".into())),
        field("count", FieldTest::Integer { from: 3, to: 40 }),
        Filter::text(TextField::TITLE_ABSTRACT, "\"edition 10\""),
        Filter::text(&[TextField::Abstract], "question"),
        Filter::Keys((0..30).map(|number| key(number * 3)).collect()),
    ]
}

fn queries(random: &mut Random) -> Vec<Query> {
    let mut queries = Vec::new();
    for filter in filters() {
        let (near, number) = (vector(random.below(300), 7), random.below(100));
        let text = format!("results of question {number} in edition {}", random.below(40));
        let words = || Query::text(text.clone());
        let both = || words().with_vector(near.clone()).exact();
        let all = [
            Query::matching(filter.clone()),
            Query::matching(filter.clone()).sort(Sort::Key, SortOrder::Descending),
            Query::matching(filter.clone()).sort(Sort::Journal, SortOrder::Ascending),
            Query::matching(filter.clone())
                .sort(Sort::Field("weight".into()), SortOrder::Descending),
            Query::vector(near.clone()).exact(),
            Query::vector(near.clone()).exact().offset(15),
            Query::vector(near.clone()).exact().sort(Sort::Score, SortOrder::Ascending),
            Query::vector(near.clone()).exact().sort(Sort::Date, SortOrder::Ascending),
            words(),
            both(),
            both().fusion(Fusion::Ranks { k: 60 }),
            both().fusion(Fusion::Sum { vector_weight: 0.6 }),
            both().expand(Expansion::default()),
            words().expand(Expansion::default()),
            Query::like(&[document(3, 7), document(8, 100)], &[document(5, 9)]),
            both().mode(Mode::Dense),
        ];
        queries.extend(all.into_iter().map(|query| query.filter(filter.clone()).k(25)));
    }
    queries
}

/// Where hits differ, their scores are equal but for the order in which numbers were added.
fn check_hits(found: &SearchResult, expected: &SearchResult, what: &str) {
    assert_eq!(found.matched, expected.matched, "{what}");
    assert_eq!(found.notes, expected.notes, "{what}");
    assert_eq!(found.hits.len(), expected.hits.len(), "{what}");
    for (one, other) in found.hits.iter().zip(&expected.hits) {
        assert_eq!(one.key, other.key, "{what}");
        assert!((one.score - other.score).abs() <= 1e-5 * one.score.abs().max(1.0), "{what}");
    }
}

fn check_same(joint: &Snapshot, merged: &Snapshot, random: &mut Random) {
    assert_eq!((joint.len(), joint.is_empty()), (merged.len(), merged.is_empty()));
    let (found, expected) = (contents(joint).unwrap(), contents(merged).unwrap());
    let other = expected.iter().find(|(key, document)| found.get(*key) != Some(*document));
    assert!(other.is_none() && found.len() == expected.len(), "{other:?}");
    assert_eq!(joint.pending().unwrap(), merged.pending().unwrap());
    assert_eq!(joint.fields().unwrap(), merged.fields().unwrap());
    for number in 0..300 {
        let key = key(number);
        assert_eq!(joint.get(&key).unwrap(), merged.get(&key).unwrap(), "{key}");
        assert_eq!(joint.vector(&key).unwrap(), merged.vector(&key).unwrap(), "{key}");
    }
    for query in queries(random) {
        let (found, expected) = (joint.search(&query).unwrap(), merged.search(&query).unwrap());
        check_hits(&found, &expected, &format!("{query:?}"));
        for hit in found.hits.iter().take(3) {
            assert_eq!(joint.document(hit).unwrap(), merged.get(&hit.key).unwrap());
        }
    }
    for filter in filters() {
        let query = Query::matching(filter);
        for facet in [
            Facet::Year,
            Facet::Journal,
            Facet::Mesh,
            Facet::MajorMesh,
            Facet::Language,
            Facet::Field("tags".into()),
        ] {
            let counts = |snapshot: &Snapshot| snapshot.facets(&query, &facet, 5).unwrap();
            assert_eq!(counts(joint), counts(merged), "{query:?} {facet:?}");
        }
        let listed = |snapshot: &Snapshot| {
            let stored = snapshot.vectors_matching(&query).unwrap();
            let all: BTreeMap<Key, Vec<f32>> = stored.iter().map(Result::unwrap).collect();
            (all, stored.without_vector())
        };
        assert_eq!(listed(joint), listed(merged));
    }
    let strategy = Strategy::parse(
        "1. \"Heading 1\"[mh] OR question[tiab]\n2. ger[la] NOT #1\n3. #1 AND 2000:2008[dp]",
    );
    let (strategy, today) = (strategy.unwrap(), Day::new(2026, 1, 1));
    let counts = |snapshot: &Snapshot| -> Vec<u64> {
        let meant = snapshot.translate(&strategy, today).unwrap();
        meant.lines.iter().map(|line| line.documents).collect()
    };
    assert_eq!(counts(joint), counts(merged));
    let suggest =
        |snapshot: &Snapshot| snapshot.suggest(NameKind::Journal, "J T", 9).unwrap().len();
    assert_eq!(suggest(joint), suggest(merged));
}

#[test]
fn one_answer_as_if_all_documents_were_in_one_database() {
    let mut random = Random(23);
    for round in 0..12 {
        let count = 2 + round % 3;
        let databases: Vec<Database> =
            (0..count).map(|_| random_database(&mut random, 300, 20 + round * 5)).collect();
        let joint = Database::join(&databases).unwrap().snapshot();
        assert_eq!(joint.members().len() as u64, count);
        check_same(&joint, &merged(&databases).snapshot(), &mut random);
        joint.verify(&control()).unwrap();
    }
}

/// The rows that are hidden, against a map of all keys, across the borders of blocks and of bitmaps.
#[test]
fn of_documents_with_one_key_one_counts_whatever_their_number() {
    let options = CreateOptions::default().lexical(None);
    let mut random = Random(5);
    let mut model = BTreeMap::<Key, (usize, u32)>::new();
    let mut databases = Vec::new();
    for place in 0..3 {
        let database = in_memory(options.clone());
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        for number in 0..140_000u32 {
            if random.below(2) == 0 {
                continue;
            }
            let key = match number % 50 {
                0 => Key::Text(format!("text {number}")),
                _ => Key::pmid(number + 1),
            };
            let file = 1 + random.below(3) as u32;
            let mut document = Document::new(key.clone());
            document.version = place as u32;
            let revision = Some(Revision { file, position: 1, version: 0 });
            writer.apply(vec![Change { document, revision, vector: None }]).unwrap();
            match model.get(&key) {
                Some((_, known)) if *known >= file => {}
                _ => _ = model.insert(key, (place, file)),
            }
        }
        writer.commit().unwrap();
        databases.push(database);
    }
    let joint = Database::join(&databases).unwrap().snapshot();
    assert_eq!(joint.len(), model.len() as u64);
    for item in joint.documents() {
        let document = item.unwrap();
        let (place, _) = model[&document.key];
        assert_eq!(document.version as usize, place, "{}", document.key);
        model.remove(&document.key);
    }
    assert!(model.is_empty(), "{} documents are missing", model.len());
}

#[test]
fn a_recall_that_is_asked_for_is_kept_over_several_indexes() {
    let of = |dimension| VectorConfig::new(dimension, Metric::Cosine, RowType::Int8, None);
    // Numbers in clumps, so that an index is worth its price.
    let row = |seed: u64, far: f32| -> Vec<f32> {
        let mut random = Random(seed);
        let mut center = Random(random.below(60) + 1);
        (0..32).map(|_| center.unit() + far * random.unit()).collect()
    };
    let mut databases = Vec::new();
    for place in 0..2u64 {
        let database = in_memory(CreateOptions::default().vectors(Some(of(32))));
        let mut writer = writer(&database);
        for number in 0..12_000 {
            let seed = place * 9_000 + number;
            let document = Document::new(Key::pmid(seed as u32 + 1));
            writer.upsert_with_vector(document, row(seed, 0.7)).unwrap();
        }
        writer.commit().unwrap();
        let queries = (0..300).flat_map(|seed| row(900_000 + place * 1000 + seed, 1.2)).collect();
        let options = OptimizeOptions::default().queries(Some(queries));
        writer.optimize(&options, &control()).unwrap();
        databases.push(database);
    }
    let joint = Database::join(&databases).unwrap().snapshot();
    assert_eq!(joint.len(), 21_000);
    for asked in [0.8, 0.9, 0.95] {
        let (mut hits, mut both) = (0, 0);
        for seed in 0..200 {
            let query = || Query::vector(row(500_000 + seed, 1.2));
            let truth = joint.search(&query().exact()).unwrap().hits;
            let found = joint.search(&query().recall(asked)).unwrap();
            assert_eq!((truth.len(), found.hits.len()), (10, 10));
            hits += found.hits.iter().filter(|hit| truth.iter().any(|t| t.key == hit.key)).count();
            both += usize::from(found.explain.index.is_some_and(|index| {
                index.estimated_recall.is_some_and(|recall| recall >= asked - 0.02)
            }));
        }
        let share = hits as f32 / 2000.0;
        assert!(share > asked - 0.02, "{asked}: {share}");
        assert_eq!(both, 200, "{asked}: both indexes are worth their price");
    }
}

/// Rows of several types, each under a rotation of its own, and rows of no vectors.
#[test]
fn vectors_of_other_row_types_and_none_stand_side_by_side() {
    let config = |rows| VectorConfig::new(8, Metric::Cosine, rows, None);
    let mut databases = Vec::new();
    for (place, rows) in [RowType::Int8, RowType::F32, RowType::F16].into_iter().enumerate() {
        let database = in_memory(CreateOptions::default().vectors(Some(config(rows))));
        let mut writer = writer(&database);
        for number in (place as u64 * 100)..(place as u64 * 100 + 100) {
            writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
        }
        writer.commit().unwrap();
        databases.push(database);
    }
    let without = in_memory(CreateOptions::default());
    let mut writer = writer(&without);
    writer.upsert(document(500, 0)).unwrap();
    writer.commit().unwrap();
    databases.insert(0, without);
    let joint = Database::join(&databases).unwrap().snapshot();
    for number in 0..300 {
        let query = || Query::vector(vector(number, 0)).exact().k(1);
        let words = Query::text("question").with_vector(vector(number, 0)).exact().k(1);
        for query in [query(), words] {
            let found = joint.search(&query).unwrap();
            assert_eq!(found.hits[0].key, key(number), "{query:?}");
        }
        let hit = &joint.search(&query()).unwrap().hits[0];
        assert!((hit.score - 1.0).abs() < 0.01, "{number}: {}", hit.score);
        let dated = joint.search(&query().sort(Sort::Date, SortOrder::Ascending).k(400)).unwrap();
        let dated = dated.hits.iter().find(|dated| dated.key == hit.key).unwrap();
        assert!((dated.score - hit.score).abs() < 1e-6);
    }
    assert_eq!(joint.search(&Query::text("question")).unwrap().matched, 301);
}

#[test]
fn a_snapshot_of_several_never_moves_and_is_refreshed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, one) = database(folder.path());
    let other = folder.path().join("other");
    let two = Database::create(&other, create_options()).unwrap();
    let mut writer = two.writer(WriterOptions::default()).unwrap();
    writer.upsert_with_vector(document(100, 0), vector(100, 0)).unwrap();
    writer.commit().unwrap();
    let joint = Database::open_many(&[&path, &other]).unwrap();
    let before = joint.snapshot();
    assert_eq!(before.len(), 21);
    assert!(!joint.refresh().unwrap(), "nothing was committed");
    writer.upsert_with_vector(document(5, 9), vector(5, 9)).unwrap();
    writer.upsert_with_vector(document(101, 0), vector(101, 0)).unwrap();
    writer.commit().unwrap();
    let mut own = one.writer(WriterOptions::default()).unwrap();
    own.delete(&key(3)).unwrap();
    own.compact(&control()).unwrap();
    assert_eq!((joint.snapshot().len(), before.len()), (21, 21));
    assert!(joint.refresh().unwrap());
    let after = joint.snapshot();
    assert_eq!((after.len(), before.len()), (21, 21));
    assert_eq!(before.get(&key(3)).unwrap(), Some(document(3, 0)));
    assert_eq!(after.get(&key(3)).unwrap(), None);
    assert_eq!(after.get(&key(5)).unwrap(), Some(document(5, 0)), "the first one named");
    let turned = Database::open_many(&[&other, &path]).unwrap().snapshot();
    assert_eq!(turned.get(&key(5)).unwrap(), Some(document(5, 9)));
    assert!(after.generation() > before.generation());
    assert_eq!(after.manifest().database_id, before.manifest().database_id);
    // Joined again, the parts count, not the whole.
    let again = Database::join(&[joint.clone(), two.clone()]).unwrap().snapshot();
    assert_eq!((again.members().len(), again.len()), (3, 21));

    // What would change one is refused, and so is what needs files of its own.
    let refused = |error: Error| {
        assert_eq!(error.code(), "read_only", "{error}");
        assert!(error.to_string().contains(" + "), "{error}");
    };
    refused(joint.writer(WriterOptions::default()).map(drop).unwrap_err());
    let copy = folder.path().join("copy");
    refused(joint.backup(&copy, &medvec::BackupOptions::default(), &control()).unwrap_err());
    assert!(!copy.exists());
    #[cfg(feature = "session")]
    {
        let file = folder.path().join("file.tar");
        refused(medvec::session::pack(&after, &file, &control()).unwrap_err());
        assert!(!file.exists());
    }
    assert_eq!(Database::join(&[]).map(drop).unwrap_err().code(), "invalid_query");
    drop(own);

    // Damage names the database that has it.
    let names = std::fs::read_dir(&other).unwrap().map(|entry| entry.unwrap().file_name());
    let segment = names.filter_map(|name| name.into_string().ok());
    let segment = segment.filter(|name| name.starts_with("segment-")).max().unwrap();
    drop((writer, joint, two, before, after, turned, again));
    let length = std::fs::metadata(other.join(&segment)).unwrap().len();
    flip(&other.join(&segment), length as usize / 3);
    let error = match Database::open_many(&[&path, &other]) {
        Ok(damaged) => damaged.snapshot().verify(&Control::default()).map(drop).unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("other"), "{error}");
}

#[test]
fn vectors_that_cannot_be_compared_are_refused() {
    let of = |dimension, metric, encoder| {
        let config = VectorConfig::new(dimension, metric, RowType::Int8, encoder);
        in_memory(CreateOptions::default().vectors(Some(config)))
    };
    let spec = |name: &str| Some(EncoderSpec::of_origin(name, 8, Metric::Cosine));
    let one = of(8, Metric::Cosine, spec("one"));
    for (other, what) in [
        (of(8, Metric::Cosine, spec("two")), "made by two"),
        (of(8, Metric::Cosine, None), "of unknown origin"),
        (of(9, Metric::Cosine, None), "9 numbers"),
        (of(8, Metric::Dot, None), "Dot"),
    ] {
        let error = Database::join(&[one.clone(), other]).map(drop).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("made by one"), "{text}");
        assert!(text.contains("the same encoder, or none"), "{text}");
    }
    let same = of(8, Metric::Cosine, spec("one"));
    Database::join(&[in_memory(CreateOptions::default()), one, same]).unwrap();
}
