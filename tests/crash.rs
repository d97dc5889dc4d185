//! Crash images: whatever a power cut leaves of a workload, it reopens to the last durable commit
//! or the one in flight, and to nothing else.
//!
//! `cargo test --test crash` checks at least 20,000 images. A campaign of millions:
//!
//! ```text
//! MEDVEC_CRASH_IMAGES=4000000 cargo test --release --no-default-features --test crash -- --nocapture
//! ```
//!
//! A failure prints `seed`, operation and image; `MEDVEC_CRASH_SEED` starts at that seed.

mod common;

use std::sync::Arc;

use common::workload::{Committed, run, steps};
use common::{contents, create_options, document, vector};
use medvec::db::{Database, WriterOptions};
use medvec::storage::sim::SimStorage;
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Error};

const IMAGES_MIN: u64 = 20_000;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn every_crash_image_reopens_to_a_committed_state() {
    let wanted = number("MEDVEC_CRASH_IMAGES", IMAGES_MIN);
    let first = number("MEDVEC_CRASH_SEED", 1);
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get()) as u64;
    let images: u64 = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let (mut images, mut seed) = (0, first + worker);
                    while images < wanted.div_ceil(workers) {
                        images += crash_everywhere(seed);
                        seed += workers;
                    }
                    images
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().expect("no image fails")).sum()
    });
    println!("{images} crash images");
    assert!(images >= wanted);
}

/// Runs one workload and opens every crash image at every operation; returns their number.
fn crash_everywhere(seed: u64) -> u64 {
    let storage = SimStorage::new();
    let mut committed = Vec::new();
    let log = storage.clone();
    run(Arc::new(storage.clone()), &steps(seed, 12), &|| log.log_len(), &mut committed)
        .expect("the workload itself runs");
    let mut images = 0;
    for operation in 0..=storage.log_len() {
        for (place, image) in storage.crash_images(operation, seed).enumerate() {
            let at = format!("seed {seed}, operation {operation}, image {place}");
            check(image, operation, &committed, &at);
            images += 1;
        }
    }
    images
}

/// A compaction that is cut short anywhere, also between its two commits, is finished by the next: the
/// files that it replaced are gone afterwards.
#[test]
fn the_next_compaction_finishes_one_that_was_interrupted() {
    let storage = SimStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let options = || WriterOptions::default().index_rows_min(4).train_rows_min(6);
    let mut writer = database.writer(options()).unwrap();
    for number in 0..12 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
        if number % 3 == 2 {
            writer.commit().unwrap();
        }
    }
    let first = storage.log_len();
    let report = writer.compact(&Control::default()).unwrap();
    assert!(report.merged > 0 && report.bytes_freed > 0, "{report:?}");
    let (mut images, mut freed) = (0, 0);
    for operation in first..=storage.log_len() {
        for image in storage.crash_images_with(operation, 1, 1) {
            let database = Database::open_in(Arc::new(image.clone())).unwrap();
            let mut writer = database.writer(options()).unwrap();
            let report = writer.compact(&Control::default()).unwrap();
            freed += u32::from(report.merged == 0 && report.bytes_freed > 0);
            drop(writer);
            let named: u64 = database.snapshot().stats().unwrap().bytes;
            let names = image.list().unwrap();
            let kept =
                |name: &&String| name.starts_with("segment-") || name.starts_with("codebook-");
            let there: u64 =
                names.iter().filter(kept).map(|name| image.length(name).unwrap().unwrap()).sum();
            assert_eq!(there, named, "operation {operation}: {names:?}");
            assert_eq!(contents(&database.snapshot()).unwrap().len(), 12);
            images += 1;
        }
    }
    println!("{images} interrupted compactions, {freed} between the two commits");
    assert!(images > 50 && freed > 0);
}

fn check(image: MemoryStorage, operation: usize, committed: &[Committed], at: &str) {
    let durable = committed.iter().rev().find(|state| state.log_len <= operation);
    let in_flight = committed.iter().find(|state| state.log_len > operation);
    let database = match Database::open_in(Arc::new(image)) {
        Ok(database) => database,
        Err(Error::NotFound { .. }) if durable.is_none() => return,
        Err(error) => panic!("{at}: {error}"),
    };
    let snapshot = database.snapshot();
    let generation = snapshot.generation().0;
    assert!(
        durable.is_none_or(|state| generation >= state.generation),
        "{at}: generation {generation} is older than what was committed"
    );
    // Maintenance publishes several generations of the same contents in one call.
    let expected = match (durable, in_flight) {
        (Some(state), _) if state.generation == generation => state,
        (_, Some(state)) if generation <= state.generation => state,
        _ => panic!("{at}: generation {generation} was never committed"),
    };
    snapshot.verify(&Control::default()).unwrap_or_else(|error| panic!("{at}: {error}"));
    let found = contents(&snapshot).unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_eq!(found, expected.contents, "{at}: generation {generation}");
    let mesh = snapshot.stats().unwrap_or_else(|error| panic!("{at}: {error}")).mesh;
    assert_eq!(mesh.map(|mesh| mesh.year), expected.mesh, "{at}: generation {generation}");
}
