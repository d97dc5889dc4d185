//! `medvec eval` with an encoder of every architecture: the small models of the shared test data.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::embedders::EMBEDDERS;
use crate::encoders::{copy, model, towers};
use crate::sandbox::Sandbox;

const DOCUMENTS: [(&str, &str); 5] = [
    (
        "Aspirin and colorectal cancer.",
        "Daily aspirin lowered the risk of colorectal cancer by a third.",
    ),
    ("Exercise in asthma.", "Children with asthma trained twice a week. Lung function improved."),
    ("Insulin in diabetic mice.", "Mice without the gene became diabetic. Insulin reversed it."),
    ("Statins after stroke.", "Statins lowered the risk of another stroke in adults."),
    ("Sepsis in intensive care.", "Early antibiotics lowered mortality of patients with sepsis."),
];

const QUERIES: [&str; 3] = [
    "does aspirin prevent colorectal cancer",
    "training for children with asthma",
    "stroke and statins",
];

/// The folder `small` in the layout of BEIR.
fn task() -> Sandbox {
    let sandbox = Sandbox::new();
    let lines = |values: Vec<Value>| values.iter().map(|value| format!("{value}\n")).collect();
    let corpus = DOCUMENTS.iter().enumerate().map(|(number, (title, text))| {
        json!({"_id": format!("d{number}"), "title": title, "text": text})
    });
    let queries = QUERIES.iter().enumerate();
    let queries = queries.map(|(number, text)| json!({"_id": format!("q{number}"), "text": text}));
    let (corpus, queries): (String, String) = (lines(corpus.collect()), lines(queries.collect()));
    std::fs::create_dir_all(sandbox.path("small/qrels")).unwrap();
    sandbox.write("small/corpus.jsonl", corpus);
    sandbox.write("small/queries.jsonl", queries);
    let qrels = "query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\nq2\td3\t1\n";
    sandbox.write("small/qrels/test.tsv", qrels);
    sandbox
}

/// Evaluates with these options, and gives the report and each system's scores by query and document.
fn eval(sandbox: &Sandbox, options: &[&str]) -> Value {
    let base = ["eval", "small", "--cache", "cache", "-f", "json", "--write-runs", "runs"];
    let run = sandbox.medvec(&[&base[..], options].concat()).expect(0);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    for system in report["tasks"][0]["systems"].as_array().expect("systems") {
        assert_eq!((&system["answered"], &system["asked"]), (&3.into(), &3.into()), "{system}");
        for measure in ["nDCG@10", "AP", "R@100", "RR"] {
            let value = system["measures"][measure]["over_judged"].as_f64().expect("a number");
            assert!((0.0..=1.0).contains(&value), "{system}");
        }
        // Of five documents all are ranked.
        assert_eq!(system["measures"]["R@100"]["over_judged"], 1.0, "{system}");
        assert!(system["latency"]["p50"].as_f64().expect("a time") > 0.0);
    }
    report["tasks"][0].clone()
}

/// What `medvec encode` makes of these lines in a role of the recipe.
fn encoded(sandbox: &Sandbox, role: &str, options: &[&str], lines: &[Value]) -> Vec<Vec<f64>> {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let arguments = [&["encode"], options, &["--role", role, "--input", "-"]].concat();
    let run = sandbox.medvec_with_input(&arguments, &input).expect(0);
    let vector = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let numbers = line["vector"].as_array().expect("a vector").iter();
        numbers.map(|number| number.as_f64().expect("a number")).collect()
    };
    run.out.lines().map(vector).collect()
}

/// The dense ranking must have the scores of the vectors that the model makes of documents and queries, but for what int8
/// rows round.
fn assert_scores(sandbox: &Sandbox, recipe: &Value, documents: &[&str], queries: &[&str]) {
    let is_pair = !recipe["pair"].is_null();
    let lines = DOCUMENTS.map(|(title, text)| match is_pair {
        true => json!({"text": title, "text_pair": text}),
        false => json!({"text": format!("{title} {text}")}),
    });
    let documents = encoded(sandbox, "document", documents, &lines);
    let queries = encoded(sandbox, "query", queries, &QUERIES.map(|text| json!({"text": text})));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let is_dot = recipe["similarity"] == "dot";
    let run = std::fs::read_to_string(sandbox.path("runs/small.dense.trec")).expect("a run");
    assert_eq!(run.lines().count(), DOCUMENTS.len() * QUERIES.len());
    for line in run.lines() {
        let columns: Vec<&str> = line.split(' ').collect();
        let place = |column: usize| columns[column][1..].parse::<usize>().expect("a number");
        let (query, document) = (&queries[place(0)], &documents[place(2)]);
        let sizes = (product(query, query) * product(document, document)).sqrt();
        let (found, scale): (f64, f64) =
            (columns[4].parse().expect("a score"), if is_dot { 1.0 } else { sizes });
        let wanted = product(query, document) / scale;
        assert!((found - wanted).abs() <= 0.02 * sizes / scale, "{line}: not {wanted}");
    }
}

#[test]
fn every_architecture_is_evaluated_with_its_own_vectors() {
    let mut fingerprints = BTreeSet::new();
    for (folder, adapter, goldens) in EMBEDDERS {
        let (Some(folder), Some(goldens)) = (model(folder), model(goldens)) else { return };
        let sandbox = task();
        let text = std::fs::read_to_string(goldens.join("golden.json")).expect("golden.json");
        let whole: Value = serde_json::from_str(&text).expect("golden.json");
        let mut recipe = whole["recipe"].clone();
        recipe["roles"] = whole["roles"].clone();
        // What a model without roles of its own does for both.
        let roles = recipe["roles"].as_object_mut().expect("roles");
        let first = roles.values().next().expect("a role").clone();
        for role in ["document", "query"] {
            roles.entry(role).or_insert(first.clone());
        }
        sandbox.write("recipe.json", recipe.to_string());
        let adapter = adapter.map(|name| model(name).expect("an adapter"));
        let folder = folder.to_str().unwrap();
        let mut options = vec!["--recipe", "recipe.json"];
        if let Some(adapter) = &adapter {
            options.extend(["--adapter", adapter.to_str().unwrap()]);
        }
        let named = ["--compare", "dense,hybrid", "--encoder", folder];
        let report = eval(&sandbox, &[&named[..], &options].concat());
        let systems = report["systems"].as_array().unwrap();
        let names: Vec<&Value> = systems.iter().map(|system| &system["system"]).collect();
        assert_eq!(names, ["dense", "hybrid"]);
        for system in systems {
            let name = Path::new(folder).file_name().unwrap().to_str().unwrap();
            let used = system["encoder"]["name"].as_str().unwrap();
            assert!(used.contains(name) || adapter.is_some(), "{used}");
            assert_eq!(system["encoder"]["fingerprint"], systems[0]["encoder"]["fingerprint"]);
        }
        let fingerprint = systems[0]["encoder"]["fingerprint"].as_str().unwrap().to_owned();
        assert!(fingerprints.insert(fingerprint), "another model has these vectors: {folder}");
        let mut model = vec![folder];
        model.extend(&options);
        assert_scores(&sandbox, &recipe, &model, &model);
    }
    assert_eq!(fingerprints.len(), EMBEDDERS.len());
}

#[test]
fn two_towers_are_evaluated_and_a_cross_encoder_sorts_again() {
    let sandbox = task();
    let Some(()) = towers(&sandbox) else { return };
    let cross = model("bert-cross").expect("a cross-encoder");
    let (article, query) = ("towers/MedCPT-Article-Encoder", "towers/MedCPT-Query-Encoder");
    let cross = cross.to_str().unwrap();
    let compare = ["--compare", "dense,hybrid,reranked", "--reranker", cross];
    let report = eval(&sandbox, &[&["--encoder", article], &compare[..]].concat());
    assert_eq!(report["systems"].as_array().unwrap().len(), 3);
    let recipe = json!({"similarity": "dot", "pair": true});
    assert_scores(&sandbox, &recipe, &[article], &[query]);

    // The cross-encoder read every document with the query.
    let run = std::fs::read_to_string(sandbox.path("runs/small.reranked.trec")).unwrap();
    let mut input = String::new();
    for line in run.lines() {
        let columns: Vec<&str> = line.split(' ').collect();
        let place = |column: usize| columns[column][1..].parse::<usize>().unwrap();
        let (title, text) = DOCUMENTS[place(2)];
        let pair = json!({"text": QUERIES[place(0)], "text_pair": format!("{title} {text}")});
        input += &format!("{pair}\n");
    }
    let scores = sandbox.medvec_with_input(&["encode", cross, "--input", "-"], &input).expect(0);
    assert_eq!(scores.out.lines().count(), DOCUMENTS.len() * QUERIES.len());
    for (line, score) in run.lines().zip(scores.out.lines()) {
        let found: f64 = line.split(' ').nth(4).unwrap().parse().unwrap();
        let score: Value = serde_json::from_str(score).unwrap();
        assert!((found - score["score"].as_f64().unwrap()).abs() < 1e-6, "{line}: {score}");
    }

    // The rankings are kept for this cross-encoder alone.
    let again = |reranker: &str| {
        let base = ["eval", "small", "--cache", "cache", "-f", "json", "--encoder", article];
        let options = ["--compare", "dense,reranked", "--reranker", reranker];
        let run = sandbox.medvec(&[&base[..], &options].concat()).expect(0);
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let systems = report["tasks"][0]["systems"].as_array().unwrap().clone();
        systems.iter().map(|system| system["asked"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(again(cross), [0, 0]);
    copy(Path::new(cross), &sandbox.path("other"));
    let config = std::fs::read_to_string(sandbox.path("other/config.json")).unwrap();
    sandbox.write("other/config.json", config.replace("\"gelu\"", "\"relu\""));
    assert_eq!(again("other"), [0, 3]);

    // The query tower can lie anywhere.
    std::fs::rename(sandbox.path(query), sandbox.path("elsewhere")).unwrap();
    let missing = ["eval", "small", "--cache", "new", "--encoder", article];
    sandbox.medvec(&missing).expect(2).says(&["MedCPT-Query-Encoder"]);
    let found = [&missing[..], &["--query-encoder", "elsewhere"]].concat();
    sandbox.medvec(&found).expect(0).shows(&["dense", "hybrid"]);
}

#[test]
fn every_known_model_has_its_command_in_the_manual() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, part) = text.split_once("### Every known model").expect("the chapter");
    let (part, _) = part.split_once("\n\n`tests/cli/").expect("its end");
    for preset in medvec::encode::folder::PRESETS {
        assert!(part.contains(preset.model), "{} is not in benches/README.md", preset.model);
    }
}

#[test]
fn options_of_one_model_are_not_for_several() {
    let sandbox = task();
    let several = ["eval", "small", "--encoder", "builtin,other", "--preset", "sapbert"];
    sandbox.medvec(&several).expect(2).says(&["--preset", "one encoder"]);
}
