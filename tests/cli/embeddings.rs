//! Vectors and benchmarks that leave a database, and come back.

use std::fs;

use serde_json::Value;

use crate::sandbox::{DOCUMENTS, Sandbox};

const FORMATS: [(&str, &str); 4] = [
    ("npy", "v.npy"),
    ("safetensors", "v.safetensors"),
    ("fvecs", "v.fvecs"),
    ("parquet", "v.parquet"),
];

/// Exports as numpy's array: the array and its ids.
fn array(sandbox: &Sandbox, database: &str, name: &str) -> (Vec<u8>, String) {
    let file = format!("{name}.npy");
    sandbox.medvec(&["export", database, "-f", "npy", "-o", &file]).expect(0);
    let read = |file: &str| fs::read(sandbox.path(file)).unwrap();
    (read(&file), String::from_utf8(read(&format!("{name}.ids"))).unwrap())
}

#[test]
fn vectors_come_back_from_every_format() {
    let sandbox = Sandbox::with_database();
    let (vectors, ids) = array(&sandbox, "db", "first");
    assert_eq!(ids, "101\n102\n103\nnote-1\n");
    for (format, file) in FORMATS {
        let export = ["export", "db", "-f", format, "-o", file];
        if format == "parquet" && !cfg!(feature = "parquet") {
            sandbox.medvec(&export).expect(2).says(&["feature `parquet`"]);
            continue;
        }
        let run = sandbox.medvec(&export).expect(0);
        run.says(&[
            "exported",
            "4 vectors of",
            file,
            "made by builtin",
            "cosine (length 1)",
            "int8",
        ]);
        sandbox.medvec(&export).expect(2).says(&[file]);
        let copy = format!("copy-{format}");
        let import = ["import", &copy, file, "--origin", "builtin", "--metric", "cosine"];
        sandbox.medvec(&import).expect(0).shows(&["4 new", "4 vectors"]);
        // Rows that are read back are stored again bit for bit.
        assert_eq!(array(&sandbox, &copy, format), (vectors.clone(), ids.clone()), "{format}");
        let _ = fs::remove_file(sandbox.path("v.ids"));
    }
    // Vectors of this encoder join documents that have none.
    sandbox.medvec(&["import", "bare", "docs.jsonl", "--defer"]).expect(0);
    let none = sandbox.medvec(&["export", "bare", "-f", "npy", "-o", "none.npy"]).expect(1);
    none.says(&["left out: 4 documents without a vector"]);
    sandbox.medvec(&["import", "bare", "first.npy", "--encoder", "builtin"]).expect(0);
    assert_eq!(array(&sandbox, "bare", "joined"), (vectors, ids));
    sandbox.medvec(&["search", "bare", "asthma", "--mode", "dense"]).expect(0);
}

#[test]
fn filters_choose_whose_vectors_leave() {
    let sandbox = Sandbox::with_database();
    let export = ["export", "db", "--mesh", "Humans", "-f", "fvecs", "-o", "humans.fvecs"];
    sandbox.medvec(&export).expect(0).says(&["3 vectors of", "ids to humans.ids"]);
    let ids = fs::read_to_string(sandbox.path("humans.ids")).unwrap();
    assert_eq!(ids, "101\n102\nnote-1\n");
    let bytes = fs::read(sandbox.path("humans.fvecs")).unwrap();
    let dimension = i32::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    assert_eq!(bytes.len(), 3 * (4 + 4 * dimension));
    let none = ["export", "db", "--year", "1900", "-f", "npy", "-o", "none.npy"];
    sandbox.medvec(&none).expect(1).says(&["no document passes"]);
    assert!(!sandbox.path("none.npy").exists() && !sandbox.path("none.ids").exists());
    let names = fs::read_dir(sandbox.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains("partial")));
}

#[test]
fn exports_and_arrays_that_do_not_fit_are_refused() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["export", "db", "-f", "npy"]).expect(2).says(&["--output FILE"]);
    sandbox.medvec(&["export", "db", "-f", "beir"]).expect(2).says(&["--output FOLDER"]);
    let queries = ["export", "db", "--queries", "x", "-f", "npy", "-o", "v.npy"];
    sandbox.medvec(&queries).expect(2).says(&["--format beir only"]);
    let qrels = ["export", "db", "--qrels", "x", "-f", "beir", "-o", "set"];
    sandbox.medvec(&qrels).expect(2).says(&["--queries"]);
    let plain = Sandbox::with_texts(DOCUMENTS);
    let vectors = ["export", "db", "-f", "fvecs", "-o", "v.fvecs"];
    plain.medvec(&vectors).expect(2).says(&["created without vectors"]);

    let import = |file: &str| sandbox.medvec(&["import", "new", file, "--origin", "x"]).expect(2);
    let tensors = r#"{"a": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}, "b": {"dtype": "F32", "shape": [1, 1], "data_offsets": [4, 8]}}"#;
    let framed = [&(tensors.len() as u64).to_le_bytes()[..], tensors.as_bytes(), &[0; 8]].concat();
    sandbox.write("two.safetensors", framed);
    import("two.safetensors").says(&["two.safetensors, the header: 2 tensors", "`a`, `b`"]);
    sandbox.write("cut.fvecs", [2, 0, 0, 0, 1, 2, 3]);
    import("cut.fvecs").says(&["cut.fvecs, the whole file: 7 bytes"]);
    sandbox.write("alone.fvecs", [1, 0, 0, 0, 0, 0, 128, 63]);
    import("alone.fvecs").says(&["alone.fvecs", "alone.ids"]);
    sandbox.write("alone.ids", "1\n2\n");
    import("alone.fvecs").says(&["alone.ids, the whole list: 2 ids, but alone.fvecs holds 1"]);
}

/// Documents whose texts have all that ends a cell or a line elsewhere.
const BREAKS: &str = r#"{"pmid": 101, "title": "Aspirin\tand \"cancer\"", "abstract": "One line.\nAnother\tone\r\nof aspirin.", "rating": 4, "tags": ["a", "b"]}
{"id": "note 1", "title": "Asthma, in children", "abstract": "Lungs \u2028 and breath."}
{"pmid": 103, "title": "Only a title"}
"#;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_database_becomes_a_benchmark_and_comes_back() {
    let sandbox = Sandbox::with_texts(BREAKS);
    sandbox.write("topics.tsv", "q1\taspirin cancer\nq2\tlungs\nq3\tnothing judged\n");
    sandbox.write("judged.qrels", "q1 0 PMID:101 2\nq1 0 103.0 0\nq2 0 999 1\nq9 0 101 1\n");
    let export = ["export", "db", "-f", "beir", "-o", "set", "--queries", "topics.tsv"];
    let run = sandbox.medvec(&[&export[..], &["--qrels", "judged.qrels"]].concat()).expect(0);
    run.says(&["exported", "3 documents to set", "3 queries, 3 judgements; 1 judged and not"])
        .says(&["passed over: judgements of unknown queries (1)"]);
    let corpus = fs::read_to_string(sandbox.path("set/corpus.jsonl")).unwrap();
    let lines: Vec<Value> = corpus.lines().map(json).collect();
    assert_eq!(lines[0]["_id"], "101");
    assert_eq!(lines[0]["title"], "Aspirin\tand \"cancer\"");
    assert_eq!(lines[0]["text"], "One line.\nAnother\tone\r\nof aspirin.");
    assert_eq!(lines[0]["metadata"], json(r#"{"rating": 4, "tags": ["a", "b"]}"#));
    assert_eq!((&lines[2]["text"], &lines[2]["metadata"]), (&"".into(), &json("{}")));
    let qrels = fs::read_to_string(sandbox.path("set/qrels/test.tsv")).unwrap();
    assert_eq!(qrels, "query-id\tcorpus-id\tscore\nq1\t101\t2\nq1\t103\t0\nq2\t999\t1\n");

    let eval = ["eval", "set", "--cache", "cache", "--compare", "lexical", "-f", "json"];
    let report = &json(&sandbox.medvec(&eval).expect(0).out)["tasks"][0];
    assert_eq!((&report["documents"], &report["queries"]), (&3.into(), &2.into()));
    assert_eq!(report["judgements"], 3);

    sandbox.medvec(&["import", "copy", "set/corpus.jsonl", "--encoder", "none"]).expect(0);
    for (database, file) in [("db", "db.jsonl"), ("copy", "copy.jsonl")] {
        sandbox.medvec(&["export", database, "-o", file]).expect(0);
    }
    let all = |file: &str| fs::read_to_string(sandbox.path(file)).unwrap();
    assert_eq!(all("copy.jsonl"), all("db.jsonl"));
    // The folder is itself queries with judgements, and is not replaced.
    let again = ["export", "copy", "-f", "beir", "-o", "again", "--queries", "set"];
    sandbox.medvec(&again).expect(0).says(&["2 queries, 3 judgements"]);
    assert_eq!(all("again/corpus.jsonl"), corpus);
    assert_eq!(all("again/qrels/test.tsv"), qrels);
    sandbox.medvec(&again).expect(2).says(&["again"]);
    let plain = ["export", "copy", "-f", "beir", "-o", "plain", "--year", "1900"];
    sandbox.medvec(&plain).expect(1).says(&["no document passes"]);
    assert!(!sandbox.path("plain").exists() && !sandbox.path("plain.partial").exists());
    sandbox.write("other.qrels", "z 0 101 2\n");
    let other = ["export", "db", "-f", "beir", "-o", "other", "--queries", "topics.tsv"];
    let run = sandbox.medvec(&[&other[..], &["--qrels", "other.qrels"]].concat()).expect(2);
    run.says(&["other.qrels", "no judgement is of a query here"]);
}

#[test]
fn keys_that_are_no_strings_are_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", "{\"id\": {\"text\": \"17\"}, \"title\": \"sepsis\"}\n");
    sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
    let beir = ["export", "db", "-f", "beir", "-o", "set"];
    sandbox.medvec(&beir).expect(2).says(&["set/corpus.jsonl", "the key \"17\""]);
    assert!(!sandbox.path("set").exists() && !sandbox.path("set.partial").exists());
    sandbox.medvec(&["export", "db", "-f", "npy", "-o", "v.npy"]).expect(0);
    sandbox.medvec(&["import", "copy", "v.npy", "--origin", "builtin"]).expect(0);
    let document = sandbox.medvec(&["export", "copy"]).expect(0);
    document.shows(&["{\"id\":{\"text\":\"17\"}}"]);
}
