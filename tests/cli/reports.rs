//! What every command says to programs: with `--format json`, one JSON document on standard output.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// Commands without `--format json`, and why.
const WITHOUT: [(&str, &str); 4] = [
    ("quickstart", "a tour for people"),
    ("triples", "writes training data to files; --stats writes what was found as JSON"),
    ("encode", "writes a line of JSON for each line, or a matrix"),
    ("completions", "writes a script"),
];

/// A run of every other command, and its exit code; each finds what those before it left.
const RUNS: [(&str, i32); 33] = [
    ("import db docs.jsonl", 0),
    ("sync db --status", 1),
    ("embed db", 0),
    ("search db aspirin", 0),
    ("count db aspirin", 0),
    ("strategy run db lines.txt", 0),
    ("get db 101", 0),
    ("similar db 101", 0),
    ("duplicates db", 1),
    ("export db", 0),
    ("stats db", 0),
    ("verify db", 0),
    ("repair db", 0),
    ("inspect db", 0),
    ("backup db copy", 0),
    ("pack db db.tar", 0),
    ("unpack db.tar unpacked", 0),
    ("delete db 102", 0),
    ("delete db 102", 1),
    ("diff db --base copy -o new.tar", 0),
    ("apply copy new.tar", 0),
    ("merge all db", 0),
    ("compact db", 0),
    ("optimize db", 0),
    ("eval small --cache cache --compare lexical", 0),
    ("encoders list --no-timing --known sapbert", 0),
    ("fetch lab/model", 0),
    ("distill --teacher builtin --corpus docs.jsonl --dimension 2 --steps 2 --vocabulary 50", 0),
    ("mesh show Asthma", 0),
    ("mesh search asthma", 0),
    ("mesh tree C04", 0),
    ("mesh diff mesh2031.tsv --later mesh2031.tsv", 1),
    ("mesh import db mesh2031.tsv", 0),
];

/// Runs the binary with a cache of models of our own.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(arguments);
    command.env("HF_HUB_CACHE", sandbox.path("hub")).env("HF_HUB_OFFLINE", "1");
    let output = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("an exit code");
    Run { code, out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command with `--format json` and reads what it says.
#[track_caller]
fn report(sandbox: &Sandbox, line: &str, code: i32) -> Value {
    let arguments: Vec<&str> = line.split(' ').chain(["--format", "json"]).collect();
    let run = run(sandbox, &arguments);
    let value = serde_json::from_str(&run.out);
    let value = value.unwrap_or_else(|error| panic!("{line}: {error}\n{}\n{}", run.out, run.err));
    run.expect(code);
    value
}

/// The commands below one, those without commands of their own, as their help lists them.
fn commands(sandbox: &Sandbox, above: &[&str], found: &mut Vec<String>) {
    let help = run(sandbox, &[above, &["-h"]].concat()).expect(0).out;
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        found.push(above.join(" "));
        return;
    };
    for line in list.lines().take_while(|line| !line.is_empty()) {
        // The second line of a description begins further to the right.
        let name = line.strip_prefix("  ").and_then(|rest| rest.split(' ').next());
        if let Some(name) = name.filter(|name| !name.is_empty() && *name != "help") {
            commands(sandbox, &[above, &[name]].concat(), found);
        }
    }
}

#[test]
fn every_command_reports_as_one_json_document() {
    let sandbox = Sandbox::new();
    let mut all = Vec::new();
    commands(&sandbox, &[], &mut all);
    assert!(all.len() >= 36 && all.iter().any(|name| name == "mesh import"), "{all:?}");
    let mut silent = BTreeSet::new();
    for name in &all {
        let words = name.split(' ').chain(["--format", "no-such"]).collect::<Vec<_>>();
        let refused = run(&sandbox, &words).expect(2).err;
        let values = refused.split_once("[possible values: ").map_or("", |(_, values)| values);
        if !values.split([',', ' ', ']']).any(|value| value == "json") {
            silent.insert(name.as_str());
        } else if !["search", "get", "similar", "export", "eval"].contains(&name.as_str()) {
            assert!(values.starts_with("text, json]"), "{name} offers what it refuses: {values}");
        }
    }
    assert_eq!(silent, WITHOUT.iter().map(|(name, _)| *name).collect());

    sandbox.write("docs.jsonl", documents());
    sandbox.write("lines.txt", "1. aspirin\n");
    sandbox.write("mesh2031.tsv", "mesh_id\tmesh_name\ttree\nD900001\tThings\tA01\n");
    for folder in
        ["small/qrels", "hub/models--lab--model/refs", "hub/models--lab--model/snapshots/a"]
    {
        fs::create_dir_all(sandbox.path(folder)).expect("a folder");
    }
    sandbox
        .write("small/corpus.jsonl", "{\"_id\": \"d\", \"title\": \"Aspirin\", \"text\": \"\"}\n");
    sandbox.write("small/queries.jsonl", "{\"_id\": \"q\", \"text\": \"aspirin\"}\n");
    sandbox.write("small/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\td\t1\n");
    sandbox.write("hub/models--lab--model/refs/main", "a");
    sandbox.write("hub/models--lab--model/snapshots/a/config.json", "{}");
    let mut unseen: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    unseen.retain(|name| !silent.contains(name));
    for (line, code) in RUNS {
        let value = report(&sandbox, line, code);
        assert!(value.is_object() || value.is_array(), "{line}: {value}");
        unseen.retain(|name| !line.starts_with(&format!("{name} ")));
        let csv = format!("{line} --format csv");
        if !["search", "get", "similar", "export"].iter().any(|name| line.starts_with(name)) {
            run(&sandbox, &csv.split(' ').collect::<Vec<_>>()).expect(2);
        }
    }
    assert!(unseen.is_empty(), "never run: {unseen:?}");
}

/// Enough to distil an encoder from.
fn documents() -> String {
    let words = ["aspirin", "cancer", "asthma", "insulin", "mice", "sleep", "heart"];
    let line = |number: usize| {
        let word = |at: usize| words[number / 7_usize.pow(at as u32 % 3) % 7];
        let title = format!("{} and {}, {number}", word(0), word(1));
        let sentence = (0..12).map(word).collect::<Vec<_>>().join(" ");
        let pmid = 101 + number;
        format!(
            "{{\"pmid\": {pmid}, \"title\": \"{title}\", \"text\": \"{sentence}. {sentence}.\"}}\n"
        )
    };
    (0..150).map(line).collect()
}

#[test]
fn an_import_reports_what_its_text_says() {
    let sandbox = Sandbox::with_database();
    sandbox.write(
        "more.jsonl",
        "{\"pmid\": 101, \"title\": \"New\"}\n{\"title\": 1}\n{\"pmid\": 9}\n",
    );
    sandbox.write("README.txt", "Read me.");
    let line = "import db docs.jsonl more.jsonl README.txt --keep-going --quiet";
    let found = report(&sandbox, line, 0);
    let names = ["generation", "files", "files_known", "added", "replaced", "skipped", "broken"];
    let values = [3, 1, 1, 1, 1, 1, 0];
    for (name, value) in names.into_iter().zip(values) {
        assert_eq!(found[name], value, "{name}: {found}");
    }
    assert_eq!(found["others"], json!(["README.txt"]));
    let problems = found["problems"].as_array().expect("a list");
    assert!(problems.len() == 1 && problems[0].as_str().unwrap().contains("more.jsonl, line 2"));
    sandbox.write("cut.jsonl", "");
    let broken = report(&sandbox, "import db more.jsonl cut.jsonl --keep-going", 2);
    assert_eq!((&broken["broken"], &broken["files_known"]), (&1.into(), &1.into()));
    // An error is said on standard error, and nothing on standard output.
    let failed = run(&sandbox, &["import", "db", "cut.jsonl", "-f", "json"]).expect(2);
    assert_eq!(failed.out, "");
    failed.says(&["cut.jsonl", "empty"]);
    let csv = run(&sandbox, &["import", "other", "docs.jsonl", "-f", "csv"]).expect(2);
    csv.says(&["[possible values: text, json]"]);
    assert!(!sandbox.path("other").exists());
}

#[test]
fn what_waits_is_embedded_and_what_is_deleted_is_dropped() {
    let sandbox = Sandbox::with_database();
    sandbox.write("more.jsonl", "{\"pmid\": 7, \"title\": \"Asthma in children\"}\n");
    let import = report(&sandbox, "import db more.jsonl --defer", 0);
    assert_eq!((&import["added"], &import["encoded"]), (&1.into(), &0.into()));
    let embedded = report(&sandbox, "embed db", 0);
    assert_eq!((&embedded["encoded"], &embedded["pending"]), (&1.into(), &0.into()));
    let deleted = report(&sandbox, "delete db 101 102 PMC5", 0);
    assert_eq!(deleted["deleted"], 2);
    let problems = deleted["problems"].as_array().expect("a list");
    assert!(problems.len() == 1 && problems[0].as_str().unwrap().contains("`PMC5`"));
    let compacted = report(&sandbox, "compact db", 0);
    let stats = report(&sandbox, "stats db", 0);
    assert_eq!(compacted["segments_after"], stats["segments"].as_array().unwrap().len());
    for (name, value) in [("rows_dropped", 2.into()), ("generation", stats["generation"].clone())] {
        assert_eq!(compacted[name], value, "{name}: {compacted}");
    }
    assert_eq!(compacted["recall"], Value::Null);
    let optimized = report(&sandbox, "optimize db", 0);
    assert_eq!((&optimized["lists"], &optimized["drifted"]), (&0.into(), &false.into()));
    let verified = report(&sandbox, "verify db --quick", 0);
    assert_eq!(verified["documents"], stats["documents"]);
    assert_eq!(verified["superseded"], false);

    sandbox.write("mesh2031.tsv", "mesh_id\tmesh_name\ttree\nD900001\tThings\tA01\n");
    let own = report(&sandbox, "mesh import db mesh2031.tsv", 0);
    assert_eq!(own["mesh"], report(&sandbox, "stats db", 0)["mesh"]);
    let built_in = json!({"mesh": null, "changed": true});
    assert_eq!(report(&sandbox, "mesh import db --builtin", 0), built_in);
    assert_eq!(report(&sandbox, "mesh import db --builtin", 0)["changed"], false);
}

#[test]
fn damage_is_listed_repaired_and_brought_back() {
    let sandbox = Sandbox::with_database();
    let whole = report(&sandbox, "inspect db", 0);
    let names: Vec<&str> = whole["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["manifest-00000002", "segment-00000001"]);
    let segment = report(&sandbox, "inspect db/segment-00000001", 0);
    assert_eq!(segment, whole["files"][1]);
    let length = fs::metadata(sandbox.path("db/segment-00000001")).unwrap().len();
    assert_eq!((&segment["kind"], &segment["bytes"]), (&"segment".into(), &length.into()));
    assert!(segment["sections"].as_array().unwrap().iter().all(|one| one["bytes"].is_u64()));

    let clean = report(&sandbox, "repair db", 0);
    assert_eq!((&clean["clean"], &clean["documents"]), (&true.into(), &4.into()));
    sandbox.damage(&sandbox.path("db/segment-00000001"), 100);
    let failed = run(&sandbox, &["verify", "db", "-f", "json"]).expect(2);
    assert_eq!(failed.out, "");
    let found = report(&sandbox, "repair db", 1);
    assert_eq!((&found["clean"], &found["published"]), (&false.into(), &Value::Null));
    let damaged = &found["segments"][0];
    assert_eq!((&damaged["id"], &damaged["rows"]), (&1.into(), &4.into()), "{found}");
    let repaired = report(&sandbox, "repair db --apply", 0);
    assert_eq!(repaired["published"], report(&sandbox, "stats db", 0)["generation"]);
    let undone = report(&sandbox, "repair db --undo", 0);
    assert_eq!(undone["undone"], repaired["published"]);
    assert!(!undone["restored"].as_array().unwrap().is_empty());
}
