//! A full disk and a read-only directory, for real: a child process meets them.
#![cfg(unix)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use common::{contents, create_options, document, vector};
use medvec::db::{Database, WriterOptions};
use medvec::{Control, Error};

fn open(path: &Path) -> Database {
    Database::open(path).expect("it opens")
}

fn fill(path: &Path, numbers: std::ops::Range<u64>) {
    let database = open(path);
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    for number in numbers {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).expect("a document");
    }
    writer.commit().expect("a commit");
}

/// Runs one of the `child_` functions below in a process of its own, through a shell prefix.
fn child(name: &str, path: &Path, prefix: &str) -> Output {
    Command::new("sh")
        .args(["-c", &format!("{prefix} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().expect("this binary"))
        .args([name, "--exact", "--nocapture"])
        .env("MEDVEC_TEST_CHILD", path)
        .output()
        .expect("a child process")
}

fn child_path() -> Option<std::path::PathBuf> {
    std::env::var_os("MEDVEC_TEST_CHILD").map(Into::into)
}

#[test]
fn child_that_writes_too_much() {
    let Some(path) = child_path() else { return };
    let database = open(&path);
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for number in 0..20_000 {
        let mut large = document(number, 1);
        large.title = (0..40).map(|n| format!("{:x} ", number * 7919 + n * 104_729)).collect();
        if let Err(error) = writer.upsert_with_vector(large, vector(number, 1)) {
            println!("refused: {error}");
            return;
        }
    }
    println!("refused: {}", writer.commit().expect_err("there is no room"));
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    Database::create(&path, create_options()).unwrap();
    fill(&path, 0..50);
    let before = contents(&open(&path).snapshot()).unwrap();
    // A limit on the size of a file stands in for a full disk: the write fails halfway.
    let output = child("child_that_writes_too_much", &path, "ulimit -f 200; trap '' XFSZ;");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("refused: cannot write"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("segment-"), "{text}");
    let snapshot = open(&path).snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(contents(&snapshot).unwrap(), before);
    // The space is free before anybody writes again.
    assert_eq!(Database::repair(&path, false).unwrap().leftover_files, 0);
    fill(&path, 50..60);
    assert_eq!(open(&path).snapshot().len(), 60);
    let leftovers = std::fs::read_dir(&path).unwrap().count();
    assert!(leftovers <= 6, "the file of the failed writer is still there: {leftovers} files");
}

#[test]
fn a_merge_beyond_the_allowed_memory_is_refused_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let database = Database::create(&path, create_options()).unwrap();
    for start in [0, 50, 100, 150] {
        fill(&path, start..start + 50);
    }
    database.refresh().unwrap();
    let options = |memory_bytes_max| WriterOptions::default().memory_bytes_max(memory_bytes_max);
    let mut writer = database.writer(options(Some(1000))).unwrap();
    let before = std::fs::read_dir(&path).unwrap().count();
    match writer.compact(&Control::default()) {
        Err(error @ Error::Memory { needed_bytes, limit_bytes: Some(1000), .. }) => {
            assert!(needed_bytes > 1000 && error.to_string().contains("memory"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), before);
    // The writer goes on.
    writer.upsert_with_vector(document(900, 0), vector(900, 0)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let mut writer = database.writer(options(Some(100_000_000))).unwrap();
    assert!(writer.compact(&Control::default()).unwrap().merged > 0);
    assert_eq!(database.snapshot().len(), 201);
}

#[test]
fn child_that_reads_only() {
    let Some(path) = child_path() else { return };
    let names = || std::fs::read_dir(&path).unwrap().count();
    let before = names();
    let database = open(&path);
    println!("documents: {}", contents(&database.snapshot()).unwrap().len());
    database.snapshot().verify(&Control::default()).unwrap();
    match database.writer(WriterOptions::default()) {
        Err(Error::ReadOnly { path, .. }) => println!("read-only: {path}"),
        other => println!("unexpected: {:?}", other.err()),
    }
    assert_eq!(names(), before, "reading created a file");
}

#[test]
fn a_read_only_directory_is_searched_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    Database::create(&path, create_options()).unwrap();
    fill(&path, 0..5);
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(folder.path(), 0o755);
    allow(&path, 0o555);
    // Modes do not bind root: then the child runs as a user who owns nothing, from a copy of this
    // binary that this user can reach.
    let root = std::fs::metadata("/proc/self")
        .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let output = if root {
        let copy = folder.path().join("test-binary");
        std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        allow(&copy, 0o755);
        Command::new(&copy)
            .args(["child_that_reads_only", "--exact", "--nocapture"])
            .env("MEDVEC_TEST_CHILD", &path)
            .current_dir(folder.path())
            .uid(65534)
            .gid(65534)
            .output()
            .expect("a child process")
    } else {
        child("child_that_reads_only", &path, "")
    };
    allow(&path, 0o755);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("documents: 5"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("read-only: "), "{text}");
}
