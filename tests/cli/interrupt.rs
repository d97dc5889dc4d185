//! Ctrl-C during an import: nothing half, and the next run ends it.

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
}
