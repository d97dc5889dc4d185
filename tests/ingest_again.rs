//! Files that are imported a second time: unchanged, changed in whatever way, moved, cut, forced; and
//! what lies beside them.

#![cfg(feature = "ingest")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medvec::db::{CreateOptions, Database};
use medvec::encoder::{EncoderSpec, Metric};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ingest::pipeline::{ImportOptions, ImportReport, import, select};
use medvec::storage::sim::SimStorage;
use medvec::{CancelToken, Control, Error, Key, Result};

/// A database of vectors of two numbers, and files beside it.
struct Bench {
    folder: tempfile::TempDir,
    database: Database,
    options: ImportOptions,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let origin = EncoderSpec::of_origin("toy", 2, Metric::Dot);
        let vectors = VectorConfig::new(2, Metric::Dot, RowType::F32, Some(origin.clone()));
        let create = CreateOptions::default().vectors(Some(vectors));
        let database = Database::create(folder.path().join("db"), create).expect("creates");
        let options = ImportOptions::default().origin(Some(origin));
        Bench { folder, database, options }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        fs::write(&path, bytes).expect("writes");
        path
    }

    fn import(&self, paths: &[&Path]) -> Result<ImportReport> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
        import(&self.database, &paths, &self.options, &mut |_| {})
    }

    fn good(&self, path: &Path) -> ImportReport {
        self.import(&[path]).expect("imports")
    }

    fn title(&self, key: u32) -> Option<String> {
        let document = self.database.snapshot().get(&Key::pmid(key)).expect("reads");
        document.map(|document| document.title)
    }

    fn vector(&self, key: u32) -> Option<Vec<f32>> {
        let snapshot = self.database.snapshot();
        let document = snapshot.get(&Key::pmid(key)).expect("reads")?;
        let hash = document.encoder_input().hash();
        snapshot.stored_vector(&document.key, hash).expect("reads")
    }

    fn sources(&self) -> usize {
        self.database.snapshot().manifest().sources.len()
    }
}

/// What one report says of one file: known, changed, read to its end.
fn verdict(report: &ImportReport) -> (u64, u64, u64) {
    (report.files_known, report.files_changed, report.files)
}

const KNOWN: (u64, u64, u64) = (1, 0, 0);
const CHANGED: (u64, u64, u64) = (0, 1, 1);
const NEW: (u64, u64, u64) = (0, 0, 1);

fn xml(titles: &[(u32, &str)]) -> String {
    let article = |(pmid, title): &(u32, &str)| {
        format!(
            "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><Article>\
             <ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
        )
    };
    let articles: String = titles.iter().map(article).collect();
    format!("<PubmedArticleSet>\n{articles}</PubmedArticleSet>\n")
}

/// A file longer than the beginning that is looked at first, with a title near its end.
fn long_xml(last: &str) -> String {
    let filler = "x".repeat(90_000);
    xml(&[(1, &filler), (2, last)])
}

fn npy(rows: &[[f32; 2]]) -> Vec<u8> {
    let shape = format!("({}, 2)", rows.len());
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(rows.as_flattened().iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

#[test]
fn a_change_behind_the_beginning_is_seen_in_every_format() {
    let gzip = |text: &str| {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        packer.write_all(text.as_bytes()).expect("memory");
        packer.finish().expect("memory")
    };
    let line = |title: &str| {
        format!(
            "{{\"pmid\": 1, \"text\": \"{}\"}}\n{{\"pmid\": 2, \"title\": \"{title}\"}}\n",
            "x".repeat(90_000)
        )
    };
    let entries = |title: &str| {
        format!("{{\"1\": {{\"t\": \"{}\"}}, \"2\": {{\"t\": \"{title}\"}}}}\n", "x".repeat(90_000))
    };
    for (name, first, second) in [
        ("a.xml", long_xml("First").into_bytes(), long_xml("Other").into_bytes()),
        ("pubmed26n0001.xml", long_xml("First").into_bytes(), long_xml("Other").into_bytes()),
        ("a.xml.gz", gzip(&long_xml("First")), gzip(&long_xml("Other"))),
        ("a.jsonl", line("First").into_bytes(), line("Other").into_bytes()),
        ("pubmed_chunk_0.json", entries("First").into_bytes(), entries("Other").into_bytes()),
    ] {
        let bench = Bench::new();
        assert_eq!(first.len(), second.len());
        let path = bench.file(name, &first);
        assert_eq!(verdict(&bench.good(&path)), NEW, "{name}");
        assert_eq!(verdict(&bench.good(&path)), KNOWN, "{name}");
        bench.file(name, &second);
        let report = bench.good(&path);
        assert_eq!(verdict(&report), CHANGED, "{name}");
        assert_eq!((report.replaced, report.unchanged), (1, 1), "{name}");
        assert_eq!(bench.title(2).as_deref(), Some("Other"), "{name}");
        assert_eq!(verdict(&bench.good(&path)), KNOWN, "{name}");
        // The older content is no longer what is known.
        bench.file(name, &first);
        assert_eq!(verdict(&bench.good(&path)), CHANGED, "{name}");
        assert_eq!(bench.title(2).as_deref(), Some("First"), "{name}");
        assert_eq!(bench.sources(), 1, "{name}");
    }
}

#[test]
fn arrays_and_their_ids_are_known_by_every_byte() {
    let bench = Bench::new();
    let mut rows = vec![[1.0, 2.0]; 20_000];
    let ids = |first: u32| (0..20_000).map(|n| format!("{}\n", first + n)).collect::<String>();
    let path = bench.file("v.npy", npy(&rows));
    bench.file("v.ids", ids(30_000));
    assert_eq!(verdict(&bench.good(&path)), NEW);
    assert_eq!(verdict(&bench.good(&path)), KNOWN);
    rows[19_999] = [3.0, 4.0];
    bench.file("v.npy", npy(&rows));
    assert_eq!(verdict(&bench.good(&path)), CHANGED);
    assert_eq!(bench.vector(49_999), Some(vec![3.0, 4.0]));
    // The last id, far behind the beginning, becomes another.
    let other = ids(30_000).replace("49999\n", "50999\n");
    bench.file("v.ids", other);
    assert_eq!(verdict(&bench.good(&path)), CHANGED);
    assert_eq!(bench.vector(50_999), Some(vec![3.0, 4.0]));
    assert_eq!(verdict(&bench.good(&path)), KNOWN);
    assert_eq!(bench.sources(), 1);
}

#[test]
fn force_imports_what_is_known() {
    let mut bench = Bench::new();
    let path = bench.file("pubmed26n0007.xml", xml(&[(1, "Right"), (2, "Two")]));
    bench.good(&path);
    // Somebody changes a document by hand; the file has not changed.
    let mut writer = bench.database.writer(medvec::db::WriterOptions::default()).expect("writes");
    let mut document = medvec::Document::new(Key::pmid(1));
    document.title = "Wrong".into();
    writer.upsert(document).expect("writes");
    writer.commit().expect("commits");
    drop(writer);
    assert_eq!(verdict(&bench.good(&path)), KNOWN);
    assert_eq!(bench.title(1).as_deref(), Some("Wrong"));
    bench.options.force = true;
    let report = bench.good(&path);
    assert_eq!((verdict(&report), report.replaced, report.unchanged), (NEW, 1, 1));
    assert_eq!(bench.title(1).as_deref(), Some("Right"));
}

#[test]
fn a_changed_nlm_file_wins_over_itself_but_not_over_later_files() {
    let bench = Bench::new();
    let early =
        bench.file("pubmed26n0001.xml", xml(&[(9, "First of all"), (1, "Early"), (2, "Early")]));
    let late = bench.file("pubmed26n0002.xml", xml(&[(2, "Late")]));
    bench.import(&[&early, &late]).expect("imports");
    // One record less, so that all positions move down, and a deletion became a record.
    let text = xml(&[(1, "Corrected"), (2, "Corrected")]);
    bench.file("pubmed26n0001.xml", text);
    assert_eq!(verdict(&bench.good(&early)), CHANGED);
    assert_eq!(bench.title(1).as_deref(), Some("Corrected"));
    assert_eq!(bench.title(2).as_deref(), Some("Late"));
    let text = xml(&[(1, "Gone"), (2, "x")]).replace(
        "</PubmedArticleSet>",
        "<DeleteCitation><PMID>1</PMID></DeleteCitation></PubmedArticleSet>",
    );
    bench.file("pubmed26n0001.xml", text);
    bench.good(&early);
    assert_eq!(bench.title(1), None);
    bench.file("pubmed26n0001.xml", xml(&[(1, "Back"), (2, "Corrected")]));
    bench.good(&early);
    assert_eq!(bench.title(1).as_deref(), Some("Back"));
    assert_eq!(bench.title(2).as_deref(), Some("Late"));
}

#[test]
fn files_of_one_name_in_two_folders_are_kept_apart() {
    let bench = Bench::new();
    let one = bench.file("one/data.xml", xml(&[(1, "One")]));
    let two = bench.file("two/data.xml", xml(&[(2, "Two")]));
    assert_eq!(verdict(&bench.import(&[&one, &two]).expect("imports")), (0, 0, 2));
    assert_eq!(verdict(&bench.import(&[&one, &two]).expect("imports")), (2, 0, 0));
    let moved = bench.file("three/data.xml", xml(&[(2, "Two")]));
    assert_eq!(verdict(&bench.good(&moved)), KNOWN, "a copy");
    assert_eq!(bench.sources(), 2);
}

/// Imports lines until `stop` records are committed, then cancels.
fn interrupted(bench: &mut Bench, path: &Path, stop: u64) {
    let token = CancelToken::new();
    bench.options.control = Control { cancel: Some(token.clone()), ..Control::default() };
    bench.options.commit_every = 256;
    let paths = [path.to_path_buf()];
    let result = import(&bench.database, &paths, &bench.options, &mut |now| {
        if now.records >= stop {
            token.cancel();
        }
    });
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    bench.options.control = Control::default();
}

fn lines(edition: &str) -> String {
    (1..=4000).map(|id| format!("{{\"pmid\": {id}, \"title\": \"{edition} {id}\"}}\n")).collect()
}

#[test]
fn an_interrupted_import_goes_on_only_if_what_was_read_is_the_same() {
    let mut bench = Bench::new();
    let path = bench.file("a.jsonl", lines("first"));
    interrupted(&mut bench, &path, 1000);
    let stored = bench.database.snapshot().manifest().sources[0].clone();
    assert!(stored.records >= 512 && !stored.complete);
    let report = bench.good(&path);
    assert_eq!(report.added, 4000 - stored.records, "only the rest");

    let mut bench = Bench::new();
    let path = bench.file("a.jsonl", lines("first"));
    interrupted(&mut bench, &path, 1000);
    bench.file("a.jsonl", lines("other"));
    let report = bench.good(&path);
    assert_eq!(verdict(&report), CHANGED);
    assert_eq!(report.added + report.replaced, 4000, "from its start");
    assert_eq!(bench.title(1).as_deref(), Some("other 1"));
}

#[test]
fn a_record_that_was_cut_while_its_file_was_written_is_read_again() {
    let first = "PMID- 1\nTI  - Toy one\n\nPMID- 2\nTI  - Toy tw";
    let whole = format!("{first}o\n      and its end\n\nPMID- 3\nTI  - Toy three\n\n");
    for (commit_every, keep_going) in [(100_000, true), (1, true), (1, false), (100_000, false)] {
        let mut bench = Bench::new();
        let path = bench.file("notes.nbib", first);
        bench.options.keep_going = keep_going;
        bench.options.commit_every = commit_every;
        let imported =
            import(&bench.database, std::slice::from_ref(&path), &bench.options, &mut |now| {
                if now.records > 0 {
                    fs::write(&path, &whole).expect("writes");
                }
            });
        let error = match imported {
            Ok(mut report) => report.broken_files.pop().expect("a bad file"),
            Err(error) => error,
        };
        assert!(error.to_string().contains("import it again"), "{error}");
        let report = bench.good(&path);
        assert_eq!(report.added + report.replaced + report.unchanged, 3);
        assert_eq!(bench.title(2).as_deref(), Some("Toy two and its end"), "{commit_every}");
        assert_eq!(bench.title(3).as_deref(), Some("Toy three"));
        assert_eq!(verdict(&bench.good(&path)), KNOWN);
    }
}

/// What a kill leaves between the commit of the last record and the check of the file's size.
#[test]
fn a_cut_record_is_read_again_after_a_kill_at_any_time() {
    let first = "PMID- 1\nTI  - Toy one\n\nPMID- 2\nTI  - Toy tw";
    let whole = format!("{first}o and its end\n\nPMID- 3\nTI  - Toy three\n\n");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.nbib");
    fs::write(&path, first).expect("writes");
    let storage = SimStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), CreateOptions::default());
    let options = ImportOptions::default().commit_every(1);
    let paths = [path.clone()];
    let cut = import(&database.expect("creates"), &paths, &options, &mut |now| {
        if now.records > 0 {
            fs::write(&path, &whole).expect("writes");
        }
    });
    assert!(matches!(cut, Err(Error::Input { .. })), "{cut:?}");
    let mut had_cut = 0;
    for operation in 0..=storage.log_len() {
        for image in storage.crash_images_with(operation, 1, 0).take(3) {
            let Ok(database) = Database::open_in(Arc::new(image)) else { continue };
            let title = |key: u32| {
                let found = database.snapshot().get(&Key::pmid(key)).expect("reads");
                found.map(|document| document.title)
            };
            had_cut += u32::from(title(2).as_deref() == Some("Toy tw"));
            import(&database, &paths, &options, &mut |_| {}).expect("imports");
            assert_eq!(title(2).as_deref(), Some("Toy two and its end"), "{operation}");
            assert_eq!(title(3).as_deref(), Some("Toy three"));
        }
    }
    assert!(had_cut > 0);
}

#[test]
fn records_of_nlm_files_that_cannot_be_read_are_seen_again_after_an_interruption() {
    let mut bench = Bench::new();
    let titles: Vec<(u32, &str)> = (1..=2000).map(|pmid| (pmid, "Toy")).collect();
    let bad = xml(&titles).replace(">3</PMID>", ">three</PMID>");
    let path = bench.file("pubmed26n0001.xml", bad);
    bench.options.keep_going = true;
    interrupted(&mut bench, &path, 1000);
    assert!(bench.database.snapshot().len() >= 512);
    for _ in 0..2 {
        let report = bench.good(&path);
        assert_eq!((report.skipped, report.files_known), (1, 0));
    }
    assert!(!bench.database.snapshot().manifest().sources[0].complete);
}

#[test]
fn what_was_deleted_by_hand_stays_deleted_when_its_file_is_read_again() {
    let mut bench = Bench::new();
    bench.options.keep_going = true;
    let bad = "<PubmedArticle><MedlineCitation><PMID Version=\"1\">none</PMID></MedlineCitation></PubmedArticle>";
    let text = xml(&[(1, "One"), (2, "Two"), (3, "Three")]);
    let path = bench.file(
        "pubmed26n0001.xml",
        text.replace("</PubmedArticleSet>", &format!("{bad}\n</PubmedArticleSet>")),
    );
    assert_eq!(bench.good(&path).skipped, 1, "so it is read again each time");
    let mut writer = bench.database.writer(medvec::db::WriterOptions::default()).expect("writes");
    assert!(writer.delete(&Key::pmid(2)).expect("deletes"));
    writer.commit().expect("commits");
    drop(writer);
    let report = bench.good(&path);
    assert_eq!((report.added, report.unchanged, report.skipped), (0, 3, 1));
    assert_eq!(bench.title(2), None);
    // What is asked for is done.
    bench.options.force = true;
    assert_eq!(bench.good(&path).added, 1);
    assert_eq!(bench.title(2).as_deref(), Some("Two"));
}

#[test]
fn what_was_changed_by_hand_stays_changed_when_its_file_is_read_again() {
    let mut bench = Bench::new();
    bench.options.keep_going = true;
    let text = |first: &str| {
        let bad =
            "<PubmedArticle><MedlineCitation><PMID>none</PMID></MedlineCitation></PubmedArticle>";
        let deleted = "<DeleteCitation><PMID>3</PMID></DeleteCitation>";
        let end = format!("{bad}\n{deleted}</PubmedArticleSet>");
        let records = [(1, first), (2, "Two"), (3, "Three"), (4, "Four"), (5, "Five")];
        xml(&records).replace("</PubmedArticleSet>", &end)
    };
    let path = bench.file("pubmed26n0001.xml", text("One"));
    assert_eq!(bench.good(&path).skipped, 1, "so it is read again each time");
    let titled = |pmid: u32, title: &str| {
        let mut document = medvec::Document::new(Key::pmid(pmid));
        document.title = title.into();
        document
    };
    let mut writer = bench.database.writer(medvec::db::WriterOptions::default()).expect("writes");
    let edit = |document: &mut medvec::Document| document.languages.push("eng".into());
    writer.update(&Key::pmid(1), edit).expect("edits").expect("is there");
    writer.upsert(titled(2, "Mine")).expect("writes");
    // One that the file itself took away, and one that comes back.
    writer.upsert(titled(3, "Kept")).expect("writes");
    assert!(writer.delete(&Key::pmid(4)).expect("deletes"));
    writer.upsert(titled(4, "Back")).expect("writes");
    writer.upsert(titled(5, "Short")).expect("writes");
    assert!(writer.delete(&Key::pmid(5)).expect("deletes"));
    writer.commit().expect("commits");
    drop(writer);
    for _ in 0..2 {
        let report = bench.good(&path);
        assert_eq!((report.added, report.replaced, report.skipped), (0, 0, 1));
        let first = bench.database.snapshot().get(&Key::pmid(1)).expect("reads").expect("there");
        assert_eq!((first.title.as_str(), first.languages), ("One", vec!["eng".to_owned()]));
        let titles = [2, 3, 4, 5].map(|pmid| bench.title(pmid));
        assert_eq!(
            titles,
            [Some("Mine"), Some("Kept"), Some("Back"), None].map(|title| title.map(str::to_owned))
        );
    }
    // What is asked for is done, and a later file wins over all of it.
    bench.options.force = true;
    bench.file("pubmed26n0001.xml", text("One more"));
    bench.good(&path);
    let titles = [1, 2, 3, 4, 5].map(|pmid| bench.title(pmid));
    let expected = [Some("One more"), Some("Two"), None, Some("Four"), Some("Five")];
    assert_eq!(titles, expected.map(|title| title.map(str::to_owned)));
    let mut writer = bench.database.writer(medvec::db::WriterOptions::default()).expect("writes");
    writer.upsert(titled(2, "Mine again")).expect("writes");
    writer.commit().expect("commits");
    drop(writer);
    let later = bench.file("pubmed26n0002.xml", xml(&[(2, "Revised")]));
    bench.good(&later);
    assert_eq!(bench.title(2).as_deref(), Some("Revised"));
}

#[test]
fn an_interrupted_array_goes_on_only_with_the_same_ids() {
    let rows: Vec<[f32; 2]> = (0..4000).map(|n| [n as f32, 1.0]).collect();
    let ids = |first: u32| (0..4000).map(|n| format!("{}\n", first + n)).collect::<String>();
    for (second, verdict_wanted, added) in [(10_000, NEW, None), (20_000, CHANGED, Some(4000))] {
        let mut bench = Bench::new();
        let path = bench.file("v.npy", npy(&rows));
        bench.file("v.ids", ids(10_000));
        interrupted(&mut bench, &path, 600);
        let records = bench.database.snapshot().manifest().sources[0].records;
        bench.file("v.ids", ids(second));
        let report = bench.good(&path);
        assert_eq!(verdict(&report), verdict_wanted);
        assert_eq!(report.added, added.unwrap_or(4000 - records));
    }
}

#[test]
fn sums_beside_files_are_checked() {
    let bench = Bench::new();
    let path = bench.file("pubmed26n0003.xml", xml(&[(1, "One")]));
    // As `md5sum` says of the file that this test writes.
    let sum = "MD5(pubmed26n0003.xml)= 00000000000000000000000000000000\n";
    let md5 = bench.file("pubmed26n0003.xml.md5", sum);
    let error = bench.import(&[&path]).expect_err("another sum").to_string();
    assert!(error.contains("pubmed26n0003.xml, the whole file: its MD5 sum is"), "{error}");
    assert!(
        error.contains("pubmed26n0003.xml.md5 says 00000000000000000000000000000000"),
        "{error}"
    );
    assert_eq!(bench.title(1), None, "nothing of it is there");
    let found =
        error.split("its MD5 sum is ").nth(1).and_then(|rest| rest.get(..32)).expect("a sum");
    fs::write(&md5, format!("{found}  pubmed26n0003.xml\n")).expect("writes");
    let report = bench.import(&[&path, &md5]).expect("imports");
    assert_eq!((verdict(&report), report.others.len()), (NEW, 1));
    fs::write(&md5, "no sum\n").expect("writes");
    let other = bench.file("pubmed26n0003.xml", xml(&[(1, "Two")]));
    let error = bench.import(&[&other]).expect_err("no sum").to_string();
    assert!(error.contains("no MD5 sum of pubmed26n0003.xml"), "{error}");
}

#[test]
fn md5_sums_are_those_of_md5sum() {
    let bench = Bench::new();
    // md5sum of the eleven bytes `{"pmid":1}\n`.
    let path = bench.file("one.jsonl", "{\"pmid\":1}\n");
    bench.file("one.jsonl.md5", "0b1b7d2b2bb5a5e6d1f6a7d3b9c0c1f2  one.jsonl\n");
    let error = bench.import(&[&path]).expect_err("another sum").to_string();
    assert!(error.contains("its MD5 sum is 9fed7b3f09b9c5f66497a0194d272bd6"), "{error}");
}

#[test]
fn a_folder_given_as_it_is_leaves_out_what_is_no_source() {
    let bench = Bench::new();
    let names = ["a.npy", "a.ids", "README.txt", "b.xml", "b.xml.md5", ".listing", "c.jsonl"];
    let paths: Vec<PathBuf> = names.iter().map(|name| bench.file(name, "x")).collect();
    let (files, others) = select(&paths);
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(files.iter().map(name).collect::<Vec<_>>(), ["a.npy", "b.xml", "c.jsonl"]);
    let reasons: Vec<String> =
        others.iter().map(|(path, reason)| format!("{}: {reason}", name(path))).collect();
    assert_eq!(
        reasons,
        [
            "a.ids: the ids of a.npy",
            "README.txt: a note, no source",
            "b.xml.md5: the checksum of b.xml, checked when that is imported",
            ".listing: a note, no source",
        ]
    );
}

#[cfg(unix)]
#[test]
fn pipes_are_read_once_and_never_known() {
    let bench = Bench::new();
    let pipe = bench.folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    for title in ["First", "Other"] {
        let (path, text) = (pipe.clone(), long_xml(title));
        let feeder = std::thread::spawn(move || fs::write(path, text));
        let report = bench.good(&pipe);
        assert_eq!(report.files, 1);
        feeder.join().expect("ends").expect("all of it was read");
        assert_eq!(bench.title(2).as_deref(), Some(title));
    }
    assert_eq!(bench.sources(), 1);
    // An array needs its ids, which nobody can find beside a pipe.
    let (path, bytes) = (pipe.clone(), npy(&[[1.0, 2.0]]));
    let feeder = std::thread::spawn(move || fs::write(path, bytes));
    let error = bench.import(&[&pipe]).expect_err("an array").to_string();
    assert!(error.contains("not read from a pipe"), "{error}");
    feeder.join().expect("ends").expect("written");
    let array = bench.file("w.npy", npy(&[[1.0, 2.0]]));
    let options = bench.options.clone().ids(Some(pipe));
    let error =
        import(&bench.database, &[array], &options, &mut |_| {}).expect_err("ids").to_string();
    assert!(error.contains("read twice"), "{error}");
}
