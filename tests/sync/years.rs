//! A new year: its baseline deletes, keeps and confirms.

use std::fs;
use std::num::NonZeroU64;

use medvec::session::{SessionError, SyncReport, plan_sync, sync_status, sync_status_with};
use medvec::{Control, Database, Document, Key, WriterOptions};

use crate::bench::{Bench, Content, gzip, names};

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

/// What waits is said before, by a run that is refused, and afterwards.
#[test]
fn removals_that_wait_are_told() {
    let mut bench = Bench::new();
    year(&bench, 26, 1..=4);
    bench.sync();
    year(&bench, 27, 1..=3);
    bench.settings.allow_removals = Some(1);
    let plan = || plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    assert_eq!(plan().pending().expect("counts"), None, "the baseline was not read");
    let mut report = SyncReport::default();
    let refused = plan().run_into(&mut report, &Control::default()).expect_err("too many");
    assert_eq!(refused.code(), "too_many_removals");
    assert_eq!((report.files, report.added, report.unchanged, report.removals), (3, 1, 3, None));
    let pending = report.pending.expect("what waits");
    assert_eq!((pending.year, pending.count, pending.allowed), (27, 2, 1));
    assert_eq!(pending.first, [Key::pmid(4), Key::pmid(900_026)]);
    assert!(pending.is_refused());

    assert_eq!(plan().pending().expect("counts").as_ref(), Some(&pending));
    let status = |settings| {
        let status = sync_status_with(bench.database(), Some(&bench.folder()), settings);
        status.expect("a status").pending.expect("what waits")
    };
    assert_eq!(status(&bench.settings), pending);
    assert!(!status(&Default::default()).is_refused());
    // Without the folder, the settings say where the baseline ends.
    let status = sync_status(bench.database(), None).expect("a status");
    assert_eq!(status.pending, None);
    let settings = |end| {
        let mut settings = bench.settings.clone();
        settings.baseline_end = Some(end);
        settings
    };
    let status = |end| sync_status_with(bench.database(), None, &settings(end)).expect("a status");
    assert_eq!(status(2).pending, Some(pending));
    assert_eq!(
        (status(4).pending, names(&status(4).missing)),
        (None, vec!["pubmed27n0004".to_owned()])
    );

    bench.settings.allow_removals = None;
    assert_eq!(bench.sync().removals.expect("a new year").count, 2);
    let plan = plan_sync(bench.database(), bench.folder(), &bench.settings).expect("a plan");
    assert_eq!(plan.pending().expect("counts"), None);
}

/// What cannot be read is not what the baseline lacks: nothing is deleted until it was read.
#[test]
fn a_baseline_with_a_bad_record_deletes_nothing() {
    let mut bench = Bench::new();
    bench.settings.import.keep_going = true;
    year(&bench, 26, 1..=4);
    bench.sync();
    let second = year_of_three(&bench);
    let bad = second.xml().replace("title of 3", "title &of; 3");
    let path = bench.content("baseline/pubmed27n0002.xml.gz", &second);
    fs::remove_file(path.with_extension("gz.md5")).expect("removes");
    fs::write(&path, gzip(&bad)).expect("writes");
    for _ in 0..2 {
        let report = bench.sync();
        assert_eq!((report.skipped, &report.removals), (1, &None));
        let pmids: Vec<u32> = bench.titles().into_keys().filter(|pmid| *pmid < 100).collect();
        assert_eq!(pmids, [1, 2, 3, 4], "4 is not in the baseline, and 3 cannot be read");
    }
    bench.content("baseline/pubmed27n0002.xml.gz", &second);
    let removals = bench.sync().removals.expect("a new year");
    assert_eq!(removals.count, 2, "4, and last year's update");
    let pmids: Vec<u32> = bench.titles().into_keys().filter(|pmid| *pmid < 100).collect();
    assert_eq!(pmids, [1, 2, 3]);
    assert!(!bench.sync().is_news());
}

/// A year's baseline of 1, 2 and 3; its second file, which has the last of them.
fn year_of_three(bench: &Bench) -> Content {
    year(bench, 27, 1..=3);
    bench.content("baseline/pubmed27n0001.xml.gz", &Content::of(&[(1, "one"), (2, "two")], &[]));
    Content::of(&[(3, "title of 3")], &[])
}

/// A mirror from which files are removed once they were read.
#[test]
fn a_baseline_that_was_read_and_removed_is_complete() {
    let bench = Bench::new();
    bench.file("baseline/pubmed26n0001.xml.gz", &[(1, "one"), (2, "two")], &[]);
    bench.file("updatefiles/pubmed26n0004.xml.gz", &[(3, "three")], &[]);
    assert_eq!(names(&bench.sync().missing), ["pubmed26n0002", "pubmed26n0003"]);
    bench.file("baseline/pubmed27n0001.xml.gz", &[(1, "one")], &[]);
    bench.file("baseline/pubmed27n0002.xml.gz", &[(3, "three")], &[]);
    assert_eq!(bench.sync().removals, None, "nobody knows where the baseline ends");

    fs::remove_dir_all(bench.folder()).expect("removes");
    bench.file("updatefiles/pubmed27n0004.xml.gz", &[(5, "five")], &[]);
    let report = bench.sync();
    assert_eq!(report.removals, None, "file 3 may be of the baseline");
    assert_eq!(names(&report.missing), ["pubmed26n0002", "pubmed26n0003", "pubmed27n0003"]);
    bench.file("updatefiles/pubmed27n0003.xml.gz", &[(4, "four")], &[]);
    let report = bench.sync();
    assert_eq!(report.removals.expect("a new year").first, [Key::pmid(2)]);
    assert!(report.missing.is_empty(), "files of the year before are needless");
    let status = sync_status(bench.database(), None).expect("a status");
    assert!(status.missing.is_empty(), "also to who does not see the folder");
    bench.holds(&[(1, "one"), (3, "three"), (4, "four"), (5, "five")]);

    // All that there is of a year in the wrong place is no complete baseline of no files.
    let bench = Bench::new();
    bench.file("baseline/pubmed26n0001.xml.gz", &[(1, "one")], &[]);
    bench.file("updatefiles/pubmed27n0001.xml.gz", &[(2, "two")], &[]);
    assert_eq!(bench.sync().removals, None);
    bench.holds(&[(1, "one"), (2, "two")]);
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
    let mut bench = Bench::new();
    // Many commits of nothing but confirmations.
    bench.settings.import.commit_every = NonZeroU64::new(1_500);
    let database = bench.database();
    let rows = || {
        let stats = Database::open(&database).expect("opens").snapshot().stats();
        let stats = stats.expect("counts");
        assert!(stats.segments.len() < 60, "{}", stats.segments.len());
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
