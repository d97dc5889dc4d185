//! What a writer offers beside replacing documents: changing them in place, waiting for the lock,
//! stopping while it embeds, going on with a database of an older format.

mod common;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{DIMENSION, Numbers, contents, document, key, vector};
use medvec::db::{Change, CreateOptions, Database, EmbedOptions, Writer, WriterOptions};
use medvec::encoder::EncoderSpec;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ids::{Key, Revision};
use medvec::search::{Filter, Query};
use medvec::storage::MemoryStorage;
use medvec::{CancelToken, Control, Document, Encoder, EncoderInput, Error, Metric, Result};

/// Counts the texts it embeds, has no vector for a title with `NOTHING`, and cancels a call after some.
struct Counting {
    inner: Arc<dyn Encoder>,
    texts: AtomicUsize,
    cancel_after: Option<(usize, CancelToken)>,
}

impl Encoder for Counting {
    fn spec(&self) -> &EncoderSpec {
        self.inner.spec()
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        let before = self.texts.fetch_add(inputs.len(), Ordering::Relaxed);
        if let Some((texts, token)) = &self.cancel_after
            && before + inputs.len() >= *texts
        {
            token.cancel();
        }
        let mut numbers = self.inner.encode_documents(inputs)?;
        for (row, input) in numbers.chunks_mut(DIMENSION as usize).zip(inputs) {
            if input.title.contains("NOTHING") {
                row.fill(0.0);
            }
        }
        Ok(numbers)
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        self.inner.encode_queries(queries)
    }
}

fn counting(cancel_after: Option<(usize, CancelToken)>) -> Arc<Counting> {
    let inner = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
    Arc::new(Counting { inner, texts: AtomicUsize::new(0), cancel_after })
}

fn empty(row_type: RowType) -> Database {
    let spec = counting(None).spec().clone();
    let create = CreateOptions::for_encoder(&spec, row_type);
    Database::create_in(Arc::new(MemoryStorage::new()), create).unwrap()
}

fn stored(database: &Database, document: &Document) -> Option<Vec<f32>> {
    let hash = document.encoder_input().hash();
    database.snapshot().stored_vector(&document.key, hash).unwrap()
}

fn is_near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.02)
}

fn set_language(document: &mut Document, language: &str) {
    document.languages = vec![language.to_owned()];
}

#[test]
fn an_update_of_metadata_keeps_the_vector_wherever_the_document_is() {
    for row_type in [RowType::F32, RowType::Int8] {
        let database = empty(row_type);
        let encoder = counting(None);
        let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone())).unwrap();
        writer.upsert(document(1, 0)).unwrap();
        writer.commit().unwrap();
        let vector = stored(&database, &document(1, 0)).unwrap();
        // In a segment, then in the buffer twice, then in a merged segment.
        for (language, commits) in [("a", false), ("b", false), ("c", true), ("d", true)] {
            let update = |document: &mut Document| set_language(document, language);
            let applied = writer.update(&key(1), update).unwrap().unwrap();
            assert_eq!((applied.replaced, applied.reused, applied.encoded), (1, 1, 0));
            if commits {
                writer.commit().unwrap();
                writer.compact(&Control::default()).unwrap();
                let mut expected = document(1, 0);
                set_language(&mut expected, language);
                assert_eq!(database.snapshot().get(&key(1)).unwrap().unwrap(), expected);
                assert!(is_near(&stored(&database, &expected).unwrap(), &vector));
            }
        }
        assert_eq!(encoder.texts.load(Ordering::Relaxed), 1, "it was embedded once");
        assert_eq!(database.snapshot().len(), 1);
        let same = writer.update(&key(1), |_| ()).unwrap().unwrap();
        assert_eq!((same.unchanged, same.replaced), (1, 0));
        assert!(writer.update(&key(2), |_| ()).unwrap().is_none(), "there is no such document");
        database.snapshot().verify(&Control::default()).unwrap();
    }
}

#[test]
fn a_vector_of_the_callers_takes_the_place_of_the_one_that_is_there() {
    for is_committed in [false, true] {
        let database = empty(RowType::F32);
        let mut writer = database.writer(WriterOptions::with_encoder(counting(None))).unwrap();
        let given = |number| {
            let mut numbers = vec![0.0; DIMENSION as usize];
            numbers[number] = 1.0;
            numbers
        };
        writer.upsert_with_vector(document(1, 0), given(1)).unwrap();
        if is_committed {
            writer.commit().unwrap();
        }
        let applied = writer.upsert_with_vector(document(1, 0), given(2)).unwrap();
        assert_eq!((applied.replaced, applied.unchanged), (1, 0));
        writer.commit().unwrap();
        assert_eq!(stored(&database, &document(1, 0)), Some(given(2)));
        // Without one, the same document changes nothing.
        let applied = writer.upsert(document(1, 0)).unwrap();
        assert_eq!((applied.unchanged, applied.reused, applied.encoded), (1, 1, 0));
        assert_eq!(stored(&database, &document(1, 0)), Some(given(2)));
    }
}

#[test]
fn an_update_of_the_text_embeds_it_again_or_asks_what_to_do() {
    let database = empty(RowType::F32);
    let encoder = counting(None);
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone())).unwrap();
    writer.upsert(document(1, 0)).unwrap();
    let edit = |document: &mut Document| *document = common::document(1, 5);
    let applied = writer.update(&key(1), edit).unwrap().unwrap();
    assert_eq!((applied.encoded, applied.reused), (1, 0));
    writer.commit().unwrap();
    let embedded = stored(&database, &document(1, 5)).unwrap();
    let expected = encoder.encode_documents(&[document(1, 5).encoder_input()]).unwrap();
    let length = expected.iter().map(|number| number * number).sum::<f32>().sqrt();
    let expected: Vec<f32> = expected.iter().map(|number| number / length).collect();
    assert!(is_near(&embedded, &expected));
    drop(writer);

    // Without the encoder: metadata may change, the text may not, unless it waits for its vector.
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.update(&key(1), |document| set_language(document, "fre")).unwrap();
    let edit = |document: &mut Document| *document = common::document(1, 6);
    let refused = writer.update(&key(1), edit).unwrap_err();
    assert!(matches!(&refused, Error::Vector { .. }), "{refused}");
    assert!(refused.to_string().contains("encoder"), "{refused}");
    writer.commit().unwrap();
    let mut known = document(1, 5);
    set_language(&mut known, "fre");
    assert_eq!(database.snapshot().get(&key(1)).unwrap().unwrap(), known, "as before");
    assert!(stored(&database, &known).is_some());
    drop(writer);
    let mut writer = database.writer(WriterOptions::default().defer(true)).unwrap();
    writer.update(&key(1), edit).unwrap();
    writer.commit().unwrap();
    assert_eq!(database.snapshot().pending().unwrap(), 1);
}

#[test]
fn an_update_may_not_change_the_key_or_break_the_document() {
    let database = empty(RowType::F32);
    let mut writer = database.writer(WriterOptions::with_encoder(counting(None))).unwrap();
    writer.upsert(document(1, 0)).unwrap();
    let rename = |document: &mut Document| document.key = key(3);
    let error = writer.update(&key(1), rename).unwrap_err();
    assert!(matches!(error, Error::InvalidDocument { .. }), "{error}");
    let dates = |document: &mut Document| {
        let date = document.date.as_mut().unwrap();
        std::mem::swap(&mut date.first, &mut date.last);
    };
    let error = writer.update(&key(1), dates).unwrap_err();
    assert!(matches!(error, Error::InvalidDocument { .. }), "{error}");
    writer.commit().unwrap();
    assert_eq!(database.snapshot().get(&key(1)).unwrap().unwrap(), document(1, 0));
}

#[test]
fn an_update_keeps_its_place_and_that_a_text_has_no_vector() {
    let database = empty(RowType::F32);
    let mut writer = database.writer(WriterOptions::with_encoder(counting(None))).unwrap();
    let mut bare = document(1, 0);
    bare.title = "NOTHING 1 0".into();
    let revision = Revision { file: 7, position: 3, version: 1 };
    let change = Change { document: bare.clone(), revision: Some(revision), vector: None };
    writer.apply(vec![change.clone()]).unwrap();
    writer.update(&key(1), |document| set_language(document, "fre")).unwrap();
    writer.commit().unwrap();
    let snapshot = database.snapshot();
    // It keeps its place, and counts the change.
    let changed = Revision { version: 65_537, ..revision };
    assert_eq!(snapshot.revision(&key(1)).unwrap(), Some(changed));
    assert_eq!(snapshot.pending().unwrap(), 0, "nobody asks for its vector again");
    assert_eq!(snapshot.stats().unwrap().without_vector, 1);
    assert_eq!(writer.apply(vec![change.clone()]).unwrap().unchanged, 1, "no newer record");
    let newer = Revision { position: 4, ..revision };
    let applied = writer.apply(vec![Change { revision: Some(newer), ..change }]).unwrap();
    assert_eq!(applied.replaced, 1);
    writer.commit().unwrap();
    assert_eq!(database.snapshot().get(&key(1)).unwrap().unwrap(), bare);
}

#[test]
fn a_document_that_is_compressed_already_can_be_updated() {
    let database = empty(RowType::F32);
    let mut writer = database.writer(WriterOptions::with_encoder(counting(None))).unwrap();
    // More than the samples of the dictionary, so that the first blocks are closed.
    let padding = |number: u64| -> String {
        let mut random = common::Random(number);
        (0..8000).map(|_| char::from(b'a' + (random.below(26)) as u8)).collect()
    };
    let long = |number: u64| {
        let mut document = document(number, 0);
        document.abstract_sections[0].text = padding(number);
        document
    };
    for number in 0..700 {
        writer.upsert(long(number)).unwrap();
    }
    for number in [0, 350, 699] {
        let applied = writer.update(&key(number), |document| set_language(document, "fre"));
        assert_eq!(applied.unwrap().unwrap().reused, 1);
    }
    writer.commit().unwrap();
    let snapshot = database.snapshot();
    assert_eq!(snapshot.len(), 700);
    let mut expected = long(350);
    set_language(&mut expected, "fre");
    assert_eq!(snapshot.get(&key(350)).unwrap().unwrap(), expected);
    snapshot.verify(&Control::default()).unwrap();
}

#[test]
fn a_batch_that_is_cancelled_while_it_is_embedded_changes_nothing() {
    let token = CancelToken::new();
    let encoder = counting(Some((60, token.clone())));
    let database = empty(RowType::F32);
    let control = Control { cancel: Some(token), ..Control::default() };
    let options = WriterOptions::with_encoder(encoder.clone()).control(control);
    let mut writer = database.writer(options).unwrap();
    let changes = (0..1000).map(|number| Change::new(document(number, 0))).collect();
    let error = writer.apply(changes).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    let embedded = encoder.texts.load(Ordering::Relaxed);
    assert!((60..=96).contains(&embedded), "{embedded} texts were embedded");
    writer.commit().unwrap();
    assert!(database.snapshot().is_empty());
}

#[test]
fn a_text_is_embedded_once_even_if_nothing_is_committed() {
    let encoder = counting(None);
    let database = empty(RowType::F32);
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone())).unwrap();
    let changes = |range: std::ops::Range<u64>| {
        range.map(|number| Change::new(document(number, 0))).collect::<Vec<_>>()
    };
    assert_eq!(writer.apply(changes(0..100)).unwrap().encoded, 100);
    let again = writer.apply(changes(50..150)).unwrap();
    assert_eq!((again.reused, again.encoded), (50, 50), "also of what is not committed");
    writer.commit().unwrap();
    assert_eq!(database.snapshot().len(), 150);
    let report =
        writer.embed_pending(&EmbedOptions::default(), &Control::default(), &mut |_| {}).unwrap();
    assert_eq!(report.embedded, 0);
}

fn hold(writer: Writer, time: Duration) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        thread::sleep(time);
        drop(writer);
    })
}

#[test]
fn a_writer_waits_for_the_lock_until_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_or_create(folder.path(), CreateOptions::default()).unwrap();
    let other = Database::open(folder.path()).unwrap();
    let patient = WriterOptions::default().lock_wait(Some(Duration::from_secs(60)));

    let mut first = database.writer(WriterOptions::default()).unwrap();
    first.upsert(document(1, 0)).unwrap();
    first.commit().unwrap();
    let holder = hold(first, Duration::from_millis(150));
    let writer = other.writer(patient.clone()).unwrap();
    assert_eq!(writer.snapshot().len(), 1, "it builds on what the other committed");
    holder.join().unwrap();

    let start = Instant::now();
    let hasty = WriterOptions::default().lock_wait(Some(Duration::from_millis(100)));
    let error = database.writer(hasty).err().unwrap();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(100));

    let token = CancelToken::new();
    let control = Control { cancel: Some(token.clone()), ..Control::default() };
    let (sender, receiver) = mpsc::channel();
    let waiting = thread::spawn(move || {
        sender.send(()).unwrap();
        database.writer(patient.control(control)).err()
    });
    receiver.recv().unwrap();
    token.cancel();
    assert!(matches!(waiting.join().unwrap(), Some(Error::Cancelled)));
    drop(writer);
}

#[test]
fn open_or_create_makes_one_database_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library");
    let vectors = |dimension| VectorConfig::new(dimension, Metric::Cosine, RowType::F32, None);
    let open = |dimension| {
        Database::open_or_create(&path, CreateOptions::default().vectors(Some(vectors(dimension))))
    };
    let ids: Vec<[u8; 16]> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(8).unwrap())).collect();
        let opened = threads.into_iter().map(|thread| thread.join().unwrap());
        opened.map(|database| database.snapshot().manifest().database_id).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "all of them opened the same");
    let error = open(16).err().unwrap().to_string();
    assert!(error.contains("8 numbers") && error.contains("16 numbers"), "{error}");
    let plain = Database::open_or_create(&path, CreateOptions::default()).err().unwrap();
    assert!(plain.to_string().contains("no vectors"), "{plain}");
    let spec = counting(None).spec().clone();
    let asked = CreateOptions::for_encoder(&spec, RowType::F32);
    let error = Database::open_or_create(&path, asked).err().unwrap();
    assert!(matches!(error, Error::Encoder { .. }), "{error}");
}

/// `tests/data/format-1.0` was written by the first release of the format: 40 documents with vectors of 8
/// numbers, number 7 deleted, then `pubmed_sample.xml`.
#[test]
fn a_database_of_format_1_0_is_read_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-1.0");
    for entry in fs::read_dir(kept).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let database = Database::open(folder.path()).unwrap();
    let snapshot = database.snapshot();
    assert_eq!(snapshot.verify(&Control::default()).unwrap().documents, 42);
    assert_eq!(contents(&snapshot).unwrap().len(), 42);
    assert!(snapshot.get(&Key::pmid(7)).unwrap().is_none());
    let found = snapshot.get(&Key::pmid(29)).unwrap().unwrap();
    assert_eq!(found.title, "Title number 29");
    let near = Query::vector(vec![1.288, 1.449, 0.066, -0.765, -1.092, 0.031, -1.022, -1.437]);
    let hits = snapshot.search(&near.clone().k(1)).unwrap().hits;
    assert_eq!(hits[0].key, Key::pmid(1));
    let asthma = Filter::mesh("Asthma");
    assert_eq!(snapshot.search(&Query::matching(asthma).count_only()).unwrap().matched, 26);

    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.delete(&Key::pmid(1)).unwrap();
    writer.upsert(document(90, 1)).unwrap();
    writer.commit().unwrap();
    writer.compact(&Control::default()).unwrap();
    drop(writer);
    let snapshot = Database::open(folder.path()).unwrap().snapshot();
    assert_eq!(snapshot.verify(&Control::default()).unwrap().documents, 42);
    assert_eq!(snapshot.get(&key(90)).unwrap(), Some(document(90, 1)));
    assert_ne!(snapshot.search(&near.k(1)).unwrap().hits[0].key, Key::pmid(1));
}

/// Programs keep handles in structs of their own, pass them to threads, and unwrap the errors beside them.
#[test]
fn handles_can_be_shown_sent_and_shared() {
    fn check<T: std::fmt::Debug + Send + Sync>() {}
    check::<medvec::Snapshot>();
    check::<medvec::OptimizeOptions>();
    check::<medvec::SearchResult>();
    check::<medvec::db::StoredVectors<'static>>();
    check::<Query>();
    check::<CancelToken>();
    check::<Result<Arc<dyn Encoder>>>();
    fn check_sent<T: std::fmt::Debug + Send>(_: &T) {}
    let encoder = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
    let create = CreateOptions::for_encoder(encoder.spec(), RowType::Int8);
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create).unwrap();
    let writer = database.writer(WriterOptions::with_encoder(encoder)).unwrap();
    let maintainer = database.maintainer(WriterOptions::default()).unwrap();
    check_sent(&writer);
    check_sent(&maintainer);
    check::<Database>();
    assert_eq!(database.writer(WriterOptions::default()).unwrap_err().code(), "locked");
    assert!(format!("{database:?}").contains("Generation(1)"), "{database:?}");
    assert!(format!("{writer:?}").contains("numbers of a title"), "{writer:?}");
    assert!(format!("{maintainer:?}").contains("Generation(1)"), "{maintainer:?}");
}
