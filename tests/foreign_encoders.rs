//! Encoders that panic, and encoders that have no vector for a text: every call of the library takes
//! both alike.
#![cfg(feature = "ingest")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use common::{DIMENSION, Numbers, document, key, vector};
use medvec::db::{
    Change, CreateOptions, Database, EmbedOptions, OptimizeOptions, Writer, WriterOptions,
};
use medvec::format::manifest::RowType;
use medvec::ingest::pipeline::{ImportOptions, import};
use medvec::search::Query;
use medvec::storage::MemoryStorage;
use medvec::{Control, Document, Encoder, EncoderInput, EncoderSpec, Error, Key, Metric, Result};

/// Knows numbers only, and panics after so many calls.
struct Moody {
    inner: Arc<dyn Encoder>,
    calls: AtomicU32,
}

const NEVER: u32 = u32::MAX / 2;

impl Moody {
    fn new(calls: u32) -> Arc<Moody> {
        let inner = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
        Arc::new(Moody { inner, calls: AtomicU32::new(calls) })
    }

    fn row(&self, text: &str) -> Result<Vec<f32>> {
        if !text.contains(|c: char| c.is_ascii_digit()) {
            return Ok(vec![0.0; DIMENSION as usize]);
        }
        self.inner.encode_queries(&[text])
    }

    fn called(&self) {
        let left = self.calls.load(Ordering::Relaxed);
        assert!(left > 0, "the model is out of memory");
        self.calls.store(left - 1, Ordering::Relaxed);
    }
}

impl Encoder for Moody {
    fn spec(&self) -> &EncoderSpec {
        self.inner.spec()
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        self.called();
        let rows = inputs.iter().map(|input| self.row(&input.title)).collect::<Result<Vec<_>>>()?;
        Ok(rows.concat())
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        self.called();
        let rows = queries.iter().map(|query| self.row(query)).collect::<Result<Vec<_>>>()?;
        Ok(rows.concat())
    }
}

fn database(encoder: &Arc<Moody>) -> Database {
    let create = CreateOptions::for_encoder(encoder.spec(), RowType::F32);
    Database::create_in(Arc::new(MemoryStorage::new()), create).unwrap()
}

fn writer(database: &Database, encoder: &Arc<Moody>, defer: bool) -> Writer {
    let options = WriterOptions::default().index_rows_min(4).train_rows_min(6);
    let encoder: Arc<dyn Encoder> = encoder.clone();
    database.writer(options.defer(defer).encoder(Some(encoder))).unwrap()
}

#[track_caller]
fn assert_panicked<T: std::fmt::Debug>(result: Result<T>) {
    match result {
        Err(Error::Encoder { detail, .. }) => {
            assert!(detail.contains("panicked: the model is out of memory"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
}

fn changes(numbers: std::ops::Range<u64>) -> Vec<Change> {
    numbers.map(|number| Change::new(document(number, 0))).collect()
}

/// A document that the encoder knows no word of.
fn wordless(number: u64) -> Document {
    let mut document = Document::new(key(number));
    document.title = "\u{60a3}\u{8005}".into();
    document
}

#[test]
fn a_panic_while_writing_is_an_error_and_the_writer_goes_on() {
    let encoder = Moody::new(0);
    let database = database(&encoder);
    let mut writer = writer(&database, &encoder, false);
    assert_panicked(writer.apply(changes(0..5)));
    assert_panicked(writer.upsert(document(1, 0)));
    encoder.calls.store(NEVER, Ordering::Relaxed);
    assert_eq!(writer.apply(changes(0..5)).unwrap().encoded, 5);
    writer.commit().unwrap();
    assert_eq!(database.snapshot().len(), 5);
}

#[test]
fn a_panic_of_a_query_is_an_error() {
    assert_panicked(Query::embed(&*Moody::new(0), "7"));
}

#[test]
fn a_panic_in_an_import_ends_it_and_a_second_run_completes_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docs.jsonl");
    let lines: String =
        (1..=900).map(|n| format!("{{\"pmid\": {n}, \"title\": \"Trial {n}\"}}\n")).collect();
    std::fs::write(&file, lines).unwrap();
    for calls in [0, 1, 7] {
        for threads in [1, 3] {
            let encoder = Moody::new(calls);
            let database = database(&encoder);
            let options = ImportOptions::default()
                .encoder(Some(encoder.clone()))
                .encode_threads(threads)
                .batch(8);
            let files = [file.clone()];
            assert_panicked(import(&database, &files, &options, &mut |_| {}));
            encoder.calls.store(NEVER, Ordering::Relaxed);
            let report = import(&database, &files, &options, &mut |_| {}).unwrap();
            assert_eq!(database.snapshot().len(), 900, "{report:?}");
            assert_eq!(database.snapshot().pending().unwrap(), 0);
        }
    }
}

#[test]
fn a_panic_while_embedding_what_waits_keeps_what_was_made() {
    for (calls, threads) in [(0, 1), (3, 1), (3, 4)] {
        let encoder = Moody::new(calls);
        let database = database(&encoder);
        let mut writer = writer(&database, &encoder, true);
        writer.apply(changes(0..300)).unwrap();
        let options = EmbedOptions::default().threads(threads).batch(8);
        assert_panicked(writer.embed_pending(&options, &Control::default(), &mut |_| {}));
        encoder.calls.store(NEVER, Ordering::Relaxed);
        let control = Control::default();
        let report = writer.embed_pending(&options, &control, &mut |_| {}).unwrap();
        assert!(report.embedded <= 300);
        assert_eq!(database.snapshot().pending().unwrap(), 0);
        assert_eq!(database.snapshot().stats().unwrap().without_vector, 0);
    }
}

#[test]
fn a_panic_while_optimizing_leaves_a_writer_that_can_go_on() {
    let encoder = Moody::new(NEVER);
    let database = database(&encoder);
    let mut writer = writer(&database, &encoder, false);
    writer.apply(changes(0..50)).unwrap();
    writer.commit().unwrap();
    encoder.calls.store(0, Ordering::Relaxed);
    let optimized = writer.optimize(&OptimizeOptions::default(), &Control::default());
    if optimized.is_err() {
        assert_panicked(optimized);
    }
    encoder.calls.store(NEVER, Ordering::Relaxed);
    writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(snapshot.search(&Query::vector(vector(7, 0)).k(1)).unwrap().hits[0].key, key(7));
}

#[test]
fn a_text_that_has_no_vector_is_stored_without_one_and_waits_for_none() {
    for defer in [false, true] {
        let encoder = Moody::new(NEVER);
        let database = database(&encoder);
        let mut writer = writer(&database, &encoder, defer);
        let mut all = changes(0..20);
        all.extend((100..110).map(|number| Change::new(wordless(number))));
        let applied = writer.apply(all).unwrap();
        writer.commit().unwrap();
        if defer {
            assert_eq!(database.snapshot().pending().unwrap(), 30);
            let options = EmbedOptions::default().batch(4);
            let report = writer.embed_pending(&options, &Control::default(), &mut |_| {}).unwrap();
            assert_eq!((report.embedded, report.without_vector), (20, 10));
            let again = writer.embed_pending(&options, &Control::default(), &mut |_| {}).unwrap();
            assert_eq!((again.embedded, again.without_vector), (0, 0));
        } else {
            assert_eq!((applied.encoded, applied.without_vector), (20, 10));
        }
        // The same text again changes nothing; a text with a word gets its vector.
        assert_eq!(writer.upsert(wordless(101)).unwrap().unchanged, 1);
        let mut named = wordless(102);
        named.title = "Title of document 102, edition 0".into();
        writer.upsert(named).unwrap();
        writer.compact(&Control::default()).unwrap();
        if defer {
            writer
                .embed_pending(&EmbedOptions::default(), &Control::default(), &mut |_| {})
                .unwrap();
        }
        writer.commit().unwrap();
        let snapshot = database.snapshot();
        let stats = snapshot.stats().unwrap();
        assert_eq!((stats.documents, stats.pending, stats.without_vector), (30, 0, 9), "{defer}");
        assert!(snapshot.get(&key(101)).unwrap().is_some(), "it is stored");
        let hits = snapshot.search(&Query::vector(vector(102, 0)).k(30)).unwrap().hits;
        assert_eq!(hits.len(), 21);
        assert_eq!(hits[0].key, key(102));
        snapshot.verify(&Control::default()).unwrap();
        let refused = Query::embed(&*encoder, "\u{60a3}\u{8005}").unwrap_err();
        assert!(matches!(refused, Error::InvalidQuery { .. }), "{refused}");
    }
}

#[test]
fn an_import_counts_texts_without_a_vector() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docs.jsonl");
    std::fs::write(
        &file,
        "{\"pmid\": 1, \"title\": \"Trial 1\"}\n{\"pmid\": 2, \"title\": \"word\"}\n",
    )
    .unwrap();
    let encoder = Moody::new(NEVER);
    let database = database(&encoder);
    let options = ImportOptions::default().encoder(Some(encoder.clone()));
    let report = import(&database, &[file], &options, &mut |_| {}).unwrap();
    assert_eq!((report.added, report.encoded, report.without_vector), (2, 1, 1));
    let snapshot = database.snapshot();
    assert_eq!(snapshot.pending().unwrap(), 0);
    assert!(snapshot.get(&Key::pmid(2)).unwrap().is_some());
}
