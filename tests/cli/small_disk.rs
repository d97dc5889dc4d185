//! A file system that fills up at every stage of everything that writes: what was committed stays, and the next run,
//! with room, does the whole.
//!
//! Linux mounts one in memory for this test where it may; elsewhere, and where mounting is not allowed, the test says
//! so and `MEDVEC_SMALL_DISK` names a folder on a small file system. `MEDVEC_SMALL_DISK_STEPS` says how many sizes
//! are tried per command, `MEDVEC_SMALL_DISK_ROWS` how many documents there are.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use medvec::{Control, Database, Document, Key};

use crate::sandbox::Sandbox;

/// Bytes that are written at once while a disk is filled.
const PIECE: usize = 64 * 1024;

/// A file system that a round must not run on by mistake, in bytes.
const LARGE: u64 = 1 << 30;

type Contents = BTreeMap<Key, Document>;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn contents(database: &Path) -> Contents {
    let snapshot = Database::open(database).expect("opens").snapshot();
    snapshot.verify(&Control::default()).expect("what was committed is sound");
    let documents = snapshot.documents().map(|document| document.expect("reads"));
    documents.map(|document| (document.key.clone(), document)).collect()
}

/// JSON lines of documents of an edition.
fn lines(numbers: impl Iterator<Item = u64>, edition: u64) -> String {
    let line = |number: u64| {
        let words: Vec<String> = (0..60)
            .map(|word| format!("{:x}", (number * 7919 + word * 104_729) % 65_521))
            .collect();
        format!(
            "{{\"pmid\": {number}, \"title\": \"Title {number}, edition {edition}\", \"abstract\": \"{}\"}}\n",
            words.join(" ")
        )
    };
    numbers.map(line).collect()
}

/// An update file of NLM's with other titles.
fn update(numbers: impl Iterator<Item = u64>) -> String {
    let article = |number: u64| {
        format!(
            "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{number}</PMID><Article><ArticleTitle>\
             Title {number} of NLM</ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
        )
    };
    let articles: String = numbers.map(article).collect();
    format!("<PubmedArticleSet>\n{articles}</PubmedArticleSet>\n")
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("makes a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copies");
    }
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").metadata().expect("metadata").len()).sum()
}

/// Fills a disk but for some bytes.
fn fill(folder: &Path, free: u64) -> PathBuf {
    let path = folder.join("ballast");
    let mut file = File::create(&path).expect("makes a file");
    let piece = vec![1; PIECE];
    let mut written = 0u64;
    while let Ok(count) = file.write(&piece) {
        written += count as u64;
        assert!(written < LARGE, "the file system at {} is not small", folder.display());
    }
    file.set_len(written.saturating_sub(free)).expect("shortens it");
    path
}

struct Stage<'a> {
    command: Vec<&'a str>,
    /// Whether it changes no document.
    keeps: bool,
}

struct Bench {
    /// On a disk with room.
    inputs: Sandbox,
    /// On the small one.
    disk: PathBuf,
}

impl Bench {
    /// Runs a command on a copy of the base, with more and more room.
    fn run(&self, stage: &Stage<'_>, steps: u64) {
        let base = contents(&self.inputs.path("base"));
        let whole = {
            let sandbox = self.copy();
            sandbox.medvec(&stage.command).expect(0);
            contents(&sandbox.path("db"))
        };
        assert!(!stage.keeps || whole == base);
        let room = 2 * bytes_of(&self.inputs.path("base"));
        let (mut refused, mut done) = (0, 0);
        for step in 0..=steps {
            let sandbox = self.copy();
            let ballast = fill(&self.disk, room * step / steps);
            let run = sandbox.medvec(&stage.command);
            fs::remove_file(ballast).expect("removes");
            let found = contents(&sandbox.path("db"));
            match run.code {
                0 => done += 1,
                2 => {
                    refused += 1;
                    assert!(
                        run.err.contains("o space left") || run.err.contains("disk"),
                        "{}",
                        run.err
                    );
                }
                code => panic!("{:?} exits with {code}: {}", stage.command, run.err),
            }
            let is_expected = |key: &Key, document: &Document| {
                base.get(key) == Some(document) || whole.get(key) == Some(document)
            };
            assert!(found.iter().all(|(key, document)| is_expected(key, document)));
            assert!(
                base.keys().all(|key| found.contains_key(key)),
                "{:?} loses some",
                stage.command
            );
            if run.code == 2 {
                let again = sandbox.medvec(&stage.command);
                assert!(again.code < 2, "{:?} does not go on: {}", stage.command, again.err);
            }
            assert_eq!(contents(&sandbox.path("db")), whole);
        }
        assert!(refused > 0 && done > 0, "{:?}: {refused} refused, {done} done", stage.command);
        println!("{:?}: {refused} refused, {done} done", stage.command[0]);
    }

    /// A copy of the base on the small disk.
    fn copy(&self) -> Sandbox {
        let sandbox = Sandbox::within(&self.disk);
        copy_folder(&self.inputs.path("base"), &sandbox.path("db"));
        sandbox
    }
}

fn every_stage(disk: &Path) {
    let rows = number("MEDVEC_SMALL_DISK_ROWS", 400);
    let steps = number("MEDVEC_SMALL_DISK_STEPS", 6);
    let inputs = Sandbox::new();
    let import = |database: &str, lines: &str, more: &[&str]| {
        inputs.write("lines.jsonl", lines);
        inputs.medvec(&[&["import", database, "lines.jsonl"], more].concat()).expect(0);
    };
    // Several segments, and some without their vectors.
    for part in 0..4 {
        let numbers = part * rows / 4 + 1..=(part + 1) * rows / 4;
        import("base", &lines(numbers, 0), if part == 3 { &["--defer"] } else { &[] });
    }
    import("other", &lines(rows / 2..rows + rows / 2, 1), &[]);
    copy_folder(&inputs.path("base"), &inputs.path("later"));
    let since = Database::open(inputs.path("base")).expect("opens").snapshot().generation();
    import("later", &lines(rows / 2..rows + rows / 2, 2), &[]);
    let since = since.0.to_string();
    inputs.medvec(&["diff", "later", "--since", &since, "-o", "delta"]).expect(0);
    inputs.write("more.jsonl", lines(rows / 2..rows + rows / 2, 3));
    fs::create_dir(inputs.path("nlm")).expect("makes");
    inputs.write("nlm/pubmed26n0001.xml", update(1..=rows));
    let [more, nlm, other, delta] = ["more.jsonl", "nlm", "other", "delta"]
        .map(|name| inputs.path(name).to_str().expect("UTF-8").to_owned());
    let changes = |command| Stage { command, keeps: false };
    let keeps = |command| Stage { command, keeps: true };
    let stages = [
        changes(vec!["import", "db", &more, "--commit-every", "100"]),
        changes(vec!["sync", "db", &nlm, "--commit-every", "100"]),
        changes(vec!["merge", "db", &other]),
        changes(vec!["apply", "db", &delta]),
        keeps(vec!["embed", "db"]),
        keeps(vec!["compact", "db"]),
        keeps(vec!["optimize", "db"]),
        keeps(vec!["backup", "db", "copy"]),
    ];
    let bench = Bench { inputs, disk: disk.to_owned() };
    for stage in &stages {
        bench.run(stage, steps);
    }
}

#[test]
fn a_disk_that_fills_up_loses_nothing() {
    if let Some(disk) = std::env::var_os("MEDVEC_SMALL_DISK") {
        return every_stage(Path::new(&disk));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let megabytes = 16 + number("MEDVEC_SMALL_DISK_ROWS", 400) / 50;
    let mount = format!(
        "mount -t tmpfs -o size={megabytes}m tmpfs \"$MEDVEC_SMALL_DISK\" || exit 77; exec \"$0\" \"$@\""
    );
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &mount])
        .arg(std::env::current_exe().expect("this binary"))
        .args(["small_disk::a_disk_that_fills_up_loses_nothing", "--exact", "--nocapture"])
        .env("MEDVEC_SMALL_DISK", folder.path())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            print!("{}", String::from_utf8_lossy(&output.stdout));
        }
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output) => println!(
            "not run: no file system can be mounted here ({}); MEDVEC_SMALL_DISK names a small one",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
        Err(error) => println!("not run: {error}; MEDVEC_SMALL_DISK names a small file system"),
    }
}
