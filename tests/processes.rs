//! Several handles and processes on one directory: one writer, readers that never wait, a lock that
//! dies with its process, kill -9 at any moment.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{DIMENSION, Numbers, contents, create_options, document, key, vector};
use medvec::db::{
    Database, EmbedOptions, Maintenance, OpenOptions, OptimizeOptions, Snapshot, WriterOptions,
};
use medvec::ids::Key;
use medvec::search::{Accuracy, Query};
use medvec::storage::Access;
use medvec::{CancelToken, Control, Error, Metric};

fn open(path: &std::path::Path) -> Database {
    Database::open(path).expect("it opens")
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
    if cfg!(windows) {
        // Mapped files stay there until after their last reader.
        drop(old);
        writer.compact(&Control::default()).unwrap();
    }
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(files <= 6, "{files} files are left: garbage was not collected");
}

#[test]
fn readers_in_other_processes_see_whole_commits_and_kill_loses_none() {
    let rounds = kill_rounds();
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

/// Rounds of the tests that kill: 15 unless `MEDVEC_KILL_ROUNDS` says more.
fn kill_rounds() -> u32 {
    std::env::var("MEDVEC_KILL_ROUNDS").map_or(15, |text| text.parse().unwrap())
}

/// Not a test of its own: imports, embeds, deletes, compacts and optimises until it is killed, and says
/// what is committed.
#[test]
fn child_that_does_everything_until_killed() {
    let Some(path) = std::env::var_os("MEDVEC_TEST_WORKER") else { return };
    let database = open(path.as_ref());
    let encoder = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
    let options = small_index().encoder(Some(encoder)).defer(true).segment_bytes_max(20_000);
    let improving = options.clone().maintenance(Maintenance::Auto(CancelToken::new()));
    let mut writer = database.writer(improving.clone()).expect("the only writer");
    let known = contents(&database.snapshot()).unwrap();
    let number_of = |document: &medvec::Document| -> u64 {
        document.title.split([' ', ',']).nth(3).unwrap().parse().unwrap()
    };
    let mut oldest: std::collections::VecDeque<u64> = known.values().map(number_of).collect();
    oldest.make_contiguous().sort_unstable();
    let mut next = oldest.back().map_or(0, |last| last + 1);
    let first: u64 = std::env::var("MEDVEC_TEST_STEP").unwrap().parse().unwrap();
    let control = Control::default();
    println!("started");
    // Rounds are short: each begins with another kind of work.
    for step in first.. {
        let numbers = next..next + 1 + step % 9;
        next = numbers.end;
        for number in numbers.clone() {
            writer.upsert(document(number, 0)).unwrap();
        }
        println!("importing {} {}", numbers.start, numbers.end);
        writer.commit().unwrap();
        println!("imported {} {}", numbers.start, numbers.end);
        oldest.extend(numbers);
        match step % 5 {
            0 => {
                writer.embed_pending(&EmbedOptions::default(), &control, &mut |_| {}).unwrap();
                println!("embedded {next}");
            }
            1 if oldest.len() > 60 => {
                let count = 7 + oldest.len() / 8;
                let end = oldest[count];
                println!("deleting {} {end}", oldest[0]);
                for number in oldest.drain(..count) {
                    writer.delete(&key(number)).unwrap();
                }
                writer.commit().unwrap();
                println!("deleted {end}");
            }
            2 => {
                writer.compact(&control).unwrap();
                println!("compacted");
            }
            3 => {
                let retrain = step % 10 == 3;
                let optimize = OptimizeOptions::default().retrain(retrain);
                writer.optimize(&optimize, &control).unwrap();
                println!("optimised");
            }
            4 => {
                drop(writer);
                let mut maintainer = database.maintainer(options.clone()).expect("the only one");
                let optimize = OptimizeOptions::default().retrain(step % 10 == 9);
                maintainer.optimize(&optimize, &control).unwrap();
                println!("maintained");
                drop(maintainer);
                writer = database.writer(improving.clone()).expect("the only writer");
            }
            _ => {}
        }
    }
}

/// What the lines of the children say must be there, and may be.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Documents below this are committed.
    imported: u64,
    /// Documents below this may be.
    importing: u64,
    /// Documents below this are deleted.
    deleted: u64,
    /// Documents below this may be.
    deleting: u64,
    /// Documents below this have a vector, as far as they are live.
    embedded: u64,
    /// Calls of each kind that returned.
    calls: std::collections::BTreeMap<String, u32>,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let Some(word) = words.next() else { return };
        let numbers: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
        match (word, &numbers[..]) {
            ("importing", [_, end]) => self.importing = *end,
            ("imported", [_, end]) => self.imported = *end,
            ("embedded", [end]) => self.embedded = *end,
            ("deleting", [_, end]) => self.deleting = *end,
            ("deleted", [end]) => self.deleted = *end,
            ("compacted" | "optimised" | "maintained", []) => {}
            _ => return,
        }
        *self.calls.entry(word.to_owned()).or_default() += 1;
    }

    fn check(&self, path: &std::path::Path) {
        let database = open(path);
        let snapshot = database.snapshot();
        snapshot.verify(&Control::default()).unwrap();
        let plan = Database::repair(path, false).unwrap();
        assert!(plan.is_clean(), "{plan:?}");
        let found = contents(&snapshot).unwrap();
        for number in 0..self.importing.max(self.imported) {
            let there = found.get(&key(number));
            if let Some(there) = there {
                assert_eq!(*there, document(number, 0));
                assert!(number >= self.deleted, "{number} was deleted: {self:?}");
            } else {
                let gone = number < self.deleting.max(self.deleted) || number >= self.imported;
                assert!(gone, "{number} is lost: {self:?}");
            }
            if there.is_some() && number < self.embedded {
                let hash = document(number, 0).encoder_input().hash();
                let stored = snapshot.stored_vector(&key(number), hash).unwrap();
                assert!(stored.is_some(), "the vector of {number} is lost: {self:?}");
            }
        }
        let known = self.importing.max(self.imported);
        assert!(found.len() as u64 <= known, "documents that nobody wrote");
    }
}

#[test]
fn kill_loses_nothing_of_import_embedding_deletion_compaction_and_optimisation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let encoder = Numbers::encoder(DIMENSION, Metric::Cosine, vector);
    let options = medvec::db::CreateOptions::for_encoder(encoder.spec(), Default::default());
    Database::create(&path, options).unwrap();
    let mut acknowledged = Acknowledged::default();
    let mut random = common::Random(kill_rounds().into());
    for round in 0..kill_rounds() {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["child_that_does_everything_until_killed", "--exact", "--nocapture"])
            .env("MEDVEC_TEST_WORKER", &path)
            .env("MEDVEC_TEST_STEP", round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a child process");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while !line.ends_with("started\n") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "round {round}: the child ended");
        }
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        child.kill().unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut lines, &mut text).unwrap();
        assert!(!child.wait().unwrap().success(), "round {round}: the child ended by itself");
        // The last line may be cut: what follows the last line break was not said.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().for_each(|line| acknowledged.hear(line));
        acknowledged.check(&path);
        // What was not acknowledged and is there anyway counts from now on.
        let found = contents(&open(&path).snapshot()).unwrap();
        let there = |number: &u64| found.contains_key(&key(*number));
        if let Some(last) = (acknowledged.imported..acknowledged.importing).rev().find(there) {
            acknowledged.imported = last + 1;
        }
        acknowledged.importing = acknowledged.imported;
        if !(acknowledged.deleted..acknowledged.deleting).any(|number| there(&number)) {
            acknowledged.deleted = acknowledged.deleting.max(acknowledged.deleted);
        }
        acknowledged.deleting = acknowledged.deleted;
    }
    println!("{acknowledged:?}");
    assert!(acknowledged.imported > 0);
    let database = open(&path);
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.compact(&Control::default()).unwrap();
    drop(writer);
    assert_eq!(Database::repair(&path, false).unwrap().leftover_files, 0);
}

/// Readers of every kind beside a writer that commits and compacts as fast as it can.
#[test]
fn nothing_is_called_damaged_beside_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let database = indexed(path);
    let (stop, commits) = (AtomicBool::new(false), AtomicU64::new(0));
    let is_over = || stop.load(Ordering::Relaxed);
    let (mut verified, mut superseded) = (0, 0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut writer = database.writer(small_index()).unwrap();
            for edition in 0.. {
                if is_over() {
                    break;
                }
                let number = edition % 120;
                writer
                    .upsert_with_vector(document(number, edition), vector(number, edition))
                    .unwrap();
                writer.commit().unwrap();
                commits.fetch_add(1, Ordering::Relaxed);
                if edition % 5 == 4 {
                    writer.compact(&Control::default()).unwrap();
                }
            }
        });
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let reader = open(path);
                    while !is_over() {
                        reader.refresh().unwrap();
                        let snapshot = reader.snapshot();
                        answers(&snapshot);
                        assert!(snapshot.get(&key(3)).unwrap().is_some());
                    }
                })
            })
            .collect();
        let all_run =
            || !writer.is_finished() && !readers.iter().any(|reader| reader.is_finished());
        let until = Instant::now() + Duration::from_millis(150 * u64::from(kill_rounds()));
        // Windows keeps the name of a file that is mapped.
        let waits = |superseded: u32| superseded == 0 && cfg!(unix);
        while (Instant::now() < until || waits(superseded)) && all_run() {
            // Whatever is wrong ends the other threads as well.
            let round = catch_unwind(AssertUnwindSafe(|| {
                let snapshot = open(path).snapshot();
                snapshot.verify(&Control::default()).unwrap();
                let report = Database::repair(path, false).unwrap();
                assert!(report.is_clean(), "{report:?}");
                // Some commits later its files are gone from the directory, however slow the disk is.
                let before = commits.load(Ordering::Relaxed);
                while verified % 8 == 0 && commits.load(Ordering::Relaxed) < before + 6 && all_run()
                {
                    std::thread::yield_now();
                }
                let again = snapshot.verify(&Control::default()).unwrap();
                let named = contents(&snapshot).unwrap().len() as u64;
                assert_eq!(named, snapshot.len());
                again.superseded
            }));
            match round {
                Ok(again) => superseded += u32::from(again),
                Err(panic) => {
                    stop.store(true, Ordering::Relaxed);
                    std::panic::resume_unwind(panic);
                }
            }
            verified += 1;
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("the writer meets no damage");
        readers.into_iter().for_each(|reader| reader.join().expect("readers see no damage"));
    });
    println!("{verified} verified twice, {superseded} of them superseded in between");
    assert!(superseded > 0 || cfg!(windows));
}

/// The same with the writer in a process of its own.
#[test]
fn nothing_is_called_damaged_beside_a_writing_process() {
    let folder = tempfile::tempdir().unwrap();
    Database::create(folder.path(), create_options()).unwrap();
    let mut child = spawn(folder.path());
    let until = Instant::now() + Duration::from_millis(60 * u64::from(kill_rounds()));
    let mut runs = 0;
    let held = open(folder.path()).snapshot();
    while Instant::now() < until {
        open(folder.path()).snapshot().verify(&Control::default()).unwrap();
        held.verify(&Control::default()).unwrap();
        let report = Database::repair(folder.path(), false).unwrap();
        assert!(report.is_clean(), "{report:?}");
        runs += 1;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    println!("{runs} runs beside a writing process");
    assert!(open(folder.path()).snapshot().generation().0 > 1);
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
    let read =
        Database::open_with(folder.path(), OpenOptions::default().access(Access::Read)).unwrap();
    assert_eq!(contents(&read.snapshot()).unwrap(), contents(&database.snapshot()).unwrap());
    assert_eq!(read.snapshot().len(), 19);
}

/// Trains and uses an index of a few documents.
fn small_index() -> WriterOptions {
    WriterOptions::default().index_rows_min(4).train_rows_min(6)
}

/// A database of indexed documents and a few that are not.
fn indexed(path: &std::path::Path) -> Database {
    let database = Database::create(path, create_options()).unwrap();
    let mut writer = database.writer(small_index()).unwrap();
    for number in 0..120 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    let report = writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    assert!(report.lists > 0 && report.queries > 0);
    for number in 115..123 {
        writer.upsert_with_vector(document(number, 1), vector(number, 1)).unwrap();
    }
    writer.delete(&key(7)).unwrap();
    writer.commit().unwrap();
    database
}

/// Hits of some queries, asked in every way.
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
        let options = OptimizeOptions::default().retrain(true).seed(100 + round);
        let report = writer.optimize(&options, &Control::default()).unwrap();
        assert!(report.trained_rows > 0 && report.compact.segments_after == 1);
        writeln!(tell, "again").unwrap();
        wait(round);
    }
    database.refresh().unwrap();
    assert!(old.iter().all(|hash| !names(&database).contains(hash)), "everything is new");
    let name = medvec::format::names::codebook_name(old[0]);
    if cfg!(unix) {
        assert!(!folder.path().join(name).exists(), "and the old is gone");
    }
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
