//! The n-th operation of the storage fails: the caller gets an error, the previous state stays
//! readable, and a new writer can go on.

mod common;

use std::sync::{Arc, Mutex};

use common::workload::{Committed, encoder, run, steps};
use common::{contents, document, vector};
use medvec::db::{Database, WriterOptions};
use medvec::storage::sim::{Fault, FaultKind, SimStorage};
use medvec::{Control, Error};

#[test]
fn any_failing_operation_leaves_the_last_commit_readable() {
    let faults = FaultKind::ALL.into_iter().enumerate();
    let faults = Mutex::new(faults.flat_map(|fault| [(fault, false), (fault, true)]));
    let work = || {
        let mut runs = 0;
        loop {
            let next = faults.lock().expect("no worker panics here").next();
            let Some(((place, kind), persistent)) = next else { return runs };
            runs += fail_everywhere(place, Fault { kind, persistent });
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let runs: u32 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no run fails")).sum()
    });
    println!("{runs} runs with a fault");
    assert!(runs > 1000);
}

/// Runs one workload with a fault at every call, one after the other; returns the number of runs.
fn fail_everywhere(place: usize, fault: Fault) -> u32 {
    let stride = stride();
    let mut runs = 0;
    // Each kind begins elsewhere, so that every call fails in some way.
    for call in (place % stride..).step_by(stride) {
        let storage = SimStorage::new();
        storage.fail_at(call, fault);
        let mut committed = Vec::new();
        let log = storage.clone();
        let outcome =
            run(Arc::new(storage.clone()), &steps(7, 6), &|| log.log_len(), &mut committed);
        let (calls, struck) = (storage.calls(), storage.struck());
        storage.heal();
        let at = format!("{:?} at call {call}, persistent {}", fault.kind, fault.persistent);
        check(&storage, &committed, outcome.as_ref().err(), &at);
        runs += 1;
        if struck == 0 {
            assert!(outcome.is_ok(), "{at}");
            if call > calls {
                break;
            }
        }
    }
    runs
}

/// Every so-manieth call fails, 1 for all of them: `MEDVEC_FAULT_STRIDE`, or 4.
fn stride() -> usize {
    let given = std::env::var("MEDVEC_FAULT_STRIDE").ok();
    given.and_then(|text| text.parse().ok()).filter(|stride| *stride > 0).unwrap_or(4)
}

fn check(storage: &SimStorage, committed: &[Committed], error: Option<&Error>, at: &str) {
    let database = match Database::open_in(Arc::new(storage.clone())) {
        Ok(database) => database,
        Err(Error::NotFound { .. }) if committed.is_empty() => return,
        Err(error) => panic!("{at}: {error}"),
    };
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap_or_else(|error| panic!("{at}: {error}"));
    let found = contents(&snapshot).unwrap_or_else(|error| panic!("{at}: {error}"));
    let last = committed.last();
    let generation = snapshot.generation().0;
    // A commit whose last directory sync failed is visible and says so.
    let unknown = matches!(error, Some(Error::CommitUnknown { generation: known, .. }) if known.0 == generation);
    if let Some(last) = last.filter(|_| !unknown) {
        assert!(generation >= last.generation, "{at}");
        if generation == last.generation {
            assert_eq!(found, last.contents, "{at}");
        }
    }
    // Whatever happened, writing goes on.
    let options = WriterOptions::with_encoder(encoder());
    let mut writer = database.writer(options).unwrap_or_else(|error| panic!("{at}: {error}"));
    writer
        .upsert_with_vector(document(900, 1), vector(900, 1))
        .unwrap_or_else(|error| panic!("{at}: {error}"));
    let next = writer.commit().unwrap_or_else(|error| panic!("{at}: {error}"));
    assert!(next.0 > generation, "{at}");
    assert_eq!(database.snapshot().len(), found.len() as u64 + 1, "{at}");
}

#[test]
fn a_failure_poisons_the_writer() {
    let storage = SimStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), common::create_options())
        .expect("a new database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    writer.upsert_with_vector(document(1, 1), vector(1, 1)).expect("a document");
    storage.fail_at(storage.calls(), Fault { kind: FaultKind::NoSpace, persistent: true });
    let error = writer.commit().expect_err("the disk is full");
    assert!(error.to_string().contains("segment-"), "{error}");
    assert!(matches!(writer.commit(), Err(Error::Poisoned { .. })));
    assert!(matches!(writer.upsert(document(2, 1)), Err(Error::Poisoned { .. })));
    assert_eq!(database.snapshot().len(), 0);
}
