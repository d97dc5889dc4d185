//! Fetching a model, against a small server on this machine that does what servers do.

#![cfg(feature = "download")]

#[path = "common/http.rs"]
#[allow(dead_code)]
mod http;

use std::path::{Path, PathBuf};

use http::{Files, Manner, Route, Server, nobody};
use medvec::encode::hub::{DownloadOptions, Hub, ModelName};
use medvec::{CancelToken, Control, Error, Result};
use sha2::Digest;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// The commit once a file of this name is served.
const NEWER: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn weights() -> Vec<u8> {
    (0..200_000u32).map(|number| (number % 251) as u8).collect()
}

/// A server of a model `lab/model`: a configuration, a vocabulary and weights.
fn start() -> Server {
    let server = Server::start(route);
    for (name, bytes) in [
        ("config.json", b"{\"hidden_size\": 4}".to_vec()),
        ("vocab.txt", b"[PAD]\n[UNK]\n".to_vec()),
        ("1_Pooling/config.json", b"{}".to_vec()),
        ("model.safetensors", weights()),
    ] {
        server.set(name, bytes, Manner::Well);
    }
    server
}

fn route(files: &Files, path: &str) -> Route {
    if path == "/api/models/lab/model/revision/main?blobs=true" {
        return Route::Page(described(files));
    }
    let name = path
        .strip_prefix(&format!("/lab/model/resolve/{COMMIT}/"))
        .or_else(|| path.strip_prefix(&format!("/lab/model/resolve/{NEWER}/")))
        .or_else(|| path.strip_prefix("/cdn/"));
    name.map_or(Route::Nothing, |name| Route::File(name.to_owned()))
}

fn git_sha1(bytes: &[u8]) -> String {
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The server's description of the model; weights stand outside of git.
fn described(files: &Files) -> String {
    let file = |(name, served): (&String, &http::Served)| {
        let size = served.bytes.len();
        match name.ends_with(".safetensors") {
            true => format!(
                "{{\"rfilename\": \"{name}\", \"size\": {size}, \"lfs\": {{\"sha256\": \"{}\", \
                 \"size\": {size}}}}}",
                hex(&sha2::Sha256::digest(&served.bytes))
            ),
            false => format!(
                "{{\"rfilename\": \"{name}\", \"size\": {size}, \"blobId\": \"{}\"}}",
                git_sha1(&served.bytes)
            ),
        }
    };
    let mut all: Vec<String> = files.iter().filter(|(name, _)| *name != NEWER).map(file).collect();
    all.push("{\"rfilename\": \"onnx/model.onnx\", \"size\": 1}".to_owned());
    let commit = if files.contains_key(NEWER) { NEWER } else { COMMIT };
    format!("{{\"sha\": \"{commit}\", \"siblings\": [{}]}}", all.join(", "))
}

struct Bench {
    folder: tempfile::TempDir,
    server: Server,
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: tempfile::tempdir().expect("a folder"), server: start() }
    }

    fn hub(&self) -> Hub {
        Hub::at(self.folder.path()).with_endpoint(&self.server.endpoint)
    }

    fn fetch(&self) -> Result<PathBuf> {
        self.fetch_with(&DownloadOptions::default())
    }

    fn fetch_with(&self, options: &DownloadOptions) -> Result<PathBuf> {
        self.hub().download(&model(), options, &mut |_| {})
    }

    /// Files that were asked for since the last call, and their ranges.
    fn asked(&self) -> Vec<(String, String)> {
        let asked = self.server.asked().into_iter();
        asked.filter(|(path, _)| !path.starts_with("/api")).collect()
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("models--lab--model")
    }

    fn part(&self) -> PathBuf {
        self.root().join("blobs").join(format!("{}.part", hex(&sha2::Sha256::digest(weights()))))
    }
}

fn model() -> ModelName {
    ModelName::parse("lab/model").expect("a name")
}

fn text(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

#[test]
fn a_model_arrives_whole_and_is_found_without_a_network() {
    let bench = Bench::new();
    let mut last = (0, 0);
    let hub = bench.hub();
    let folder = hub
        .download(&model(), &DownloadOptions::default(), &mut |now| {
            assert!(now.bytes >= last.0 && now.bytes <= now.bytes_total, "{now:?}");
            last = (now.bytes, now.bytes_total);
        })
        .expect("arrives");
    assert_eq!(last.0, last.1);
    assert_eq!(text(&folder.join("model.safetensors")), weights());
    assert_eq!(text(&folder.join("1_Pooling/config.json")), b"{}");
    assert!(!folder.join("onnx").exists());
    assert_eq!(hub.offline().find(&model()).expect("found"), folder);
    assert_eq!(text(&bench.root().join("refs/main")), COMMIT.as_bytes());
    assert_eq!(bench.asked().len(), 4);
    // Again: nothing is fetched but the description.
    assert_eq!(bench.fetch().expect("there"), folder);
    assert!(bench.asked().is_empty());
}

#[test]
fn a_connection_that_breaks_off_goes_on_where_it_ended() {
    let bench = Bench::new();
    bench.server.manner("model.safetensors", Manner::Cut(70_000, 2));
    let folder = bench.fetch().expect("arrives");
    assert_eq!(text(&folder.join("model.safetensors")), weights());
    let ranges: Vec<String> = bench
        .asked()
        .into_iter()
        .filter(|(path, _)| path.ends_with("model.safetensors"))
        .map(|(_, range)| range)
        .collect();
    assert_eq!(ranges, ["", "bytes=70000-", "bytes=140000-"]);
}

#[test]
fn what_an_earlier_try_left_is_used() {
    for manner in [Manner::Well, Manner::Whole] {
        let bench = Bench::new();
        bench.server.manner("model.safetensors", Manner::Cut(150_000, 1));
        let token = CancelToken::new();
        let control = Control { cancel: Some(token.clone()), ..Control::default() };
        let options = DownloadOptions { control, ..DownloadOptions::default() };
        let stopped = bench.hub().download(&model(), &options, &mut |now| {
            if now.bytes > 100_000 {
                token.cancel();
            }
        });
        assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
        let left = bench.part().metadata().expect("a part").len();
        assert!((1..200_000).contains(&left), "{left}");
        assert!(bench.hub().find(&model()).is_err(), "a model in part is not found");
        bench.asked();
        bench.server.manner("model.safetensors", manner.clone());
        let folder = bench.fetch().expect("arrives");
        assert_eq!(text(&folder.join("model.safetensors")), weights(), "{manner:?}");
        assert!(bench.asked().iter().any(|(_, range)| *range == format!("bytes={left}-")));
        assert!(!bench.part().exists());
    }
}

#[test]
fn what_the_server_announced_otherwise_is_refused() {
    for (name, manner, words) in [
        ("model.safetensors", Manner::Damaged, "model.safetensors has the checksum"),
        ("config.json", Manner::Damaged, "config.json has the checksum"),
        ("config.json", Manner::TooLong, "config.json is longer than the 18 bytes announced"),
    ] {
        let bench = Bench::new();
        bench.server.manner(name, manner);
        let error = bench.fetch().expect_err("refused").to_string();
        assert!(error.contains("lab/model") && error.contains(words), "{error}");
        assert!(!bench.part().exists() && bench.hub().find(&model()).is_err());
        bench.server.manner(name, Manner::Well);
        bench.fetch().expect("arrives");
    }
}

#[test]
fn a_body_that_stays_short_says_how_far_it_came() {
    let bench = Bench::new();
    bench.server.manner("model.safetensors", Manner::Cut(0, 99));
    let error = bench.fetch().expect_err("short").to_string();
    assert!(error.contains("broke off after 0 of 200000 bytes"), "{error}");
    assert!(error.contains("fetch it by hand"), "{error}");
}

#[test]
fn redirects_are_followed() {
    let bench = Bench::new();
    bench.server.manner("model.safetensors", Manner::Redirect);
    let folder = bench.fetch().expect("arrives");
    assert_eq!(text(&folder.join("model.safetensors")), weights());
    assert!(bench.asked().iter().any(|(path, _)| path == "/cdn/model.safetensors"));
}

#[test]
fn refusals_of_the_server_and_silence_say_what_to_do() {
    let bench = Bench::new();
    for (status, words) in [
        (404, "there is no such file or model"),
        (401, "HF_TOKEN"),
        (503, "the server answers 503"),
    ] {
        bench.server.manner("model.safetensors", Manner::Status(status));
        let error = bench.fetch().expect_err("refused").to_string();
        assert!(error.contains(words) && error.contains("/tree/main"), "{error}");
    }
    let other = ModelName::parse("lab/none").expect("a name");
    let none = bench.hub().download(&other, &DownloadOptions::default(), &mut |_| {});
    let error = none.expect_err("no such model").to_string();
    assert!(error.contains("lab/none") && error.contains("404"), "{error}");

    let hub = bench.hub().with_endpoint(&nobody());
    for hub in [hub, bench.hub().offline()] {
        let error = hub.download(&model(), &DownloadOptions::default(), &mut |_| {});
        let error = error.expect_err("nobody there").to_string();
        for word in ["config.json", "vocab.txt", "model.safetensors", "name that folder"] {
            assert!(error.contains(word), "{error}");
        }
    }
}

#[test]
fn a_budget_is_kept_and_counts_what_is_missing_only() {
    let bench = Bench::new();
    let options = DownloadOptions { budget: Some(100_000), ..DownloadOptions::default() };
    let error = bench.fetch_with(&options).expect_err("too large").to_string();
    assert!(error.contains("200032 bytes are to be fetched, the budget is 100000"), "{error}");
    assert!(bench.asked().is_empty());
    // Of the weights, the last quarter is missing.
    std::fs::create_dir_all(bench.root().join("blobs")).expect("a folder");
    std::fs::write(bench.part(), &weights()[..150_000]).expect("a part");
    bench.fetch_with(&options).expect("fits");
}

#[test]
fn two_processes_do_not_fetch_the_same_file() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.root().join("blobs")).expect("a folder");
    let held = std::fs::File::create(bench.part()).expect("a part");
    held.try_lock().expect("a lock");
    let error = bench.fetch().expect_err("held").to_string();
    assert!(error.contains("another process is fetching model.safetensors"), "{error}");
    drop(held);
    bench.fetch().expect("arrives");
}

#[test]
fn a_newer_commit_is_looked_for_where_there_is_a_network() {
    let bench = Bench::new();
    let refresh = |hub: Hub, model: &ModelName| {
        hub.refresh(model, &DownloadOptions::default(), &mut |_| {}).expect("a folder")
    };
    let first = bench.fetch().expect("arrives");
    assert_eq!(refresh(bench.hub(), &model()), (first.clone(), None));
    bench.server.set(NEWER, Vec::new(), Manner::Well);
    bench.server.set("config.json", b"{\"hidden_size\": 8}".to_vec(), Manner::Well);
    bench.asked();
    // Without a network, and offline, the old one serves.
    let away = bench.hub().with_endpoint(&nobody());
    for (hub, words) in [(away, "cannot be reached"), (bench.hub().offline(), "HF_HUB_OFFLINE")] {
        let (folder, why) = refresh(hub, &model());
        assert_eq!(folder, first);
        assert!(why.as_ref().is_some_and(|why| why.contains(words)), "{why:?}");
    }
    // Only what changed is fetched.
    let (folder, why) = refresh(bench.hub(), &model());
    assert!(folder.ends_with(NEWER) && why.is_none(), "{}: {why:?}", folder.display());
    assert_eq!(text(&folder.join("config.json")), b"{\"hidden_size\": 8}");
    assert_eq!(bench.asked().len(), 1);
    assert_eq!(bench.hub().find(&model()).expect("found"), folder);
    // A commit does not change.
    let fixed = ModelName::parse(&format!("lab/model@{COMMIT}")).expect("a name");
    assert_eq!(refresh(bench.hub(), &fixed), (first, None));
    assert!(bench.server.log.lock().unwrap().is_empty());
    // What is nowhere is an error.
    let other = ModelName::parse("lab/none").expect("a name");
    assert!(bench.hub().refresh(&other, &DownloadOptions::default(), &mut |_| {}).is_err());
}

/// Files whose copying was interrupted, where the file system has no links.
#[test]
fn files_of_another_length_are_not_taken_for_whole() {
    let bench = Bench::new();
    let folder = bench.fetch().expect("arrives");
    let (config, weights_file) = (folder.join("config.json"), folder.join("model.safetensors"));
    std::fs::remove_file(&config).expect("removed");
    std::fs::write(&config, b"{\"hidd").expect("written");
    // What the link points to is cut as well.
    let blob = std::fs::canonicalize(&weights_file).expect("a blob");
    std::fs::write(&blob, &weights()[..1_000]).expect("written");
    let options = DownloadOptions { budget: Some(100_000), ..DownloadOptions::default() };
    let error = bench.fetch_with(&options).expect_err("too large").to_string();
    assert!(error.contains("200000 bytes are to be fetched"), "{error}");
    assert_eq!(bench.fetch().expect("arrives"), folder);
    assert_eq!(text(&config), b"{\"hidden_size\": 4}");
    assert_eq!(text(&weights_file), weights());
}
