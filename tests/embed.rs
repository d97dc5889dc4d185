//! Documents that are stored first and embedded later.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{DIMENSION, Numbers, document, key, vector};
use medvec::db::{Change, CreateOptions, Database, EmbedOptions, Writer, WriterOptions};
use medvec::encoder::{Encoder, EncoderInput, EncoderSpec};
use medvec::format::manifest::RowType;
use medvec::search::{Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{CancelToken, Control, Document, Error, Key, Metric, Result};

/// An encoder that takes its time, counts its calls, fails on the word `FAIL`, and does not reach its server on `LOST`.
struct Slow {
    inner: Arc<dyn Encoder>,
    text_time: Duration,
    longest_call: AtomicU64,
}

impl Encoder for Slow {
    fn spec(&self) -> &EncoderSpec {
        self.inner.spec()
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        self.longest_call.fetch_max(inputs.len() as u64, Ordering::Relaxed);
        std::thread::sleep(self.text_time * inputs.len() as u32);
        if inputs.iter().any(|input| input.title.contains("FAIL")) {
            return Err(Error::encoder("slow", "asked to"));
        }
        if inputs.iter().any(|input| input.title.contains("LOST")) {
            let refused = std::io::ErrorKind::ConnectionRefused;
            return Err(Error::io("reach", "the server", refused.into()));
        }
        self.inner.encode_documents(inputs)
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        self.inner.encode_queries(queries)
    }
}

fn slow(text_time: Duration) -> Arc<Slow> {
    let inner = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
    Arc::new(Slow { inner, text_time, longest_call: AtomicU64::new(0) })
}

fn deferred(encoder: &Arc<Slow>, documents: u64) -> (Database, Writer) {
    let create = CreateOptions::for_encoder(encoder.spec(), RowType::F32);
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create).unwrap();
    let options = WriterOptions::with_encoder(encoder.clone()).defer(true);
    let mut writer = database.writer(options).unwrap();
    let changes = (0..documents).map(|number| Change::new(document(number, 0))).collect();
    let applied = writer.apply(changes).unwrap();
    assert_eq!((applied.added, applied.encoded), (documents, 0));
    (database, writer)
}

fn no_control() -> Control {
    Control::default()
}

/// However many are asked for: each has texts in hand, and a stack.
#[test]
fn embedding_starts_no_more_threads_than_make_sense() {
    let encoder = slow(Duration::ZERO);
    let (database, mut writer) = deferred(&encoder, 50);
    let options = EmbedOptions::default().threads(usize::MAX);
    let report = writer.embed_pending(&options, &no_control(), &mut |_| ()).unwrap();
    assert_eq!((report.embedded, database.snapshot().pending().unwrap()), (50, 0));
}

#[test]
fn what_is_deferred_is_found_by_filters_at_once_and_by_meaning_later() {
    let encoder = slow(Duration::ZERO);
    let (database, mut writer) = deferred(&encoder, 500);
    writer.upsert(Document::new(Key::pmid(77))).unwrap();
    writer.commit().unwrap();
    let before = database.snapshot();
    assert_eq!((before.pending().unwrap(), before.stats().unwrap().pending), (500, 500));
    let german = Filter::Language("ger".into());
    let listed = before.search(&Query::matching(german.clone()).k(1000)).unwrap();
    assert_eq!(listed.matched, 100);
    let query = || Query::vector(vector(7, 0)).k(1);
    assert!(before.search(&query()).unwrap().hits.is_empty());

    let options = EmbedOptions::default().threads(3).commit_every(100);
    let (mut last, mut commits) = (0, 0);
    let report = writer
        .embed_pending(&options, &no_control(), &mut |now| {
            assert!(now.done >= last && now.done <= now.total && now.total == 500);
            last = now.done;
            commits += u64::from(now.is_committing);
        })
        .unwrap();
    assert_eq!((report.embedded, last), (500, 500));
    assert!(commits > 1, "{commits}");
    assert!(encoder.longest_call.load(Ordering::Relaxed) <= 32);
    let after = database.snapshot();
    assert_eq!(report.generation, after.generation());
    assert_eq!((after.len(), after.pending().unwrap()), (501, 0), "one document has no text");
    assert_eq!(after.search(&query()).unwrap().hits[0].key, key(7));
    let filtered = after.search(&query().filter(german).k(1000)).unwrap();
    assert_eq!((filtered.matched, filtered.hits.len()), (100, 100));
    assert!(before.search(&query()).unwrap().hits.is_empty(), "a snapshot does not move");
    after.verify(&no_control()).unwrap();

    writer.compact(&no_control()).unwrap();
    let stats = database.snapshot().stats().unwrap();
    assert_eq!((stats.deleted, stats.vectors), (0, 500));
    assert_eq!(writer.embed_pending(&options, &no_control(), &mut |_| {}).unwrap().embedded, 0);
}

#[test]
fn revisions_stay_and_texts_that_change_wait_again() {
    let encoder = slow(Duration::ZERO);
    let (database, mut writer) = deferred(&encoder, 0);
    let at = |file| Some(medvec::ids::Revision { file, position: 1, version: 1 });
    let put = |writer: &mut Writer, edition, file| {
        let change = Change { document: document(4, edition), revision: at(file), vector: None };
        writer.apply(vec![change]).unwrap()
    };
    put(&mut writer, 0, 10);
    writer.embed_pending(&EmbedOptions::default(), &no_control(), &mut |_| {}).unwrap();
    assert_eq!(database.snapshot().revision(&key(4)).unwrap(), at(10));
    assert_eq!(put(&mut writer, 1, 9).unchanged, 1);
    // The same document at a later place is left as it is; the same text keeps its vector, a new one waits for it.
    assert_eq!(put(&mut writer, 0, 11).unchanged, 1);
    writer.commit().unwrap();
    assert_eq!(database.snapshot().revision(&key(4)).unwrap(), at(11));
    let mut revised = document(4, 0);
    revised.languages.push("fre".into());
    let change = Change { document: revised, revision: at(12), vector: None };
    assert_eq!(writer.apply(vec![change]).unwrap().reused, 1);
    writer.commit().unwrap();
    assert_eq!(database.snapshot().pending().unwrap(), 0);
    assert_eq!(put(&mut writer, 1, 13).reused, 0);
    writer.commit().unwrap();
    assert_eq!(database.snapshot().pending().unwrap(), 1);
}

#[test]
fn cancelling_is_heeded_between_short_calls_and_keeps_what_was_done() {
    let encoder = slow(Duration::from_millis(4));
    let (database, mut writer) = deferred(&encoder, 2_000);
    let token = CancelToken::new();
    let control = Control { cancel: Some(token.clone()), ..Control::default() };
    let mut cancelled = None;
    let options = EmbedOptions::default().threads(2);
    let result = writer.embed_pending(&options, &control, &mut |now| {
        if now.done >= 60 && cancelled.is_none() {
            token.cancel();
            cancelled = Some(Instant::now());
        }
    });
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    // Calls are fitted to 40 ms, which ten texts of 4 ms fill.
    assert!(encoder.longest_call.load(Ordering::Relaxed) <= 12);
    assert!(cancelled.is_some());
    assert_eq!(database.snapshot().pending().unwrap(), 2_000);
    writer.commit().unwrap();
    let left = database.snapshot().pending().unwrap();
    assert!((1_000..=1_940).contains(&left), "{left} left");
    let quick = options.clone().threads(8);
    let report = writer.embed_pending(&quick, &no_control(), &mut |_| {}).unwrap();
    assert_eq!((report.embedded, database.snapshot().pending().unwrap()), (left, 0));
}

#[test]
fn a_pause_holds_embedding_until_it_is_resumed() {
    let encoder = slow(Duration::from_millis(1));
    let (database, mut writer) = deferred(&encoder, 300);
    let token = CancelToken::new();
    let control = Control { cancel: Some(token.clone()), ..Control::default() };
    token.pause();
    let working = std::thread::spawn(move || {
        writer
            .embed_pending(&EmbedOptions::default(), &control, &mut |_| {})
            .map(|report| report.embedded)
    });
    std::thread::sleep(Duration::from_millis(50));
    assert!(!working.is_finished());
    assert_eq!(encoder.longest_call.load(Ordering::Relaxed), 0, "nothing was embedded");
    token.resume();
    assert_eq!(working.join().unwrap().unwrap(), 300);
    assert_eq!(database.snapshot().pending().unwrap(), 0);
}

#[test]
fn an_encoder_that_fails_loses_nothing() {
    let encoder = slow(Duration::ZERO);
    let (database, mut writer) = deferred(&encoder, 40);
    let mut bad = document(60, 0);
    bad.title = "FAIL".into();
    writer.upsert(bad).unwrap();
    let options = EmbedOptions::default().threads(1);
    let error = writer.embed_pending(&options, &no_control(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Encoder { .. }), "{error}");
    writer.delete(&key(60)).unwrap();
    writer.embed_pending(&options, &no_control(), &mut |_| {}).unwrap();
    assert_eq!((database.snapshot().len(), database.snapshot().pending().unwrap()), (40, 0));

    drop(writer);
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let error = writer.embed_pending(&options, &no_control(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("without an encoder"), "{error}");
}

/// What an encoder reports of its own files and connections is not a failure of the database's storage.
#[test]
fn an_encoder_without_its_server_loses_nothing_either() {
    let encoder = slow(Duration::ZERO);
    let (database, mut writer) = deferred(&encoder, 20);
    writer.commit().unwrap();
    let mut lost = document(20, 0);
    lost.title = "LOST 20".into();
    writer.upsert(lost.clone()).unwrap();
    let options = EmbedOptions::default().threads(1).batch(1);
    let error = writer.embed_pending(&options, &no_control(), &mut |_| {}).unwrap_err();
    assert_eq!(error.code(), "encoder");
    assert!(error.to_string().contains("cannot reach the server"), "{error}");
    writer.commit().unwrap();
    assert_eq!(database.snapshot().pending().unwrap(), 1, "what was embedded is kept");
    drop(writer);

    let options = WriterOptions::with_encoder(encoder.clone());
    let mut writer = database.writer(options).unwrap();
    let rename = |document: &mut Document| document.title = "LOST again".into();
    let error = writer.update(&key(3), rename).unwrap_err();
    assert_eq!(error.code(), "encoder");
    assert_eq!(writer.apply(vec![Change::new(lost)]).unwrap_err().code(), "encoder");
    writer.upsert(document(21, 0)).unwrap();
    writer.commit().unwrap();
    assert!(database.snapshot().contains(&key(21)).unwrap());
}

/// An encoder that knows no word.
struct Mute(EncoderSpec);

impl Encoder for Mute {
    fn spec(&self) -> &EncoderSpec {
        &self.0
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        Ok(vec![0.0; inputs.len() * DIMENSION as usize])
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        Ok(vec![0.0; queries.len() * DIMENSION as usize])
    }
}

#[test]
fn a_vector_that_is_given_to_a_text_without_one_stays_whether_the_text_was_committed_or_not() {
    let encoder = Arc::new(Mute(EncoderSpec::of_origin("mute", DIMENSION, Metric::Cosine)));
    for commits in [false, true] {
        let create = CreateOptions::for_encoder(encoder.spec(), RowType::F32);
        let database = Database::create_in(Arc::new(MemoryStorage::new()), create).unwrap();
        let options = WriterOptions::with_encoder(encoder.clone());
        let mut writer = database.writer(options).unwrap();
        let applied = writer.upsert(document(1, 0)).unwrap();
        assert_eq!(applied.without_vector, 1);
        if commits {
            writer.commit().unwrap();
        }
        writer.set_vector(&key(1), &vector(1, 0)).unwrap();
        let mut again = document(1, 0);
        again.languages = vec!["fre".into()];
        let applied = writer.upsert(again).unwrap();
        assert_eq!((applied.reused, applied.without_vector), (1, 0), "{commits}");
        writer.commit().unwrap();
        assert!(database.snapshot().vector(&key(1)).unwrap().is_some(), "{commits}");
    }
}

#[test]
fn a_database_without_vectors_has_nothing_pending() {
    let database =
        Database::create_in(Arc::new(MemoryStorage::new()), CreateOptions::default().vectors(None))
            .unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.upsert(document(1, 0)).unwrap();
    writer.commit().unwrap();
    assert_eq!(database.snapshot().pending().unwrap(), 0);
}

#[test]
fn an_encoder_that_made_the_vectors_is_adopted_and_another_is_not() {
    let origin = EncoderSpec::of_origin("lab/model", DIMENSION, Metric::Cosine);
    let create = CreateOptions::for_encoder(&origin, RowType::Int8);
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create).unwrap();
    let options = WriterOptions::default().origin(Some(origin));
    let mut writer = database.writer(options).unwrap();
    let right = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
    let adopt = |writer: &mut Writer, encoder| writer.adopt_encoder(encoder, &no_control());
    writer.set_vector(&key(1000), &vector(1, 1)).unwrap();
    let error = adopt(&mut writer, right.clone()).unwrap_err().to_string();
    assert!(error.contains("no document has both text and a vector"), "{error}");

    for number in 0..100 {
        let document = document(number, 0);
        match number % 5 {
            0 => writer.upsert(document).unwrap(),
            _ => writer.upsert_with_vector(document, vector(number, 0)).unwrap(),
        };
    }
    writer.commit().unwrap();
    let query = || Query::embed(&*right, "7 of 0").unwrap().k(1);
    let refused = database.snapshot().search(&query());
    assert!(matches!(refused, Err(Error::EncoderMismatch { .. })));
    let wrong =
        Numbers::encoder(DIMENSION, Metric::Cosine, |number, edition| vector(number + 1, edition));
    let error = adopt(&mut writer, wrong).unwrap_err().to_string();
    assert!(error.contains("did not make the vectors of lab/model"), "{error}");
    let longer = Numbers::encoder(DIMENSION + 1, Metric::Cosine, vector);
    let error = adopt(&mut writer, longer).unwrap_err().to_string();
    assert!(error.contains("9 numbers"), "{error}");

    let report = adopt(&mut writer, right.clone()).unwrap();
    assert_eq!(report.samples, 32);
    assert!(report.cosine > 0.999, "{report:?}");
    assert_eq!(database.snapshot().search(&query()).unwrap().hits[0].key, key(7));
    assert_eq!(database.snapshot().pending().unwrap(), 20);
    writer.embed_pending(&EmbedOptions::default(), &no_control(), &mut |_| {}).unwrap();
    assert_eq!(database.snapshot().pending().unwrap(), 0);
    let error = adopt(&mut writer, right).unwrap_err().to_string();
    assert!(error.contains("no named origin whose encoder is missing"), "{error}");
}
