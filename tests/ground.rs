//! What happens to a writer whose lock, directory or files are taken away, and what a directory says of
//! a commit that somebody removed.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::{contents, create_options, document, key, vector};
use medvec::db::{Database, OpenOptions, Writer, WriterOptions};
use medvec::error::LockHolder;
use medvec::format::names::{Name, parse};
use medvec::format::rules::Rule;
use medvec::storage::{Access, MemoryStorage, Storage};
use medvec::{Control, Error};

fn open(path: &Path) -> medvec::Result<Database> {
    Database::open(path)
}

/// Few bytes per segment, so that files are written before a commit.
fn options() -> WriterOptions {
    WriterOptions::default().segment_bytes_max(20_000)
}

fn fill(writer: &mut Writer, numbers: std::ops::Range<u64>) {
    for number in numbers {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
}

/// A database of ten documents, and a writer that has written segments it has not committed.
fn at_work(path: &Path) -> (Database, Writer) {
    let database = Database::create(path, create_options()).unwrap();
    let mut writer = database.writer(options()).unwrap();
    fill(&mut writer, 0..10);
    writer.commit().unwrap();
    fill(&mut writer, 100..400);
    let segments = names(path).iter().filter(|name| name.starts_with("segment-")).count();
    assert!(segments > 2, "{segments} segments");
    (database, writer)
}

fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_sound(path: &Path, documents: usize) {
    let snapshot = open(path).unwrap().snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(contents(&snapshot).unwrap().len(), documents);
    assert!(Database::repair(path, false).unwrap().is_clean());
}

fn assert_replaced(result: medvec::Result<medvec::Generation>, words: &str) {
    match result {
        Err(Error::Replaced { detail, .. }) => assert!(detail.contains(words), "{detail}"),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn without_its_lock_file_a_writer_publishes_nothing_and_no_other_starts() {
    for replace in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let (_database, mut writer) = at_work(&path);
        let before = names(&path);
        std::fs::remove_file(path.join("LOCK")).unwrap();
        if replace {
            std::fs::write(path.join("LOCK"), "").unwrap();
        }
        let second = open(&path).unwrap().writer(options()).err();
        assert!(
            matches!(second, Some(Error::Locked { holder: LockHolder::ThisProcess, .. })),
            "{second:?}"
        );
        assert!(before.iter().all(|name| names(&path).contains(name)), "nothing was deleted");
        // The attempt made a new lock file: still not the one that is held.
        assert_replaced(writer.commit(), "LOCK");
        assert!(matches!(writer.commit(), Err(Error::Poisoned { .. })));
        drop(writer);
        assert_sound(&path, 10);
        let mut writer = open(&path).unwrap().writer(options()).unwrap();
        fill(&mut writer, 100..110);
        writer.commit().unwrap();
        drop(writer);
        assert_sound(&path, 20);
    }
}

#[cfg(unix)]
#[test]
fn a_directory_in_the_place_of_another_is_left_alone() {
    for copy in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (path, other, old) =
            (folder.path().join("db"), folder.path().join("other"), folder.path().join("old"));
        let (database, mut writer) = at_work(&path);
        std::fs::create_dir(&other).unwrap();
        if copy {
            // A backup of what was committed, taken while the writer worked.
            for name in names(&path) {
                std::fs::copy(path.join(&name), other.join(&name)).unwrap();
            }
        } else {
            let database = Database::create(&other, create_options()).unwrap();
            let mut writer = database.writer(options()).unwrap();
            fill(&mut writer, 500..510);
            writer.commit().unwrap();
        }
        std::fs::rename(&path, &old).unwrap();
        std::fs::rename(&other, &path).unwrap();
        let strangers = names(&path);
        fill(&mut writer, 400..600);
        assert_replaced(writer.commit(), "directory");
        drop(writer);
        assert_eq!(names(&path), strangers, "nothing was written or deleted there");
        assert_sound(&path, 10);
        assert_sound(&old, 10);
        // What was opened is still what is read.
        database.refresh().unwrap();
        assert_eq!(database.snapshot().len(), 10);
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_is_gone_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (_database, mut writer) = at_work(&path);
    std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    assert_replaced(writer.commit(), "directory");
    drop(writer);
    assert_sound(&folder.path().join("elsewhere"), 10);
}

/// Files of the writer are deleted, cut or replaced before it names them.
#[test]
fn a_commit_names_only_what_is_there() {
    for (what, words) in [("gone", "is gone"), ("cut", "bytes, not"), ("other", "is another file")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let (_database, mut writer) = at_work(&path);
        let files = names(&path);
        let segment = files.iter().rfind(|name| name.starts_with("segment-")).unwrap();
        let file = path.join(segment);
        let mut bytes = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        match what {
            "cut" => std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap(),
            "other" => {
                bytes[20] ^= 1;
                std::fs::write(&file, &bytes).unwrap();
            }
            _ => {}
        }
        assert_replaced(writer.commit(), words);
        drop(writer);
        assert_sound(&path, 10);
    }
}

/// One that the generation before named as well.
#[test]
fn a_committed_file_that_is_gone_stops_the_next_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (_database, mut writer) = at_work(&path);
    std::fs::remove_file(path.join("segment-00000001")).unwrap();
    assert_replaced(writer.commit(), "segment-00000001 is gone");
}

#[test]
fn a_missing_newest_manifest_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let database = Database::create(&path, create_options()).unwrap();
    let mut writer = database.writer(options()).unwrap();
    for number in 0..3 {
        fill(&mut writer, number * 10..number * 10 + 10);
        writer.commit().unwrap();
    }
    writer.delete(&key(3)).unwrap();
    writer.commit().unwrap();
    drop((writer, database));
    let before = names(&path);
    let newest = before.iter().rfind(|name| name.starts_with("manifest-")).unwrap().clone();
    std::fs::rename(path.join(&newest), folder.path().join("away")).unwrap();
    let left = names(&path);
    for _ in 0..2 {
        match open(&path).map(|_| ()) {
            Err(Error::Corrupt { file, rule: Rule::FileMissing, .. }) => assert_eq!(file, newest),
            other => panic!("{other:?}"),
        }
    }
    assert!(Database::create(&path, create_options()).is_err());
    assert_eq!(names(&path), left, "nothing was deleted");

    let report = Database::repair(&path, true).unwrap();
    assert_eq!(report.lost_generations.len(), 1, "{report:?}");
    assert_sound(&path, 29);
    Database::undo_repair(&path).unwrap();
    assert_eq!(names(&path), left);
    // Found again, it is as before.
    std::fs::rename(folder.path().join("away"), path.join(&newest)).unwrap();
    assert_eq!(names(&path), before);
    assert_sound(&path, 29);
}

/// The only manifest of a new database, and the segments of its first commit.
#[test]
fn what_the_first_commit_wrote_is_saved_without_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let database = Database::create(&path, create_options()).unwrap();
    let mut writer = database.writer(options()).unwrap();
    fill(&mut writer, 0..200);
    writer.commit().unwrap();
    // A writer that was killed leaves what was never committed.
    let leftover = path.join("segment-00000900");
    std::fs::copy(path.join("segment-00000001"), &leftover).unwrap();
    drop((writer, database));
    std::fs::remove_file(path.join("manifest-00000002")).unwrap();
    assert!(open(&path).is_err());
    let report = Database::repair(&path, true).unwrap();
    assert!(report.adopted.len() > 1, "{report:?}");
    assert!(!report.adopted.iter().any(|id| id.0 == 900), "{report:?}");
    assert_sound(&path, 200);
}

#[test]
fn the_files_that_a_manifest_names_are_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copied) = (folder.path().join("db"), folder.path().join("copy"));
    let (_database, writer) = at_work(&path);
    std::fs::create_dir(&copied).unwrap();
    let manifest = writer.snapshot().manifest();
    let mut files = vec![format!("manifest-{}", manifest.generation)];
    files.extend(manifest.segments.iter().map(|entry| format!("segment-{}", entry.id)));
    for name in files {
        std::fs::copy(path.join(&name), copied.join(&name)).unwrap();
    }
    assert_sound(&copied, 10);
    let mut writer = open(&copied).unwrap().writer(options()).unwrap();
    fill(&mut writer, 20..30);
    writer.commit().unwrap();
    drop(writer);
    assert_sound(&copied, 20);
}

#[test]
fn a_dropped_writer_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (database, writer) = at_work(&path);
    let report = Database::repair(&path, false).unwrap();
    assert!(report.is_clean() && report.leftover_files > 0 && report.leftover_bytes > 0);
    drop(writer);
    assert_eq!(Database::repair(&path, false).unwrap().leftover_files, 0);
    let segments = names(&path).into_iter().filter(|name| name.starts_with("segment-")).count();
    assert_eq!(segments, database.snapshot().manifest().segments.len());
    // Also after a call that was cancelled half way.
    let mut writer = database.writer(options()).unwrap();
    fill(&mut writer, 100..400);
    let cancel = medvec::CancelToken::new();
    cancel.cancel();
    let control = Control { cancel: Some(cancel), ..Control::default() };
    assert!(matches!(writer.compact(&control), Err(Error::Cancelled)));
    drop(writer);
    assert_eq!(Database::repair(&path, false).unwrap().leftover_files, 0);
    assert_sound(&path, 10);
}

#[test]
fn who_holds_the_lock_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (database, writer) = at_work(&path);
    for other in [database, open(&path).unwrap()] {
        match other.writer(options()) {
            Err(error @ Error::Locked { holder: LockHolder::ThisProcess, .. }) => {
                let text = error.to_string();
                assert!(text.contains("this process") && !text.contains("another"), "{text}");
            }
            other => panic!("{:?}", other.err()),
        }
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["child_that_wants_the_lock", "--exact", "--nocapture"])
        .env("MEDVEC_TEST_CHILD", &path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(text.contains("refused: ") && text.contains("another process"), "{text}");
    drop(writer);
    open(&path).unwrap().writer(options()).unwrap();
}

/// Not a test of its own: the child process of the one above.
#[test]
fn child_that_wants_the_lock() {
    let Some(path) = std::env::var_os("MEDVEC_TEST_CHILD") else { return };
    match open(path.as_ref()).unwrap().writer(options()) {
        Err(error @ Error::Locked { holder: LockHolder::AnotherProcess, .. }) => {
            println!("refused: {error}");
        }
        other => println!("unexpected: {:?}", other.err()),
    }
}

#[cfg(unix)]
unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
}

/// In a process of its own, because a fork of many threads is not a fork of a program.
#[cfg(unix)]
#[test]
fn a_forked_child_does_not_free_the_lock() {
    const CHILD: &str = "MEDVEC_TEST_FORK";
    let name = "a_forked_child_does_not_free_the_lock";
    let Some(path) = std::env::var_os(CHILD) else {
        let folder = tempfile::tempdir().unwrap();
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, folder.path().join("db"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        return assert!(output.status.success(), "{errors}");
    };
    let path = Path::new(&path);
    let (_database, mut writer) = at_work(path);
    let before = names(path);
    // SAFETY: the child calls nothing that another thread could hold a lock of: this process has no
    // other thread that works.
    let child = unsafe { fork() };
    if child == 0 {
        let refused = matches!(writer.commit(), Err(Error::Replaced { .. }));
        drop(writer);
        // SAFETY: ends the child without running what belongs to the parent.
        unsafe { _exit(if refused { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child that was just made.
    unsafe { waitpid(child, &mut status, 0) };
    assert_eq!(status, 0, "the child could commit");
    assert_eq!(names(path), before, "the child removed files");
    let second = open(path).unwrap().writer(options()).err();
    assert!(matches!(second, Some(Error::Locked { .. })), "{second:?}");
    writer.commit().unwrap();
    drop(writer);
    assert_sound(path, 310);
}

#[test]
fn a_lock_file_may_hold_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (database, writer) = at_work(&path);
    drop((writer, database));
    std::fs::write(path.join("LOCK"), [7; 5000]).unwrap();
    assert_sound(&path, 10);
    drop(open(&path).unwrap().writer(options()).unwrap());
    let read = Database::open_with(&path, OpenOptions::default().access(Access::Read)).unwrap();
    read.snapshot().verify(&Control::default()).unwrap();
    // Nothing of it is a name that the format knows.
    assert_eq!(parse("LOCK"), Some(Name::Lock));
}

/// Where a system lets two writers work at once, the later one finds the other's commit, and leaves its files alone.
#[test]
fn a_commit_of_another_writer_keeps_its_list_of_deleted_rows() {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let mut writer = database.writer(options()).unwrap();
    fill(&mut writer, 0..10);
    writer.commit().unwrap();
    let copy = |storage: &MemoryStorage| {
        let read = |name: String| (name.clone(), storage.open(&name).unwrap().unwrap().to_vec());
        storage.list().unwrap().into_iter().map(read).collect::<BTreeMap<_, _>>()
    };
    // The other one's commit: the same generation, other rows.
    let before = copy(&storage);
    let other = MemoryStorage::with_files(before.clone());
    let mut second = Database::open_in(Arc::new(other.clone())).unwrap().writer(options()).unwrap();
    second.delete(&key(1)).unwrap();
    second.commit().unwrap();
    let mut theirs = copy(&other);
    theirs.retain(|name, _| !before.contains_key(name));
    assert!(theirs.keys().any(|name| name.starts_with("tombstones-")), "{:?}", theirs.keys());
    for (name, bytes) in &theirs {
        let mut file = storage.create(name).unwrap();
        file.write(bytes).unwrap();
        file.sync().unwrap();
    }
    writer.delete(&key(2)).unwrap();
    assert!(matches!(writer.commit(), Err(Error::Conflict { .. })));
    drop(writer);
    let after = copy(&storage);
    assert!(theirs.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
    let snapshot = Database::open_in(Arc::new(storage)).unwrap().snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(contents(&snapshot).unwrap().len(), 9);
}
