//! Model folders instead of the built-in encoder.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{DOCUMENTS, Sandbox};
use crate::wide::{widen, widen_file};

/// A small model of the shared test data; `None`, with a line that says so, where there is none.
pub(crate) fn model(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("fixtures/encoders").join(name);
    if folder.is_dir() {
        return Some(folder.canonicalize().expect("a path"));
    }
    assert!(
        std::env::var_os("CI").is_none_or(|value| value != "true"),
        "{} is missing",
        folder.display()
    );
    println!("skipped: {} is missing", folder.display());
    None
}

#[test]
fn a_model_folder_embeds_and_is_found_again() {
    let Some(folder) = model("bert-mean-st") else { return };
    let folder = folder.to_str().unwrap();
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", folder]).expect(0);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&[folder, "bert"]);
    let run = sandbox.medvec(&["search", "db", "asthma", "--explain", "-f", "pmids"]).expect(0);
    assert_eq!(run.out.lines().count(), 4, "{}", run.out);
    run.says(&[folder]);

    // Another encoder is refused by name, for queries and for documents.
    let other = sandbox.medvec(&["search", "db", "asthma", "--encoder", "builtin"]).expect(2);
    other.says(&["embedded by", folder, "builtin"]);
    let other = sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "builtin"]).expect(2);
    other.says(&["embedded by", folder, "builtin"]);
}

#[test]
fn a_model_that_moved_can_be_pointed_at() {
    let Some(folder) = model("bert-mean-st") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    copy(&folder, &sandbox.path("model"));
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "model"]).expect(0);
    std::fs::rename(sandbox.path("model"), sandbox.path("moved")).unwrap();
    let run = sandbox.medvec(&["search", "db", "asthma"]).expect(2);
    run.says(&["model", "not there any more", "--encoder FOLDER"]);
    sandbox.medvec(&["search", "db", "asthma", "--encoder", "moved"]).expect(0);
}

#[test]
fn a_preset_a_recipe_and_an_adapter_are_found_again() {
    let (Some(base), Some(adapter)) = (model("bert-lora/base"), model("bert-lora/adapter")) else {
        return;
    };
    let recipe = r#"{"pooling": "pooler", "similarity": "dot", "append_eos_id": 3,
        "roles": {"document": {"max_length": 40}, "query": {"prefix": "Q: ", "max_length": 20}}}"#;
    for options in [
        &["--preset", "biohicl-base"][..],
        &["--recipe", "recipe.json"],
        &["--adapter", "adapter"],
        &["--adapter", "adapter", "--preset", "biohicl-base"],
    ] {
        let sandbox = Sandbox::new();
        copy(&base, &sandbox.path("base"));
        widen(&sandbox.path("base"), 768);
        copy(&adapter, &sandbox.path("adapter"));
        widen_file(&sandbox.path("adapter/adapter_model.safetensors"), 48, 768);
        sandbox.write("docs.jsonl", DOCUMENTS);
        sandbox.write("recipe.json", recipe);
        let mut import = vec!["import", "db", "docs.jsonl", "--encoder", "base"];
        import.extend(options);
        sandbox.medvec(&import).expect(0);
        sandbox.medvec(&["search", "db", "asthma"]).expect(0);
        sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
        // The folder is opened by the database's own recipe and adapter; another recipe is refused.
        let plain = sandbox.medvec(&["search", "db", "asthma", "--encoder", "base"]);
        plain.expect(0);
        let other = ["search", "db", "asthma", "--encoder", "base", "--preset", "sapbert"];
        sandbox.medvec(&other).expect(2).says(&["embedded by", "base"]);
    }
}

/// Both towers of MedCPT under their own names, with different weights.
pub(crate) fn towers(sandbox: &Sandbox) -> Option<()> {
    let (document, query) = (model("bert-cls-pair")?, sandbox.path("towers/MedCPT-Query-Encoder"));
    std::fs::create_dir_all(sandbox.path("towers")).unwrap();
    copy(&document, &query);
    widen(&query, 768);
    copy(&query, &sandbox.path("towers/MedCPT-Article-Encoder"));
    let config = query.join("config.json");
    let text = std::fs::read_to_string(&config).unwrap().replace("\"gelu\"", "\"relu\"");
    std::fs::write(config, text).unwrap();
    sandbox.write("docs.jsonl", DOCUMENTS);
    Some(())
}

#[test]
fn one_tower_writes_and_the_other_asks() {
    let sandbox = Sandbox::new();
    let Some(()) = towers(&sandbox) else { return };
    let (article, query) = ("towers/MedCPT-Article-Encoder", "towers/MedCPT-Query-Encoder");
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", article]).expect(0);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&[article, query]);
    let asked = sandbox.medvec(&["search", "db", "asthma", "-f", "pmids"]).expect(0);
    assert_eq!(asked.out.lines().count(), 4);

    // Queries need the query tower alone, wherever it is now; documents need both.
    std::fs::rename(sandbox.path(article), sandbox.path("moved")).unwrap();
    let alone = sandbox.medvec(&["search", "db", "asthma", "-f", "pmids"]).expect(0);
    assert_eq!(alone.out, asked.out);
    sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(2).says(&["Article", "not there"]);
    std::fs::rename(sandbox.path(query), sandbox.path("asking")).unwrap();
    sandbox.medvec(&["search", "db", "asthma"]).expect(2).says(&["Query", "not there"]);
    let pointed = ["search", "db", "asthma", "-f", "pmids", "--encoder", "asking"];
    assert_eq!(sandbox.medvec(&pointed).expect(0).out, asked.out);

    // The other tower in its place is refused by both names.
    let wrong = ["search", "db", "asthma", "--encoder", "moved"];
    sandbox.medvec(&wrong).expect(2).says(&["embedded by", article, "moved"]);

    let alone = sandbox.medvec(&[
        "import",
        "db2",
        "docs.jsonl",
        "--encoder",
        "moved",
        "--preset",
        "medcpt",
    ]);
    alone.expect(2).says(&["stored texts only", "--query-encoder", "MedCPT-Query-Encoder"]);
    let only_query =
        ["import", "db2", "docs.jsonl", "--encoder", "asking", "--preset", "medcpt-query"];
    sandbox.medvec(&only_query).expect(2).says(&["not for stored texts"]);
    let given = [
        "import",
        "db2",
        "docs.jsonl",
        "--encoder",
        "moved",
        "--preset",
        "medcpt",
        "--query-encoder",
        "asking",
    ];
    sandbox.medvec(&given).expect(0);
    let again = sandbox.medvec(&["search", "db2", "asthma", "-f", "pmids"]).expect(0);
    assert_eq!(again.out, asked.out);
}

#[test]
fn a_cross_encoder_sorts_the_best_hits_again() {
    let Some(cross) = model("bert-cross") else { return };
    let cross = cross.to_str().unwrap();
    let sandbox = Sandbox::with_database();
    let plain = sandbox.medvec(&["search", "db", "aspirin for cancer", "-f", "jsonl"]).expect(0);
    let hits = |run: &str| -> Vec<(String, f64)> {
        let hit = |line: &str| {
            let hit: Value = serde_json::from_str(line).unwrap();
            (hit["key"].as_str().unwrap().to_owned(), hit["score"].as_f64().unwrap())
        };
        run.lines().map(hit).collect()
    };
    let mut arguments =
        vec!["search", "db", "aspirin for cancer", "-f", "jsonl", "--rerank", cross];
    let sorted = hits(&sandbox.medvec(&arguments).expect(0).out);
    let mut keys: Vec<_> = sorted.iter().map(|(key, _)| key.clone()).collect();
    assert!(sorted.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{sorted:?}");
    let mut found: Vec<_> = hits(&plain.out).into_iter().map(|(key, _)| key).collect();
    keys.sort();
    found.sort();
    assert_eq!(keys, found);

    // The scores are those that `encode` gives for the same pair.
    let line = serde_json::json!({"text": "aspirin for cancer", "text_pair":
        "Exercise in asthma. Children with asthma trained twice a week. Lung function improved after \
         three months."});
    let encoded = sandbox.medvec_with_input(&["encode", cross, "--input", "-"], &line.to_string());
    let encoded: Value = serde_json::from_str(encoded.expect(0).out.trim()).unwrap();
    let (_, score) = sorted.iter().find(|(key, _)| key == "102").unwrap();
    assert!((encoded["score"].as_f64().unwrap() - score).abs() < 1e-5);

    arguments.extend(["-k", "1", "--rerank-top", "4"]);
    assert_eq!(hits(&sandbox.medvec(&arguments).expect(0).out), sorted[..1]);
    let Some(other) = model("bert-mean-st") else { return };
    let wrong = ["search", "db", "x", "--rerank", other.to_str().unwrap()];
    sandbox.medvec(&wrong).expect(2).says(&["cannot re-rank"]);
    sandbox
        .medvec(&["import", "db3", "docs.jsonl", "--encoder", cross])
        .expect(2)
        .says(&["re-rank"]);
}

#[test]
fn encoders_at_hand_and_known_ones_are_listed() {
    let Some(folder) = model("bert-mean-st") else { return };
    let sandbox = Sandbox::new();
    copy(&folder, &sandbox.path("models/all-MiniLM-L6-v2"));
    widen(&sandbox.path("models/all-MiniLM-L6-v2"), 384);
    std::fs::create_dir_all(sandbox.path("models/broken")).unwrap();
    sandbox.write("models/broken/config.json", "{\"model_type\": \"t5\"}");
    let timed = "biolord-2023,sapbert,medcpt-article,minilm";
    let list = ["encoders", "list", "models", "-f", "json", "--known", timed];
    let run = sandbox.medvec(&list).expect(0);
    let list: Value = serde_json::from_str(&run.out).unwrap();
    let find = |name: &str| {
        let mut all = list["at_hand"].as_array().unwrap().iter();
        all.find(|one| one["encoder"].as_str().unwrap().ends_with(name)).unwrap().clone()
    };
    let known = find("all-MiniLM-L6-v2");
    assert_eq!((&known["preset"], &known["dimension"]), (&"minilm".into(), &384.into()));
    for one in [known, find("builtin")] {
        assert!(one["seconds_per_1000_abstracts"].as_f64().unwrap() > 0.0, "{one}");
    }
    assert!(find("broken")["problem"].as_str().unwrap().contains("t5"));
    let presets = list["known"].as_array().unwrap();
    let biolord = presets.iter().find(|one| one["preset"] == "biolord-2023").unwrap();
    assert!(biolord["restriction"].as_str().unwrap().contains("SNOMED"));
    let known = |name: &str| {
        let mut all = list["known"].as_array().unwrap().iter();
        let preset = all.find(|one| one["preset"] == name).expect(name);
        preset["seconds_per_1000_abstracts_from_one_layer"].as_f64().expect(name)
    };
    // Short texts and small models are many times cheaper: noise does not hide it.
    assert!(known("sapbert") * 2.0 < known("medcpt-article"));
    assert!(known("minilm") * 2.0 < known("medcpt-article"));
    let text = sandbox.medvec(&["encoders", "list", "models", "--no-timing"]).expect(0);
    text.shows(&["medcpt-article", "queries by medcpt-query", "builtin", "t5"]);
    let unknown = sandbox.medvec(&["encoders", "list", "--known", "nomodel"]).expect(2);
    unknown.says(&["nomodel", "biolord-2023"]);
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => std::fs::write(&target, std::fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

#[test]
fn weights_that_give_no_numbers_leave_the_database_as_it_was() {
    let Some(folder) = model("bert-mean-st") else { return };
    let sandbox = Sandbox::new();
    copy(&folder, &sandbox.path("model"));
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "model", "--defer"]).expect(0);
    let weights = sandbox.path("model/model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let start = bytes.len() / 8 * 4;
    for number in bytes[start..].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    std::fs::write(&weights, bytes).unwrap();
    let import = ["import", "db2", "docs.jsonl", "--encoder", "model"];
    sandbox.medvec(&import).expect(2).says(&["model", "not finite", "weights"]);
    assert!(!sandbox.path("db2").exists(), "nothing came of it");
    // A database of the sound model does not take the damaged one.
    sandbox.medvec(&["embed", "db"]).expect(2).says(&["embedded by", "model"]);
    sandbox.medvec(&["search", "db", "asthma"]).expect(2);
}

#[test]
fn models_are_listed_wherever_they_are_looked_for() {
    let sandbox = Sandbox::new();
    let snapshot = sandbox.path("cache/huggingface/hub/models--lab--model/snapshots/abc");
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::write(snapshot.join("config.json"), "{}").unwrap();
    let mut command = sandbox.command(&["encoders", "list", "--no-timing"]);
    command.env("XDG_CACHE_HOME", sandbox.path("cache"));
    let output = command.env_remove("HF_HUB_CACHE").env_remove("HF_HOME").output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(out.contains("models--lab--model"), "{out}");
}
