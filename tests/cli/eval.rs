//! Benchmarks: systems asked, runs measured, reports.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

const CORPUS: &str = r#"{"_id": "d1", "title": "Aspirin and colorectal cancer", "text": "Daily aspirin lowered the risk of colorectal cancer by a third."}
{"_id": "d2", "title": "Exercise in asthma", "text": "Children with asthma trained twice a week. Lung function improved."}
{"_id": "17", "title": "Insulin in diabetic mice", "text": "Mice without the gene became diabetic. Insulin reversed it."}
{"_id": "d4", "title": "", "text": ""}
"#;

const QUERIES: &str = r#"{"_id": "q1", "text": "does aspirin prevent colorectal cancer"}
{"_id": "q2", "text": "training for children with asthma"}
{"_id": "q3", "text": "diabetic mice"}
{"_id": "q4", "text": "nobody judged this"}
"#;

const QRELS: &str =
    "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td2\t1\nq3\t17\t1\nq3\td4\t0\nq9\td1\t1\n";

fn task() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("small/qrels")).unwrap();
    sandbox.write("small/corpus.jsonl", CORPUS);
    sandbox.write("small/queries.jsonl", QUERIES);
    sandbox.write("small/qrels/test.tsv", QRELS);
    sandbox
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// An import takes `PMID: 4` for the PMID 4, and so do judgements. What is written fits the file that was given.
#[test]
fn judgements_mean_the_keys_that_an_import_makes_of_their_ids() {
    let sandbox = task();
    let corpus = CORPUS.replace("\"d1\"", "\"PMID: 4\"").replace("\"d2\"", "\"0012\"");
    sandbox.write("small/corpus.jsonl", &corpus);
    let qrels = "q1\tPMID: 4\t2\nq2\t0012\t1\nq3\t17.0\t1\nq3\td4\t0\n";
    sandbox.write("small/qrels/test.tsv", format!("query-id\tcorpus-id\tscore\n{qrels}"));
    let eval = ["eval", "small", "--cache", "cache", "--compare", "lexical", "-f", "json"];
    let run = sandbox.medvec(&[&eval[..], &["--write-runs", "runs"]].concat()).expect(0);
    let report = &json(&run.out)["tasks"][0];
    assert_eq!((&report["missing"], &report["queries"]), (&0.into(), &3.into()), "{report}");
    assert_eq!(report["systems"][0]["measures"]["nDCG@10"]["over_judged"], 1.0, "{report}");
    let written = fs::read_to_string(sandbox.path("runs/small.lexical.trec")).unwrap();
    assert!(written.contains("q3 Q0 17.0 1 "), "{written}");
    // A run has no place for a blank.
    assert!(written.contains("q1 Q0 4 1 "), "{written}");
    let again = ["eval", "small", "--run", "runs/small.lexical.trec", "-f", "json"];
    let again = &json(&sandbox.medvec(&again).expect(0).out)["tasks"][0]["systems"][0];
    assert_eq!(again["measures"]["nDCG@10"]["over_judged"], 1.0, "{again}");

    // Positives of training data are found in the same way.
    let triples = ["triples", "small", "--cache", "cache", "--range-min", "1", "-n", "1"];
    let run = sandbox.medvec(&[&triples[..], &["-o", "train.jsonl"]].concat());
    run.says(&["0 not in the database"]);

    // A text may be called so, too; it is named as it is.
    sandbox.write("own.jsonl", r#"{"id": {"text": "17.0"}, "title": "Diabetic mice"}"#);
    sandbox.medvec(&["import", "db", "own.jsonl", "--encoder", "none"]).expect(0);
    sandbox.write("topics.tsv", "q3\tdiabetic mice\n");
    sandbox.write("own.qrels", "q3 0 17.0 1\n");
    let eval = ["eval", "topics.tsv", "--qrels", "own.qrels", "--database", "db", "-f", "json"];
    let run = sandbox.medvec(&[&eval[..], &["--compare", "lexical"]].concat()).expect(0);
    let report = &json(&run.out)["tasks"][0];
    assert_eq!(report["missing"], 0);
    assert_eq!(report["systems"][0]["measures"]["AP"]["over_judged"], 1.0, "{report}");
}

#[test]
fn a_benchmark_is_asked_and_its_runs_measure_the_same() {
    let sandbox = task();
    let eval = ["eval", "small", "--cache", "cache", "-f", "json", "--per-query"];
    let run = sandbox.medvec(&[&eval[..], &["--write-runs", "runs"]].concat()).expect(0);
    let report = &json(&run.out)["tasks"][0];
    assert_eq!((&report["task"], &report["queries"]), (&"small".into(), &3.into()));
    assert_eq!((&report["documents"], &report["judgements"]), (&4.into(), &4.into()));
    let skipped = report["skipped"].as_array().unwrap();
    assert!(skipped.contains(&serde_json::json!(["queries without judgements", 1])), "{report}");
    let systems = report["systems"].as_array().unwrap();
    let names: Vec<&str> = systems.iter().map(|one| one["system"].as_str().unwrap()).collect();
    assert_eq!(names, ["dense", "lexical", "hybrid"]);
    for system in systems {
        let ndcg = &system["measures"]["nDCG@10"];
        assert_eq!(ndcg["over_judged"], 1.0, "{system}");
        assert_eq!(system["per_query"]["q3"]["AP"], 1.0, "{system}");
        assert_eq!(system["difference"].is_null(), system["system"] == "dense");
    }
    // What was written is measured again, against the task and against its judgements alone.
    for against in [&["small"][..], &["--qrels", "small/qrels/test.tsv"]] {
        let runs =
            ["--run", "runs/small.dense.trec", "--run", "runs/small.hybrid.trec", "-f", "json"];
        let again = sandbox.medvec(&[&["eval"], against, &runs].concat()).expect(0);
        let again = &json(&again.out)["tasks"][0]["systems"];
        let mean = |system: &Value| system["measures"]["AP"]["over_returned"].clone();
        assert_eq!((mean(&again[0]), mean(&again[1])), (mean(&systems[0]), mean(&systems[2])));
    }
    // Nothing is imported twice.
    let mut cached = fs::read_dir(sandbox.path("cache")).unwrap();
    let cached = cached.find_map(|entry| Some(entry.unwrap().path()).filter(|path| path.is_dir()));
    let cached = cached.unwrap();
    let files = || {
        let mut names: Vec<_> =
            fs::read_dir(&cached).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    let again = sandbox.medvec(&eval).expect(0);
    assert_eq!(files(), before);
    let values = |text: &str| json(text)["tasks"][0]["systems"][2]["measures"].clone();
    assert_eq!(values(&again.out), values(&run.out));
}

#[test]
fn reports_have_every_form() {
    let sandbox = task();
    let eval = |format: &str| {
        let arguments = ["eval", "small", "--cache", "cache", "--compare", "lexical,hybrid", "-f"];
        sandbox.medvec(&[&arguments[..], &[format]].concat()).expect(0)
    };
    eval("text").shows(&["small: 4 documents, 3 queries, 4 judgements", "lexical", "1.0000"]);
    eval("markdown").shows(&["| system | nDCG@10 |", "| lexical | **1.0000**"]);
    eval("latex").shows(&[
        "\\begin{tabular}{lrrrrrr}",
        "hybrid & \\textbf{1.0000}",
        "\\bottomrule",
    ]);
    let page = eval("html").shows(&["<!doctype html>", "<svg ", ">hybrid</td>", "</html>"]).out;
    assert!(!page.contains("http") && !page.contains("<script"), "nothing is fetched");
    let output = ["eval", "small", "--cache", "cache", "-f", "html", "-o", "report.html"];
    sandbox.medvec(&output).expect(0).says(&["report.html"]);
    sandbox.medvec(&output).expect(2).says(&["report.html"]);
}

#[test]
fn the_index_is_measured_against_exact_search() {
    let sandbox = task();
    let corpus = (0..400).map(|number| {
        let words = ["aspirin cancer", "asthma children", "insulin mice", "stroke risk"];
        let text = format!("{} number {number} {}", words[number % 4], words[number / 100]);
        format!("{{\"_id\": \"x{number}\", \"title\": \"\", \"text\": \"{text}\"}}\n")
    });
    let text: String = [CORPUS.to_owned()].into_iter().chain(corpus).collect();
    sandbox.write("small/corpus.jsonl", text);
    let eval = ["eval", "small", "--cache", "cache", "--compare", "dense", "--index", "-f"];
    let run = sandbox.medvec(&[&eval[..], &["json"]].concat()).expect(0);
    let index = &json(&run.out)["tasks"][0]["indexes"][0];
    assert_eq!(index["queries"], 3);
    let points = |name: &str| index[name].as_array().unwrap().clone();
    // No document of 404 passes a filter of 0.1 %.
    assert_eq!((points("recalls").len(), points("filters").len()), (5, 4));
    assert_eq!(points("filters")[3]["asked"], 0.95);
    assert_eq!(
        (&points("recalls")[0]["asked"], &points("recalls")[0]["found"]),
        (&1.0.into(), &1.0.into())
    );
    for point in points("recalls").iter().chain(&points("filters")) {
        assert!(point["found"].as_f64().unwrap() > 0.5, "{point}");
        assert!(point["queries_per_second"].as_f64().unwrap() > 0.0, "{point}");
    }
    let text = sandbox.medvec(&[&eval[..], &["text"]].concat()).expect(0);
    text.shows(&["index of builtin", "exact", "0.95", "50 %", "1 %", "queries/s"]);
    let page = sandbox.medvec(&[&eval[..], &["html"]].concat()).expect(0);
    page.shows(&["<polyline", "Index of builtin", "10 %"]);
}

#[test]
fn a_database_answers_the_questions_of_others() {
    let sandbox = Sandbox::with_database();
    sandbox.write("topics.tsv", "1\taspirin against cancer\n2\tasthma and exercise\n");
    sandbox.write("qrels.txt", "1 0 101 1\n2 0 102 2\n2 0 note-1 0\n");
    let eval = ["eval", "topics.tsv", "--qrels", "qrels.txt", "--database", "db"];
    let measures = ["--measures", "map,recip_rank,P_1,AP(rel=2)@5", "--compare", "lexical"];
    let run = sandbox.medvec(&[&eval[..], &measures].concat()).expect(0);
    run.shows(&["topics: 4 documents, 2 queries", "P@1", "AP(rel=2)@5", "1.0000"]);
    sandbox.medvec(&eval[..4]).expect(2).says(&["topics.tsv", "--database"]);
    sandbox.medvec(&["eval", "topics.tsv", "--database", "db"]).expect(2).says(&["--qrels"]);
}

#[test]
fn pairs_are_scored_by_their_vectors() {
    let sandbox = Sandbox::new();
    let rows = [
        "aspirin lowered the risk of cancer\taspirin lowered the risk of cancer\t4.0",
        "children with asthma\tasthma in children\t3.5",
        "insulin in diabetic mice\ta trial of exercise\t0.5",
        "aspirin and stroke\tdiabetes in mice\t0",
    ];
    let table = |header: &str| format!("{header}\n{}\n", rows.join("\n"));
    sandbox.write("small.tsv", table("sentence1\tsentence2\tscore"));
    let run = sandbox.medvec(&["eval", "--pairs", "small.tsv", "-f", "json"]).expect(0);
    let report = &json(&run.out)["tasks"][0];
    assert_eq!((&report["kind"], &report["queries"]), (&"pairs".into(), &4.into()));
    for measure in ["Pearson", "Spearman"] {
        let found = report["systems"][0]["measures"][measure]["over_judged"].as_f64().unwrap();
        assert!((0.7..=1.0).contains(&found), "{measure} {found}");
    }
    let text = sandbox.medvec(&["eval", "--pairs", "small.tsv"]).expect(0);
    text.shows(&["small: 4 pairs", "Spearman", "builtin"]);
    sandbox.write("one.tsv", "sentence1\tsentence2\tscore\na\tb\t1\n");
    sandbox.medvec(&["eval", "--pairs", "one.tsv"]).expect(2).says(&["one.tsv"]);
    sandbox.write("bare.tsv", "a\tb\n1\t2\n");
    sandbox.medvec(&["eval", "--pairs", "bare.tsv"]).expect(2).says(&["bare.tsv"]);
}

#[test]
fn questions_of_bioasq_become_a_submission() {
    let sandbox = Sandbox::with_database();
    let question = |id: &str, body: &str, pmid: u32| {
        let address = format!("http://www.ncbi.nlm.nih.gov/pubmed/{pmid}");
        format!(
            "{{\"id\": \"{id}\", \"type\": \"list\", \"body\": \"{body}\", \"documents\": [\"{address}\"]}}"
        )
    };
    let first = question("b1", "Which cancers does aspirin prevent?", 101);
    let second = question("b2", "What helps children with asthma?", 102);
    sandbox.write("test.json", format!("{{\"questions\": [{first}, {second}]}}"));
    let eval = ["eval", "test.json", "--database", "db", "--compare", "lexical"];
    let run = sandbox.medvec(&[&eval[..], &["--submission", "out.json"]].concat()).expect(0);
    run.shows(&["test: 4 documents, 2 queries, 2 judgements", "1.0000"]);
    let written = json(&fs::read_to_string(sandbox.path("out.json")).unwrap());
    let questions = written["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 2);
    assert_eq!(questions[0]["documents"][0], "http://www.ncbi.nlm.nih.gov/pubmed/101");
    assert_eq!((&questions[1]["id"], &questions[1]["type"]), (&"b2".into(), &"list".into()));
}

#[test]
fn bioasq_has_its_own_scores_in_every_report() {
    let sandbox = Sandbox::with_database();
    let question = |id: &str, pmids: &[u32]| {
        let addresses =
            pmids.iter().map(|pmid| format!("http://www.ncbi.nlm.nih.gov/pubmed/{pmid}"));
        let documents: Vec<String> = addresses.collect();
        serde_json::json!({"id": id, "type": "list", "body": "asthma", "documents": documents})
    };
    let questions = [question("b1", &[101, 102]), question("b2", &[103]), question("b3", &[102])];
    sandbox.write("test.json", serde_json::json!({"questions": questions}).to_string());
    sandbox
        .write("run.trec", "b1 Q0 101 1 3 a\nb1 Q0 103 2 2 a\nb1 Q0 102 3 1 a\nb2 Q0 101 1 1 a\n");
    let eval = |format: &str| {
        let arguments =
            ["eval", "test.json", "--database", "db", "--run", "run.trec", "-f", format];
        sandbox.medvec(&[&arguments[..], &["--per-query"]].concat()).expect(0)
    };
    let report = &json(&eval("json").out)["tasks"][0];
    let names = ["BioASQ P", "BioASQ R", "BioASQ F1", "BioASQ MAP", "BioASQ GMAP"];
    assert_eq!(report["own_measures"], serde_json::json!(names));
    let system = &report["systems"][0];
    // b1: P 2/3, R 1, F 0.8, AP (1 + 2/3) / 2; b2: 0; b3 is not answered, which BioASQ leaves out.
    let ap: f64 = 5.0 / 6.0;
    let gmap = |aps: &[f64]| {
        let logs: f64 = aps.iter().map(|ap| (ap + 0.00001).ln()).sum();
        (logs / aps.len() as f64).exp()
    };
    for (name, returned, judged) in [
        (names[0], 1.0 / 3.0, 2.0 / 9.0),
        (names[1], 0.5, 1.0 / 3.0),
        (names[2], 0.4, 0.8 / 3.0),
        (names[3], ap / 2.0, ap / 3.0),
        (names[4], gmap(&[ap, 0.0]), gmap(&[ap, 0.0, 0.0])),
    ] {
        let value = |kind: &str| system["measures"][name][kind].as_f64().unwrap();
        assert!((value("over_returned") - returned).abs() < 1e-12, "{name} {system}");
        assert!((value("over_judged") - judged).abs() < 1e-12, "{name} {system}");
    }
    assert!((system["per_query"]["b1"]["BioASQ MAP"].as_f64().unwrap() - ap).abs() < 1e-12);
    assert!(system["per_query"]["b1"]["AP"].is_number(), "trec_eval's stands beside it");
    for (format, words) in [
        ("text", &["BioASQ's own rules", "BioASQ GMAP", "0.2778"][..]),
        ("markdown", &["| system | BioASQ P | BioASQ R | BioASQ F1 | BioASQ MAP | BioASQ GMAP |"]),
        ("latex", &["system & BioASQ P &", "% documents by BioASQ's own rules"]),
        ("html", &["<th>BioASQ MAP</th>", "<h3>BioASQ GMAP</h3>", "BioASQ's own rules"]),
    ] {
        eval(format).shows(words);
    }
}

#[test]
fn predictions_are_scored_as_pubmedqa_does() {
    let sandbox = Sandbox::new();
    let decisions = [("1", "yes"), ("2", "yes"), ("3", "no"), ("4", "maybe")];
    let entries = decisions.map(|(pmid, decision)| {
        let entry = serde_json::json!({"QUESTION": "Is it?", "CONTEXTS": ["x"], "final_decision": decision});
        (pmid.to_owned(), entry)
    });
    let set: serde_json::Map<String, Value> = entries.into_iter().collect();
    sandbox.write("ori_pqal.json", Value::Object(set).to_string());
    sandbox.write("mine.json", r#"{"4": "yes", "1": "yes", "2": "maybe", "3": "no"}"#);
    sandbox.write("all-yes.json", r#"{"1": "yes", "2": "yes", "3": "yes", "4": "yes"}"#);
    let eval =
        |arguments: &[&str]| sandbox.medvec(&[&["eval", "ori_pqal.json"], arguments].concat());
    let both = ["--predictions", "mine.json", "--predictions", "all-yes.json"];
    let run = eval(&[&both[..], &["-f", "json", "--per-query"]].concat()).expect(0);
    let report = &json(&run.out)["tasks"][0];
    assert_eq!((&report["kind"], &report["queries"]), (&"decisions".into(), &4.into()));
    let value = |system: usize, name: &str| {
        report["systems"][system]["measures"][name]["over_judged"].as_f64().unwrap()
    };
    assert_eq!((value(0, "PubMedQA accuracy"), value(1, "PubMedQA accuracy")), (0.5, 0.5));
    // scikit-learn's f1_score(average="macro"): of yes, no and maybe 0.5, 1, 0 and 2/3, 0, 0.
    assert!((value(0, "PubMedQA macro F1") - 0.5).abs() < 1e-12);
    assert!((value(1, "PubMedQA macro F1") - 2.0 / 9.0).abs() < 1e-12);
    assert_eq!(report["systems"][0]["per_query"]["3"]["PubMedQA accuracy"], 1.0);
    assert_eq!(report["systems"][0]["per_query"]["4"]["PubMedQA accuracy"], 0.0);
    let text = eval(&both).expect(0);
    text.shows(&["ori_pqal: 4 questions with a decision", "mine", "all-yes", "0.5000", "0.2222"]);
    for (format, words) in [("markdown", "| PubMedQA macro F1 |"), ("html", "PubMedQA accuracy of")]
    {
        eval(&[&both[..], &["-f", format]].concat()).expect(0).shows(&[words]);
    }
    // The test set alone.
    sandbox.write("test_ground_truth.json", r#"{"1": "yes", "3": "no"}"#);
    sandbox.write("two.json", r#"{"1": "yes", "3": "no"}"#);
    let split = ["--split", "test", "--predictions", "two.json"];
    eval(&split).expect(0).shows(&["2 questions", "1.0000"]);

    for (predictions, words) in [
        (
            r#"{"1": "yes", "2": "yes", "3": "no"}"#,
            &["bad.json, whole file", "no prediction for 4"][..],
        ),
        (
            "{\"1\": \"yes\",\n\"9\": \"no\"}",
            &["bad.json, line 2", "`9` is not a question of the task"],
        ),
        (
            r#"{"1": "Yes"}"#,
            &["bad.json, line 1", "unknown decision `Yes` of 1 (expected yes, no, maybe)"],
        ),
        (r#"{"1": "yes", "1": "no"}"#, &["line 1", "twice"]),
        (r#"["yes"]"#, &["line 1", "expected a JSON object"]),
        ("", &["bad.json", "empty"]),
    ] {
        sandbox.write("bad.json", predictions);
        eval(&["--predictions", "bad.json"]).expect(2).says(words);
    }
    eval(&["--predictions", "nowhere.json"]).expect(2).says(&["nowhere.json"]);
    eval(&["--predictions", "mine.json", "--run", "x"]).expect(2).says(&["--predictions"]);
    let other = task();
    other.write("mine.json", r#"{"q1": "yes"}"#);
    let refused = other.medvec(&["eval", "small", "--predictions", "mine.json"]).expect(2);
    refused.says(&["small has no decisions", "PubMedQA"]);
}

#[test]
fn what_was_asked_is_not_asked_again() {
    let sandbox = task();
    let eval = ["eval", "small", "--cache", "cache", "--compare", "lexical,hybrid"];
    let first = sandbox.medvec(&eval).expect(0);
    assert!(!first.out.contains("asked now"), "{}", first.out);
    let again = sandbox.medvec(&[&eval[..], &["--measures", "RR"]].concat()).expect(0);
    again.shows(&["asked now, which times are of: lexical 0 of 3, hybrid 0 of 3", " RR", " -"]);
    for format in ["markdown", "latex", "html"] {
        sandbox.medvec(&[&eval[..], &["-f", format]].concat()).expect(0).shows(&["hybrid 0 of 3"]);
    }
    let fresh = sandbox.medvec(&[&eval[..], &["--fresh"]].concat()).expect(0);
    assert!(!fresh.out.contains("asked now"), "{}", fresh.out);
}

/// Nobody works for hours to be told then that a name is taken.
#[test]
fn names_are_free_before_anything_is_asked() {
    let sandbox = task();
    let eval = |more: &[&str]| {
        let usual = ["eval", "small", "--compare", "lexical", "--cache", "cache"];
        sandbox.medvec(&[&usual[..], more].concat()).expect(2)
    };
    sandbox.write("taken", "");
    eval(&["-o", "taken"]).says(&["taken", "exists"]);
    eval(&["--submission", "taken"]).says(&["taken", "exists"]);
    fs::create_dir(sandbox.path("other")).unwrap();
    eval(&["no-such-task", "--write-runs", "runs"]).says(&["no-such-task"]);
    for part in ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"] {
        let [from, to] =
            ["small", "other/small"].map(|folder| sandbox.path(&format!("{folder}/{part}")));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
    eval(&["other/small", "--write-runs", "runs"]).says(&["two tasks are called `small`"]);
    // What another run writes, or one that was killed has left.
    fs::create_dir(sandbox.path("left")).unwrap();
    sandbox.write("left/small.lexical.trec.partial", "");
    eval(&["--write-runs", "left"]).says(&["small.lexical.trec.partial", "delete it"]);
    assert!(!sandbox.path("cache").exists(), "nothing was imported");
    assert!(!sandbox.path("runs").exists());
    eval(&["--reranker", "nowhere"]).says(&["--reranker sorts for `reranked` alone"]);
}

/// A judgement of a PMID is none of a text of the same digits.
#[test]
fn a_judged_pmid_is_not_a_text_that_looks_like_it() {
    let sandbox = task();
    sandbox.write(
        "twins.jsonl",
        "{\"pmid\": 17, \"title\": \"Stroke\"}\n{\"id\": {\"text\": \"17\"}, \"title\": \"Aspirin\"}\n",
    );
    sandbox.medvec(&["import", "db", "twins.jsonl"]).expect(0);
    sandbox.write("small/queries.jsonl", "{\"_id\": \"q3\", \"text\": \"aspirin\"}\n");
    let eval = ["eval", "small", "--database", "db", "--cache", "cache", "--compare", "lexical"];
    let options = ["--write-runs", "runs", "-f", "json"];
    let run = sandbox.medvec(&[&eval[..], &options].concat()).expect(0);
    let written = fs::read_to_string(sandbox.path("runs/small.lexical.trec")).unwrap();
    assert!(written.starts_with("q3 Q0 \"17\" 1 "), "{written}");
    let system = &json(&run.out)["tasks"][0]["systems"][0];
    assert_eq!(system["measures"]["RR"]["over_judged"], 0.0, "{system}");
}

#[test]
fn runs_are_written_under_names_of_their_own() {
    let sandbox = task();
    sandbox.write("a.trec", "q1 Q0 d1 1 1 mine\n");
    sandbox.write("b.trec", "q1 Q0 d2 1 1 mine\n");
    sandbox.write("c.trec", "q1 Q0 d1 1 1 x/../../out\n");
    let eval = |more: &[&str]| {
        sandbox.medvec(&[&["eval", "small", "--write-runs", "runs", "--run"], more].concat())
    };
    eval(&["a.trec"]).expect(0).shows(&["small: 3 queries", "nDCG@10"]);
    eval(&["a.trec", "--run", "b.trec"]).expect(2).says(&["runs/small.mine.trec"]);
    fs::create_dir(sandbox.path("runs/small.x")).unwrap();
    eval(&["c.trec"]).expect(2).says(&["small.x/../../out.trec"]);
    assert!(!sandbox.path("out.trec").exists());
    eval(&["a.trec", "--submission", "s.json"]).expect(2).says(&["--submission"]);
    eval(&["a.trec", "--index"]).expect(2).says(&["--index"]);
    let run = eval(&["a.trec", "--measures", "RR,AP,RR", "-f", "json"]).expect(0);
    assert_eq!(json(&run.out)["tasks"][0]["measures"], serde_json::json!(["RR", "AP"]));
}

#[test]
fn broken_benchmarks_are_refused_with_their_place() {
    let sandbox = task();
    let eval = |arguments: &[&str]| {
        sandbox.medvec(&[&["eval"], arguments, &["--cache", "cache"]].concat()).expect(2)
    };
    eval(&["nowhere"]).says(&["nowhere"]);
    eval(&["small", "--measures", "nDCG@0"]).says(&["nDCG", "at least 1"]);
    eval(&["small", "--measures", "accuracy"]).says(&["accuracy"]);
    eval(&["small", "--split", "train"]).says(&["train"]);
    eval(&["small", "--compare", "reranked"]).says(&["--reranker"]);
    eval(&["small", "--encoder", "no-such-model"]).says(&["no-such-model"]);
    eval(&["small", "--depth", "0"]).says(&["--depth", "0"]);
    eval(&["small", "--measures", ""]).says(&["unknown name"]);
    for (run, words) in [
        ("", &["twice.trec", "the file is empty"][..]),
        ("q7 Q0 d1 1 1 a\n", &["no query of the run `a` has a judgement in small"]),
        ("q1 Q0 d1 1 -inf a\n", &["line 1", "not finite"]),
        ("\u{feff}q1 Q0 d1 1 1 a\r\nq1 Q0 d1 2 1 a\r\n", &["line 2", "twice"]),
        ("q1 Q0 d1 1 0.5 a\nq1 Q0 d1 2 0.4 a\n", &["twice.trec", "line 2", "twice"][..]),
        ("q1 Q0 d1 1 NaN a\n", &["line 1", "NaN"]),
        ("q1 Q0 d1 1\n", &["line 1", "columns"]),
    ] {
        sandbox.write("twice.trec", run);
        eval(&["small", "--run", "twice.trec"]).says(words);
    }
    sandbox.write("run.trec", "q1 Q0 d1 1 1 a\n");
    for (qrels, words) in [
        ("", &["qrels.txt", "the file is empty"][..]),
        ("q1 0 d1 1\r\n\r\nq1 0 d1 2\r\n", &["qrels.txt", "line 3", "grade 1 before"]),
        ("q1 0 d1 1.5\n", &["line 1", "`1.5` is not a whole number"]),
        ("q1\td1\n", &["line 1", "expected 4 columns"]),
    ] {
        sandbox.write("qrels.txt", qrels);
        eval(&["--qrels", "qrels.txt", "--run", "run.trec"]).says(words);
    }
    eval(&["--qrels", "small", "--run", "run.trec"]).says(&["small", "found a folder"]);
    sandbox.write("small/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\thigh\n");
    eval(&["small"]).says(&["test.tsv", "line 2", "high"]);
    sandbox.write(
        "small/queries.jsonl",
        "{\"_id\": \"q1\", \"text\": \"a\"}\n{\"_id\": \"q1\", \"text\": \"b\"}\n",
    );
    eval(&["small"]).says(&["queries.jsonl", "line 2", "q1"]);
}

#[test]
fn what_does_not_match_is_counted() {
    let sandbox = task();
    sandbox.write(
        "small/qrels/test.tsv",
        format!("{QRELS}q1\tnowhere\t1\nq2\tnowhere\t2\nq2\tgone\t0\n"),
    );
    let eval = ["eval", "small", "--cache", "cache", "--compare", "lexical"];
    let asked = sandbox.medvec(&[&eval[..], &["--measures", "R@10"]].concat()).expect(0);
    asked.shows(&["7 judgements, 1 relevant document is not there", "0.6667"]);
    // A byte order mark, ends of lines of Windows and packing change nothing.
    let run = "\u{feff}q1 Q0 d1 1 1 mine\r\n\r\nq8 Q0 d1 1 1 mine\r\n";
    sandbox.write("run.trec", run);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, run.as_bytes()).unwrap();
    sandbox.write("run.trec.gz", packer.finish().unwrap());
    for name in ["run.trec", "run.trec.gz"] {
        let measured = sandbox.medvec(&["eval", "small", "--run", name, "--measures", "R@10"]);
        measured.expect(0).shows(&[
            "passed over: queries of the run mine without judgements (1)",
            "mine    0.1667",
        ]);
    }
}

#[test]
fn submissions_are_scored_as_bioasq_does() {
    let sandbox = Sandbox::new();
    let place = |pmid: u32, begin: u32, end: u32| {
        format!(
            "{{\"document\": \"http://www.ncbi.nlm.nih.gov/pubmed/{pmid}\", \"beginSection\": \"abstract\", \
             \"endSection\": \"abstract\", \"offsetInBeginSection\": {begin}, \"offsetInEndSection\": {end}}}"
        )
    };
    let file = |name: &str, snippet: &str| {
        let question = format!(
            "{{\"questions\": [{{\"id\": \"a\", \"body\": \"Which?\", \"type\": \"list\", \"documents\": [\
             \"http://www.ncbi.nlm.nih.gov/pubmed/1\"], \"snippets\": [{snippet}]}}]}}"
        );
        sandbox.write(name, &question);
    };
    file("gold.json", &place(1, 0, 39));
    file("mine.json", &place(1, 30, 49));
    let eval = |more: &[&str]| sandbox.medvec(&[&["eval", "gold.json"], more].concat());
    let report = eval(&["--submitted", "mine.json", "--format", "json"]).expect(0);
    let measures = json(&report.out)["tasks"][0]["systems"][0]["measures"].clone();
    let value = |name: &str| measures[name]["over_judged"].as_f64().expect(name);
    assert_eq!(value("BioASQ MAP"), 1.0);
    for (name, expected) in
        [("BioASQ snippet P", 0.5), ("BioASQ snippet R", 0.25), ("BioASQ snippet MAP", 0.5)]
    {
        assert_eq!(value(name), expected, "{name}");
    }
    eval(&["--submitted", "mine.json", "--run", "x"]).expect(2).says(&["--submitted"]);
    eval(&["--submitted", "nowhere.json"]).expect(2).says(&["nowhere.json"]);
}
