//! `medvec sync --source`: NLM's files from a small server on this machine, with all that goes wrong on the way.

#![cfg(all(feature = "session", feature = "download"))]
#![allow(dead_code)]

#[path = "common/http.rs"]
mod http;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Files, Manner, Route, Server, nobody};
use md5::{Digest, Md5};
use medvec::session::{
    DownloadReport, DownloadSettings, NlmFile, SessionResult, SyncSettings, Watch,
    download_nlm_files, plan_sync,
};
use medvec::{CancelToken, Control, Error};

/// A packed file of one citation, larger than the pieces that are fetched at a time.
fn packed(pmid: u32, title: &str) -> Vec<u8> {
    let noise: String = (0..60_000u32)
        .map(|at| char::from(b'a' + (at.wrapping_mul(2_654_435_761) >> 27) as u8 % 26))
        .collect();
    let xml = format!(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><Article><ArticleTitle>\
         {title} {pmid}</ArticleTitle><Abstract><AbstractText>{noise}{pmid}</AbstractText></Abstract></Article>\
         </MedlineCitation></PubmedArticle></PubmedArticleSet>"
    );
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packer.write_all(xml.as_bytes()).expect("memory");
    packer.finish().expect("memory")
}

fn sum(name: &str, bytes: &[u8]) -> Vec<u8> {
    let digest: String = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let base = name.rsplit('/').next().expect("a name");
    format!("MD5({base})= {digest}\n").into_bytes()
}

/// The page of a directory, with what servers put around the links.
fn index(files: &Files, folder: &str) -> String {
    let mut links: Vec<String> =
        vec!["?C=N;O=D".into(), "/".into(), "README.txt".into(), "index.html".into()];
    for name in files.keys() {
        let Some(rest) = name.strip_prefix(folder) else { continue };
        let link = match rest.split_once('/') {
            Some((inner, _)) => format!("{inner}/"),
            None => rest.to_owned(),
        };
        if !links.contains(&link) {
            links.push(link);
        }
    }
    let lines =
        links.iter().map(|link| format!("<a href=\"{link}\">{link}</a>  2026-01-05 14:02   38M\n"));
    format!(
        "<html><head><title>Index of {folder}</title></head><body><pre>{}</pre></html>",
        lines.collect::<String>()
    )
}

fn route(files: &Files, path: &str) -> Route {
    match path.strip_prefix("/pubmed/") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => {
            Route::Page(index(files, folder))
        }
        Some(name) => Route::File(name.to_owned()),
        None => Route::Nothing,
    }
}

struct Bench {
    root: tempfile::TempDir,
    server: Server,
    settings: DownloadSettings,
}

const FILES: [&str; 3] = [
    "baseline/pubmed26n0001.xml.gz",
    "baseline/pubmed26n0002.xml.gz",
    "updatefiles/pubmed26n0003.xml.gz",
];

impl Bench {
    fn new() -> Bench {
        let server = Server::start(route);
        let mut settings = DownloadSettings::default();
        settings.source = format!("{}/pubmed", server.endpoint);
        settings.pause = Duration::from_millis(2);
        let bench = Bench { root: tempfile::tempdir().expect("a folder"), server, settings };
        for (name, pmid) in FILES.iter().zip(1..) {
            bench.serve(name, &packed(pmid, "Asthma"));
        }
        bench
    }

    fn serve(&self, name: &str, bytes: &[u8]) {
        self.server.set(name, bytes.to_vec(), Manner::Well);
        self.server.set(&format!("{name}.md5"), sum(name, bytes), Manner::Well);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("nlm").join(name)
    }

    fn database(&self) -> PathBuf {
        self.root.path().join("db")
    }

    fn fetch_with(&self, control: &Control) -> SessionResult<DownloadReport> {
        download_nlm_files(self.database(), self.root.path().join("nlm"), &self.settings, control)
    }

    fn fetch(&self) -> SessionResult<DownloadReport> {
        self.fetch_with(&Control::default())
    }

    #[track_caller]
    fn fetched(&self, names: &[&str]) {
        let report = self.fetch().expect("fetches");
        let files: Vec<NlmFile> = names
            .iter()
            .map(|name| NlmFile::named(name.rsplit('/').next().unwrap()).unwrap())
            .collect();
        assert_eq!(report.fetched, files);
        self.server.asked();
        for name in names {
            let served = self.server.files.lock().unwrap()[*name].bytes.clone();
            assert_eq!(fs::read(self.path(name)).expect("a file"), served, "{name}");
            assert_eq!(
                fs::read(self.path(&format!("{name}.md5"))).expect("a sum"),
                sum(name, &served)
            );
            assert!(!self.path(&format!("{name}.partial")).exists());
        }
    }

    #[track_caller]
    fn refused(&self) -> String {
        self.fetch().expect_err("refused").to_string()
    }

    fn sync(&self) -> u64 {
        let mut settings = SyncSettings::default();
        settings.import.encoder.name = Some("none".into());
        let plan =
            plan_sync(self.database(), self.root.path().join("nlm"), &settings).expect("a plan");
        assert!(plan.others.is_empty(), "{:?}", plan.others);
        plan.run(&Control::default()).expect("syncs").files
    }

    /// Ranges that were asked for of a file.
    fn ranges(&self, name: &str) -> Vec<String> {
        let asked = self.server.asked().into_iter();
        asked.filter(|(path, _)| path.ends_with(name)).map(|(_, range)| range).collect()
    }
}

#[test]
fn what_is_missing_is_fetched_and_then_read() {
    let bench = Bench::new();
    let seen: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let (steps, control) = (seen.clone(), Control::default());
    let watch = Watch::new(move |step| steps.lock().unwrap().push((step.done, step.total)));
    let report = bench.fetch_with(&Control { watch: Some(watch), ..control }).expect("fetches");
    let bytes: u64 =
        FILES.iter().map(|name| bench.path(name).metadata().expect("a file").len()).sum();
    assert_eq!((report.listed, report.fetched.len(), report.bytes), (3, 3, bytes));
    assert_eq!(report.baseline_end, Some(2));
    let seen = seen.lock().unwrap();
    assert!(
        seen.is_sorted_by_key(|(done, _)| *done) && seen.last() == Some(&(bytes, bytes)),
        "{seen:?}"
    );
    assert_eq!(bench.sync(), 3);
    bench.server.asked();
    bench.fetched(&[]);

    // What was read can be removed; what is new is fetched, and only that.
    fs::remove_file(bench.path(FILES[0])).expect("removes");
    fs::remove_file(bench.path(FILES[2])).expect("removes");
    let new = "updatefiles/pubmed26n0004.xml.gz";
    bench.serve(new, &packed(4, "Gout"));
    bench.fetched(&[new]);
    assert_eq!(bench.sync(), 1);
    // Without the database, what is not in the folder is fetched again.
    fs::remove_dir_all(bench.database()).expect("removes");
    bench.fetched(&[FILES[0], FILES[2]]);
}

#[cfg(feature = "cli")]
#[test]
fn programs_are_told_what_was_fetched() {
    let bench = Bench::new();
    let sync = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_medvec"));
        command.current_dir(bench.root.path()).args(["sync", "db", "nlm", "--encoder", "none"]);
        let output =
            command.args(["--format", "json", "--source", &bench.settings.source]).output();
        let output = output.expect("runs");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), report["fetched"].clone(), report["added"].as_u64())
    };
    let (code, fetched, added) = sync();
    assert_eq!((code, added, &fetched["listed"]), (Some(0), Some(3), &3.into()));
    assert_eq!(fetched["files"][2], "pubmed26n0003");
    for name in FILES {
        fs::remove_file(bench.path(name)).expect("removes");
    }
    let (code, fetched, added) = sync();
    assert_eq!((code, added, &fetched["bytes"]), (Some(1), Some(0), &0.into()));
    assert_eq!(fetched["files"], serde_json::json!([]));
}

#[test]
fn a_flat_directory_is_a_source_too() {
    let mut bench = Bench::new();
    bench.settings.source += "/baseline/";
    let report = bench.fetch().expect("fetches");
    assert_eq!((report.listed, report.baseline_end), (2, None));
    assert!(bench.path("pubmed26n0001.xml.gz").is_file());
    // A file that lies on a shelf is the same file.
    fs::create_dir_all(bench.path("baseline")).expect("makes");
    fs::rename(bench.path("pubmed26n0001.xml.gz"), bench.path(FILES[0])).expect("renames");
    assert!(bench.fetch().expect("fetches").fetched.is_empty());
}

#[test]
fn a_connection_that_breaks_off_goes_on_where_it_ended() {
    let bench = Bench::new();
    bench.server.manner(FILES[1], Manner::Cut(20_000, 2));
    bench.fetch().expect("fetches");
    assert_eq!(bench.ranges(FILES[1]), ["", "bytes=20000-", "bytes=40000-"]);
    assert_eq!(fs::read(bench.path(FILES[1])).expect("a file"), packed(2, "Asthma"));

    // One that never brings anything is given up, and says so.
    let bench = Bench::new();
    bench.server.manner(FILES[1], Manner::Cut(0, 99));
    let refused = bench.refused();
    for word in ["pubmed26n0002.xml.gz", "/pubmed/baseline/", "broke off after 0"] {
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(bench.ranges(FILES[1]).len(), 5);
    assert!(bench.path(FILES[0]).is_file() && !bench.path(FILES[1]).exists());
}

#[test]
fn what_an_earlier_run_left_is_gone_on_from() {
    for manner in [Manner::Well, Manner::Whole, Manner::Unannounced] {
        let bench = Bench::new();
        let token = CancelToken::new();
        let cancel = token.clone();
        bench.server.manner(FILES[0], Manner::Cut(30_000, 1));
        let watch = Watch::new(move |_| cancel.cancel());
        let control = Control { watch: Some(watch), cancel: Some(token), ..Control::default() };
        let stopped = bench.fetch_with(&control);
        assert!(stopped.is_err_and(|error| error.code() == Error::Cancelled.code()));
        let part = bench.path(&format!("{}.partial", FILES[0]));
        let left = part.metadata().expect("a part").len();
        assert!((1..=30_000).contains(&left), "{left}");
        bench.server.manner(FILES[0], manner.clone());
        bench.server.asked();
        bench.fetch().expect("fetches");
        assert_eq!(bench.ranges(FILES[0]), [format!("bytes={left}-")]);
        assert_eq!(fs::read(bench.path(FILES[0])).expect("a file"), packed(1, "Asthma"));
    }
    // A part that is whole, and one that is longer or other than the file.
    let whole = packed(1, "Asthma");
    for (left, asked) in [(whole.clone(), 0), ([&whole[..], b"x"].concat(), 2), (vec![7; 100], 2)] {
        let bench = Bench::new();
        fs::create_dir_all(bench.path("baseline")).expect("makes");
        fs::write(bench.path(&format!("{}.partial", FILES[0])), left).expect("writes");
        bench.fetch().expect("fetches");
        assert_eq!(bench.ranges(FILES[0]).len(), asked);
        assert_eq!(fs::read(bench.path(FILES[0])).expect("a file"), whole);
    }
}

#[test]
fn a_file_that_is_not_as_its_sum_says_gets_no_name() {
    let bench = Bench::new();
    bench.server.manner(FILES[0], Manner::Damaged);
    let refused = bench.refused();
    for word in ["pubmed26n0001.xml.gz", "MD5 sum", "twice"] {
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(bench.ranges(FILES[0]).len(), 2, "it was tried again");
    assert!(!bench.path(FILES[0]).exists());
    assert!(!bench.path(&format!("{}.partial", FILES[0])).exists());
    bench.server.manner(FILES[0], Manner::Well);
    bench.fetched(&FILES);

    let bench = Bench::new();
    bench.server.set(&format!("{}.md5", FILES[1]), b"<html>busy</html>".to_vec(), Manner::Well);
    assert!(bench.refused().contains("pubmed26n0002.xml.gz.md5 holds no MD5 sum"));
}

#[test]
fn a_file_that_is_replaced_meanwhile_arrives_as_it_is_then() {
    let bench = Bench::new();
    let (name, new) = (FILES[0], packed(1, "Gout, not asthma"));
    let sum_name = format!("{name}.md5");
    // The sum is still the old one, the file the new one; the second look finds both new.
    bench.server.manner(&sum_name, Manner::Replaced(sum(name, &new), 1));
    bench.server.set(name, new.clone(), Manner::Well);
    bench.fetched(&FILES);
    // Cut in the old one, gone on in the new one.
    let bench = Bench::new();
    let old = packed(1, "Asthma");
    fs::create_dir_all(bench.path("baseline")).expect("makes");
    fs::write(bench.path(&format!("{name}.partial")), &old[..40_000]).expect("writes");
    bench.serve(name, &new);
    bench.fetched(&FILES);
}

#[test]
fn busy_servers_are_asked_again_and_refusals_say_what_was_asked_for() {
    let bench = Bench::new();
    bench.server.manner(FILES[0], Manner::Busy(503, 3));
    bench.server.manner(&format!("{}.md5", FILES[1]), Manner::Busy(429, 2));
    bench.fetched(&FILES);

    for (name, status, asked) in [
        (FILES[0].to_owned(), 404, 1),
        (FILES[0].to_owned(), 403, 1),
        (FILES[0].to_owned(), 503, 5),
        (format!("{}.md5", FILES[0]), 404, 1),
    ] {
        let bench = Bench::new();
        bench.server.manner(&name, Manner::Status(status));
        let refused = bench.refused();
        for word in ["pubmed26n0001.xml.gz", &name, &status.to_string()] {
            assert!(refused.contains(word), "{refused}");
        }
        assert_eq!(bench.ranges(&name).len(), asked, "{name} {status}");
    }
}

#[test]
fn what_is_no_source_is_refused() {
    let mut bench = Bench::new();
    let source = bench.settings.source.clone();
    bench.settings.source = format!("{source}/elsewhere");
    assert!(bench.refused().contains("lists no file of NLM's series"));
    bench.settings.source = nobody();
    let refused = bench.refused();
    assert!(
        refused.contains("list of files") && refused.contains("cannot be reached"),
        "{refused}"
    );
    bench.settings.source = "http://example.org/pubmed".into();
    assert!(bench.refused().contains("https://"));
    assert!(!bench.root.path().join("nlm").exists(), "nothing was made");
    bench.settings.source = source;

    fs::create_dir_all(bench.path("baseline")).expect("makes");
    let part = bench.path(&format!("{}.partial", FILES[0]));
    let held = fs::File::create(&part).expect("a part");
    held.try_lock().expect("a lock");
    assert!(bench.refused().contains("another process is fetching pubmed26n0001.xml.gz"));
    drop(held);
    bench.fetched(&FILES);
}
