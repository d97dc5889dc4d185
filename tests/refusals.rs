//! What the database refuses, and that refusing loses nothing.

mod common;

use std::sync::Arc;

use common::{create_options, document, key, vector};
use medvec::db::{Change, CreateOptions, Database, OptimizeOptions, WriterOptions};
use medvec::encoder::{Encoder, EncoderInput, EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::{Accuracy, Filter, Query};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Document, Error, Key, Result};

/// Counts bytes: a tiny deterministic encoder.
struct Counting(EncoderSpec);

fn counting(seed: u8) -> Arc<dyn Encoder> {
    let tower = TowerSpec {
        weights: [seed; 32],
        tokenizer: [0; 32],
        prefix: String::new(),
        tokens_max: 64,
        pair: false,
    };
    Arc::new(Counting(EncoderSpec {
        name: format!("counting-{seed}"),
        family: "test".into(),
        dimension: 4,
        metric: Metric::Cosine,
        pooling: Pooling::Mean,
        normalize: false,
        document: tower.clone(),
        query: tower,
    }))
}

impl Encoder for Counting {
    fn spec(&self) -> &EncoderSpec {
        &self.0
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        Ok(inputs
            .iter()
            .flat_map(|input| count(&format!("{} {}", input.title, input.text)))
            .collect())
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        Ok(queries.iter().flat_map(|query| count(query)).collect())
    }
}

fn count(text: &str) -> [f32; 4] {
    let mut counts = [1.0; 4];
    text.bytes().for_each(|byte| counts[usize::from(byte % 4)] += 1.0);
    counts
}

fn embedded(seed: u8) -> Database {
    let options = CreateOptions::for_encoder(counting(seed).spec(), RowType::Int8);
    Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap()
}

fn plain() -> Database {
    Database::create_in(Arc::new(MemoryStorage::new()), create_options()).unwrap()
}

#[test]
fn vectors_of_the_wrong_length_or_not_finite_are_refused() {
    let database = plain();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for (bad, word) in [
        (vec![1.0; 7], "7 numbers"),
        (vec![f32::NAN; 8], "not finite"),
        (vec![f32::INFINITY; 8], "not finite"),
        (vec![0.0; 8], "zero"),
    ] {
        let good = Change { document: document(1, 0), revision: None, vector: Some(vector(1, 0)) };
        let bad = Change { document: document(2, 0), revision: None, vector: Some(bad) };
        let error = writer.apply(vec![good, bad]).unwrap_err();
        assert!(matches!(error, Error::Vector { .. }));
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.to_string().contains("1000002"), "{error}");
    }
    writer.upsert_with_vector(document(3, 0), vector(3, 0)).unwrap();
    writer.commit().unwrap();
    assert_eq!(database.snapshot().len(), 1, "a refused batch leaves nothing behind");
}

#[test]
fn queries_that_do_not_fit_are_refused() {
    let snapshot = plain().snapshot();
    for bad in [vec![1.0; 3], vec![f32::NAN; 8], vec![0.0; 8]] {
        assert!(matches!(snapshot.search(&Query::vector(bad)), Err(Error::Vector { .. })));
    }
    let reversed = Query::matching(Filter::years(2020, 2010));
    assert!(matches!(snapshot.search(&reversed), Err(Error::InvalidQuery { .. })));
    let many = Query::vector(vector(1, 1)).k(usize::MAX);
    assert!(matches!(snapshot.search(&many), Err(Error::InvalidQuery { .. })));
    assert!(matches!(Query::embed(&*counting(1), "  "), Err(Error::InvalidQuery { .. })));
}

#[test]
fn a_mesh_heading_that_nobody_has_is_an_error_with_suggestions() {
    let database = plain();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.upsert_with_vector(document(1, 0), vector(1, 0)).unwrap();
    writer.commit().unwrap();
    let error =
        database.snapshot().search(&Query::matching(Filter::mesh("Haeding 1"))).unwrap_err();
    assert!(error.to_string().contains("`Heading 1`"), "{error}");
    let found = database.snapshot().search(&Query::matching(Filter::mesh("HEADING 1"))).unwrap();
    assert_eq!(found.matched, 1);
}

#[test]
fn another_encoder_is_refused_for_writing_and_for_searching() {
    let database = embedded(1);
    match database.writer(WriterOptions::with_encoder(counting(2))) {
        Err(error @ Error::EncoderMismatch { .. }) => {
            let text = error.to_string();
            assert!(text.contains("counting-1") && text.contains("counting-2"), "{text}");
        }
        other => panic!("{:?}", other.err()),
    }
    let query = Query::embed(&*counting(2), "words").unwrap();
    let error = database.snapshot().search(&query).unwrap_err();
    assert!(matches!(error, Error::EncoderMismatch { .. }));
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let error = writer.upsert_with_vector(document(1, 0), vec![1.0; 4]).unwrap_err();
    assert!(error.to_string().contains("counting-1"), "{error}");
}

#[test]
fn the_same_text_is_embedded_once() {
    let database = embedded(1);
    let mut writer = database.writer(WriterOptions::with_encoder(counting(1))).unwrap();
    let first = writer.apply((0..10).map(|n| Change::new(document(n, 0))).collect()).unwrap();
    assert_eq!((first.added, first.encoded, first.reused), (10, 10, 0));
    writer.commit().unwrap();

    // The same documents again: nothing to do.
    let again = writer.apply((0..10).map(|n| Change::new(document(n, 0))).collect()).unwrap();
    assert_eq!((again.unchanged, again.encoded), (10, 0));

    // New metadata, same text: the vector is taken over.
    let mut revised = document(4, 0);
    revised.mesh.clear();
    let before =
        database.snapshot().stored_vector(&key(4), revised.encoder_input().hash()).unwrap();
    let applied = writer.upsert(revised.clone()).unwrap();
    assert_eq!((applied.replaced, applied.encoded, applied.reused), (1, 0, 1));
    writer.commit().unwrap();
    let after = database.snapshot().stored_vector(&key(4), revised.encoder_input().hash()).unwrap();
    assert!(before.is_some());
    assert_eq!(before, after);
}

#[test]
fn an_empty_text_is_stored_without_a_vector() {
    let database = embedded(1);
    let mut writer = database.writer(WriterOptions::with_encoder(counting(1))).unwrap();
    writer.upsert(Document::new(Key::pmid(5))).unwrap();
    writer.upsert(document(1, 0)).unwrap();
    writer.commit().unwrap();
    let snapshot = database.snapshot();
    assert!(snapshot.contains(&Key::pmid(5)).unwrap());
    let result = snapshot.search(&Query::embed(&*counting(1), "text").unwrap()).unwrap();
    assert_eq!(result.matched, 2);
    assert_eq!(result.hits.len(), 1);
}

#[test]
fn duplicate_keys_in_one_batch_keep_the_last() {
    let database = plain();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let batch = (0..3)
        .map(|n| Change { document: document(1, n), revision: None, vector: Some(vector(1, n)) })
        .collect();
    let applied = writer.apply(batch).unwrap();
    assert_eq!((applied.added, applied.replaced), (1, 2));
    writer.commit().unwrap();
    let snapshot = database.snapshot();
    assert_eq!(snapshot.len(), 1);
    assert_eq!(snapshot.get(&key(1)).unwrap(), Some(document(1, 2)));
}

#[test]
fn documents_that_break_a_limit_are_refused_by_name() {
    let database = plain();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let long = Document::new(Key::Text("x".repeat(513)));
    for bad in [Document::new(Key::Text(String::new())), Document::new(Key::pmid(0)), long] {
        assert!(matches!(writer.upsert(bad), Err(Error::InvalidDocument { .. })));
    }
    let mut twice = document(1, 0);
    let field = twice.fields[0].clone();
    twice.fields.push(field);
    assert!(writer.upsert(twice).unwrap_err().to_string().contains("twice"));
}

#[test]
fn a_place_without_a_database_and_one_with_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = Database::open(&missing).err().unwrap();
    assert!(matches!(error, Error::NotFound { .. }));
    assert!(Database::open(folder.path()).is_err());
    Database::create(folder.path(), create_options()).unwrap();
    let again = Database::create(folder.path(), create_options()).err().unwrap();
    assert!(matches!(again, Error::Exists { .. }));
}

#[test]
fn dimensions_out_of_range_are_refused() {
    for dimension in [0, 8193, u32::MAX] {
        let options = CreateOptions::default().vectors(Some(VectorConfig::new(
            dimension,
            Metric::Dot,
            RowType::F16,
            None,
        )));
        let error = Database::create_in(Arc::new(MemoryStorage::new()), options).err().unwrap();
        assert!(matches!(error, Error::Vector { .. }));
    }
}

/// Sets one byte of the header of a file that has one block, and makes its checksums right.
fn forge_header(bytes: &mut [u8], place: usize, value: u8) {
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap());
    bytes[place] = value;
    let footer = bytes.len() - 64;
    let body = word(bytes, footer + 8) as usize;
    for (from, to, at) in [
        (0, 60, 60),
        (0, body, footer - 4),
        (body, footer, footer + 24),
        (footer, footer + 52, footer + 52),
    ] {
        let crc = crc32c::crc32c(&bytes[from..to]);
        bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
    }
}

#[test]
fn a_database_with_newer_features_is_read_only_or_refused() {
    let storage = MemoryStorage::new();
    Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let name = "manifest-00000001";
    let bytes = storage.open(name).unwrap().unwrap().to_vec();
    let open = |place: usize, value: u8| {
        let mut bytes = bytes.clone();
        forge_header(&mut bytes, place, value);
        Database::open_in(Arc::new(MemoryStorage::with_files([(name.to_owned(), bytes)])))
    };
    // Optional features and minor versions change nothing.
    for place in [10, 32] {
        open(place, 1).unwrap().writer(WriterOptions::default()).map(drop).unwrap();
    }
    let write_feature = open(36, 1).unwrap();
    assert!(write_feature.snapshot().is_empty());
    let refused = write_feature.writer(WriterOptions::default()).map(drop);
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    for place in [8, 40] {
        let refused = open(place, 2).map(drop);
        assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    }
}

/// Trains and uses an index of a few documents.
fn small_index() -> WriterOptions {
    WriterOptions::default().index_rows_min(4).train_rows_min(6)
}

#[test]
fn queries_that_do_not_fit_the_index_are_refused_and_cost_nothing() {
    let database = plain();
    let mut writer = database.writer(small_index()).unwrap();
    for number in 0..50 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    let ask = |queries: Vec<f32>| OptimizeOptions::default().queries(Some(queries));
    for (bad, word) in [
        (vec![1.0; 12], "12 numbers are not vectors of 8"),
        (vec![], "0 numbers"),
        (vec![0.0; 16], "none has a direction"),
        ([vec![1.0; 8], vec![f32::NAN; 8]].concat(), "number 8 is not finite"),
        (vec![f32::NEG_INFINITY; 8], "number 0 is not finite"),
    ] {
        let error = writer.optimize(&ask(bad), &Control::default()).unwrap_err();
        assert!(matches!(error, Error::Vector { .. }));
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.to_string().contains("the queries"), "{error}");
    }
    let good = (0..9).flat_map(|number| vector(number, 7)).collect();
    let report = writer.optimize(&ask(good), &Control::default()).unwrap();
    assert_eq!((report.queries, report.recall.map(|recall| recall.is_estimate)), (9, Some(false)));

    let snapshot = database.snapshot();
    let effort = Accuracy::Effort { probes: 2, candidates: 9 };
    for accuracy in [effort, Accuracy::default(), Accuracy::Exact] {
        for bad in [vec![1.0; 7], vec![1.0; 9], vec![f32::NAN; 8], vec![0.0; 8]] {
            let refused = snapshot.search(&Query::vector(bad).accuracy(accuracy));
            assert!(matches!(refused, Err(Error::Vector { .. })), "{accuracy:?}");
        }
        let hits = snapshot.search(&Query::vector(vector(3, 9)).accuracy(accuracy)).unwrap().hits;
        assert_eq!(hits.len(), 10);
    }
    for bad in [
        Accuracy::Recall(0.0),
        Accuracy::Recall(1.5),
        Accuracy::Recall(f32::NAN),
        Accuracy::Effort { probes: 0, candidates: 9 },
    ] {
        let refused = snapshot.search(&Query::vector(vector(3, 9)).accuracy(bad));
        assert!(matches!(refused, Err(Error::InvalidQuery { .. })), "{bad:?}");
    }
    let bare = CreateOptions::default().vectors(None);
    let bare = Database::create_in(Arc::new(MemoryStorage::new()), bare).unwrap();
    let mut writer = bare.writer(small_index()).unwrap();
    let error = writer.optimize(&ask(vec![1.0; 8]), &Control::default()).unwrap_err();
    assert!(error.to_string().contains("without vectors"), "{error}");
    assert_eq!(writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap().lists, 0);
}

#[test]
fn vectors_of_extreme_lengths_are_indexed() {
    for (row_type, factor) in [
        (RowType::Int8, 1e-20),
        (RowType::Int8, 1e6),
        (RowType::Int8, 1e15),
        (RowType::F16, 6e4),
        (RowType::F32, 1e-30),
        (RowType::F32, 1e15),
    ] {
        let what = format!("{row_type:?} x {factor:e}");
        let vectors = Some(VectorConfig::new(8, Metric::Dot, row_type, None));
        let storage = Arc::new(MemoryStorage::new());
        let database =
            Database::create_in(storage, CreateOptions::default().vectors(vectors)).unwrap();
        let mut writer = database.writer(small_index()).unwrap();
        let long = |number| -> Vec<f32> { vector(number, 0).iter().map(|x| x * factor).collect() };
        for number in 0..80 {
            writer.upsert_with_vector(document(number, 0), long(number)).unwrap();
        }
        let done = writer.optimize(&OptimizeOptions::default(), &Control::default());
        let report = done.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(report.lists > 0 && report.compact.encoded == 80, "{what}: {report:?}");
        let snapshot = database.snapshot();
        snapshot.verify(&Control::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let query = Query::vector(vector(3, 9));
        let exact = snapshot.search(&query.clone().exact()).unwrap().hits;
        let all = Accuracy::Effort { probes: 100, candidates: 100 };
        assert_eq!(snapshot.search(&query.accuracy(all)).unwrap().hits, exact, "{what}");
    }
}
