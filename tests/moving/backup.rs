//! Copies in another directory.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use medvec::reports::BackupReport;
use medvec::reports::Watch;
use medvec::storage::sim::{Fault, FaultKind, SimStorage};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{BackupOptions, CancelToken, Control, Database, Error, Result, WriterOptions};

use crate::common::{contents, create_options};
use crate::{check_same, commit, control, damage, database, flip, large};

fn backup(database: &Database, destination: &Path) -> Result<BackupReport> {
    database.backup(destination, &BackupOptions::default(), &control())
}

fn refused(result: Result<BackupReport>) -> String {
    let error = result.expect_err("refused");
    assert_eq!(error.code(), "destination", "{error}");
    error.to_string()
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
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
        let named = Database::create(&path, create_options()).unwrap();
        assert!(refused(backup(&named, &path)).contains("the database itself"));
    }
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
fn a_copy_from_before_a_repair_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let copy = folder.path().join("copy");
    let database = large(&path);
    backup(&database, &copy).unwrap();
    let documents = database.snapshot().len();
    drop(database);
    damage(&path);
    assert!(Database::repair(&path, true).unwrap().documents_kept < documents);
    let repaired = Database::open(&path).unwrap();
    assert!(refused(backup(&repaired, &copy)).contains("before the repair"));
    assert_eq!(Database::open(&copy).unwrap().snapshot().len(), documents);
    // A copy of what is left is a copy as any other.
    let second = folder.path().join("second");
    backup(&repaired, &second).unwrap();
    commit(&mut repaired.writer(WriterOptions::default()).unwrap(), 70..72, 0);
    backup(&repaired, &second).unwrap();
    check_same(&second, &repaired);
    drop(repaired);
    // What was undone was no repair.
    let third = folder.path().join("third");
    let third_copy = folder.path().join("copy of third");
    backup(&large(&third), &third_copy).unwrap();
    damage(&third);
    Database::repair(&third, true).unwrap();
    Database::undo_repair(&third).unwrap();
    let undone = Database::open(&third).unwrap();
    assert_eq!(backup(&undone, &third_copy).unwrap().files_copied, 0);
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
        let (cancel, seen) = (token.clone(), AtomicUsize::new(0));
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
