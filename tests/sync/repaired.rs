//! What a repair could not save comes back with the next sync.

use std::fs;

use medvec::Database;

use crate::bench::{Bench, Content};

#[test]
fn a_sync_brings_back_what_a_repair_lost() {
    let bench = Bench::new();
    let records = |range: std::ops::RangeInclusive<u32>| {
        let records = range.map(|pmid| (pmid, format!("title of {pmid}"))).collect();
        Content { records, deletes: Vec::new() }
    };
    bench.content("baseline/pubmed26n0001.xml.gz", &records(1..=40));
    bench.sync();
    bench.file("updatefiles/pubmed26n0002.xml.gz", &[(41, "new"), (2, "revised")], &[3]);
    bench.sync();
    // A new year confirms what it does not change.
    bench.content("baseline/pubmed27n0001.xml.gz", &records(4..=40));
    bench.file(
        "updatefiles/pubmed27n0002.xml.gz",
        &[(1, "title of 1"), (2, "revised again")],
        &[4],
    );
    bench.sync();
    let expected = bench.titles();
    assert_eq!(expected.len(), 38);

    let read = |path: &std::path::Path| fs::read(path).expect("reads");
    let is_segment = |name: &str| name.starts_with("segment-");
    let entries = fs::read_dir(bench.database()).expect("lists");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files: Vec<_> =
        paths.filter(|path| path.is_file()).map(|path| (path.clone(), read(&path))).collect();
    let named =
        |path: &std::path::Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let segments: Vec<_> = files.iter().filter(|(path, _)| is_segment(&named(path))).collect();
    assert!(segments.len() >= 2, "{segments:?}");
    for (segment, bytes) in segments {
        for place in (0..bytes.len()).step_by(bytes.len() / 20) {
            fs::remove_dir_all(bench.database()).expect("removes");
            fs::create_dir(bench.database()).expect("makes");
            for (path, bytes) in &files {
                fs::write(path, bytes).expect("writes");
            }
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x20;
            fs::write(segment, damaged).expect("writes");
            let report = Database::repair(bench.database(), true).expect("repairs");
            let what = format!("{} at {place}: {report:?}", named(segment));
            let lost: u64 = report.segments.iter().map(|segment| segment.lost).sum();
            assert!(lost == 0 || !report.unread.is_empty(), "{what}");
            let removals = bench.sync().removals.expect("the year is complete");
            assert_eq!((removals.count, bench.titles()), (0, expected.clone()), "{what}");
            assert!(!bench.sync().is_news(), "{what}");
        }
    }
}
