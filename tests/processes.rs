//! Several handles and processes on one directory: one writer, readers that never wait, a lock that
//! dies with its process, kill -9 at any moment.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{contents, create_options, document, key, vector};
use medvec::db::{Database, OpenOptions, OptimizeOptions, Snapshot, WriterOptions};
use medvec::ids::Key;
use medvec::search::{Accuracy, Query};
use medvec::storage::Access;
use medvec::{Control, Error};

fn open(path: &std::path::Path) -> Database {
    Database::open(path, OpenOptions::default()).expect("it opens")
}

/// Not a test of its own: the child process of the tests below, which run this binary again.
#[test]
fn child_that_commits_until_killed() {
    let Some(path) = std::env::var_os("MEDVEC_TEST_CHILD") else { return };
    let database = open(path.as_ref());
    let mut writer = database.writer(WriterOptions::default()).expect("the only writer");
    for edition in 0.. {
        for number in 0..5 {
            writer.upsert_with_vector(document(number, edition), vector(number, edition)).unwrap();
        }
        let generation = writer.commit().unwrap();
        if edition % 7 == 6 {
            writer.compact(&Control::default()).unwrap();
        }
        println!("committed {} {edition}", generation.0);
    }
}

fn spawn(path: &std::path::Path) -> std::process::Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["child_that_commits_until_killed", "--exact", "--nocapture"])
        .env("MEDVEC_TEST_CHILD", path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child process")
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = Database::create(folder.path(), create_options()).unwrap();
    let mut writer = first.writer(WriterOptions::default()).unwrap();
    let second = open(folder.path());
    assert!(matches!(second.writer(WriterOptions::default()), Err(Error::Locked { .. })));

    let before = second.snapshot();
    writer.upsert_with_vector(document(2, 1), vector(2, 1)).unwrap();
    writer.commit().unwrap();
    assert!(second.refresh().unwrap());
    assert_eq!(second.snapshot().len(), 1);
    assert_eq!(before.len(), 0, "a snapshot never moves");
    drop(writer);
    assert!(second.writer(WriterOptions::default()).is_ok(), "the lock went with its writer");
}

#[test]
fn old_snapshots_outlive_the_deletion_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path(), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.upsert_with_vector(document(1, 0), vector(1, 0)).unwrap();
    writer.commit().unwrap();
    let old = database.snapshot();
    let expected = contents(&old).unwrap();
    for edition in 1..6 {
        writer.upsert_with_vector(document(1, edition), vector(1, edition)).unwrap();
        writer.commit().unwrap();
        writer.compact(&Control::default()).unwrap();
    }
    assert_eq!(contents(&old).unwrap(), expected);
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(files <= 6, "{files} files are left: garbage was not collected");
}

#[test]
fn readers_in_other_processes_see_whole_commits_and_kill_loses_none() {
    let rounds: u32 = std::env::var("MEDVEC_KILL_ROUNDS").map_or(15, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    Database::create(folder.path(), create_options()).unwrap();
    let mut acknowledged = 1;
    for round in 0..rounds {
        let mut child = spawn(folder.path());
        let until = Instant::now() + Duration::from_millis(40 + u64::from(round * 37 % 120));
        let reader = open(folder.path());
        while Instant::now() < until {
            reader.refresh().unwrap();
            let all = contents(&reader.snapshot()).unwrap();
            // Each commit rewrites five documents to one edition: a mixture is half a commit.
            let editions: std::collections::BTreeSet<_> = all
                .values()
                .map(|document| document.title.rsplit(' ').next().unwrap().to_owned())
                .collect();
            assert!(editions.len() <= 1, "a snapshot holds editions {editions:?}");
            assert!(all.is_empty() || all.len() == 5);
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in text.lines().filter_map(|line| line.strip_prefix("committed ")) {
            if let Some(number) = line.split(' ').next().and_then(|word| word.parse::<u64>().ok()) {
                acknowledged = acknowledged.max(number);
            }
        }
        let database = open(folder.path());
        assert!(database.snapshot().generation().0 >= acknowledged);
        database.snapshot().verify(&Control::default()).unwrap();
    }
    assert!(acknowledged > 1, "the children committed");
    let writer = open(folder.path()).writer(WriterOptions::default());
    assert!(writer.is_ok(), "the lock of a killed process is gone");
}

#[test]
fn reading_into_memory_gives_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path(), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for number in 0..20 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    writer.delete(&key(3)).unwrap();
    writer.commit().unwrap();
    let read = Database::open(folder.path(), OpenOptions { access: Access::Read }).unwrap();
    assert_eq!(contents(&read.snapshot()).unwrap(), contents(&database.snapshot()).unwrap());
    assert_eq!(read.snapshot().len(), 19);
}

/// Trains and uses an index of a few documents.
fn small_index() -> WriterOptions {
    WriterOptions { index_rows_min: 4, train_rows_min: 6, ..WriterOptions::default() }
}

/// A database of indexed documents and a few that are not.
fn indexed(path: &std::path::Path) -> Database {
    let database = Database::create(path, create_options()).unwrap();
    let mut writer = database.writer(small_index()).unwrap();
    for number in 0..120 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    let report = writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    assert!(report.lists > 0 && report.questions > 0);
    for number in 115..123 {
        writer.upsert_with_vector(document(number, 1), vector(number, 1)).unwrap();
    }
    writer.delete(&key(7)).unwrap();
    writer.commit().unwrap();
    database
}

/// Hits of some questions, asked in every way.
fn answers(snapshot: &Snapshot) -> Vec<(Key, f32)> {
    let mut hits = Vec::new();
    for number in 0..5 {
        for accuracy in
            [Accuracy::Exact, Accuracy::default(), Accuracy::Effort { probes: 2, candidates: 12 }]
        {
            let query = Query::vector(vector(number, 9)).accuracy(accuracy);
            let found = snapshot.search(&query).unwrap().hits;
            hits.extend(found.into_iter().map(|hit| (hit.key, hit.score)));
        }
    }
    assert!(!hits.is_empty());
    hits
}

/// Not a test of its own: answers from one snapshot whenever it is told to.
#[test]
fn child_that_answers_when_told() {
    let Some(path) = std::env::var_os("MEDVEC_TEST_READER") else { return };
    let snapshot = open(path.as_ref()).snapshot();
    let first = answers(&snapshot);
    println!("answered 0");
    for (place, line) in std::io::stdin().lines().enumerate() {
        assert_eq!(line.unwrap(), "again");
        assert_eq!(answers(&snapshot), first);
        contents(&snapshot).unwrap();
        println!("answered {}", place + 1);
    }
}

#[test]
fn a_reader_keeps_its_index_while_another_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = indexed(folder.path());
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["child_that_answers_when_told", "--exact", "--nocapture"])
        .env("MEDVEC_TEST_READER", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child process");
    let mut tell = child.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut wait = |number: u64| {
        let expected = format!("answered {number}");
        // The first line also holds the name of the test.
        let mut said = lines.by_ref().map_while(Result::ok);
        assert!(said.any(|line| line.ends_with(&expected)), "the child ended");
    };
    wait(0);
    let names = |database: &Database| -> Vec<[u8; 16]> {
        database.snapshot().manifest().codebooks.iter().map(|entry| entry.hash).collect()
    };
    let old = names(&database);
    let mut writer = database.writer(small_index()).unwrap();
    for round in 1..4 {
        let options =
            OptimizeOptions { retrain: true, seed: 100 + round, ..OptimizeOptions::default() };
        let report = writer.optimize(&options, &Control::default()).unwrap();
        assert!(report.trained_rows > 0 && report.compact.segments_after == 1);
        writeln!(tell, "again").unwrap();
        wait(round);
    }
    database.refresh().unwrap();
    assert!(old.iter().all(|hash| !names(&database).contains(hash)), "everything is new");
    let name = medvec::format::names::codebook_name(old[0]);
    assert!(!folder.path().join(name).exists(), "and the old is gone");
    drop(tell);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_copy_of_the_files_answers_the_same() {
    let (folder, copied) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let database = indexed(folder.path());
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copied.path().join(entry.file_name())).unwrap();
    }
    let copy = open(copied.path());
    assert_eq!(answers(&copy.snapshot()), answers(&database.snapshot()));
    copy.snapshot().verify(&Control::default()).unwrap();

    // Its index goes on from where it was, and the original stays as it is.
    let before = answers(&database.snapshot());
    let mut writer = copy.writer(small_index()).unwrap();
    let report = writer.compact(&Control::default()).unwrap();
    assert!(report.encoded > 0 && report.encoded < 20, "{report:?}");
    copy.snapshot().verify(&Control::default()).unwrap();
    database.refresh().unwrap();
    assert_eq!(answers(&database.snapshot()), before);
}
