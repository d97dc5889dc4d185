//! Training data: every kind of negatives and every format, against expectations made by hand.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// Documents 1 to 12 have `aspirin` 13 - N times in an abstract of 13 words, so that the word ranks them in this order.
/// Documents 20 to 25 do not have it. Document 2 is document 1 again, by its DOI.
///
/// ```text
/// 1 -> 20, 21     20 -> 1, 21, 22, 23, 99     21 -> 22, 24     22 -> 25
/// ```
fn documents() -> String {
    let headings = |number: usize| match number {
        1 => json!(["*Asthma", "Humans"]),
        6 => json!(["Asthma"]),
        7 => json!(["*Bronchitis"]),
        8 => json!(["*Asthma, Exercise-Induced"]),
        9 => json!(["*Insulin", "Humans"]),
        10 => json!(["*Asthma", "Bronchitis"]),
        11 => json!(["Bronchial Diseases"]),
        12 => json!(["Humans"]),
        _ => json!([]),
    };
    let cited = |pmids: &[u32]| -> Value {
        let one = |pmid: &u32| json!({"ids": [{"kind": "pubmed", "value": pmid.to_string()}]});
        pmids.iter().map(one).collect()
    };
    let mut lines = String::new();
    let mut write = |document: Value| writeln!(lines, "{document}").unwrap();
    for number in 1..=12 {
        let text = passage(number, "|");
        let (title, text) = text.split_once('|').unwrap();
        let mut document = json!({
            "pmid": number, "title": title, "abstract": text, "mesh": headings(number),
            "year": 2000 + number,
        });
        match number {
            1 => {
                document["doi"] = "10.1000/One".into();
                document["references"] = cited(&[20, 21]);
            }
            2 => document["doi"] = "10.1000/one".into(),
            _ => {}
        }
        write(document);
    }
    for (number, references) in
        [(20, &[1, 21, 22, 23, 99][..]), (21, &[22, 24]), (22, &[25]), (24, &[]), (25, &[])]
    {
        let title = format!("Study {number}");
        write(
            json!({"pmid": number, "title": title, "abstract": "Other words.", "references": cited(references)}),
        );
    }
    write(json!({"pmid": 23, "year": 2010}));
    lines
}

/// A database by words alone, with queries and judgements about it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_texts(&documents());
    sandbox.write("topics.tsv", "q1\taspirin\nq2\taspirin\nq3\tplacebo\n");
    sandbox.write("qrels.txt", "q1 0 1 2\nq1 0 3 1\nq1 0 5 0\nq1 0 99 1\nq2 0 1 1\nq3 0 77 1\n");
    sandbox
}

/// Asks for the negatives of the topics, those that rank highest.
fn triples(sandbox: &Sandbox, arguments: &[&str]) -> (Run, String, Value) {
    for name in ["out", "stats.json"] {
        let _ = fs::remove_file(sandbox.path(name));
    }
    let usual =
        ["triples", "topics.tsv", "--qrels", "qrels.txt", "--database", "db", "--sampling", "top"];
    let files = ["-o", "out", "--stats", "stats.json"];
    let run = sandbox.medvec(&[&usual[..], &files, arguments].concat());
    let read = |name| fs::read_to_string(sandbox.path(name)).unwrap_or_default();
    let stats = serde_json::from_str(&read("stats.json")).unwrap_or_default();
    (run, read("out"), stats)
}

/// Title and abstract of one of the documents 1 to 12.
fn passage(number: usize, between: &str) -> String {
    let letter = char::from(b'a' + number as u8 - 1);
    let text = format!("{}{}", "aspirin ".repeat(13 - number), "placebo ".repeat(number));
    format!("Report {letter}{between}{}", text.trim())
}

/// Positives and negatives of a query, from the lines of triplet-ids.
fn ids(out: &str, query: &str) -> (Vec<String>, Vec<String>) {
    let (mut positives, mut negatives) = (Vec::new(), Vec::new());
    for line in out.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 3, "{line}");
        for (cell, list) in [(cells[1], &mut positives), (cells[2], &mut negatives)] {
            if cells[0] == query && !list.contains(&cell.to_owned()) {
                list.push(cell.to_owned());
            }
        }
    }
    (positives, negatives)
}

/// The negatives that the options give a query.
#[track_caller]
fn negatives(sandbox: &Sandbox, query: &str, arguments: &[&str]) -> Vec<String> {
    let (run, out, _) = triples(sandbox, &[&["-f", "triplet-ids"], arguments].concat());
    assert!(run.code < 2, "{}", run.err);
    ids(&out, query).1
}

const WINDOW: [&str; 6] = ["--range-min", "2", "--range-max", "6", "-n", "3"];

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_window_of_ranks_without_what_is_relevant_or_the_same_work() {
    let sandbox = sandbox();
    let (run, out, stats) = triples(&sandbox, &[&WINDOW[..], &["-f", "triplet-ids"]].concat());
    // Ranks 2 to 6 are documents 2 to 6; 2 is 1 again and 3 is positive.
    let run = run.expect(0).says(&["wrote 9 rows", "3 queries: 2 with positives, 1 without"]);
    assert_eq!(
        out,
        "q1\t1\t4\nq1\t1\t5\nq1\t1\t6\nq1\t3\t4\nq1\t3\t5\nq1\t3\t6\nq2\t1\t3\nq2\t1\t4\nq2\t1\t5\n"
    );
    assert_eq!(run.out, "");
    let mined = &stats["mined"];
    for (name, expected) in [
        ("queries", json!(3)),
        ("with_positives", json!(2)),
        ("without_positives", json!(1)),
        ("positives", json!(3)),
        ("positives_missing", json!(2)),
        ("negatives", json!(6)),
        ("negatives_by_kind", json!({"bm25": 6})),
        ("negatives_per_query", json!({"3": 2})),
    ] {
        assert_eq!(mined[name], expected, "{name}: {mined}");
    }
    assert_eq!(
        (&mined["dropped"]["relevant"], &mined["dropped"]["duplicates"]),
        (&1.into(), &2.into())
    );
    assert_eq!(stats["written"], json!({"rows": 9, "incomplete": 0, "ungraded": 0}));
    // Of a higher level there are fewer positives, and no other negatives.
    let (_, out, _) =
        triples(&sandbox, &[&WINDOW[..], &["-f", "triplet-ids", "--level", "2"]].concat());
    let one = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&out, "q1"), (one(&["1"]), one(&["4", "5", "6"])));
    assert_eq!(ids(&out, "q2"), Default::default());
    let (_, out, _) =
        triples(&sandbox, &[&WINDOW[..], &["-f", "triplet-ids", "--positives-max", "1"]].concat());
    assert_eq!(ids(&out, "q1").0, ["1"]);
}

#[test]
fn guards_drop_what_scores_too_high() {
    let sandbox = sandbox();
    let search = ["search", "db", "aspirin", "--mode", "lexical", "-k", "12", "-f", "json"];
    let found: Value = serde_json::from_str(&sandbox.medvec(&search).expect(0).out).unwrap();
    let hits = found["hits"].as_array().unwrap();
    let score = |rank: usize| hits[rank - 1]["score"].as_f64().unwrap();
    assert_eq!(hits[11]["pmid"], 12, "the ranking that all tests here count on: {found}");
    let between = |rank: usize| (score(rank) + score(rank + 1)) / 2.0;
    let guarded = |option: &str, value: f64| {
        let value = value.to_string();
        let window = ["--range-min", "2", "--range-max", "9", "-n", "3"];
        negatives(&sandbox, "q1", &[&window[..], &[option, &value]].concat())
    };
    assert_eq!(guarded("--max-score", between(5)), ["6", "7", "8"]);
    // The lowest positive is document 3.
    assert_eq!(guarded("--margin", score(3) - between(6)), ["7", "8", "9"]);
    assert_eq!(guarded("--margin", 0.0), ["4", "5", "6"]);
    assert_eq!(guarded("--relative-margin", 1.0 - between(7) / score(3)), ["8", "9"]);
    let (_, _, stats) = triples(
        &sandbox,
        &["--range-min", "4", "--range-max", "9", "--max-score", &between(5).to_string()],
    );
    assert_eq!(stats["mined"]["dropped"]["max_score"], 4, "documents 4 and 5, of two queries");
}

#[test]
fn a_cross_encoder_has_the_last_word() {
    let Some(cross) = crate::encoders::model("bert-cross") else { return };
    let cross = cross.to_str().unwrap();
    let sandbox = sandbox();
    let score = |number: usize| -> f64 {
        let pair = json!({"text": "aspirin", "text_pair": passage(number, ". ")}).to_string();
        let encoded = sandbox.medvec_with_input(&["encode", cross, "--input", "-"], &pair);
        let encoded: Value = serde_json::from_str(encoded.expect(0).out.trim()).unwrap();
        encoded["score"].as_f64().unwrap()
    };
    let scores: Vec<(usize, f64)> = (4..=9).map(|number| (number, score(number))).collect();
    let below = |limit: f64| -> Vec<String> {
        let low = scores.iter().filter(|(_, score)| *score <= limit);
        low.map(|(number, _)| number.to_string()).collect()
    };
    let found = |more: &[&str]| {
        let usual = ["--range-min", "2", "--range-max", "9", "--reranker", cross];
        negatives(&sandbox, "q1", &[&usual[..], more].concat())
    };
    let mut sorted: Vec<f64> = scores.iter().map(|(_, score)| *score).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = (sorted[2] + sorted[3]) / 2.0;
    assert_eq!(below(middle).len(), 3, "{scores:?}");
    assert_eq!(found(&["--reranker-max-score", &middle.to_string()]), below(middle));
    // Positives are documents 1 and 3.
    let lowest = score(1).min(score(3));
    assert_eq!(found(&["--reranker-margin", &(lowest - middle).to_string()]), below(middle));
    assert_eq!(found(&[]), below(lowest), "{lowest} {scores:?}");
}

#[test]
fn negatives_lie_under_the_filter() {
    let sandbox = sandbox();
    let narrow = |arguments: &[&str]| {
        negatives(&sandbox, "q1", &[&["--range-min", "2", "--range-max", "4"], arguments].concat())
    };
    // Documents 4 to 8, of which 4 has rank 1.
    assert_eq!(narrow(&["--filter", "2004:2008[dp]"]), ["5", "6", "7"]);
    assert_eq!(narrow(&["--year", "2004:2008"]), ["5", "6", "7"]);
    assert_eq!(
        narrow(&["--filter", "2004:2008[dp]", "--mesh", "Bronchitis"]),
        Vec::<String>::new()
    );
    assert_eq!(narrow(&["--filter", "1990[dp]"]), Vec::<String>::new());
}

#[test]
fn a_branch_gives_its_other_headings() {
    let sandbox = sandbox();
    let (_, out, stats) = triples(&sandbox, &["--negatives", "branch", "-f", "ms-marco"]);
    // Bronchitis is beside Asthma and Bronchial Diseases above it. Documents 6 and 10 have the heading itself, 8 one below
    // it; 9 and 12 share what is no major heading of the positive.
    assert_eq!(
        lines(&out)[1],
        json!({"qid": "q2", "pos": ["1"], "neg": {"mesh-branch": ["7", "11"]}})
    );
    assert_eq!(stats["mined"]["negatives_per_query"], json!({"2": 2}));
    let narrowed = ["--negatives", "branch", "--filter", "2007[dp]"];
    assert_eq!(negatives(&sandbox, "q2", &narrowed), ["7"]);
}

#[test]
fn two_hops_of_citations() {
    let sandbox = sandbox();
    let (_, out, stats) = triples(&sandbox, &["--negatives", "citations", "-f", "ms-marco"]);
    // 1 cites 20 and 21; these cite 22, 23 (without a text), 24 and 99 (not here), and 21, which 1 cites itself.
    assert_eq!(
        lines(&out)[1],
        json!({"qid": "q2", "pos": ["1"], "neg": {"two-hop": ["22", "24"]}})
    );
    assert_eq!(stats["mined"]["dropped"]["without_text"], 2);
    // The kinds take turns: of ranks 4 to 6 two, of the branch two, of citations two.
    let mixed =
        ["--negatives", "rank,branch,citations", "--range-min", "4", "--range-max", "6", "-n", "6"];
    let (_, out, _) = triples(&sandbox, &[&mixed[..], &["-f", "ms-marco"]].concat());
    let expected = json!({"bm25": ["4", "5"], "mesh-branch": ["7", "11"], "two-hop": ["22", "24"]});
    assert_eq!(lines(&out)[1], json!({"qid": "q2", "pos": ["1"], "neg": expected}));
    // What one kind lacks, the others give.
    let (_, out, _) = triples(&sandbox, &[&mixed[..6], &["-n", "7", "-f", "ms-marco"]].concat());
    assert_eq!(lines(&out)[1]["neg"]["bm25"], json!(["4", "5", "6"]));
}

#[test]
fn every_format_has_the_names_that_trainers_know() {
    let sandbox = sandbox();
    let made = |format: &str, more: &[&str]| {
        let (run, out, stats) = triples(&sandbox, &[&WINDOW[..], &["-f", format], more].concat());
        (run.expect(0), out, stats)
    };
    let text = |number| passage(number, " ");
    let (_, out, _) = made("triplet", &[]);
    let first = json!({"query": "aspirin", "positive": text(1), "negative": text(4)});
    assert_eq!((lines(&out).len(), &lines(&out)[0]), (9, &first));
    assert!(out.starts_with("{\"query\":"), "trainers take columns in this order: {out}");
    let (_, out, _) = made("triplet", &["--passage", "title"]);
    assert_eq!(
        lines(&out)[0],
        json!({"query": "aspirin", "positive": "Report a", "negative": "Report d"})
    );
    let (_, out, _) = made("n-tuple", &[]);
    assert_eq!(
        lines(&out)[1],
        json!({"query": "aspirin", "positive": text(3), "negative_1": text(4), "negative_2": text(5), "negative_3": text(6)})
    );
    let at = |word: &str| out.find(word).unwrap();
    assert!(at("\"query\"") < at("\"positive\"") && at("\"positive\"") < at("\"negative_1\""));
    // At most four negatives are in the window.
    let (run, out, stats) =
        triples(&sandbox, &[&WINDOW[..4], &["-n", "5", "-f", "n-tuple"]].concat());
    run.expect(1).says(&["left out for want of negatives: 2 queries"]);
    assert_eq!((out.as_str(), &stats["written"]["incomplete"]), ("", &2.into()));
    let (_, out, _) = made("ms-marco", &[]);
    assert_eq!(
        out.lines().next(),
        Some(r#"{"qid":"q1","pos":["1","3"],"neg":{"bm25":["4","5","6"]}}"#)
    );
    // Asthma and Humans against Bronchitis: (6 / 8 + 0 + 6 / 8) / 3, by C08.381.495; against Bronchial Diseases: (4 / 5 + 0 + 4 / 5) / 3.
    let (_, out, stats) = triples(&sandbox, &["--negatives", "branch", "-f", "labeled-pair"]);
    let scores =
        |out: &str| -> Vec<Value> { lines(out).iter().map(|row| row["score"].clone()).collect() };
    assert_eq!(lines(&out)[0], json!({"sentence1": "aspirin", "sentence2": text(1), "score": 1.0}));
    assert_eq!(scores(&out)[..3], [json!(1.0), json!(0.5), json!(0.533333)]);
    assert_eq!(stats["written"]["ungraded"], 1, "document 3, which has no heading");
}

#[test]
fn medcpts_files_are_read_back_as_clicks() {
    let sandbox = sandbox();
    let arguments =
        ["triples", "topics.tsv", "--qrels", "qrels.txt", "--database", "db", "--sampling", "top"];
    let arguments = [&arguments[..], &WINDOW, &["-f", "medcpt", "-o", "made"]].concat();
    sandbox.medvec(&arguments).expect(0).says(&["wrote 3 rows to made"]);
    let read = |name: &str| fs::read_to_string(sandbox.path("made").join(name)).unwrap();
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    assert_eq!(
        read("train.jsonl"),
        "{\"qid\":\"q1\",\"pmid\":\"1\",\"click\":2}\n{\"qid\":\"q1\",\"pmid\":\"3\",\"click\":1}\n\
         {\"qid\":\"q2\",\"pmid\":\"1\",\"click\":1}\n"
    );
    let first =
        json!({"qid": "q1", "pos_pmids": [["1", 2], ["3", 1]], "neg_pmids": ["4", "5", "6"]});
    assert_eq!(json("reranker.json")[0], first);
    assert_eq!(json("qid2info.json"), json!({"q1": "aspirin", "q2": "aspirin"}));
    let articles = json("pmid2info.json");
    assert_eq!((&articles["4"][0], articles.as_object().unwrap().len()), (&"Report d".into(), 5));
    sandbox.medvec(&arguments).expect(2).says(&["train.jsonl"]);
    let clicks =
        ["triples", "made", "--positives", "clicks", "--database", "db", "--sampling", "top"];
    let clicks = [&clicks[..], &WINDOW, &["-f", "ms-marco", "-o", "again"]].concat();
    sandbox.medvec(&clicks).expect(0);
    let again = fs::read_to_string(sandbox.path("again")).unwrap();
    let (_, out, _) = triples(&sandbox, &[&WINDOW[..], &["-f", "ms-marco"]].concat());
    assert_eq!(again, out, "positives, their order and all negatives");
}

#[test]
fn documents_can_be_the_queries() {
    let sandbox = sandbox();
    let of = |positives: &str, more: &[&str]| {
        let _ = fs::remove_file(sandbox.path("out"));
        let usual = [
            "triples",
            "db",
            "--positives",
            positives,
            "--sampling",
            "top",
            "-f",
            "ms-marco",
            "-o",
            "out",
        ];
        let run = sandbox.medvec(&[&usual[..], more].concat()).expect(0);
        (run, lines(&fs::read_to_string(sandbox.path("out")).unwrap()))
    };
    let (run, rows) = of("citations", &["--negatives", "citations"]);
    // 20 cites 23, which has no text, and 99; what 21 and 20 lead to, they cite themselves.
    run.says(&["4 queries: 4 with positives", "1 not in the database, 1 without a text"]);
    assert_eq!(rows, [json!({"qid": "1", "pos": ["20", "21"], "neg": {"two-hop": ["25"]}})]);
    // Titles are the queries, so every document named `Report` is found. 10 shares Asthma as a major heading; 6 has it as
    // a minor one, and 2 is the same work as 1.
    let (_, rows) = of("mesh", &["--range-min", "1", "-n", "50"]);
    let row = rows.iter().find(|row| row["qid"] == "1").unwrap();
    assert_eq!(row["pos"], json!(["10"]));
    let mut negatives: Vec<u32> = row["neg"]["bm25"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.as_str().unwrap().parse().unwrap())
        .collect();
    negatives.sort_unstable();
    assert_eq!(negatives, [3, 4, 5, 6, 7, 8, 9, 11, 12]);
    let queries: Vec<&Value> = rows.iter().map(|row| &row["qid"]).collect();
    assert_eq!(queries, ["1", "10"], "no other major heading is shared");
}

#[test]
fn the_seed_decides_and_not_how_the_database_lies() {
    let sandbox = sandbox();
    // The same documents in two segments.
    let all = documents();
    let (first, second) = all.split_at(all.match_indices('\n').nth(7).unwrap().0 + 1);
    for (name, part) in [("first.jsonl", first), ("second.jsonl", second)] {
        sandbox.write(name, part);
        sandbox.medvec(&["import", "parts", name, "--encoder", "none"]).expect(0);
    }
    let drawn = |database: &str, seed: &str| {
        let _ = fs::remove_file(sandbox.path("drawn"));
        let usual = [
            "triples",
            "topics.tsv",
            "--qrels",
            "qrels.txt",
            "--database",
            database,
            "--seed",
            seed,
        ];
        let more = ["--range-min", "2", "-n", "4", "-f", "triplet-ids", "-o", "drawn"];
        sandbox.medvec(&[&usual[..], &more].concat()).expect(0);
        fs::read_to_string(sandbox.path("drawn")).unwrap()
    };
    let out = drawn("db", "0");
    assert_eq!((&out, &out), (&drawn("db", "0"), &drawn("parts", "0")));
    assert_ne!(out, drawn("db", "1"));
    let (_, found) = ids(&out, "q1");
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|key| !["1", "2", "3"].contains(&key.as_str())), "{found:?}");
    // A sample of queries does not change what the others get.
    let (_, sampled, stats) =
        triples(&sandbox, &["--queries", "2", "--range-min", "2", "-f", "ms-marco"]);
    let (_, whole, _) = triples(&sandbox, &["--range-min", "2", "-f", "ms-marco"]);
    assert_eq!(stats["mined"]["queries"], 2);
    assert!(!sampled.is_empty() && whole.contains(&sampled));
}

#[test]
fn a_benchmark_brings_its_own_documents() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("small/qrels")).unwrap();
    let corpus: String = (1..=6)
        .map(|number| {
            let text = "Aspirin lowered the risk of stroke in this trial.";
            format!(
                "{{\"_id\": \"d{number}\", \"title\": \"Trial {number}\", \"text\": \"{text}\"}}\n"
            )
        })
        .collect();
    sandbox.write("small/corpus.jsonl", corpus);
    sandbox
        .write("small/queries.jsonl", "{\"_id\": \"q\", \"text\": \"aspirin against stroke\"}\n");
    sandbox.write("small/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\td3\t1\n");
    let arguments =
        ["triples", "small", "--cache", "cache", "--range-min", "1", "-f", "ms-marco", "-o", "out"];
    sandbox.medvec(&arguments).expect(0);
    let row = &lines(&fs::read_to_string(sandbox.path("out")).unwrap())[0];
    assert_eq!((&row["pos"], row["neg"]["hybrid"].as_array().unwrap().len()), (&json!(["d3"]), 5));
    assert!(!row["neg"].to_string().contains("d3"));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let sandbox = sandbox();
    let refused = |arguments: &[&str], words: &[&str]| {
        triples(&sandbox, arguments).0.expect(2).says(words);
        assert!(!sandbox.path("out").exists(), "{arguments:?}");
    };
    refused(&["--range-min", "20", "--range-max", "10"], &["--range-max", "--range-min"]);
    refused(&["--range-max", "1000001"], &["--range-max 1000001", "1000000"]);
    refused(&["--range-min", "0"], &["--range-min counts from 1"]);
    refused(&["-n", "0"], &["--count"]);
    refused(&["--queries", "0"], &["--queries"]);
    refused(&["--max-score", "NaN"], &["not a finite number"]);
    refused(&["--reranker-margin", "1"], &["--reranker"]);
    refused(&["--reranker", "nowhere"], &["nowhere"]);
    refused(&["--filter", "asthma[nowhere]"], &["nowhere"]);
    refused(&["--mesh", "Asthmaa"], &["Asthmaa"]);
    refused(&["--ranking", "dense"], &["no vectors"]);
    refused(&["--level", "0"], &["--level"]);
    let alone = |arguments: &[&str], words: &[&str]| {
        sandbox.medvec(&[&["triples"], arguments, &["-o", "out"]].concat()).expect(2).says(words);
    };
    alone(&["db"], &["--positives", "citations", "mesh"]);
    alone(&["topics.tsv", "--qrels", "qrels.txt"], &["--database"]);
    alone(&["nowhere", "--positives", "clicks"], &["--database"]);
    alone(&["nowhere", "--positives", "clicks", "--database", "db"], &["nowhere"]);
    alone(&["db", "--positives", "mesh", "--database", "db"], &["--database"]);
    alone(&["db", "--positives", "mesh", "--split", "train"], &["--split"]);
    alone(&["nowhere"], &["nowhere"]);
    sandbox.write("out", "mine");
    let usual = ["triples", "topics.tsv", "--qrels", "qrels.txt", "--database", "db", "-o", "out"];
    sandbox.medvec(&usual).expect(2).says(&["out"]);
    assert_eq!(fs::read_to_string(sandbox.path("out")).unwrap(), "mine");
    // Nothing found is no error.
    sandbox.write("qrels.txt", "q1 0 77 1\n");
    let (run, out, _) = triples(&sandbox, &[]);
    run.expect(1).says(&["1 query: 0 with positives, 1 without"]);
    assert_eq!(out, "");
}

/// Nobody works for hours to be told then that a name is taken.
#[test]
fn names_are_free_before_a_corpus_is_imported() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("small/qrels")).unwrap();
    sandbox.write("small/corpus.jsonl", "{\"_id\": \"d1\", \"title\": \"Aspirin\"}\n");
    sandbox.write("small/queries.jsonl", "{\"_id\": \"q1\", \"text\": \"aspirin\"}\n");
    sandbox.write("small/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\n");
    sandbox.write("taken", "");
    let usual = ["triples", "small", "--cache", "cache"];
    let refused = |more: &[&str]| sandbox.medvec(&[&usual[..], more].concat()).expect(2);
    refused(&["-o", "taken"]).says(&["taken", "exists"]);
    refused(&["-o", "new", "--stats", "taken"]).says(&["taken", "exists"]);
    refused(&["-o", "new", "--stats", "new"]).says(&["--output and --stats name the same file"]);
    assert!(!sandbox.path("cache").exists(), "nothing was imported");
    assert!(!sandbox.path("new.partial").exists());
    sandbox.medvec(&["triples", "nowhere", "-f", "medcpt", "-o", "folder"]).expect(2);
    assert!(!sandbox.path("folder").exists());
}

/// A number may be a PMID and, in quotes, a text.
#[test]
fn keys_that_look_alike_have_ids_of_their_own() {
    let document = |key: &str, title: &str, heading: &str| {
        let mesh = format!("[{{\"name\": \"{heading}\", \"major\": true}}]");
        format!("{{{key}, \"title\": \"{title}\", \"mesh\": {mesh}}}\n")
    };
    let sandbox = Sandbox::with_texts(
        &[
            document("\"pmid\": 17", "Aspirin in stroke", "Aspirin"),
            document("\"id\": {\"text\": \"17\"}", "Aspirin and stroke again", "Aspirin"),
            document("\"id\": \"a b\"", "Aspirin for asthma", "Asthma"),
            document("\"id\": \"a_b\"", "Aspirin for bronchitis", "Bronchitis"),
        ]
        .concat(),
    );
    let usual = ["triples", "db", "--positives", "mesh", "--range-min", "1", "--sampling", "top"];
    let triples = |format: &str, out: &str| {
        sandbox.medvec(&[&usual[..], &["-f", format, "-o", out]].concat()).expect(0)
    };
    triples("ms-marco", "rows");
    let rows = lines(&fs::read_to_string(sandbox.path("rows")).unwrap());
    let of = |id: &str| rows.iter().find(|row| row["qid"] == id).expect("a row");
    assert_eq!((rows.len(), &of("17")["pos"]), (2, &json!(["\"17\""])));
    assert_eq!(of("\"17\"")["pos"], json!(["17"]));
    triples("triplet-ids", "ids");
    let ids = fs::read_to_string(sandbox.path("ids")).unwrap();
    assert!(ids.lines().any(|line| line == "17\t\"17\"\ta b"), "{ids}");
    triples("medcpt", "folder");
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(sandbox.path(&format!("folder/{name}"))).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(read("qid2info.json").as_object().unwrap().len(), 2);
    let articles = read("pmid2info.json");
    assert_eq!(articles.as_object().unwrap().len(), 4, "{articles}");
    assert_eq!(articles["\"17\""][0], "Aspirin and stroke again");

    // Rankings, and references of a citation processor.
    let run = sandbox.medvec(&["search", "db", "aspirin", "-f", "trec"]).expect(0);
    let mut ids: Vec<&str> = run.out.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["\"17\"", "\"a\\u0020b\"", "17", "a_b"]);
    let get = ["get", "db", "\"a\\u0020b\"", "-f", "pmids"];
    assert_eq!(sandbox.medvec(&get).expect(0).out, "a b\n");
    let run = sandbox.medvec(&["search", "db", "aspirin", "-f", "csl-json"]).expect(0);
    let items: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    let ids: std::collections::BTreeSet<&str> =
        items.iter().filter_map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
}
