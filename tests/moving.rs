//! Databases copied, joined and packed: what arrives is what was there, whatever interrupts it.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{contents, create_options, document, vector};
use medvec::reports::BackupReport;
use medvec::storage::sim::{Fault, FaultKind, SimStorage};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{
    BackupOptions, CancelToken, Change, Control, CreateOptions, Database, Document, EncoderSpec,
    Error, Filter, Key, Metric, Query, Result, Revision, RowType, Snapshot, VectorConfig, Watch,
    Writer, WriterOptions,
};

fn control() -> Control {
    Control::default()
}

fn backup(database: &Database, destination: &Path) -> Result<BackupReport> {
    database.backup(destination, &BackupOptions::default(), &control())
}

/// Writes and commits some documents.
fn commit(writer: &mut Writer, numbers: std::ops::Range<u64>, edition: u64) {
    for number in numbers {
        let document = document(number, edition);
        writer.upsert_with_vector(document, vector(number, edition)).unwrap();
    }
    writer.commit().unwrap();
}

/// The database `db` in a folder, with 20 documents in two segments, some of them replaced.
fn database(folder: &Path) -> (PathBuf, Database) {
    let path = folder.join("db");
    let database = Database::create(&path, create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 0..12, 0);
    commit(&mut writer, 10..20, 1);
    (path, database)
}

/// A database whose one segment has many blocks, so that it opens with a byte in the middle changed.
fn large(path: &Path) -> Database {
    let database = Database::create(path, create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let mut random = common::Random(3);
    for number in 0..300 {
        let mut document = document(number, 0);
        document.title = (0..150).map(|_| format!("{:x} ", random.next())).collect();
        writer.upsert_with_vector(document, vector(number, 0)).unwrap();
    }
    writer.commit().unwrap();
    database
}

/// Changes a byte in the middle of the segment of a [`large`] database.
fn damage(path: &Path) {
    let segment = path.join("segment-00000001");
    let length = fs::metadata(&segment).unwrap().len() as usize;
    assert!(length > 4 << 16, "{length} bytes");
    flip(&segment, length / 2);
}

/// Holds a copy against the database: every byte is right, and the documents are the same.
fn check_same(copy: &Path, database: &Database) {
    let (found, expected) = (Database::open(copy).unwrap().snapshot(), database.snapshot());
    found.verify(&control()).unwrap();
    assert_eq!(found.manifest(), expected.manifest());
    assert_eq!(contents(&found).unwrap(), contents(&expected).unwrap());
}

fn refused(result: Result<BackupReport>) -> String {
    let error = result.expect_err("refused");
    assert_eq!(error.code(), "destination", "{error}");
    error.to_string()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_backup_copies_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let (_, database) = database(folder.path());
    let copy = folder.path().join("copy");
    let first = backup(&database, &copy).unwrap();
    // Two segments, tombstones of the first, the manifest.
    assert_eq!((first.files_copied, first.files_kept), (4, 0));
    assert_eq!(first.generation, database.snapshot().generation());
    check_same(&copy, &database);

    let again = backup(&database, &copy).unwrap();
    assert_eq!((again.files_copied, again.files_kept), (0, 4));
    assert_eq!(again.bytes_kept, first.bytes_copied);

    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 30..33, 0);
    let third = backup(&database, &copy).unwrap();
    assert_eq!((third.files_copied, third.files_kept), (2, 3), "{third:?}");
    check_same(&copy, &database);

    // What a compaction replaced goes with the older of the two generations that are kept.
    writer.compact(&control()).unwrap();
    backup(&database, &copy).unwrap();
    check_same(&copy, &database);
    commit(&mut writer, 40..41, 0);
    backup(&database, &copy).unwrap();
    let segments = fs::read_dir(&copy).unwrap().filter(|entry| {
        entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("segment-")
    });
    let named = database.snapshot().manifest().segments.len();
    assert_eq!(segments.count(), named);
    // A copy is a database: the next commit goes on from it.
    let mut writer = Database::open(&copy).unwrap().writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 50..52, 0);
}

#[test]
fn a_backup_holds_one_generation_while_a_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, database) = database(folder.path());
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, writing) = (stop.clone(), database.clone());
    let thread = thread::spawn(move || {
        let mut writer = writing.writer(WriterOptions::default()).unwrap();
        let mut edition = 2;
        while !stopped.load(Ordering::Relaxed) {
            // Every document of a generation has the same edition.
            commit(&mut writer, 0..20, edition);
            if edition.is_multiple_of(3) {
                writer.compact(&Control::default()).unwrap();
            }
            edition += 1;
        }
    });
    let other = Database::open(&path).unwrap();
    let copy = folder.path().join("copy");
    let mut generations = std::collections::BTreeSet::new();
    for _ in 0..10_000 {
        let report = backup(&other, &copy).unwrap();
        assert!(generations.last().is_none_or(|last| *last <= report.generation));
        if !generations.insert(report.generation) {
            thread::yield_now();
            continue;
        }
        let found = Database::open(&copy).unwrap().snapshot();
        assert_eq!(found.generation(), report.generation);
        found.verify(&control()).unwrap();
        let found = contents(&found).unwrap();
        assert_eq!(found.len(), 20);
        let edition = |title: &str| title.rsplit(' ').next().unwrap().to_owned();
        if report.generation.0 > 3 {
            let editions: Vec<String> = found.values().map(|one| edition(&one.title)).collect();
            assert!(editions.iter().all(|one| *one == editions[0]), "{editions:?}");
        }
        if generations.len() == 15 {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    assert_eq!(generations.len(), 15);
}

#[test]
fn a_snapshot_keeps_its_files_while_they_are_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (_, database) = database(folder.path());
    let copy = folder.path().join("copy");
    let writing = database.clone();
    let before = contents(&database.snapshot()).unwrap();
    let generation = database.snapshot().generation();
    // The first file is about to be copied: everything it names is replaced and removed.
    let done = AtomicBool::new(false);
    let watch = Watch::new(move |_| {
        if !done.swap(true, Ordering::Relaxed) {
            let mut writer = writing.writer(WriterOptions::default()).unwrap();
            for edition in 5..8 {
                commit(&mut writer, 0..20, edition);
                writer.compact(&Control::default()).unwrap();
            }
        }
    });
    let watched = Control { watch: Some(watch), ..Control::default() };
    let report = database.backup(&copy, &BackupOptions::default(), &watched).unwrap();
    assert_eq!(report.generation, generation);
    let found = Database::open(&copy).unwrap().snapshot();
    found.verify(&control()).unwrap();
    assert_eq!(contents(&found).unwrap(), before);
    drop(found);
    backup(&database, &copy).unwrap();
    check_same(&copy, &database);
}

#[test]
fn what_must_not_be_overwritten_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, original) = database(folder.path());
    let at = |name: &str| folder.path().join(name);
    assert!(refused(backup(&original, &path)).contains("the database itself"));
    fs::write(at("file"), "x").unwrap();
    assert!(refused(backup(&original, &at("file"))).contains("it is a file"));

    fs::create_dir(at("notes")).unwrap();
    fs::write(at("notes").join("diary.txt"), "x").unwrap();
    assert!(refused(backup(&original, &at("notes"))).contains("diary.txt"));
    assert_eq!(fs::read_dir(at("notes")).unwrap().count(), 1, "not even a lock");

    Database::create(at("other"), create_options()).unwrap();
    assert!(refused(backup(&original, &at("other"))).contains("another database"));
    // Without its manifest, and without the memory of one, a segment of the same name is still foreign.
    let other = Database::open(at("other")).unwrap();
    commit(&mut other.writer(WriterOptions::default()).unwrap(), 0..3, 9);
    for entry in fs::read_dir(at("other")).unwrap() {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        if name.starts_with("manifest") || name.starts_with("committed") {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    assert!(refused(backup(&original, &at("other"))).contains("segment-00000001"));

    // A copy that was written to: first newer, then as old and another one, then older and not the same.
    backup(&original, &at("copy")).unwrap();
    let copy = Database::open(at("copy")).unwrap();
    let mut copy_writer = copy.writer(WriterOptions::default()).unwrap();
    commit(&mut copy_writer, 60..62, 0);
    drop(copy_writer);
    assert!(refused(backup(&original, &at("copy"))).contains("newer"));
    let mut writer = original.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 70..72, 0);
    assert!(refused(backup(&original, &at("copy"))).contains("written to since"));
    commit(&mut writer, 72..74, 0);
    assert!(refused(backup(&original, &at("copy"))).contains("segment-00000003"));

    // Somebody writes there.
    let held = copy.writer(WriterOptions::default()).unwrap();
    drop(held);
    backup(&original, &at("second")).unwrap();
    let second = Database::open(at("second")).unwrap();
    let held = second.writer(WriterOptions::default()).unwrap();
    assert_eq!(backup(&original, &at("second")).unwrap_err().code(), "locked");
    drop(held);

    // A destination whose manifest is damaged is left alone.
    let manifest = format!("manifest-{}", second.snapshot().generation());
    flip(&at("second").join(manifest), 100);
    assert!(refused(backup(&original, &at("second"))).contains("damaged"));
}

#[test]
fn damage_is_never_copied_and_can_be_mended() {
    let folder = tempfile::tempdir().unwrap();
    let (_, database) = database(folder.path());
    let copy = folder.path().join("copy");
    backup(&database, &copy).unwrap();
    let segment = |path: &Path| path.join("segment-00000001");

    // Cut short: its ends say so.
    let bytes = fs::read(segment(&copy)).unwrap();
    fs::remove_file(segment(&copy)).unwrap();
    fs::write(segment(&copy), &bytes[..bytes.len() - 64]).unwrap();
    let report = backup(&database, &copy).unwrap();
    assert_eq!(report.replaced, ["segment-00000001"]);
    check_same(&copy, &database);
    // Gone.
    fs::remove_file(segment(&copy)).unwrap();
    assert_eq!(backup(&database, &copy).unwrap().files_copied, 1);
    check_same(&copy, &database);
    // One byte in the middle: found where every byte is read.
    flip(&segment(&copy), bytes.len() / 2);
    assert_eq!(backup(&database, &copy).unwrap().files_copied, 0);
    let options = BackupOptions::default().check(true);
    let report = database.backup(&copy, &options, &control()).unwrap();
    assert_eq!((report.replaced.len(), report.files_copied), (1, 1));
    check_same(&copy, &database);

    // The database's own damage does not arrive.
    let path = folder.path().join("large");
    drop(large(&path));
    damage(&path);
    let damaged = Database::open(&path).unwrap();
    let second = folder.path().join("second");
    let error = backup(&damaged, &second).unwrap_err();
    assert!(error.to_string().starts_with("segment-00000001 is damaged"), "{error}");
    assert!(Database::open(&second).is_err());
}

#[test]
fn a_cancelled_backup_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_, database) = database(folder.path());
    let copy = folder.path().join("copy");
    let mut copied = 0;
    // Cancelled after each step in turn, until there is none left.
    for steps in 1.. {
        let token = CancelToken::new();
        let (cancel, seen) = (token.clone(), std::sync::atomic::AtomicUsize::new(0));
        let watch = Watch::new(move |step| {
            assert!(step.done <= step.total && step.unit == "bytes");
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == steps {
                cancel.cancel();
            }
        });
        let control = Control { cancel: Some(token), watch: Some(watch), deadline: None };
        match database.backup(&copy, &BackupOptions::default(), &control) {
            Ok(report) => {
                assert!(report.files_kept > 0, "what was finished stays: {report:?}");
                break;
            }
            Err(error) => assert!(matches!(error, Error::Cancelled), "{error}"),
        }
        assert!(Database::open(&copy).is_err());
        assert!(!copy.join("tmp-copy").exists());
        copied += 1;
    }
    assert!(copied > 3);
    check_same(&copy, &database);
}

/// Whatever a power cut leaves of two copies, the destination holds the older or the newer generation, or
/// none where none was there; and a copy to what is left makes it whole.
#[test]
fn every_crash_image_of_a_destination_is_the_older_or_the_newer_generation() {
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 0..6, 0);
    commit(&mut writer, 4..8, 1);
    let destination = SimStorage::new();
    let copy = |storage: &dyn Storage| {
        database.backup_in(storage, &BackupOptions::default(), &control()).unwrap()
    };
    let mut states = Vec::new();
    for edition in 2..5 {
        copy(&destination);
        let snapshot = database.snapshot();
        states.push((destination.log_len(), snapshot.generation(), contents(&snapshot).unwrap()));
        commit(&mut writer, 5..9, edition);
        if edition == 3 {
            writer.compact(&control()).unwrap();
        }
    }
    let (mut images, mut unfinished) = (0, 0);
    for operation in 0..=destination.log_len() {
        let durable = states.iter().rev().find(|(log, ..)| *log <= operation);
        let in_flight = states.iter().find(|(log, ..)| *log > operation);
        for image in destination.crash_images_with(operation, 7, 4) {
            images += 1;
            match Database::open_in(Arc::new(image.clone())) {
                Ok(opened) => {
                    let found = opened.snapshot();
                    found.verify(&control()).unwrap();
                    let expected = [durable, in_flight]
                        .into_iter()
                        .flatten()
                        .find(|(_, generation, _)| *generation == found.generation());
                    let (.., expected) = expected.expect("the older or the newer generation");
                    assert_eq!(contents(&found).unwrap(), *expected, "operation {operation}");
                }
                Err(Error::NotFound { .. } | Error::Corrupt { .. }) if durable.is_none() => {
                    unfinished += 1;
                }
                Err(error) => panic!("operation {operation}: {error}"),
            }
            // Into an unfinished first copy only the same generation goes: what it holds has no manifest.
            let result = database.backup_in(&image, &BackupOptions::default(), &control());
            match result {
                Ok(_) => {
                    let made = Database::open_in(Arc::new(image)).unwrap().snapshot();
                    made.verify(&control()).unwrap();
                    assert_eq!(made.manifest(), database.snapshot().manifest());
                }
                Err(Error::Destination { .. }) if durable.is_none() => {}
                Err(error) => panic!("operation {operation}: {error}"),
            }
        }
    }
    println!("{images} images, {unfinished} without a database");
    assert!(images > 200 && unfinished > 20);
}

/// Whatever call to the destination fails, it holds the older or the newer generation, and the next copy goes
/// on.
#[test]
fn a_failing_destination_keeps_its_generation() {
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 0..6, 0);
    let older = MemoryStorage::new();
    database.backup_in(&older, &BackupOptions::default(), &control()).unwrap();
    let before = database.snapshot().generation();
    commit(&mut writer, 4..8, 1);
    commit(&mut writer, 6..9, 2);
    let newest = database.snapshot().generation();
    let (mut failed, mut unknown) = (0, 0);
    for kind in FaultKind::ALL {
        for persistent in [false, true] {
            for call in 0.. {
                let storage = SimStorage::on(&older).unwrap();
                storage.fail_at(call, Fault { kind, persistent });
                let result = database.backup_in(&storage, &BackupOptions::default(), &control());
                let struck = storage.struck();
                storage.heal();
                let at = format!("{kind:?} at call {call}, persistent {persistent}");
                let opened = Database::open_in(Arc::new(storage.clone())).unwrap().snapshot();
                opened.verify(&control()).unwrap();
                match &result {
                    Ok(_) => assert_eq!(opened.generation(), newest, "{at}"),
                    Err(Error::CommitUnknown { .. }) => {
                        assert_eq!(opened.generation(), newest, "{at}");
                        unknown += 1;
                    }
                    Err(error) => {
                        assert_eq!(opened.generation(), before, "{at}: {error}");
                        failed += 1;
                    }
                }
                database.backup_in(&storage, &BackupOptions::default(), &control()).unwrap();
                let made = Database::open_in(Arc::new(storage)).unwrap().snapshot();
                made.verify(&control()).unwrap();
                assert_eq!(made.manifest(), database.snapshot().manifest(), "{at}");
                if struck == 0 {
                    assert!(result.is_ok(), "{at}");
                    break;
                }
            }
        }
    }
    println!("{failed} failures, {unknown} after publication");
    assert!(failed > 50 && unknown > 0);
}

/// Every stored vector, by key.
fn vectors(snapshot: &Snapshot) -> std::collections::BTreeMap<Key, Vec<u32>> {
    let stored = snapshot.vectors_matching(&Query::matching(Filter::All)).unwrap();
    let bits = |vector: Vec<f32>| vector.into_iter().map(f32::to_bits).collect();
    stored.iter().map(|item| item.map(|(key, vector)| (key, bits(vector))).unwrap()).collect()
}

fn add(writer: &mut Writer, other: &Database) -> medvec::Applied {
    let applied = writer.add_documents_of(&other.snapshot(), &control()).unwrap();
    writer.commit().unwrap();
    applied
}

fn in_memory(options: CreateOptions) -> Database {
    Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap()
}

/// Vectors of 96 numbers, long and short, so that scales differ.
fn wide(number: u64) -> Vec<f32> {
    let mut random = common::Random(number * 77 + 5);
    let length = 0.01 + random.below(1000) as f32 / 7.0;
    (0..96).map(|_| random.unit() * length).collect()
}

#[test]
fn vectors_arrive_bit_for_bit() {
    for metric in [Metric::Cosine, Metric::Dot] {
        for rows in [RowType::Int8, RowType::F16, RowType::F32] {
            let config = VectorConfig::new(96, metric, rows, None);
            let options = CreateOptions::default().vectors(Some(config));
            let (source, target) = (in_memory(options.clone()), in_memory(options));
            let mut writer = source.writer(WriterOptions::default()).unwrap();
            for number in 0..500 {
                writer.upsert_with_vector(document(number, 0), wide(number)).unwrap();
            }
            writer.commit().unwrap();
            let mut writer = target.writer(WriterOptions::default()).unwrap();
            assert_eq!(add(&mut writer, &source).added, 500);
            let (found, expected) = (vectors(&target.snapshot()), vectors(&source.snapshot()));
            let differing = expected.iter().filter(|(key, row)| found[*key] != **row).count();
            assert_eq!((found.len(), differing), (500, 0), "{metric:?} {rows:?}");
            target.snapshot().verify(&control()).unwrap();
        }
    }
}

/// A merge against a plain model: of each key the greater revision stays, and without one what comes later.
#[test]
fn a_merge_is_what_importing_the_sources_in_turn_would_be() {
    let mut random = common::Random(11);
    for round in 0..20 {
        let target = in_memory(create_options());
        let mut model = std::collections::BTreeMap::<Key, (Revision, Document)>::new();
        let mut deleted = std::collections::BTreeMap::<Key, Revision>::new();
        let mut own = target.writer(WriterOptions::default()).unwrap();
        for source in 0..4u32 {
            let database = in_memory(create_options());
            let mut writer = database.writer(WriterOptions::default()).unwrap();
            let mut wins = Vec::new();
            for number in 0..30 {
                if random.below(3) == 0 {
                    continue;
                }
                let file = random.below(4) as u32;
                let revision =
                    Revision { file, position: file * random.below(3) as u32, version: 0 };
                let revision = Some(revision).filter(|revision| revision.file > 0);
                let document = document(number, random.below(4));
                let vector = Some(vector(number, u64::from(source)));
                let change = Change { document: document.clone(), revision, vector };
                writer.apply(vec![change]).unwrap();
                wins.push((document, revision));
                if number % 7 == 0 {
                    writer.commit().unwrap();
                }
            }
            // What this source deletes is not taken over, and deletes nothing elsewhere.
            let gone = common::key(random.below(30));
            writer.delete_revision(&gone, Revision { file: 9, position: 0, version: 0 }).unwrap();
            wins.retain(|(document, _)| document.key != gone);
            writer.commit().unwrap();
            for (document, revision) in wins {
                let known = model.get(&document.key).map(|(revision, _)| *revision);
                let newest = known.max(deleted.get(&document.key).copied());
                match revision {
                    Some(own) if newest.is_some_and(|newest| own <= newest) => {}
                    own => {
                        let revision = own.or(newest).unwrap_or_default();
                        model.insert(document.key.clone(), (revision, document));
                    }
                }
            }
            let before = target.snapshot().generation();
            own.add_documents_of(&database.snapshot(), &control()).unwrap();
            assert_eq!(
                target.snapshot().generation(),
                before,
                "nothing is visible before the commit"
            );
            own.commit().unwrap();
            // The target's own deletions count like revisions.
            let gone = common::key(random.below(30));
            let mark = Revision { file: 2, position: 0, version: 0 };
            if model.get(&gone).is_none_or(|(revision, _)| *revision <= mark) {
                model.remove(&gone);
                deleted.insert(gone.clone(), mark);
            }
            own.delete_revision(&gone, mark).unwrap();
            own.commit().unwrap();
        }
        let expected: std::collections::BTreeMap<Key, Document> =
            model.into_iter().map(|(key, (_, document))| (key, document)).collect();
        assert_eq!(contents(&target.snapshot()).unwrap(), expected, "round {round}");
        target.snapshot().verify(&control()).unwrap();
    }
}

#[test]
fn a_merge_that_is_done_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, source) = database(folder.path());
    let mut more = source.writer(WriterOptions::default()).unwrap();
    // A document without a vector, and a vector without a document.
    more.upsert(document(100, 0)).unwrap();
    more.set_vector(&common::key(101), &vector(101, 0)).unwrap();
    more.commit().unwrap();
    let target = in_memory(create_options());
    let mut writer = target.writer(WriterOptions::default()).unwrap();
    // Here the vector of 101 finds its document.
    writer.upsert(document(101, 0)).unwrap();
    writer.commit().unwrap();
    let first = add(&mut writer, &source);
    assert_eq!((first.added, first.replaced, first.unchanged), (21, 1, 0), "{first:?}");
    let mut expected = contents(&source.snapshot()).unwrap();
    expected.insert(common::key(101), document(101, 0));
    assert_eq!(contents(&target.snapshot()).unwrap(), expected);
    assert_eq!(vectors(&target.snapshot()), vectors(&source.snapshot()));
    let generation = target.snapshot().generation();
    let again = add(&mut writer, &source);
    assert_eq!((again.added, again.replaced, again.unchanged), (0, 0, 22), "{again:?}");
    assert_eq!(target.snapshot().generation(), generation, "no commit");
}

#[test]
fn vectors_that_cannot_stand_side_by_side_are_refused() {
    let of = |dimension, metric, encoder| {
        let config = VectorConfig::new(dimension, metric, RowType::Int8, encoder);
        in_memory(CreateOptions::default().vectors(Some(config)))
    };
    let spec = |name: &str| Some(EncoderSpec::of_origin(name, 8, Metric::Cosine));
    let target = of(8, Metric::Cosine, spec("one"));
    let mut writer = target.writer(WriterOptions::default()).unwrap();
    for (other, what) in [
        (of(8, Metric::Cosine, spec("two")), "made by two"),
        (of(8, Metric::Cosine, None), "of unknown origin"),
        (of(9, Metric::Cosine, None), "9 numbers"),
        (of(8, Metric::Dot, None), "Dot"),
    ] {
        let error = writer.add_documents_of(&other.snapshot(), &control()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("made by one"), "{text}");
    }
    // A database without vectors has nothing that could be wrong, and may not lose any.
    let without = in_memory(CreateOptions::default());
    writer.add_documents_of(&without.snapshot(), &control()).unwrap();
    let mut writer = without.writer(WriterOptions::default()).unwrap();
    let error = writer.add_documents_of(&target.snapshot(), &control()).unwrap_err();
    assert!(error.to_string().contains("this one holds no vectors"), "{error}");
    // The same name is the same origin.
    let same = of(8, Metric::Cosine, spec("one"));
    let mut writer = same.writer(WriterOptions::default()).unwrap();
    writer.add_documents_of(&target.snapshot(), &control()).unwrap();
}

#[cfg(feature = "session")]
mod archives {
    use std::io::Write;

    use medvec::session::{pack, unpack};

    use super::*;

    /// An entry of a tar archive, as simple as it gets.
    struct Entry {
        name: Vec<u8>,
        kind: u8,
        /// What the header says.
        size: u64,
        content: Vec<u8>,
    }

    fn file(name: &str, content: &[u8]) -> Entry {
        let size = content.len() as u64;
        Entry { name: name.into(), kind: b'0', size, content: content.to_vec() }
    }

    fn tar(entries: &[Entry]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in entries {
            let mut header = [0u8; 512];
            header[..entry.name.len()].copy_from_slice(&entry.name);
            header[100..107].copy_from_slice(b"0000444");
            header[124..136].copy_from_slice(format!("{:011o}\0", entry.size).as_bytes());
            header[136..147].copy_from_slice(b"00000000000");
            header[156] = entry.kind;
            header[157..163].copy_from_slice(b"target");
            header[257..265].copy_from_slice(b"ustar\x0000");
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            bytes.write_all(&header).unwrap();
            bytes.write_all(&entry.content).unwrap();
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    /// The entries of an archive that `pack` wrote, read by hand.
    fn entries(mut bytes: &[u8]) -> Vec<Entry> {
        let mut entries = Vec::new();
        while bytes[0] != 0 {
            let (header, rest) = bytes.split_at(512);
            let name: Vec<u8> =
                header[..100].iter().copied().take_while(|byte| *byte != 0).collect();
            let digits = std::str::from_utf8(&header[124..135]).unwrap();
            let size = u64::from_str_radix(digits, 8).unwrap();
            let content = rest[..size as usize].to_vec();
            entries.push(Entry { name, kind: header[156], size, content });
            bytes = &rest[(size as usize).next_multiple_of(512)..];
        }
        assert!(bytes.len() == 1024 && bytes.iter().all(|byte| *byte == 0));
        entries
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (_, database) = database(folder.path());
        let packed = pack(&database.snapshot(), &at("one.tar"), &control()).unwrap();
        assert_eq!((packed.documents, packed.files), (20, 4));
        let read = entries(&fs::read(at("one.tar")).unwrap());
        assert!(read[0].name.starts_with(b"manifest-"));
        assert_eq!(read.iter().map(|entry| entry.size).sum::<u64>(), packed.bytes);
        // The same bytes again, and by the simplest writer of such archives.
        pack(&database.snapshot(), &at("two.tar"), &control()).unwrap();
        assert_eq!(fs::read(at("one.tar")).unwrap(), fs::read(at("two.tar")).unwrap());
        fs::write(at("three.tar"), tar(&read)).unwrap();
        for archive in ["one.tar", "three.tar"] {
            let copy = at("copy");
            assert_eq!(unpack(&at(archive), &copy, &control()).unwrap(), packed);
            check_same(&copy, &database);
            assert_eq!(fs::read_dir(&copy).unwrap().count(), 4);
            // A database like any other; a name that is taken is refused.
            assert_eq!(unpack(&at(archive), &copy, &control()).unwrap_err().code(), "io");
            let mut writer =
                Database::open(&copy).unwrap().writer(WriterOptions::default()).unwrap();
            commit(&mut writer, 50..52, 0);
            fs::remove_dir_all(&copy).unwrap();
        }
        assert_eq!(
            pack(&database.snapshot(), &at("one.tar"), &control()).unwrap_err().code(),
            "io"
        );
    }

    #[test]
    fn hostile_archives_are_refused_and_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (_, database) = database(folder.path());
        pack(&database.snapshot(), &at("good.tar"), &control()).unwrap();
        let good = || entries(&fs::read(at("good.tar")).unwrap());
        let with = |change: &dyn Fn(&mut Vec<Entry>)| {
            let mut entries = good();
            change(&mut entries);
            tar(&entries)
        };
        let whole = fs::read(at("good.tar")).unwrap();
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("not a tar archive", b"PK\x03\x04 and more".repeat(100)),
            ("empty", Vec::new()),
            ("empty", vec![0; 1024]),
            ("not a tar archive", whole[..700].to_vec()),
            ("in the middle of segment-", whole[..whole.len() / 2].to_vec()),
            ("ends before", with(&|all| all.truncate(2))),
            ("is not a manifest", with(&|all| drop(all.remove(0)))),
            ("comes twice", with(&|all| all.push(file("segment-00000001", b"x")))),
            (
                "`../segment-00000001` is not a file",
                with(&|all| all[1].name = b"../segment-00000001".into()),
            ),
            ("`/tmp/x` is not a file", with(&|all| all.push(file("/tmp/x", b"x")))),
            ("`a/../segment-00000001`", with(&|all| all[1].name = b"a/../segment-00000001".into())),
            ("`./manifest-00000003`", with(&|all| all[0].name = b"./manifest-00000003".into())),
            ("`notes.txt` is not a file", with(&|all| all.push(file("notes.txt", b"x")))),
            ("`LOCK` is not a file", with(&|all| all.push(file("LOCK", b"")))),
            ("manifest-00000002", with(&|all| all[0].name = b"manifest-00000002".into())),
            ("not a plain file", with(&|all| all[1].kind = b'2')),
            ("not a plain file", with(&|all| all[1].kind = b'1')),
            ("not a plain file", with(&|all| all[0].kind = b'5')),
            (
                "not a plain file",
                with(&|all| all.insert(1, Entry { kind: b'x', ..file("pax", b"x") })),
            ),
            (
                "not a plain file",
                with(&|all| all.insert(0, Entry { kind: b'L', ..file("long", b"x") })),
            ),
            ("at most 268435456", with(&|all| all[0].size = 1 << 32)),
            ("has 8589934591 bytes", with(&|all| all[1].size = (1 << 33) - 1)),
            ("is damaged", with(&|all| *all[0].content.last_mut().unwrap() ^= 1)),
            ("is damaged", with(&|all| all[1].content[3000] ^= 1)),
            ("is damaged", with(&|all| all[2].content[70] ^= 1)),
        ];
        let names = || fs::read_dir(folder.path()).unwrap().count();
        for (place, (wanted, bytes)) in cases.into_iter().enumerate() {
            fs::write(at("bad.tar"), bytes).unwrap();
            let before = names();
            let error = unpack(&at("bad.tar"), &at("bad"), &control()).expect_err(wanted);
            let text = error.to_string();
            assert!(
                text.contains(wanted) && text.contains("bad.tar"),
                "case {place}, {wanted}: {text}"
            );
            assert_eq!(names(), before, "case {place}: {text}");
        }
        // Cancelled, and every prefix of the archive.
        let token = CancelToken::new();
        token.cancel();
        let cancelled = Control { cancel: Some(token), ..control() };
        let error = unpack(&at("good.tar"), &at("bad"), &cancelled).unwrap_err();
        assert!(matches!(error, Error::Cancelled));
        let before = names();
        for length in (0..whole.len() - 1024).step_by(997) {
            fs::write(at("bad.tar"), &whole[..length]).unwrap();
            let error = unpack(&at("bad.tar"), &at("bad"), &control()).unwrap_err();
            assert!(error.to_string().contains("bad.tar"), "{length}: {error}");
        }
        assert_eq!(names(), before);
    }

    #[test]
    fn damage_is_not_packed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        drop(large(&path));
        damage(&path);
        let damaged = Database::open(&path).unwrap();
        let archive = folder.path().join("x.tar");
        let error = pack(&damaged.snapshot(), &archive, &control()).unwrap_err();
        assert_eq!(error.code(), "corrupt");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[cfg(feature = "session")]
mod merges {
    use medvec::session::{SessionError, merge};

    use super::*;

    /// A database of some numbers in a folder.
    fn of(path: &Path, numbers: std::ops::Range<u64>, edition: u64) -> PathBuf {
        let database = Database::create(path, create_options()).unwrap();
        commit(&mut database.writer(WriterOptions::default()).unwrap(), numbers, edition);
        path.to_owned()
    }

    #[test]
    fn a_new_target_is_made_like_the_first_source_and_all_come_in_one_commit() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (one, two) = (of(&at("one"), 0..10, 0), of(&at("two"), 5..15, 1));
        let first = Database::open(&one).unwrap();
        let mut writer = first.writer(WriterOptions::default()).unwrap();
        writer.set_mesh(Some(&common::vocabulary(2031))).unwrap();
        writer.set_lexical(None).unwrap();
        writer.commit().unwrap();
        let sources = [one, two];
        let (database, report) = merge(&at("all"), &sources, &control()).unwrap();
        assert!(report.is_new && report.databases == 2 && report.documents == 20);
        assert_eq!((report.applied.added, report.applied.replaced), (15, 5));
        let (made, first) = (database.snapshot(), first.snapshot());
        assert_eq!((made.generation().0, report.generation.0), (2, 2), "one commit");
        assert_eq!(made.manifest().mesh, first.manifest().mesh);
        assert_eq!(made.manifest().lexical, first.manifest().lexical);
        assert_eq!(made.manifest().vectors, first.manifest().vectors);
        assert_ne!(made.manifest().database_id, first.manifest().database_id);
        let found = contents(&made).unwrap();
        assert_eq!(found.len(), 15);
        for number in 0..15 {
            let edition = u64::from(number >= 5);
            assert_eq!(found[&common::key(number)], document(number, edition));
        }
        made.verify(&control()).unwrap();
        let (_, again) = merge(&at("all"), &sources[1..], &control()).unwrap();
        assert_eq!((again.is_new, again.applied.unchanged, again.generation.0), (false, 10, 2));
    }

    #[test]
    fn a_merge_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let one = of(&at("one"), 0..10, 0);
        let target = of(&at("target"), 20..25, 0);
        let names = || {
            let names = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name());
            names.filter(|name| name != "LOCK").collect::<std::collections::BTreeSet<_>>()
        };
        let before = names();
        let plain = at("plain");
        Database::create(&plain, CreateOptions::default()).unwrap();
        let result = merge(&plain, &[at("plain"), one.clone()], &control()).map(|_| ());
        let error = result.unwrap_err();
        assert!(matches!(error, SessionError::VectorsDiffer { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("plain holds no vectors") && text.contains("one holds"), "{text}");
        assert!(merge(&at("new"), &[plain, one.clone()], &control()).is_err());
        assert!(!at("new").exists(), "nothing is created");

        // The second source is damaged: what the first brought is not there, either.
        let second = at("second");
        drop(large(&second));
        damage(&second);
        let result = merge(&target, &[one.clone(), second], &control()).map(|_| ());
        let text = result.unwrap_err().to_string();
        assert!(
            text.contains(&format!(
                "second{}segment-00000001 is damaged",
                std::path::MAIN_SEPARATOR
            )),
            "{text}"
        );
        assert_eq!(names(), before);
        let token = CancelToken::new();
        let cancel = token.clone();
        let watch = Watch::new(move |_| cancel.cancel());
        let control = Control { cancel: Some(token), watch: Some(watch), deadline: None };
        let result = merge(&target, &[one], &control).map(|_| ());
        assert!(matches!(result, Err(SessionError::Library(Error::Cancelled))));
        assert_eq!(names(), before);
    }
}
