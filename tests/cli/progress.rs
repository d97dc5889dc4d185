//! How far commands are: lines in a pipe, JSON for programs, a bar on a terminal, nothing when quiet.

use std::fmt::Write;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Two segments of documents that wait for their vectors.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for part in 0..2 {
        let mut lines = String::new();
        for number in 1..=300 {
            let pmid = part * 1_000 + number;
            writeln!(lines, "{{\"pmid\": {pmid}, \"title\": \"Aspirin in trial {pmid}\"}}")
                .unwrap();
        }
        let name = format!("part-{part}.jsonl");
        sandbox.write(&name, lines);
        sandbox.medvec(&["import", "db", &name, "--defer", "-q"]).expect(0);
    }
    sandbox
}

/// Every command that takes long, with what it counts.
const LONG: [(&[&str], &str, u64); 5] = [
    (&["embed", "db"], "embedding", 600),
    (&["verify", "db"], "checking", 600),
    (&["compact", "db"], "merging segments", 0),
    (&["optimize", "db", "--retrain"], "", 0),
    (&["import", "db", "part-0.jsonl", "part-1.jsonl"], "", 0),
];

#[test]
fn programs_read_json() {
    let sandbox = sandbox();
    for (command, stage, total) in LONG {
        let run = sandbox.medvec(&[command, &["-q", "--progress", "json"]].concat()).expect(0);
        let lines: Vec<Value> = run
            .err
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        assert!(lines.len() >= 2, "{command:?}: {}", run.err);
        for line in &lines {
            for field in ["stage", "unit", "done", "total", "elapsed", "eta", "finished"] {
                assert!(line.get(field).is_some(), "{command:?}: no {field} in {line}");
            }
        }
        assert!(lines.iter().rev().skip(1).all(|line| line["finished"] == false));
        assert_eq!(lines.last().unwrap()["finished"], true, "{command:?}");
        if total > 0 {
            let counted = lines.iter().any(|line| line["stage"] == stage && line["total"] == total);
            assert!(counted, "{command:?}: {}", run.err);
        }
    }
}

/// What counts to its end says so, also where the number of documents is no round one.
#[test]
fn the_last_line_is_at_the_end() {
    let sandbox = sandbox();
    let ends = |command: &[&str], code| {
        let run = sandbox.medvec(&[command, &["-q", "--progress", "json"]].concat()).expect(code);
        let lines = run.err.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines: Vec<Value> = lines.filter(|line| !line["total"].is_null()).collect();
        let last = lines.iter().rfind(|line| line["total"] != 0);
        let last = last.unwrap_or_else(|| panic!("{command:?} counts nothing: {}", run.err));
        assert_eq!(last["done"], last["total"], "{command:?}: {}", run.err);
    };
    ends(&["embed", "db"], 0);
    ends(&["backup", "db", "copy"], 0);
    sandbox.medvec(&["delete", "db", "1"]).expect(0);
    for (command, code) in [
        (&["export", "db", "-f", "jsonl", "-o", "out.jsonl"][..], 0),
        (&["export", "db", "-f", "npy", "-o", "out.npy"], 0),
        (&["export", "db", "-f", "beir", "-o", "out"], 0),
        (&["duplicates", "db"], 1),
        (&["pack", "db", "out.tar"], 0),
        (&["diff", "db", "--base", "copy", "-o", "new.tar"], 0),
        (&["unpack", "out.tar", "unpacked"], 0),
        (&["apply", "copy", "new.tar"], 0),
        (&["triples", "db", "--positives", "citations", "-o", "t.jsonl"], 1),
    ] {
        ends(command, code);
    }
}

#[test]
fn pipes_get_a_line_and_the_quiet_nothing() {
    let sandbox = sandbox();
    for (command, _, _) in LONG {
        let quiet = sandbox.medvec(&[command, &["-q"]].concat()).expect(0);
        assert_eq!(quiet.err, "", "{command:?}");
        let none = sandbox.medvec(&[command, &["--progress", "none"]].concat()).expect(0);
        assert!(!none.err.contains("merging") && !none.err.contains("checking"), "{}", none.err);
    }
    let verified = sandbox.medvec(&["verify", "db"]).expect(0);
    assert!(verified.err.contains("checking: 600 of 600 documents (100 %)"), "{}", verified.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_a_bar_with_a_size() {
    let sandbox = sandbox();
    let medvec = env!("CARGO_BIN_EXE_medvec");
    for (command, _, _) in LONG {
        let line = format!("{medvec} {}", command.join(" "));
        let output = std::process::Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(sandbox.path("."))
            .env("TERM", "xterm")
            .output();
        let Ok(output) = output else {
            println!("skipped: there is no `script` to make a terminal");
            return;
        };
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{shown}");
        assert!(!shown.contains("0/0") && !shown.contains("0 of 0"), "{command:?}: {shown}");
    }
}
