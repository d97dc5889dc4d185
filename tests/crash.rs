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

use common::contents;
use common::workload::{Committed, run, steps};
use medvec::db::Database;
use medvec::storage::MemoryStorage;
use medvec::storage::sim::SimStorage;
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
    // A compaction publishes up to two generations of the same contents in one call.
    let expected = match (durable, in_flight) {
        (Some(state), _) if state.generation == generation => state,
        (_, Some(state)) if generation <= state.generation => state,
        _ => panic!("{at}: generation {generation} was never committed"),
    };
    snapshot.verify(&Control::default()).unwrap_or_else(|error| panic!("{at}: {error}"));
    let found = contents(&snapshot).unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_eq!(found, expected.contents, "{at}: generation {generation}");
}
