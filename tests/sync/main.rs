//! NLM's yearly and daily cycle: folders of baseline and update files over two years, and a database that follows
//! them, held against a plain model.

#![cfg(feature = "session")]

#[path = "../common/mod.rs"]
mod common;

mod bench;
mod repaired;
mod years;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::num::NonZeroU64;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bench::{Bench, Content, gzip, names};
use common::{Random, vocabulary};
use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::session::{
    NlmFile, ReadReason, SessionError, SessionResult, SyncReport, SyncSettings, Watch, plan_sync,
    sync_status,
};
use medvec::{Control, Error};

/// The place of an error of a file, as its message names it.
#[track_caller]
fn bad_file(result: SessionResult<SyncReport>) -> String {
    match result {
        Err(SessionError::Library(Error::Input { file, .. })) => file,
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_read_by_number_whenever_they_come() {
    let bench = Bench::new();
    bench.file("pubmed26n0001.xml.gz", &[(1, "one"), (2, "two"), (3, "three")], &[]);
    bench.file("pubmed26n0004.xml.gz", &[(1, "one again"), (4, "four")], &[3]);
    bench.write("README.txt", b"about the files");
    let report = bench.sync();
    assert_eq!((report.files, report.added, report.deletes), (2, 4, 1));
    assert_eq!(names(&report.missing), ["pubmed26n0002", "pubmed26n0003"]);
    assert!(report.is_news());

    // Late ones: what they say of 1 and 3 is older than what is known.
    bench.file("pubmed26n0002.xml.gz", &[(1, "one, late"), (3, "three, late"), (5, "five")], &[4]);
    let report = bench.sync();
    assert_eq!((report.files, report.added, report.replaced), (1, 1, 0));
    assert_eq!(names(&report.missing), ["pubmed26n0003"]);
    bench.holds(&[(1, "one again"), (2, "two"), (4, "four"), (5, "five")]);

    bench.file("pubmed26n0003.xml.gz", &[], &[2]);
    assert!(bench.sync().missing.is_empty());
    let report = bench.sync();
    assert!(!report.is_news(), "nothing new: {report:?}");
    bench.holds(&[(1, "one again"), (4, "four"), (5, "five")]);

    let status = sync_status(bench.database(), Some(&bench.folder())).expect("a status");
    assert_eq!(status.last_file, NlmFile::named("pubmed26n0004.xml.gz"));
    assert_eq!(status.newest_record.as_deref(), Some("2026-03-04"));
    assert_eq!((status.documents, status.citations, status.files_read), (3, 3, 4));
    assert_eq!((status.to_read, status.missing), (Some(Vec::new()), Vec::new()));
}

#[test]
fn a_plan_says_what_is_read_and_writes_nothing() {
    let bench = Bench::new();
    bench.file("updatefiles/pubmed26n0003.xml.gz", &[(3, "three")], &[]);
    bench.file("baseline/pubmed26n0001.xml.gz", &[(1, "one"), (2, "two")], &[]);
    bench.write("pubmed26n0002.xml.gz.part", b"half of it");
    bench.write("old/pubmed25n0001.xml.gz", b"not looked at");
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    let files: Vec<_> = plan.to_read.iter().map(|planned| planned.file).collect();
    assert_eq!(names(&files), ["pubmed26n0001", "pubmed26n0003"]);
    assert!(plan.to_read.iter().all(|planned| planned.reason == ReadReason::New));
    assert_eq!(names(&plan.missing), ["pubmed26n0002"]);
    assert_eq!(plan.others.len(), 2, "{:?}", plan.others);
    let budget = plan.budget(&Control::default()).expect("a budget");
    assert_eq!(budget.sample_citations, 2);
    assert!(budget.disk_bytes > 0 && budget.needed_bytes > budget.disk_bytes);
    assert!(budget.citations_per_second > 0.0 && budget.seconds > 0.0);
    assert!(!Database::exists(bench.database()));

    let mut small = budget.clone();
    small.free_bytes = Some(budget.needed_bytes - 1);
    assert_eq!(small.check_space().expect_err("too small").code(), "disk_too_small");
    small.free_bytes = Some(budget.needed_bytes);
    small.check_space().expect("just enough");
}

#[test]
fn files_are_missing_at_both_ends_where_that_is_known() {
    let mut bench = Bench::new();
    bench.file("pubmed26n0003.xml.gz", &[(3, "three")], &[]);
    assert_eq!(names(&bench.sync().missing), ["pubmed26n0001", "pubmed26n0002"]);
    let status = sync_status(bench.database(), None).expect("a status");
    assert_eq!(names(&status.missing), ["pubmed26n0001", "pubmed26n0002"]);
    bench.file("pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    bench.file("pubmed26n0002.xml.gz", &[(2, "two")], &[]);
    assert!(bench.sync().missing.is_empty(), "nobody knows how many there are");
    bench.settings.baseline_end = Some(5);
    assert_eq!(names(&bench.sync().missing), ["pubmed26n0004", "pubmed26n0005"]);
    bench.settings.baseline_end = None;

    // What was read may be removed, and an update file be all that is there.
    fs::remove_dir_all(bench.folder()).expect("removes");
    bench.file("updatefiles/pubmed26n0004.xml.gz", &[(4, "four")], &[]);
    assert!(bench.sync().missing.is_empty());
    bench.file("updatefiles/pubmed27n0003.xml.gz", &[(5, "five")], &[]);
    assert_eq!(names(&bench.sync().missing), ["pubmed27n0001", "pubmed27n0002"]);

    // A file that was not read to its end is there no more.
    let mut bench = Bench::new();
    bench.settings.import.keep_going = true;
    bench.file("pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    let path = bench.file("pubmed26n0002.xml.gz", &[(2, "two"), (3, "&of;")], &[]);
    assert_eq!(bench.sync().skipped, 1);
    fs::remove_file(&path).expect("removes");
    assert_eq!(names(&bench.sync().missing), ["pubmed26n0002"]);
    let status = sync_status(bench.database(), None).expect("a status");
    assert_eq!((names(&status.unfinished).len(), status.missing), (1, Vec::new()));
}

#[test]
fn bad_files_stop_the_run_and_what_came_before_stays() {
    let bench = Bench::new();
    bench.file("pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    let second = bench.file("pubmed26n0002.xml.gz", &[(2, "two")], &[]);
    bench.file("pubmed26n0003.xml.gz", &[(3, "three")], &[]);
    let good = fs::read(&second).expect("reads");

    fs::write(&second, gzip(&Content::of(&[(2, "forged")], &[]).xml())).expect("writes");
    assert_eq!(bad_file(bench.try_sync()), second.display().to_string(), "another sum");
    bench.holds(&[(1, "one")]);

    fs::remove_file(bench.folder().join("pubmed26n0002.xml.gz.md5")).expect("removes");
    for cut in [0, 5, good.len() / 2, good.len() - 4] {
        fs::write(&second, &good[..cut]).expect("writes");
        assert_eq!(bad_file(bench.try_sync()), second.display().to_string(), "cut at {cut}");
        assert_eq!(bench.titles().get(&3), None, "nothing behind it is read");
    }
    fs::write(&second, &good).expect("writes");
    assert_eq!(bench.sync().files, 2);
    bench.holds(&[(1, "one"), (2, "two"), (3, "three")]);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_not_complete() {
    let bench = Bench::new();
    let content = Content::of(&[(1, "one"), (2, "two")], &[]);
    let path = bench.write("pubmed26n0001.xml", content.xml().as_bytes());
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    let growing = path.clone();
    let watch = Watch::new(move |_| {
        let mut file = fs::OpenOptions::new().append(true).open(&growing).expect("opens");
        file.write_all(b"\n").expect("writes");
    });
    let control = Control { watch: Some(watch), ..Control::default() };
    assert_eq!(bad_file(plan.run(&control)), path.display().to_string());
    let status = sync_status(bench.database(), None).expect("a status");
    assert_eq!((status.last_file, status.unfinished.len()), (None, 1));
    assert_eq!(bench.sync().files, 1);
    bench.holds(&[(1, "one"), (2, "two")]);
}

#[test]
fn a_file_that_lies_there_twice_must_be_the_same() {
    let bench = Bench::new();
    bench.file("pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    bench.file("updatefiles/pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    assert_eq!((plan.to_read.len(), plan.copies.len()), (1, 1));
    bench.file("updatefiles/pubmed26n0001.xml.gz", &[(1, "other")], &[]);
    assert_eq!(bench.try_sync().expect_err("differ").code(), "file_twice");
    let empty = tempfile::tempdir().expect("a folder");
    let refused = plan_sync(bench.database(), empty.path(), &bench.settings).expect_err("empty");
    assert_eq!(refused.code(), "no_nlm_files");
}

#[test]
fn a_slice_goes_by_the_headings_of_the_database() {
    let mut bench = Bench::new();
    let database = Database::create(bench.database(), CreateOptions::default()).expect("makes");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    writer.set_mesh(Some(&vocabulary(2020))).expect("sets");
    writer.commit().expect("commits");
    drop((writer, database));
    // Known to this vocabulary alone.
    bench.settings.keep = Some("\"Former 1\"[mh] OR asthma[ti]".into());
    bench.file("pubmed26n0001.xml.gz", &[(1, "Asthma"), (2, "Gout")], &[]);
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    assert_eq!(plan.budget(&Control::default()).expect("a budget").sample_citations, 2);
    bench.sync();
    bench.holds(&[(1, "Asthma")]);
}

#[test]
fn a_slice_holds_what_its_query_finds() {
    let mut bench = Bench::new();
    bench.settings.keep = Some("asthma[ti]".into());
    bench.file("pubmed26n0001.xml.gz", &[(1, "Asthma"), (2, "Gout"), (3, "More asthma")], &[]);
    let report = bench.sync();
    assert_eq!((report.added, report.left_out), (2, 1));
    // The database remembers; a citation that is not about it any more goes.
    bench.settings.keep = None;
    bench.file("pubmed26n0003.xml.gz", &[(1, "Gout after all"), (2, "Asthma after all")], &[]);
    bench.sync();
    bench.holds(&[(2, "Asthma after all"), (3, "More asthma")]);
    assert_eq!(sync_status(bench.database(), None).expect("a status").keep, "asthma[ti]");

    // A late file does not bring back what a newer one took out.
    bench.file("pubmed26n0002.xml.gz", &[(1, "Asthma, late"), (3, "Gout, late")], &[]);
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    let reasons: Vec<_> = plan.to_read.iter().map(|planned| planned.reason).collect();
    assert_eq!(reasons, [ReadReason::New, ReadReason::Again]);
    let last = bench.folder().join("pubmed26n0003.xml.gz");
    let kept = fs::read(&last).expect("reads");
    fs::remove_file(&last).expect("removes");
    assert_eq!(bench.try_sync().expect_err("one is gone").code(), "files_needed");
    let status = sync_status(bench.database(), Some(&bench.folder())).expect("a status");
    assert_eq!(names(&status.needed), ["pubmed26n0003"]);
    assert_eq!(status.to_read.map(|files| names(&files)), Some(vec!["pubmed26n0002".to_owned()]));
    fs::write(&last, kept).expect("writes");
    bench.sync();
    bench.holds(&[(2, "Asthma after all")]);

    // Another slice is another question to every file.
    bench.settings.keep = Some("gout[ti]".into());
    let refused = bench.try_sync().expect_err("another slice");
    assert_eq!(refused.code(), "slice_differs");
    bench.settings.reread = true;
    let last = bench.folder().join("pubmed26n0003.xml.gz");
    let kept = fs::read(&last).expect("reads");
    fs::remove_file(&last).expect("removes");
    assert_eq!(bench.try_sync().expect_err("one is gone").code(), "files_needed");
    fs::write(&last, kept).expect("writes");
    bench.sync();
    bench.holds(&[(1, "Gout after all"), (3, "Gout, late")]);
    bench.settings.keep = Some(String::new());
    bench.sync();
    bench.holds(&[(1, "Gout after all"), (2, "Asthma after all"), (3, "Gout, late")]);
}

/// Not a test of its own: the child process of the test below.
#[test]
fn child_that_syncs_until_killed() {
    let Some(root) = std::env::var_os("MEDVEC_TEST_SYNC") else { return };
    let root = Path::new(&root);
    let mut settings = SyncSettings::default();
    settings.import.encoder.name = Some("none".into());
    settings.import.commit_every = NonZeroU64::new(COMMIT_EVERY);
    settings.keep = Some("kept[ti]".into());
    let plan = plan_sync(root.join("db"), root.join("nlm"), &settings).expect("a plan");
    plan.run(&Control::default()).expect("syncs");
}

const COMMIT_EVERY: u64 = 512;

/// Records of a batch, which is committed as a whole.
const BATCH: u64 = 256;

#[test]
fn a_killed_sync_goes_on_inside_of_the_file() {
    let mut bench = Bench::new();
    let title = |pmid: u32| match pmid % 3 {
        0 => format!("left out {pmid}"),
        _ => format!("kept {pmid}"),
    };
    let records: Vec<_> = (1..=20_000).map(|pmid| (pmid, title(pmid))).collect();
    bench.content("pubmed26n0001.xml.gz", &Content { records: records.clone(), deletes: vec![7] });
    bench.file("pubmed26n0002.xml.gz", &[(8, "kept, newer")], &[10]);
    let committed = || {
        let sources = Database::open(bench.database()).ok()?.snapshot().manifest().sources.clone();
        sources
            .iter()
            .filter(|entry| NlmFile::named(&entry.name).is_some())
            .map(|entry| entry.records)
            .max()
    };
    let mut before = 0;
    for _ in 0..6 {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["child_that_syncs_until_killed", "--exact"])
            .env("MEDVEC_TEST_SYNC", bench.root.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child process");
        let until = Instant::now() + Duration::from_secs(60);
        while committed().unwrap_or(0) <= before && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("kills");
        child.wait().expect("ends");
        let now = committed().unwrap_or(0);
        assert!(now >= before, "a commit was lost: {before}, then {now}");
        before = now;
    }
    assert!(before >= COMMIT_EVERY, "{before} records were committed");
    bench.settings.import.commit_every = NonZeroU64::new(COMMIT_EVERY);
    let report = bench.sync();
    let read = report.added + report.replaced + report.unchanged + report.left_out;
    let left = 20_001 - before;
    assert!(read <= left + BATCH, "{read} records were read, {left} were left");
    let mut expected: BTreeMap<u32, String> =
        records.into_iter().filter(|(pmid, _)| pmid % 3 != 0 && ![7, 10].contains(pmid)).collect();
    expected.insert(8, "kept, newer".into());
    assert_eq!(bench.titles(), expected);
}

/// Files in the order of the series, and where the baseline of each year ends.
struct History {
    files: BTreeMap<(u32, u32), Content>,
    ends: BTreeMap<u32, u32>,
}

impl History {
    fn random(random: &mut Random) -> History {
        let mut history = History { files: BTreeMap::new(), ends: BTreeMap::new() };
        for year in [26, 27] {
            let end = 1 + random.below(3) as u32;
            history.ends.insert(year, end);
            let mut pmids: Vec<u32> = (1..=30).filter(|_| random.below(4) > 0).collect();
            for number in 1..=end + 1 + random.below(4) as u32 {
                let mut content = Content::default();
                if number <= end {
                    // A baseline names each citation once and deletes none.
                    let left = (end - number + 1) as usize;
                    let part = pmids.split_off(pmids.len() - pmids.len() / left);
                    content.records = part.iter().map(|pmid| (*pmid, title(random))).collect();
                } else {
                    for _ in 0..random.below(8) {
                        content.records.push((1 + random.below(30) as u32, title(random)));
                    }
                    for _ in 0..random.below(4) {
                        content.deletes.push(1 + random.below(30) as u32);
                    }
                }
                history.files.insert((year, number), content);
            }
        }
        history
    }

    fn name(&self, (year, number): (u32, u32)) -> String {
        let shelf = if number <= self.ends[&year] { "baseline" } else { "updatefiles" };
        format!("{shelf}/pubmed{year}n{number:04}.xml.gz")
    }

    /// What is left when all files are applied in order and a year forgets the one before.
    fn outcome(&self, is_kept: impl Fn(&str) -> bool) -> BTreeMap<u32, String> {
        let mut newest: BTreeMap<u32, (u32, String)> = BTreeMap::new();
        for ((year, _), content) in &self.files {
            for (pmid, title) in &content.records {
                newest.insert(*pmid, (*year, title.clone()));
            }
            content.deletes.iter().for_each(|pmid| {
                newest.remove(pmid);
            });
        }
        let left = newest.into_iter().filter(|(_, (year, title))| *year == 27 && is_kept(title));
        left.map(|(pmid, (_, title))| (pmid, title)).collect()
    }
}

fn title(random: &mut Random) -> String {
    let subject = ["asthma", "gout"][random.below(2) as usize];
    format!("{subject} {}", random.below(100))
}

#[test]
fn random_histories_end_as_the_model_says() {
    for seed in 0..50 {
        let mut random = Random(seed);
        let history = History::random(&mut random);
        let mut bench = Bench::new();
        let is_slice = seed % 2 == 0;
        bench.settings.keep = is_slice.then(|| "asthma[ti]".to_owned());
        bench.settings.import.commit_every = NonZeroU64::new(1 + random.below(20));
        let mut left: BTreeSet<(u32, u32)> = history.files.keys().copied().collect();
        while !left.is_empty() {
            // Files come in any order, the later years mostly later.
            let (skip, ahead) = (random.below(4) == 0, left.len() as u64 / 2 + 1);
            let place = if skip { random.below(left.len() as u64) } else { random.below(ahead) };
            let file = *left.iter().nth(place as usize).expect("one is left");
            left.remove(&file);
            bench.content(&history.name(file), &history.files[&file]);
            if random.below(2) == 0 {
                bench.try_sync().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            }
        }
        bench.try_sync().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let expected = history.outcome(|title| !is_slice || title.contains("asthma"));
        assert_eq!(bench.titles(), expected, "seed {seed}");
        assert!(!bench.sync().is_news(), "seed {seed}");
    }
}
