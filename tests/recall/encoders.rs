//! What is measured where a writer has an encoder.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use medvec::db::{CreateOptions, Database, OptimizeOptions, OptimizeStage, WriterOptions};
use medvec::format::manifest::{QuerySource, RowType};
use medvec::storage::MemoryStorage;
use medvec::{Control, Encoder, EncoderInput, EncoderSpec, Metric, Result as MedvecResult};

use crate::{DIMENSION, add, known_recall, measured_rows, query};

/// An encoder that makes the numbers of a text from its hash.
struct Hashing(EncoderSpec);

impl Hashing {
    fn embed(text: &str) -> Vec<f32> {
        let hash = text.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31) + u64::from(byte));
        query(hash % 100_000)
    }
}

impl Encoder for Hashing {
    fn spec(&self) -> &EncoderSpec {
        &self.0
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> MedvecResult<Vec<f32>> {
        Ok(inputs.iter().flat_map(|input| Hashing::embed(&input.title)).collect())
    }

    fn encode_queries(&self, queries: &[&str]) -> MedvecResult<Vec<f32>> {
        Ok(queries.iter().flat_map(|query| Hashing::embed(query)).collect())
    }
}

#[test]
fn with_an_encoder_recall_is_measured_with_real_queries_and_stays_so() {
    let spec = EncoderSpec::of_origin("hashing", DIMENSION as u32, Metric::Cosine);
    let encoder: Arc<dyn Encoder> = Arc::new(Hashing(spec.clone()));
    let storage = Arc::new(MemoryStorage::new());
    let options = CreateOptions::for_encoder(&spec, RowType::Int8);
    let database = Database::create_in(storage, options).expect("creates");
    let small = WriterOptions::default().index_rows_min(500).train_rows_min(1000);
    let with = small.clone().encoder(Some(encoder));
    let without = small.origin(Some(spec));
    let real = if cfg!(feature = "static-encoder") {
        (Some(QuerySource::Sample), 512, false)
    } else {
        (Some(QuerySource::Moved), 512, true)
    };
    let known = || {
        let known = known_recall(&database);
        (known.source, known.queries, known.is_estimate)
    };
    let control = Control::default();
    let mut first = database.writer(with.clone()).expect("the only writer");
    add(&mut first, 0..1200);
    let report = first.compact(&control).expect("trains");
    assert_eq!(report.recall.map(|recall| recall.is_estimate), Some(real.2), "it says so");
    drop(first);
    assert_eq!(known(), real);
    // Measured again without an encoder: the codebook has kept the queries.
    let mut second = database.writer(without.clone()).expect("the only writer");
    add(&mut second, 1200..3000);
    second.compact(&control).expect("compacts");
    assert_eq!((measured_rows(&database), known()), (3000, real));
    // The caller's own count more, until the index is made anew.
    let given: Vec<f32> = (0..50).flat_map(query).collect();
    let options = OptimizeOptions::default().queries(Some(given));
    second.optimize(&options, &control).expect("measures");
    assert_eq!(known(), (Some(QuerySource::Given), 50, false));
    let anew = OptimizeOptions::default().retrain(true);
    second.optimize(&anew, &control).expect("trains");
    assert_eq!(known(), (Some(QuerySource::Moved), 512, true));
    drop(second);
    // An encoder comes later.
    let mut third = database.writer(with).expect("the only writer");
    third.optimize(&OptimizeOptions::default(), &control).expect("measures");
    assert_eq!(known(), real);
}

/// An encoder of documents alone, as the half of a two-tower model is.
struct Documents(Hashing);

impl Encoder for Documents {
    fn spec(&self) -> &EncoderSpec {
        self.0.spec()
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> MedvecResult<Vec<f32>> {
        self.0.encode_documents(inputs)
    }

    fn encode_queries(&self, _: &[&str]) -> MedvecResult<Vec<f32>> {
        Err(medvec::Error::encoder("documents", "embeds no queries"))
    }
}

#[test]
fn an_encoder_that_embeds_no_queries_does_not_measure_recall_again_and_again() {
    let spec = EncoderSpec::of_origin("documents", DIMENSION as u32, Metric::Cosine);
    let encoder: Arc<dyn Encoder> = Arc::new(Documents(Hashing(spec.clone())));
    let storage = Arc::new(MemoryStorage::new());
    let options = CreateOptions::for_encoder(&spec, RowType::Int8);
    let database = Database::create_in(storage, options).expect("creates");
    let small = WriterOptions::default().index_rows_min(500).train_rows_min(1000);
    let mut writer = database.writer(small.encoder(Some(encoder))).expect("the only writer");
    add(&mut writer, 0..1200);
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let progress = move |stage, part: f32| {
        counted.fetch_add(
            usize::from(stage == OptimizeStage::Calibrate && part == 0.0),
            Ordering::Relaxed,
        );
    };
    let options = OptimizeOptions::default().progress(Some(Arc::new(progress)));
    let mut optimize = || {
        writer.optimize(&options, &Control::default()).expect("optimizes");
        times.swap(0, Ordering::Relaxed) > 0
    };
    assert!(optimize(), "the first measures");
    assert!(!optimize(), "nothing changed since");
    assert_eq!(known_recall(&database).source, Some(QuerySource::Moved));
}
