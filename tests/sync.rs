//! NLM's yearly and daily cycle: folders of baseline and update files over two years, and a database that follows
//! them, held against a plain model.

#![cfg(feature = "session")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Random, vocabulary};
use md5::{Digest, Md5};
use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::Document;
use medvec::session::{
    NlmFile, ReadReason, SessionError, SessionResult, SyncReport, SyncSettings, Watch, plan_sync,
    sync_status,
};
use medvec::{Control, Error, Key};

/// What a file says.
#[derive(Clone, Debug, Default)]
struct Content {
    /// PMIDs with their titles.
    records: Vec<(u32, String)>,
    /// PMIDs taken back, at the end of the file.
    deletes: Vec<u32>,
}

impl Content {
    fn of(records: &[(u32, &str)], deletes: &[u32]) -> Content {
        let records = records.iter().map(|(pmid, title)| (*pmid, (*title).to_owned())).collect();
        Content { records, deletes: deletes.to_vec() }
    }

    fn xml(&self) -> String {
        let article = |(pmid, title): &(u32, String)| {
            format!(
                "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><DateRevised><Year>2026\
                 </Year><Month>03</Month><Day>04</Day></DateRevised><Article><ArticleTitle>{title}\
                 </ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
            )
        };
        let articles: String = self.records.iter().map(article).collect();
        let pmid = |pmid: &u32| format!("<PMID Version=\"1\">{pmid}</PMID>");
        let pmids: String = self.deletes.iter().map(pmid).collect();
        let deletes = match pmids.is_empty() {
            true => String::new(),
            false => format!("<DeleteCitation>{pmids}</DeleteCitation>\n"),
        };
        format!("<PubmedArticleSet>\n{articles}{deletes}</PubmedArticleSet>\n")
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).expect("memory");
    packer.finish().expect("memory")
}

/// A folder of files, and a database beside it.
struct Bench {
    root: tempfile::TempDir,
    settings: SyncSettings,
}

impl Bench {
    fn new() -> Bench {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("nlm")).expect("makes");
        let mut settings = SyncSettings::default();
        settings.import.encoder.name = Some("none".into());
        Bench { root, settings }
    }

    fn database(&self) -> PathBuf {
        self.root.path().join("db")
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("nlm")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        fs::write(&path, bytes).expect("writes");
        path
    }

    /// Writes a file with the sum that NLM ships.
    fn file(&self, name: &str, records: &[(u32, &str)], deletes: &[u32]) -> PathBuf {
        self.content(name, &Content::of(records, deletes))
    }

    fn content(&self, name: &str, content: &Content) -> PathBuf {
        let bytes = gzip(&content.xml());
        let sum: String = Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let base = name.rsplit('/').next().expect("a name");
        self.write(&format!("{name}.md5"), format!("MD5({base})= {sum}\n").as_bytes());
        self.write(name, &bytes)
    }

    fn try_sync(&self) -> SessionResult<SyncReport> {
        plan_sync(self.database(), self.folder(), &self.settings)?.run(&Control::default())
    }

    #[track_caller]
    fn sync(&self) -> SyncReport {
        self.try_sync().expect("syncs")
    }

    /// PMIDs and titles of the database.
    fn titles(&self) -> BTreeMap<u32, String> {
        let snapshot = Database::open(self.database()).expect("opens").snapshot();
        let pmid = |key: Key| match key {
            Key::Pmid(pmid) => pmid.0,
            Key::Text(text) => panic!("{text} came from no file"),
        };
        let documents = snapshot.documents().map(|document| document.expect("reads"));
        documents.map(|document| (pmid(document.key), document.title)).collect()
    }

    #[track_caller]
    fn holds(&self, expected: &[(u32, &str)]) {
        let expected = expected.iter().map(|(pmid, title)| (*pmid, (*title).to_owned()));
        assert_eq!(self.titles(), expected.collect());
    }
}

fn names(files: &[NlmFile]) -> Vec<String> {
    files.iter().map(NlmFile::to_string).collect()
}

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
fn bad_files_stop_the_run_and_what_came_before_stays() {
    let bench = Bench::new();
    bench.file("pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    let second = bench.file("pubmed26n0002.xml.gz", &[(2, "two")], &[]);
    bench.file("pubmed26n0003.xml.gz", &[(3, "three")], &[]);
    let good = fs::read(&second).expect("reads");

    fs::write(&second, gzip(&Content::of(&[(2, "forged")], &[]).xml())).expect("writes");
    assert_eq!(bad_file(bench.try_sync()), "pubmed26n0002.xml.gz", "another sum");
    bench.holds(&[(1, "one")]);

    fs::remove_file(bench.folder().join("pubmed26n0002.xml.gz.md5")).expect("removes");
    for cut in [0, 5, good.len() / 2, good.len() - 4] {
        fs::write(&second, &good[..cut]).expect("writes");
        assert_eq!(bad_file(bench.try_sync()), "pubmed26n0002.xml.gz", "cut at {cut}");
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
    assert_eq!(bad_file(plan.run(&control)), "pubmed26n0001.xml");
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

/// A year's baseline of these PMIDs in two files, and its first update file.
fn year(bench: &Bench, year: u32, pmids: impl Iterator<Item = u32>) {
    let pmids: Vec<u32> = pmids.collect();
    let (first, second) = pmids.split_at(pmids.len() / 2);
    for (number, part) in [(1, first), (2, second)] {
        let records = part.iter().map(|pmid| (*pmid, format!("title of {pmid}"))).collect();
        let name = format!("baseline/pubmed{year}n{number:04}.xml.gz");
        bench.content(&name, &Content { records, deletes: Vec::new() });
    }
    bench.file(&format!("updatefiles/pubmed{year}n0003.xml.gz"), &[(900_000 + year, "new")], &[]);
}

#[test]
fn a_new_year_deletes_what_its_baseline_lacks_within_a_bound() {
    let mut bench = Bench::new();
    year(&bench, 26, 1..=3_000);
    bench.sync();
    let database = Database::open(bench.database()).expect("opens");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    let mut own = Document::new(Key::pmid(700_000));
    own.title = "mine".into();
    writer.upsert(own).expect("writes");
    writer.commit().expect("commits");
    drop((writer, database));

    // Without the first update file nobody knows where the baseline ends.
    year(&bench, 27, 1_001..=3_000);
    let update = bench.folder().join("updatefiles/pubmed27n0003.xml.gz");
    let kept = fs::read(&update).expect("reads");
    fs::remove_file(&update).expect("removes");
    let report = bench.sync();
    assert_eq!((report.files, report.removals), (2, None));

    // 1,000 are gone, and the citation of last year's update file.
    fs::write(&update, kept).expect("writes");
    match bench.try_sync() {
        Err(SessionError::TooManyRemovals { year: 27, count: 1_001, allowed: 1_000, first }) => {
            assert_eq!(first, (1..=20).map(Key::pmid).collect::<Vec<_>>());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.titles().len(), 3_000 + 3, "nothing was deleted, all was read");
    bench.settings.allow_removals = Some(1_001);
    let removals = bench.sync().removals.expect("a new year");
    assert_eq!((removals.year, removals.count, removals.first.len()), (27, 1_001, 20));
    let titles = bench.titles();
    assert_eq!(titles.len(), 2_000 + 2);
    assert_eq!(titles[&700_000], "mine", "what the user wrote is no concern of the baseline");
    assert!(!bench.sync().is_news());

    // The year may bring one back; files of the year before are needless.
    bench.file("updatefiles/pubmed27n0004.xml.gz", &[(5, "back")], &[]);
    bench.file("updatefiles/pubmed26n0004.xml.gz", &[(6, "too late")], &[]);
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    assert_eq!(names(&plan.superseded), ["pubmed26n0004"]);
    bench.sync();
    let titles = bench.titles();
    assert_eq!((titles[&5].as_str(), titles.get(&6)), ("back", None));
}

#[test]
fn a_flat_folder_needs_to_be_told_where_the_baseline_ends() {
    let mut bench = Bench::new();
    bench.file("pubmed26n0001.xml.gz", &[(1, "one"), (2, "two")], &[]);
    bench.sync();
    bench.file("pubmed27n0001.xml.gz", &[(1, "one")], &[]);
    assert_eq!(bench.sync().removals, None);
    bench.settings.baseline_end = Some(2);
    assert_eq!(bench.sync().removals, None, "file 2 is not there");
    bench.settings.baseline_end = Some(1);
    let removals = bench.sync().removals.expect("complete");
    assert_eq!(removals.first, [Key::pmid(2)]);
    bench.holds(&[(1, "one")]);
}

#[test]
fn a_new_year_keeps_the_embeddings_of_the_same_texts() {
    let mut bench = Bench::new();
    bench.settings.import.encoder.name = None;
    bench.file("baseline/pubmed26n0001.xml.gz", &[(1, "aspirin"), (2, "asthma")], &[]);
    let report = bench.sync();
    assert_eq!((report.encoded, report.reused), (2, 0));
    bench.file("baseline/pubmed27n0001.xml.gz", &[(1, "aspirin"), (2, "cancer")], &[]);
    let report = bench.sync();
    assert_eq!((report.replaced, report.unchanged), (1, 1));
    assert_eq!((report.encoded, report.reused), (1, 1));
}

#[test]
fn a_new_year_writes_only_what_has_changed() {
    let bench = Bench::new();
    let rows = || {
        let stats = Database::open(bench.database()).expect("opens").snapshot().stats();
        let stats = stats.expect("counts");
        (stats.documents, stats.documents + stats.deleted)
    };
    // Across the borders of bitmaps of rows.
    let all = 1..=70_000;
    year(&bench, 26, all.clone());
    bench.sync();
    assert_eq!(rows(), (70_001, 70_001));

    let changed = |pmid: u32| match pmid % 1_000 {
        7 => format!("another title of {pmid}"),
        _ => format!("title of {pmid}"),
    };
    let records = all.clone().map(|pmid| (pmid, changed(pmid))).chain([(900_026, "new".into())]);
    bench.content(
        "baseline/pubmed27n0001.xml.gz",
        &Content { records: records.collect(), deletes: Vec::new() },
    );
    let report = bench.sync();
    assert_eq!((report.replaced, report.unchanged), (70, 70_001 - 70));
    let (documents, all_rows) = rows();
    assert_eq!(documents, 70_001);
    assert!(all_rows <= 70_001 + 70, "{all_rows}: a row was written for a record that is the same");
    // What older files say, when they come late, is past: the baseline had it all again.
    bench.file("updatefiles/pubmed26n0004.xml.gz", &[(1, "too late")], &[2]);
    assert_eq!(bench.sync().unchanged, 1);
    let titles = bench.titles();
    assert_eq!(titles[&1], "title of 1");
    assert!(titles.iter().all(|(pmid, title)| *pmid > 70_000 || *title == changed(*pmid)));

    // The year is complete: nothing is missing in it, though few rows were written in it.
    bench.file("updatefiles/pubmed27n0002.xml.gz", &[(3, "revised")], &[4]);
    let removals = bench.sync().removals.expect("a new year");
    assert_eq!(removals.count, 0);
    let database = Database::open(bench.database()).expect("opens");

    // Merged, the rows hold the year's revisions themselves.
    let revision = |pmid| database.snapshot().revision(&Key::pmid(pmid)).expect("reads");
    let before: Vec<_> = (1..=1_000).map(revision).collect();
    assert!(before.iter().flatten().all(|revision| revision.file >= 27_000_001));
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    writer.compact(&Control::default()).expect("compacts");
    assert_eq!((1..=1_000).map(revision).collect::<Vec<_>>(), before);
    database.snapshot().verify(&Control::default()).expect("sound");
    drop(writer);
    let titles = bench.titles();
    assert_eq!((titles[&3].as_str(), titles.get(&4), titles.len()), ("revised", None, 70_000));
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
