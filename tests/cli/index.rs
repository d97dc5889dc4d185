//! `medvec optimize`, and what other commands say of an index.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, file_name};

/// Documents of the indexed database: a few more than the fewest that are indexed.
const DOCUMENTS: u64 = 10_100;

const TOPICS: [&str; 12] = [
    "asthma",
    "insulin",
    "aspirin",
    "malaria",
    "sepsis",
    "stroke",
    "migraine",
    "anaemia",
    "measles",
    "glaucoma",
    "obesity",
    "psoriasis",
];

const KINDS: [&str; 8] = [
    "a randomised trial",
    "a cohort study",
    "a case report",
    "a review",
    "a model in mice",
    "a survey of nurses",
    "a cost analysis",
    "a genetic study",
];

/// Citations with titles that differ, embedded by the built-in encoder.
fn citations(numbers: std::ops::Range<u64>) -> String {
    let mut lines = String::new();
    for number in numbers {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let topic = |shift: u32| TOPICS[(mixed >> shift) as usize % TOPICS.len()];
        let kind = KINDS[(mixed >> 40) as usize % KINDS.len()];
        let title = format!("{} and {} after {}: {kind}", topic(50), topic(55), topic(60));
        writeln!(lines, "{{\"pmid\": {number}, \"title\": \"{title}\"}}").expect("memory");
    }
    lines
}

/// A sandbox with a copy of the indexed database, which is made once.
fn indexed() -> Sandbox {
    static MADE: OnceLock<Sandbox> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let sandbox = Sandbox::new();
        sandbox.write("docs.jsonl", citations(1..DOCUMENTS + 1));
        sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
        let run = sandbox.medvec(&["optimize", "db"]).expect(0);
        run.shows(&["lists, trained on", "10,100 documents indexed", "segment"]).says(&[
            "recall measured with 512 biomedical sample queries",
            "find fewer than 8 of their 10",
        ]);
        sandbox
    });
    let sandbox = Sandbox::new();
    copy(&made.path("db"), &sandbox.path("db"));
    sandbox
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let from = entry.expect("an entry").path();
        fs::copy(&from, to.join(file_name(&from))).expect("a copy");
    }
}

fn stats(sandbox: &Sandbox) -> Value {
    let run = sandbox.medvec(&["stats", "db", "--format", "json"]).expect(0);
    serde_json::from_str(&run.out).expect("JSON")
}

/// The keys that a search prints, in order.
fn found(sandbox: &Sandbox, options: &[&str]) -> Vec<String> {
    let all = [&["search", "db", "aspirin after stroke", "-f", "pmids"], options].concat();
    sandbox.medvec(&all).expect(0).out.lines().map(str::to_owned).collect()
}

/// What is deleted stays in its file up to a share, which `stats` and `compact` say; a merge leaves it behind.
#[test]
fn what_is_deleted_is_said_to_stay_until_it_goes() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["delete", "db", "102"]).expect(0);
    let stats = sandbox.medvec(&["stats", "db"]).expect(0);
    stats.shows(&["1 row, still stored", "more than a quarter"]);
    let compact = sandbox.medvec(&["compact", "db"]).expect(0);
    compact.shows(&["nothing to do", "1 deleted row kept until"]);
    sandbox.medvec(&["compact", "--help"]).expect(0).shows(&["quarter", "medvec merge"]);
    sandbox.medvec(&["merge", "new", "db"]).expect(0).shows(&["3 new"]);
    assert!(!sandbox.medvec(&["stats", "new"]).expect(0).out.contains("deleted"));
    sandbox.medvec(&["delete", "db", "103"]).expect(0);
    sandbox.medvec(&["compact", "db"]).expect(0).shows(&["2 deleted documents dropped"]);
}

#[test]
fn searches_say_how_they_used_the_index() {
    let sandbox = indexed();
    let ask = |options: &[&str]| {
        let all = [&["search", "db", "aspirin after stroke", "--explain"], options].concat();
        sandbox.medvec(&all).expect(0)
    };
    ask(&["--exact"]).says(&["exact scan of every row", "10,100 scored", "as asked"]);
    // Without a recall nothing is given up for a fraction of a millisecond.
    ask(&[]).says(&["exact scan of every row", "no recall was asked for, and it is quick"]);
    ask(&["--recall", "0.9999"]).says(&["more recall is wanted than was measured"]);
    let run = ask(&["--probes", "3", "--candidates", "50"]);
    let run = run.says(&["3 of", "50 documents to score", "scanned 3 lists", ": index"]);
    assert!(!run.err.contains("wanted"), "{}", run.err);
    // Whichever way is cheaper, the answer has the wanted quality.
    let run = ask(&["--recall", "0.9"]);
    let indexed = run.err.contains("recall 0.9 wanted") && run.err.contains("measured: ");
    assert!(indexed || run.err.contains("exact scan of every row"), "{}", run.err);

    let exact = found(&sandbox, &["--exact", "-k", "20"]);
    let everything = ["--probes", "10000", "--candidates", "20000", "-k", "20"];
    assert_eq!(found(&sandbox, &everything), exact);
    let near = found(&sandbox, &["--recall", "0.99", "-k", "20"]);
    let hits = near.iter().filter(|key| exact.contains(key)).count();
    assert!(near.len() == 20 && hits >= 14, "{hits} of 20");
}

#[test]
fn stats_and_inspect_show_the_index() {
    let sandbox = indexed();
    let run = sandbox.medvec(&["stats", "db"]).expect(0);
    run.shows(&["index", "10,100 vectors in", "lists with copies", "bytes each"])
        .shows(&["measured with 512 biomedical sample queries", "fewer than 8 of their 10"]);
    let index = &stats(&sandbox)["index"];
    let recall = &index["recall"];
    assert_eq!((&recall["source"], &recall["estimate"]), (&json!("sample"), &json!(false)));
    let points = recall["points"].as_array().expect("points");
    assert_eq!((points.len(), &points[3]["recall"]), (9, &json!(0.95)), "{recall}");
    assert!(points.iter().all(|point| point["below_8_of_10"].as_f64() < Some(1.0)), "{recall}");
    assert_eq!(index["vectors"], DOCUMENTS, "{index}");
    assert!(index["lists"].as_u64() > Some(1), "{index}");

    let codebook = file_name(&sandbox.database_file("codebook-"));
    let run = sandbox.medvec(&["inspect", &format!("db/{codebook}")]).expect(0);
    run.shows(&["codebook, format 1.", "centroids", "ranking-codes", "queries"]);
    let run = sandbox.medvec(&["inspect", "db"]).expect(0).shows(&[&codebook, "list-offsets"]);
    let rest = run.out.split("not part of this generation").nth(1).unwrap_or_default();
    assert!(!rest.contains(&codebook), "{}", run.out);
}

#[test]
fn compaction_indexes_what_came_later() {
    let sandbox = indexed();
    sandbox.write("more.jsonl", citations(20_001..21_201));
    sandbox.medvec(&["import", "db", "more.jsonl"]).expect(0);
    assert_eq!(stats(&sandbox)["index"]["vectors"], DOCUMENTS);
    let before = found(&sandbox, &["--exact"]);
    let run = sandbox.medvec(&["compact", "db", "-f", "json"]).expect(0);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&report["rows_indexed"], &report["rows_dropped"]), (&1200.into(), &0.into()));
    assert_eq!(stats(&sandbox)["index"]["vectors"], DOCUMENTS + 1200);
    assert_eq!(found(&sandbox, &["--exact"]), before);
    sandbox.medvec(&["verify", "db"]).expect(0).shows(&["11,300 documents"]);
    sandbox.medvec(&["compact", "db"]).expect(0).shows(&["nothing to do"]);
}

#[test]
fn optimize_can_train_anew_with_queries() {
    let sandbox = indexed();
    sandbox.write("queries.txt", "does aspirin help after stroke?\n\nis obesity inherited?\n");
    let old = sandbox.database_file("codebook-");
    let options = ["optimize", "db", "--retrain", "--lists", "20", "--bits", "2"];
    let run = sandbox.medvec(&[&options[..], &["--queries", "queries.txt"]].concat());
    let run = run.expect(0).shows(&["20 lists, trained on", "10,100 documents indexed"]);
    assert!(run.err.contains("measured with 2 queries"), "{}", run.err);
    let index = stats(&sandbox)["index"].clone();
    assert_eq!((&index["recall"]["source"], &index["lists"]), (&"given".into(), &20.into()));
    let again = sandbox.medvec(&[&options[..2], &["-f", "json"]].concat()).expect(0);
    let report: Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!((&report["lists"], &report["trained_rows"]), (&20.into(), &0.into()));
    assert_eq!(report["recall"], index["recall"]);
    assert!(!old.exists(), "the old codebook is garbage");
    sandbox.medvec(&["verify", "db"]).expect(0);
}

#[test]
fn a_damaged_codebook_costs_the_index_only() {
    let sandbox = indexed();
    let exact = found(&sandbox, &["--exact"]);
    let codebook = sandbox.database_file("codebook-");
    let name = file_name(&codebook);
    let middle = fs::metadata(&codebook).unwrap().len() as usize / 2;
    sandbox.damage(&codebook, middle);
    let run = sandbox.medvec(&["verify", "db"]).expect(2);
    run.says(&[&name, "damaged at byte", "V-0", "medvec repair"]);
    let run = sandbox.medvec(&["repair", "db"]).expect(1);
    run.shows(&[&name, "is damaged", "no document is lost", "medvec optimize", "--apply"]);
    sandbox.medvec(&["repair", "db", "--apply"]).expect(0).shows(&["repaired", "damaged-"]);
    sandbox.medvec(&["verify", "db"]).expect(0).shows(&["10,100 documents"]);
    assert_eq!(found(&sandbox, &[]), exact);
    assert_eq!(stats(&sandbox)["index"], Value::Null);
}

#[test]
fn wrong_use_says_what_would_be_right() {
    let sandbox = Sandbox::with_database();
    sandbox.write("empty.txt", "\n  \n");
    sandbox.medvec(&["import", "bare", "docs.jsonl", "--encoder", "none"]).expect(0);
    let line = "{\"id\": \"a\", \"title\": \"A\", \"vector\": [1, 0, 0]}\n";
    sandbox.write("own.jsonl", line);
    sandbox.medvec(&["import", "own", "own.jsonl", "--encoder", "none"]).expect(0);
    for (arguments, words) in [
        (&["search", "db", "x", "--recall", "1.5"][..], &["--recall", "1.5", "at most 1"][..]),
        (&["search", "db", "x", "--recall", "NaN"], &["--recall", "NaN"]),
        (&["search", "db", "x", "--probes", "0"], &["--probes", "1.."]),
        (&["search", "db", "x", "--candidates", "9"], &["--probes"]),
        (&["search", "db", "x", "--exact", "--recall", "0.9"], &["--exact", "--recall"]),
        (&["optimize", "nowhere"], &["nowhere"]),
        (&["optimize", "bare"], &["no vectors", "nothing to index"]),
        (&["optimize", "own", "--queries", "empty.txt"], &["own making", "needs an encoder"]),
        (&["optimize", "db", "--queries", "empty.txt"], &["empty.txt holds no queries"]),
        (&["optimize", "db", "--queries", "absent.txt"], &["absent.txt"]),
        (&["optimize", "db", "--bits", "3"], &["--bits", "1..=2"]),
    ] {
        let run = sandbox.medvec(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}{}", run.out, run.err);
        run.says(words);
    }
    // Too few for an index: nothing is wrong with that.
    let run = sandbox.medvec(&["optimize", "db"]).expect(0);
    run.shows(&["no index: below 10,000 vectors"]);
    sandbox.medvec(&["search", "db", "aspirin", "--probes", "3"]).expect(0).shows(&["PMID 101"]);
}
