//! Maintenance beside writers and readers: what it publishes holds what was there and what was committed meanwhile,
//! and takes the writer lock only to publish.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Random, contents, create_options, document, key, vector};
use medvec::db::{Database, Maintenance, OptimizeOptions, Writer, WriterOptions};
use medvec::ids::Key;
use medvec::search::{Accuracy, Query};
use medvec::storage::sim::{Fault, FaultKind, SimStorage};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{CancelToken, Control, Document, Error};

/// Trains and uses an index of a few documents.
fn options() -> WriterOptions {
    WriterOptions::default().index_rows_min(4).train_rows_min(6).lock_wait(Some(WAIT))
}

const WAIT: Duration = Duration::from_secs(60);

type Model = BTreeMap<Key, Document>;

fn put(writer: &mut Writer, model: &mut Model, number: u64, edition: u64) {
    let document = document(number, edition);
    model.insert(document.key.clone(), document.clone());
    writer.upsert_with_vector(document, vector(number, edition)).unwrap();
}

fn delete(writer: &mut Writer, model: &mut Model, number: u64) {
    let existed = model.remove(&key(number)).is_some();
    assert_eq!(writer.delete(&key(number)).unwrap(), existed);
}

/// Commits of four documents each.
fn fill(database: &Database, model: &mut Model, commits: u64) {
    let mut writer = database.writer(options()).unwrap();
    for commit in 0..commits {
        for number in commit * 4..commit * 4 + 4 {
            put(&mut writer, model, number, 0);
        }
        writer.commit().unwrap();
    }
}

fn check(database: &Database, model: &Model) {
    database.refresh().unwrap();
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(contents(&snapshot).unwrap(), *model);
    // The vectors are there too, and those of the newest editions.
    for number in (0..40).step_by(7) {
        let query = Query::vector(vector(number, 9)).accuracy(Accuracy::Exact).k(10_000);
        let found = snapshot.search(&query).unwrap().hits;
        assert_eq!(found.len(), model.len());
    }
}

fn building(storage: &dyn Storage) -> Vec<String> {
    let names = storage.list().unwrap();
    names.into_iter().filter(|name| name.starts_with("building-")).collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < WAIT, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn database() -> (Database, Arc<MemoryStorage>) {
    let storage = Arc::new(MemoryStorage::new());
    (Database::create_in(storage.clone(), create_options()).unwrap(), storage)
}

/// A maintainer that has built something and waits for the writer, which runs `meanwhile` and ends.
fn beside(
    optimize: OptimizeOptions,
    meanwhile: impl FnOnce(Writer, &mut Model),
) -> (Database, Model, u64) {
    let (database, storage) = database();
    let mut model = Model::new();
    fill(&database, &mut model, 12);
    let writer = database.writer(options()).unwrap();
    let before = database.snapshot().generation().0;
    let other = database.clone();
    let maintainer = thread::spawn(move || {
        let mut maintainer = other.maintainer(options()).unwrap();
        maintainer.optimize(&optimize, &Control::default()).unwrap();
    });
    wait_until("a segment and a codebook are built", || building(&*storage).len() >= 2);
    // It may be writing still: readers and the writer go on in any case.
    assert_eq!(database.snapshot().generation().0, before);
    meanwhile(writer, &mut model);
    maintainer.join().unwrap();
    assert_eq!(building(&*storage), [""; 0], "nothing is left behind");
    (database, model, before)
}

#[test]
fn what_comes_later_gets_copies_too() {
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create_options()).unwrap();
    let mut model = Model::new();
    let index = |database: &Database| {
        database.refresh().unwrap();
        let index = database.snapshot().stats().unwrap().index.expect("trained");
        (index.copied, index.vectors)
    };
    fill(&database, &mut model, 40);
    for spill in [true, false, true] {
        let options = OptimizeOptions::default().retrain(true).lists(Some(8)).spill(spill);
        let mut maintainer = database.maintainer(self::options()).unwrap();
        maintainer.optimize(&options, &Control::default()).unwrap();
        drop(maintainer);
        let (copied, vectors) = index(&database);
        assert_eq!(copied, if spill { vectors } else { 0 });
        let mut writer = database.writer(self::options()).unwrap();
        let first = 1_000 + 100 * u64::from(spill);
        for number in first..first + 50 {
            put(&mut writer, &mut model, number, 3);
        }
        writer.commit().unwrap();
        drop(writer);
        let mut maintainer = database.maintainer(self::options()).unwrap();
        maintainer.compact(&Control::default()).unwrap();
        drop(maintainer);
        let (copied, vectors) = index(&database);
        assert_eq!(copied, if spill { vectors } else { 0 }, "after an update");
        check(&database, &model);
    }
}

#[test]
fn what_is_committed_while_a_merge_is_built_is_carried_over() {
    let (database, model, _) = beside(OptimizeOptions::default(), |mut writer, model| {
        for number in 0..10 {
            delete(&mut writer, model, number * 3);
        }
        writer.commit().unwrap();
        for number in 20..30 {
            put(&mut writer, model, number, 1);
        }
        put(&mut writer, model, 100, 0);
        // Deleted, and there again.
        put(&mut writer, model, 0, 2);
        writer.commit().unwrap();
        delete(&mut writer, model, 100);
        delete(&mut writer, model, 44);
        writer.commit().unwrap();
    });
    check(&database, &model);
    let stats = database.snapshot().stats().unwrap();
    assert!(stats.index.is_some(), "{stats:?}");
    // Again, with nothing in its way.
    let report = database.maintainer(options()).unwrap().compact(&Control::default()).unwrap();
    assert!(report.segments_after <= 4, "{report:?}");
    check(&database, &model);
}

#[test]
fn segments_that_somebody_else_has_merged_are_built_anew() {
    let (database, model, _) = beside(OptimizeOptions::default(), |mut writer, model| {
        put(&mut writer, model, 7, 1);
        writer.compact(&Control::default()).unwrap();
        delete(&mut writer, model, 8);
        writer.commit().unwrap();
    });
    check(&database, &model);
}

#[test]
fn an_index_that_somebody_else_has_trained_stays() {
    let (database, model, _) = beside(OptimizeOptions::default(), |mut writer, model| {
        put(&mut writer, model, 7, 1);
        writer.optimize(&OptimizeOptions::default().seed(99), &Control::default()).unwrap();
    });
    check(&database, &model);
    assert_eq!(database.snapshot().manifest().codebooks.len(), 1);
}

#[test]
fn a_new_index_takes_the_place_of_another_at_once() {
    let (database, _) = database();
    let mut model = Model::new();
    fill(&database, &mut model, 12);
    let mut maintainer = database.maintainer(options()).unwrap();
    maintainer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    let first = database.snapshot();
    let again = OptimizeOptions::default().retrain(true).seed(5);
    let report = maintainer.optimize(&again, &Control::default()).unwrap();
    assert!(report.trained_rows > 0 && report.recall.is_some());
    let second = database.snapshot();
    assert_ne!(first.manifest().codebooks, second.manifest().codebooks);
    assert_eq!(second.manifest().codebooks.len(), 1);
    // One generation with it, and one that lets go of the old files.
    assert_eq!(second.generation().0, first.generation().0 + 2);
    check(&database, &model);
}

/// Its name was handed over, and nothing was published that names it.
#[test]
fn a_codebook_that_a_killed_process_left_is_in_nobodys_way() {
    let mut left: Option<(String, Vec<u8>)> = None;
    for _ in 0..2 {
        let (database, storage) = database();
        let mut model = Model::new();
        fill(&database, &mut model, 12);
        if let Some((name, bytes)) = &left {
            let mut file = storage.create(name).unwrap();
            file.write(bytes).unwrap();
            file.sync().unwrap();
        }
        let mut maintainer = database.maintainer(options()).unwrap();
        maintainer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
        drop(maintainer);
        check(&database, &model);
        let names = storage.list().unwrap();
        let mut codebooks = names.into_iter().filter(|name| name.starts_with("codebook-"));
        let name = codebooks.next().unwrap();
        assert_eq!(codebooks.next(), None);
        assert!(left.is_none_or(|(left, _)| left == name), "training is the same");
        let bytes = storage.open(&name).unwrap().unwrap().to_vec();
        left = Some((name, bytes));
    }
}

#[test]
fn writers_readers_and_a_maintainer_work_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path().join("db"), create_options()).unwrap();
    let mut model = Model::new();
    fill(&database, &mut model, 8);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let maintaining = scope.spawn(|| {
            let mut merged = 0;
            while !is_done.load(Ordering::Relaxed) {
                // A handle of its own, as another process has it.
                let database = Database::open(folder.path().join("db")).unwrap();
                let mut maintainer = database.maintainer(options()).unwrap();
                merged += maintainer.compact(&Control::default()).unwrap().merged;
            }
            merged
        });
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let reader = Database::open(folder.path().join("db")).unwrap();
                let snapshot = reader.snapshot();
                let count = snapshot.len();
                assert_eq!(contents(&snapshot).unwrap().len() as u64, count);
            }
        });
        let mut random = Random(11);
        let start = Instant::now();
        let mut round = 0;
        while round < 60 || start.elapsed() < Duration::from_secs(2) {
            round += 1;
            let mut writer = database.writer(options()).unwrap();
            for _ in 0..3 {
                for _ in 0..5 {
                    let number = random.below(60);
                    match random.below(3) {
                        0 => delete(&mut writer, &mut model, number),
                        _ => put(&mut writer, &mut model, number, random.below(1000)),
                    }
                }
                writer.commit().unwrap();
            }
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(maintaining.join().unwrap() > 0);
    });
    check(&database, &model);
}

#[test]
fn a_writer_is_improved_while_it_writes() {
    let (database, storage) = database();
    let switch = CancelToken::new();
    let auto = options().maintenance(Maintenance::Auto(switch.clone()));
    let mut writer = database.writer(auto.clone()).unwrap();
    let (mut model, mut random) = (Model::new(), Random(3));
    for number in 0..200 {
        put(&mut writer, &mut model, number, 0);
        if number > 20 && random.below(3) == 0 {
            delete(&mut writer, &mut model, random.below(number));
        }
        writer.commit().unwrap();
    }
    writer.finish_maintenance(&Control::default()).unwrap();
    let snapshot = database.snapshot();
    assert!(snapshot.manifest().segments.len() < 8, "{}", snapshot.manifest().segments.len());
    assert!(snapshot.manifest().calibration.is_some());
    check(&database, &model);

    // Nothing happens while it is held; dropping the writer ends what is held.
    switch.pause();
    let segments = snapshot.manifest().segments.len();
    for number in 300..340 {
        put(&mut writer, &mut model, number, 0);
        writer.commit().unwrap();
    }
    assert_eq!(database.snapshot().manifest().segments.len(), segments + 40);
    // Whoever waits for it can be cancelled all the same.
    let (ended, is_over) = std::sync::mpsc::channel();
    let held = switch.clone();
    let rescue = thread::spawn(move || is_over.recv_timeout(WAIT).map_err(|_| held.resume()));
    let soon = Instant::now() + Duration::from_millis(20);
    let control = Control { deadline: Some(soon), ..Control::default() };
    let waited = writer.finish_maintenance(&control);
    assert!(matches!(waited, Err(Error::DeadlineExceeded)), "{waited:?}");
    ended.send(()).unwrap();
    assert_eq!(rescue.join().unwrap(), Ok(()));
    drop(writer);
    assert_eq!(building(&*storage), [""; 0]);
    check(&database, &model);

    // It works slowly, and to the end.
    switch.resume();
    switch.pace(50);
    let mut writer = database.writer(auto).unwrap();
    writer.finish_maintenance(&Control::default()).unwrap();
    assert!(database.snapshot().manifest().segments.len() < 8);
    check(&database, &model);
}

#[test]
fn one_maintainer_at_a_time_and_a_killed_one_leaves_nothing_for_long() {
    let (database, storage) = database();
    let mut model = Model::new();
    fill(&database, &mut model, 3);
    let at_once = || options().lock_wait(None);
    let maintainer = database.maintainer(at_once()).unwrap();
    assert!(matches!(database.maintainer(at_once()), Err(Error::Locked { .. })));
    // A file of the one at work stays, whoever writes.
    let name = "building-00000000000000000000000000000001";
    storage.create(name).unwrap().write(b"half a segm").unwrap();
    fill(&database, &mut model, 4);
    assert_eq!(building(&*storage), [name]);
    drop(maintainer);
    // Its maker is dead: the next writer removes it.
    fill(&database, &mut model, 5);
    assert_eq!(building(&*storage), [""; 0]);
    storage.create(name).unwrap().write(b"half a segm").unwrap();
    // And so does the next maintainer.
    let _maintainer = database.maintainer(at_once()).unwrap();
    assert_eq!(building(&*storage), [""; 0]);
    check(&database, &model);
}

#[test]
fn a_writer_that_wants_other_maintenance_leaves_a_maintainer_alone() {
    let (database, _) = database();
    let maintainer = database.maintainer(options()).unwrap();
    let auto = options().maintenance(Maintenance::Auto(CancelToken::new()));
    let mut writer = database.writer(auto).unwrap();
    let mut model = Model::new();
    for number in 0..20 {
        put(&mut writer, &mut model, number, 0);
        writer.commit().unwrap();
    }
    writer.finish_maintenance(&Control::default()).unwrap();
    assert_eq!(database.snapshot().manifest().segments.len(), 20);
    drop(maintainer);
    writer.finish_maintenance(&Control::default()).unwrap();
    assert!(database.snapshot().manifest().segments.len() < 8);
    check(&database, &model);
}

#[test]
fn after_an_update_optimisation_goes_with_the_update() {
    let (database, _) = database();
    let mut model = Model::new();
    let mut writer = database.writer(options()).unwrap();
    for number in 0..2000 {
        put(&mut writer, &mut model, number, 0);
    }
    writer.commit().unwrap();
    drop(writer);
    let mut maintainer = database.maintainer(options()).unwrap();
    let control = Control::default();
    maintainer.optimize(&OptimizeOptions::default(), &control).unwrap();
    let first = database.snapshot();
    let mut writer = database.writer(options()).unwrap();
    for number in 0..50 {
        put(&mut writer, &mut model, number * 3, 1);
    }
    writer.commit().unwrap();
    drop(writer);
    let report = maintainer.optimize(&OptimizeOptions::default(), &control).unwrap();
    // The large segment was not touched, and what it recalls was not measured again.
    assert_eq!((report.trained_rows, report.compact.encoded), (0, 50), "{report:?}");
    assert!(!report.compact.writer_held.is_zero(), "the lock is taken to publish");
    let second = database.snapshot();
    assert!(
        second.manifest().segments.iter().any(|entry| entry.id == first.manifest().segments[0].id)
    );
    assert_eq!(first.manifest().calibration, second.manifest().calibration);
    assert_eq!(report.recall.unwrap().queries, report.queries as u32);
    check(&database, &model);
}

/// Runs `attempt` on databases of so many commits, of which one call of the storage fails each time: the first, the
/// second, until there is none to fail. It arms the fault, heals the storage, and says whether the fault was felt.
fn fail_every_call(
    commits: u64,
    attempt: impl Fn(&SimStorage, &Database, &Model, &dyn Fn()) -> bool,
) {
    let (mut call, mut failures) = (0, 0);
    loop {
        let storage = SimStorage::new();
        let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
        let mut model = Model::new();
        fill(&database, &mut model, commits);
        let arm = || {
            let fault = Fault { kind: FaultKind::Io, persistent: false };
            storage.fail_at(storage.calls() + call, fault);
        };
        failures += u32::from(attempt(&storage, &database, &model, &arm));
        if storage.struck() == 0 {
            break;
        }
        call += 1;
    }
    assert!(failures > 20, "{failures} of {call}");
}

/// Whatever call of the storage fails, nothing committed is lost, and the next maintainer finishes.
#[test]
fn a_failure_anywhere_loses_nothing() {
    fail_every_call(9, |storage, database, model, arm| {
        arm();
        let outcome = database
            .maintainer(options())
            .and_then(|mut maintainer| maintainer.compact(&Control::default()));
        storage.heal();
        let reopened = Database::open_in(Arc::new(storage.clone())).unwrap();
        check(&reopened, model);
        let mut maintainer = reopened.maintainer(options()).unwrap();
        maintainer.compact(&Control::default()).unwrap();
        assert_eq!(building(storage), [""; 0]);
        assert!(reopened.snapshot().manifest().segments.len() < 9);
        check(&reopened, model);
        outcome.is_err()
    });
}

/// A file whose content could not be made durable reads well, and is still made again by whoever tries once more.
#[test]
fn after_a_failure_the_same_maintainer_publishes_only_what_is_durable() {
    fail_every_call(5, |storage, database, model, arm| {
        let mut maintainer = database.maintainer(options()).unwrap();
        arm();
        let outcome = maintainer.optimize(&OptimizeOptions::default(), &Control::default());
        storage.heal();
        maintainer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
        for image in storage.crash_images_with(storage.log_len(), 1, 1) {
            let database = Database::open_in(Arc::new(image)).unwrap();
            assert!(database.snapshot().stats().unwrap().index.is_some());
            check(&database, model);
        }
        outcome.is_err()
    });
}
