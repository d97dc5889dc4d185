//! Ctrl-C during an import or an export: nothing half, and the next run ends it.

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

const DOCUMENTS: u64 = 60_000;

#[test]
fn an_interrupted_import_resumes() {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for number in 1..=DOCUMENTS {
        writeln!(lines, "{{\"pmid\": {number}, \"title\": \"Citation {number}\"}}").unwrap();
    }
    sandbox.write("many.jsonl", lines);
    let child = sandbox
        .command(&["import", "db", "many.jsonl", "--encoder", "none"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The database is made after the signal handler is set and before the first record is read.
    let started = Instant::now();
    while !sandbox.path("db/LOCK").exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "the import did not start");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert!(err.contains("nothing committed is lost"), "{err}");

    sandbox.medvec(&["import", "db", "many.jsonl"]).expect(0);
    sandbox.medvec(&["verify", "db"]).expect(0).shows(&["60,000 documents"]);
    sandbox.medvec(&["import", "db", "many.jsonl"]).expect(0).shows(&["imported before"]);
    interrupted_export(&sandbox);
}

/// What was written of a file is gone, and nothing is in the way of the next run.
fn interrupted_export(sandbox: &Sandbox) {
    let export = ["export", "db", "-f", "jsonl", "-o", "out.jsonl"];
    let child = sandbox.command(&export).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !sandbox.path("out.jsonl.partial").exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "the export did not start");
        assert!(!sandbox.path("out.jsonl").exists(), "a file appears when it is whole");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert!(!sandbox.path("out.jsonl").exists() && !sandbox.path("out.jsonl.partial").exists());
    sandbox.medvec(&export).expect(0).says(&["exported 60,000 documents"]);
}
