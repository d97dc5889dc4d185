//! Streams that cannot be written, files that may not grow, folders that others prepared.

use std::fs::{self, OpenOptions};
use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;

/// Standard errors that take nothing: a full disk, and a pipe that nobody reads.
fn useless() -> Vec<Stdio> {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    vec![full.into(), writer.into()]
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_error_that_takes_nothing_changes_no_exit_code() {
    let sandbox = Sandbox::with_database();
    for command in [
        &["search", "db", "aspirin", "--explain"][..],
        &["search", "nowhere", "x"],
        &["search", "db", "--mesh", "nothing such"],
        &["get", "db", "999"],
        &["delete", "db", "999"],
        &["verify", "db", "--progress", "json"],
        &["compact", "db", "--progress", "lines"],
        &["import", "db", "docs.jsonl", "--progress", "bar"],
        &["stats"],
        &["--nonsense"],
    ] {
        let expected = sandbox.medvec(command).code;
        for stderr in useless() {
            let mut child = sandbox.command(command);
            let status = child.stderr(stderr).stdout(Stdio::null()).status().unwrap();
            assert_eq!(status.code(), Some(expected), "{command:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error() {
    let sandbox = Sandbox::with_database();
    for command in [
        &["search", "db", "aspirin"][..],
        &["search", "db", "aspirin", "-f", "json"],
        &["get", "db", "101", "-f", "csv"],
        &["stats", "db"],
        &["encoders", "list", "--no-timing"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
        &["search", "--help"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = sandbox.command(command).stdout(full).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {err}");
        assert!(err.contains("cannot write the output"), "{command:?}: {err}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_size_limit_is_an_error_with_a_name() {
    let sandbox = Sandbox::new();
    let line = format!("{{\"pmid\": 1, \"title\": \"{}\"}}\n", "x ".repeat(200_000));
    sandbox.write("docs.jsonl", line.replace("x ", "ab3 c9d "));
    let medvec = env!("CARGO_BIN_EXE_medvec");
    let script = format!("ulimit -f 1; exec {medvec} import db docs.jsonl --rows f32");
    let folder = sandbox.path(".");
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("large"), "{err}");
    sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_whole_is_named_and_removed() {
    let sandbox = Sandbox::new();
    let words = "word ".repeat(200);
    let line = |pmid: u32| format!("{{\"pmid\": {pmid}, \"title\": \"Number {pmid} {words}\"}}\n");
    sandbox.write("docs.jsonl", (1..=300).map(line).collect::<String>());
    let pairs = (1..=300)
        .map(|pmid| format!("{{\"query\": \"{pmid} {words}\", \"positive\": \"{words}\"}}\n"));
    sandbox.write("pairs.jsonl", pairs.collect::<String>());
    sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
    let medvec = env!("CARGO_BIN_EXE_medvec");
    for (command, file) in [
        ("export db -f jsonl -o out.jsonl", "out.jsonl"),
        (
            "triples pairs.jsonl --positives pairs --database db --range-min 1 --count 1 -o t.jsonl",
            "t.jsonl",
        ),
    ] {
        let script = format!("ulimit -f 8; exec {medvec} {command}");
        let mut limited = Command::new("bash");
        limited.args(["-c", &script]).current_dir(sandbox.path("."));
        let output = limited.output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {err}");
        assert!(err.contains(&format!("cannot write {file}")), "{command}: {err}");
        assert!(!sandbox.path(file).exists(), "{command}");
        assert!(!sandbox.path(&format!("{file}.partial")).exists(), "{command}");
        let arguments: Vec<&str> = command.split(' ').collect();
        sandbox.medvec(&arguments).expect(0);
    }
}

#[cfg(unix)]
#[test]
fn runs_that_were_there_stay_whole_where_others_cannot_be_written() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("small/qrels")).unwrap();
    let line =
        |id: u32| format!("{{\"_id\": \"d{id}\", \"title\": \"Aspirin {id}\", \"text\": \"\"}}\n");
    sandbox.write("small/corpus.jsonl", (1..=500).map(line).collect::<String>());
    sandbox.write("small/queries.jsonl", "{\"_id\": \"q\", \"text\": \"aspirin\"}\n");
    sandbox.write("small/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\td1\t1\n");
    let command = "eval small --compare lexical --cache cache --write-runs runs -f json";
    let eval =
        |more: &[&str]| sandbox.medvec(&[&command.split(' ').collect::<Vec<_>>(), more].concat());
    eval(&["--depth", "400"]).expect(0);
    let run = sandbox.path("runs/small.lexical.trec");
    let before = fs::read(&run).unwrap();
    // The cache has the longer ranking: the run is all that is left to write.
    let more = ["eval", "small", "--compare", "lexical", "--cache", "cache", "--depth", "500"];
    sandbox.medvec(&more).expect(0);
    let medvec = env!("CARGO_BIN_EXE_medvec");
    let script = format!("ulimit -f 8; exec {medvec} {command} --depth 500");
    let mut limited = Command::new("bash");
    let output = limited.args(["-c", &script]).current_dir(sandbox.path(".")).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("cannot write runs/small.lexical.trec"), "{err}");
    assert!(fs::read(&run).unwrap() == before, "the run is cut");
    assert_eq!(fs::read_dir(sandbox.path("runs")).unwrap().count(), 1);
    eval(&["--depth", "500"]).expect(0);
    assert!(fs::read(&run).unwrap().len() > before.len());
}

#[cfg(unix)]
#[test]
fn a_prepared_temporary_folder_is_not_used() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new();
    sandbox.write("precious", "precious");
    let shared = sandbox.path("tmp");
    fs::create_dir(&shared).unwrap();
    let mut child = sandbox
        .command(&["quickstart"])
        .env("TMPDIR", &shared)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Whoever guesses the process's number is as quick as this.
    for name in ["medvec-quickstart", "medvec-sample"] {
        let folder = shared.join(format!("{name}-{}", child.id()));
        fs::create_dir_all(&folder).unwrap();
        let _ = symlink(sandbox.path("precious"), folder.join("ori_pqal.json.gz"));
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::read_to_string(sandbox.path("precious")).unwrap(), "precious");
    let left: Vec<String> = fs::read_dir(&shared)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| {
            !name.starts_with("medvec-quickstart-") && !name.starts_with("medvec-sample-")
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
