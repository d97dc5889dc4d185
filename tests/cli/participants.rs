//! Queries whose judgements are not known yet, and what of a benchmark is read.

use std::fs;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const TOPICS: &str = "<top>\n<num> Number: 1\n<title> aspirin\n<desc> Description:\nexercise for children with asthma\n\
                      <narr> Narrative:\ninsulin in mice\n</top>\n\
                      <top>\n<num> Number: 2\n<title> nothing has zygotes\n</top>\n";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn topics_without_judgements_are_ranked_and_not_measured() {
    let sandbox = Sandbox::with_database();
    sandbox.write("topics.txt", TOPICS);
    let eval = ["eval", "topics.txt", "--database", "db", "--cache", "cache"];
    sandbox.medvec(&eval).expect(2).says(&["no judgements", "--qrels", "--write-runs"]);
    let ranked = |more: &[&str]| {
        sandbox.medvec(&[&eval[..], &["--write-runs", "runs"], more].concat()).expect(0)
    };
    ranked(&[]).shows(&["topics: 4 documents, 2 queries, no judgements", "system   queries"]);
    let run = fs::read_to_string(sandbox.path("runs/topics.lexical.trec")).unwrap();
    let hits: Vec<Vec<&str>> = run.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!((hits[0][0], hits[0][2], hits[0][5]), ("1", "101", "lexical"), "{run}");
    let report = &parsed(&ranked(&["-f", "json"]).out)["tasks"][0];
    assert_eq!((&report["queries"], &report["judgements"]), (&2.into(), &0.into()));
    for system in report["systems"].as_array().unwrap() {
        assert_eq!((&system["measures"], &system["difference"]), (&json!({}), &Value::Null));
    }
    for (format, words) in [
        ("markdown", "| system | queries | p50 ms |"),
        ("latex", "system & queries & p50 ms"),
        ("html", "<th>queries</th>"),
    ] {
        ranked(&["-f", format]).shows(&["no judgements", words]);
    }
    // Judgements that come later measure the same rankings.
    sandbox.write("qrels.txt", "1 0 101 1\n2 0 103 1\n");
    let judged = [&eval[..], &["--qrels", "qrels.txt"]].concat();
    sandbox.medvec(&judged).expect(0).shows(&["2 judgements", "lexical 0 of 2", "0.5000"]);
}

#[test]
fn a_test_set_of_bioasq_becomes_a_submission() {
    let sandbox = Sandbox::with_database();
    let question = |id: &str, body: &str| json!({"id": id, "type": "yesno", "body": body});
    let questions = [question("b1", "Does aspirin prevent cancer?"), question("b2", "Zygotes?")];
    sandbox.write("testset.json", json!({"questions": questions}).to_string());
    let eval = ["eval", "testset.json", "--database", "db", "--compare", "lexical"];
    sandbox.medvec(&eval).expect(2).says(&["--submission FILE"]);
    let made = [&eval[..], &["--submission", "mine.json"]].concat();
    sandbox.medvec(&made).expect(0).shows(&["2 queries, no judgements"]);
    let written = parsed(&fs::read_to_string(sandbox.path("mine.json")).unwrap());
    let written = written["questions"].as_array().unwrap();
    assert_eq!(written.len(), 2, "BioASQ wants every question");
    assert_eq!(written[0]["documents"][0], "http://www.ncbi.nlm.nih.gov/pubmed/101");
    assert_eq!(written[1]["documents"], json!([]));
    // Judgements that were made apart take the place of those in the file.
    sandbox.write("qrels.txt", "b1 0 101 1\n");
    let judged = [&eval[..], &["--qrels", "qrels.txt"]].concat();
    sandbox.medvec(&judged).expect(0).shows(&["1 query, 1 judgement", "BioASQ MAP"]);
}

#[test]
fn what_of_a_benchmark_is_read_can_be_said() {
    let sandbox = Sandbox::with_database();
    sandbox.write("topics.txt", TOPICS);
    let first = |variant: &[&str]| {
        let eval = ["eval", "topics.txt", "--database", "db", "--cache", "cache", "--compare"];
        let more = ["lexical", "--write-runs", "runs"];
        sandbox.medvec(&[&eval[..], &more, variant].concat()).expect(0);
        let run = fs::read_to_string(sandbox.path("runs/topics.lexical.trec")).unwrap();
        run.split(' ').nth(2).unwrap_or_default().to_owned()
    };
    assert_eq!(first(&[]), "101");
    assert_eq!(first(&["--variant", "topic=description"]), "102");
    assert_eq!(first(&["--variant", "topic=narrative"]), "103");

    // The sets of one repository.
    for set in ["eng", "lit"] {
        for (config, line) in [
            ("corpus", r#"{"_id": "d1", "title": "", "text": "asthma in children"}"#),
            ("queries", r#"{"_id": "q1", "text": "asthma"}"#),
            ("qrels", r#"{"query-id": "q1", "corpus-id": "d1", "score": 1}"#),
        ] {
            fs::create_dir_all(sandbox.path(&format!("hub/{set}-{config}"))).unwrap();
            sandbox.write(&format!("hub/{set}-{config}/test-00000-of-00001.jsonl"), line);
        }
    }
    let hub = |more: &[&str]| {
        sandbox
            .medvec(&[&["eval", "hub", "--cache", "cache", "--compare", "lexical"], more].concat())
    };
    hub(&[]).expect(2).says(&["name a subset, one of eng, lit"]);
    hub(&["--variant", "subset=lit"]).expect(0).shows(&["1 query, 1 judgement", "1.0000"]);

    for (variant, words) in [
        ("topic", &["--variant topic", "NAME=VALUE"][..]),
        ("topic=all", &["unknown value `all`", "title, description, narrative, both"]),
        ("tone=shrill", &["unknown option `tone`", "topic, subset, queries"]),
        ("scale=2-1-0", &["hub", "the layout hub has no option `scale`"]),
    ] {
        hub(&["--variant", variant]).expect(2).says(words);
    }
    sandbox.write("qrels.txt", "q1 0 d1 1\n");
    let other = ["--variant", "subset=lit", "--qrels", "qrels.txt"];
    hub(&other).expect(2).says(&["the layout hub has its judgements in its own files"]);
}

#[test]
fn documents_that_are_queries_can_be_left_out_as_beir_does() {
    let sandbox = Sandbox::new();
    sandbox.write("qrels.tsv", "query-id\tcorpus-id\tscore\nd1\td2\t1\n");
    sandbox.write("run.trec", "d1 Q0 d1 1 2.0 a\nd1 Q0 d2 2 1.0 a\n");
    let eval = ["eval", "--qrels", "qrels.tsv", "--run", "run.trec", "--measures", "RR"];
    sandbox.medvec(&eval).expect(0).shows(&["0.5000"]);
    let as_beir = [&eval[..], &["--ignore-identical-ids"]].concat();
    sandbox.medvec(&as_beir).expect(0).shows(&["1.0000"]);
}

#[test]
fn how_much_runs_differ_has_an_interval() {
    let sandbox = Sandbox::new();
    let (mut qrels, mut good, mut bad) = (String::new(), String::new(), String::new());
    // The good run finds every document first, the bad one three of four; the last ten queries neither answers.
    for number in 0..40 {
        qrels.push_str(&format!("q{number} 0 d 1\n"));
        if number < 30 {
            good.push_str(&format!("q{number} Q0 d 1 1.0 good\n"));
            let found = if number % 4 == 0 { "x" } else { "d" };
            bad.push_str(&format!("q{number} Q0 {found} 1 1.0 bad\n"));
        }
    }
    for (name, text) in [("qrels", &qrels), ("good", &good), ("bad", &bad)] {
        sandbox.write(name, text);
    }
    let eval =
        ["eval", "--qrels", "qrels", "--run", "good", "--run", "bad", "--measures", "P@1", "-f"];
    let report = parsed(&sandbox.medvec(&[&eval[..], &["json"]].concat()).expect(0).out);
    let found = &report["tasks"][0]["systems"][1]["difference"];
    let number = |value: &Value| value.as_f64().unwrap();
    // Eight of 40 queries.
    assert!((number(&found["difference"]) + 0.2).abs() < 1e-12, "{found}");
    let (low, high) = (number(&found["interval"][0]), number(&found["interval"][1]));
    assert!(low < -0.25 && low > -0.4 && high < -0.05 && high > -0.15, "{found}");
    let page = sandbox.medvec(&[&eval[..], &["html"]].concat()).expect(0);
    page.shows(&["bad less good in P@1: -0.2000, 95 % of samples between -0."]);
}

#[test]
fn a_corpus_that_cannot_be_read_is_named_by_its_path() {
    let sandbox = Sandbox::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    for (name, corpus, words) in [
        ("first", "{\"_id\": \"d1\", \"text\": \"x\"}\n{\"text\": \"y\"}\n", "line 2: no key"),
        ("second", pointer, "a pointer of Git LFS: fetch the file itself"),
    ] {
        fs::create_dir_all(sandbox.path(&format!("{name}/qrels"))).unwrap();
        sandbox.write(&format!("{name}/corpus.jsonl"), corpus);
        sandbox.write(&format!("{name}/queries.jsonl"), "{\"_id\": \"q1\", \"text\": \"x\"}\n");
        sandbox.write(&format!("{name}/qrels/test.tsv"), "query-id\tcorpus-id\tscore\nq1\td1\t1\n");
        let run = sandbox.medvec(&["eval", name, "--cache", "cache", "--compare", "lexical"]);
        let place = std::path::Path::new(name).join("corpus.jsonl");
        run.expect(2).says(&[&place.display().to_string(), words]);
    }
    sandbox.write("pairs.jsonl", "{\"anchor\": \"heart attack\", \"positive\": \"infarction\"}\n");
    let run = sandbox.medvec(&["eval", "--pairs", "pairs.jsonl", "--cache", "cache"]).expect(2);
    run.says(&["pairs.jsonl", "found pairs: 0 with a score and 1 without"]);
}
