//! Every output format is what it says.

use std::process::Stdio;

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn json_is_one_value_with_stable_names() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "asthma training", "-f", "json"]).expect(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["query"], "asthma training");
    assert_eq!(answer["documents"], 4);
    let hit = &answer["hits"][0];
    assert_eq!(hit["rank"], 1);
    assert_eq!(hit["pmid"], 102);
    assert_eq!(hit["year"], "2018");
    assert!(hit["score"].as_f64().is_some_and(|score| score.is_finite()));
    assert!(hit["sentence"].as_str().is_some_and(|text| text.contains("asthma")));

    let run = sandbox.medvec(&["get", "db", "101", "note-1", "--format", "json"]).expect(0);
    let documents: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(documents[0]["mesh"][0]["name"], "Aspirin");
    assert_eq!(documents[0]["mesh"][0]["qualifiers"][0]["name"], "therapeutic use");
    assert_eq!(documents[1]["fields"]["rating"], 4);
}

#[test]
fn jsonl_has_a_value_on_each_line() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "--mesh", "Humans", "-f", "jsonl"]).expect(0);
    let lines: Vec<Value> =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|hit| hit["score"].is_null()), "a list has no scores");
}

#[test]
fn csv_has_a_header_and_equal_columns() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "insulin", "-f", "csv"]).expect(0);
    let mut lines = run.out.split("\r\n");
    assert_eq!(lines.next(), Some("rank,key,score,year,journal,title,sentence"));
    assert!(lines.next().is_some_and(|line| line.starts_with("1,103,")), "{}", run.out);
    let run = sandbox.medvec(&["get", "db", "101", "-f", "csv"]).expect(0);
    assert!(
        run.out.starts_with("key,year,journal,title,abstract,mesh\r\n101,2011,"),
        "{}",
        run.out
    );
}

#[test]
fn a_numeric_text_key_is_never_taken_for_a_pmid() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", "id,title\n7,cancer trial\n2,cancer trial\n");
    sandbox.write("p.jsonl", "{\"pmid\":7,\"title\":\"asthma review\"}\n");
    sandbox.medvec(&["import", "db", "p.jsonl", "t.csv", "--encoder", "none"]).expect(0);
    let found = sandbox.medvec(&["search", "db", "cancer", "-f", "pmids", "-q"]).expect(0);
    assert_eq!(found.out, "\"2\"\n\"7\"\n");
    let hits = sandbox.medvec(&["search", "db", "cancer", "-f", "csv", "-q"]).expect(0);
    assert!(hits.out.contains("\n2,\"\"\"7\"\"\","), "{}", hits.out);
    let twins = sandbox.medvec(&["search", "db", "7", "-q"]);
    assert!(twins.out.is_empty(), "{}", twins.out);
    for typed in ["2", "\"2\""] {
        sandbox.medvec(&["get", "db", typed]).expect(0).shows(&["\"2\"\n", "cancer trial"]);
    }
    sandbox.medvec(&["get", "db", "7"]).expect(0).shows(&["PMID 7\n", "asthma review"]);
    let deleted = sandbox.medvec_with_input(&["delete", "db", "-"], &found.out).expect(0);
    deleted.shows(&["deleted 2 documents"]);
    sandbox.medvec(&["search", "db", "asthma", "-f", "pmids", "-q"]).expect(0).shows(&["7\n"]);
    sandbox.medvec(&["search", "db", "cancer", "-q"]).expect(1);
}

#[test]
fn keys_of_one_command_feed_the_next() {
    let sandbox = Sandbox::with_database();
    let keys = sandbox.medvec(&["search", "db", "--mesh", "Aspirin", "-f", "pmids"]).expect(0);
    let run = sandbox.medvec_with_input(&["get", "db", "-", "-f", "pmids"], &keys.out).expect(0);
    assert_eq!(run.out, keys.out);
}

#[test]
fn text_has_colours_only_when_asked() {
    let sandbox = Sandbox::with_database();
    let plain = sandbox.medvec(&["get", "db", "101"]).expect(0);
    assert!(!plain.out.contains('\u{1b}'));
    let coloured = sandbox.medvec(&["get", "db", "101", "--color", "always"]).expect(0);
    assert!(coloured.out.contains('\u{1b}'));
}

#[test]
fn explain_goes_to_standard_error() {
    let sandbox = Sandbox::with_database();
    let options = ["search", "db", "insulin", "--mesh", "Mice", "--explain", "-f", "pmids"];
    let run = sandbox.medvec(&options).expect(0);
    assert_eq!(run.out, "103\n");
    run.says(&["encoder   builtin", "exact scan of matching rows", "time"]);
}

#[test]
fn quiet_says_nothing_beside_the_answer() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "insulin", "--quiet"]).expect(0);
    assert_eq!(run.err, "");
}

#[test]
fn completions_exist_for_every_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox.medvec(&["completions", shell]).expect(0);
        assert!(run.out.contains("quickstart"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::with_database();
    let many = "101\n".repeat(20_000);
    sandbox.write("keys", &many);
    for arguments in [&["get", "db", "-"][..], &["get", "db", "-", "-f", "jsonl"]] {
        let input = std::fs::File::open(sandbox.path("keys")).unwrap();
        let mut child = sandbox
            .command(arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert_eq!(err, "");
    }
}
