//! Decoder folders (GPT-NeoX, Gemma, Mistral) against vectors made by Hugging Face transformers, and
//! against configurations that contradict their weights.
//!
//! The fixtures are tiny random-weight models, `fixtures/encoders` of the shared folder that
//! `MEDVEC_SHARED` names (default `../shared`).
#![cfg(feature = "bert")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use medvec::Encoder;
use medvec::encode::folder::{FolderEncoder, Recipe, Tokens};
use serde_json::{Value, json};

const FIXTURES: [&str; 3] = ["gptneox-last", "gemma-last", "mistral-last"];

/// A fixture's folder; `None`, with a line that says so, where there are none.
fn fixture(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = path.join("fixtures/encoders").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "{} is not there", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(file)).expect(file)).expect(file)
}

/// The recipe of `golden.json`.
fn recipe(golden: &Value) -> Recipe {
    let mut recipe = golden["recipe"].clone();
    recipe["roles"] = golden["roles"].clone();
    serde_json::from_value(recipe).expect("a recipe")
}

fn numbers<T: TryFrom<u64>>(value: &Value) -> Vec<T> {
    let list = value.as_array().expect("a list").iter();
    list.map(|id| T::try_from(id.as_u64().expect("a number")).ok().expect("in range")).collect()
}

fn tokens(case: &Value) -> Tokens {
    let ids: Vec<u32> = numbers(&case["input_ids"]);
    Tokens { type_ids: vec![0; ids.len()], ids }
}

fn assert_close(got: &[f32], want: &Value, what: &str) {
    let want = want.as_array().expect("a vector");
    assert_eq!(got.len(), want.len(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        let want = want.as_f64().expect("a number");
        assert!((f64::from(*got) - want).abs() <= 2e-5, "{what} [{place}]: {got}, not {want}");
    }
}

#[test]
fn vectors_match_their_goldens_alone_and_in_every_batch() {
    for name in FIXTURES {
        let Some(folder) = fixture(name) else { return };
        let golden = read(&folder, "golden.json");
        let encoder = FolderEncoder::open_with(&folder, &recipe(&golden)).expect(name);
        let dimension = encoder.spec().dimension as usize;
        let cases: HashMap<&str, &Value> = golden["cases"]
            .as_array()
            .expect("cases")
            .iter()
            .map(|case| (case["id"].as_str().expect("an id"), case))
            .collect();
        let mut alone = HashMap::new();
        for (id, case) in &cases {
            let vector = encoder.encode_tokens(&[tokens(case)]).expect("a vector");
            assert_close(&vector, &case["embedding"], &format!("{name} {id}"));
            alone.insert(*id, vector);
        }
        let batches = golden["batches"].as_array().expect("batches").iter();
        let mut batches: Vec<Vec<&str>> = batches
            .map(|batch| batch.as_array().expect("ids").iter().flat_map(Value::as_str).collect())
            .collect();
        batches.push(cases.keys().copied().collect());
        for batch in batches {
            for reversed in [false, true] {
                let mut ids = batch.clone();
                if reversed {
                    ids.reverse();
                }
                let all: Vec<Tokens> = ids.iter().map(|id| tokens(cases[id])).collect();
                let vectors = encoder.encode_tokens(&all).expect("vectors");
                for (id, vector) in ids.iter().zip(vectors.chunks(dimension)) {
                    assert_eq!(vector, alone[id], "{name} {id} in a batch");
                }
            }
        }
    }
}

/// The folder's files copied to a place where they can be changed.
fn copy(name: &str) -> Option<tempfile::TempDir> {
    let source = fixture(name)?;
    let target = tempfile::tempdir().expect("a temporary folder");
    for entry in std::fs::read_dir(source).expect("a folder").flatten() {
        let bytes = std::fs::read(entry.path()).expect("a file");
        std::fs::write(target.path().join(entry.file_name()), bytes).expect("written");
    }
    Some(target)
}

fn assert_refused(name: &str, folder: &Path, words: &[&str]) {
    let golden = read(folder, "golden.json");
    match FolderEncoder::open_with(folder, &recipe(&golden)) {
        Ok(_) => panic!("{name} was opened, expected an error about {words:?}"),
        Err(medvec::Error::Encoder { detail, .. }) => {
            for word in words {
                assert!(detail.contains(word), "{detail:?} does not say {word:?}");
            }
        }
        Err(other) => panic!("not an encoder error: {other}"),
    }
}

#[test]
fn a_config_that_contradicts_the_weights_is_refused() {
    for (name, key, value, words) in [
        ("gptneox-last", "hidden_size", json!(128), &["embed_in.weight", "[808, 64]"][..]),
        ("gptneox-last", "vocab_size", json!(809), &["embed_in.weight", "[809, 64]"]),
        ("gptneox-last", "num_hidden_layers", json!(4), &["layers.3.", "is missing"]),
        ("gptneox-last", "num_hidden_layers", json!(u64::MAX), &["layers.3.", "is missing"]),
        ("gptneox-last", "num_hidden_layers", json!(2), &["2 layers", "more"]),
        ("gptneox-last", "intermediate_size", json!(129), &["dense_h_to_4h", "[129, 64]"]),
        ("gptneox-last", "rope_scaling", json!({"type": "dynamic"}), &["dynamic"]),
        ("mistral-last", "num_key_value_heads", json!(1), &["k_proj", "[8, 32]"]),
        ("mistral-last", "num_key_value_heads", json!(3), &["num_key_value_heads 3"]),
        ("mistral-last", "head_dim", json!(16), &["q_proj", "[64, 32]"]),
        ("mistral-last", "hidden_act", json!("mish"), &["mish"]),
        ("mistral-last", "rope_scaling", json!({"rope_type": "longrope"}), &["longrope"]),
        ("gemma-last", "head_dim", json!(8), &["q_proj", "[32, 32]"]),
        ("gemma-last", "attention_bias", json!(true), &["q_proj.bias", "is missing"]),
    ] {
        let Some(folder) = copy(name) else { return };
        let mut config = read(folder.path(), "config.json");
        config[key] = value;
        std::fs::write(folder.path().join("config.json"), config.to_string()).expect("written");
        assert_refused(name, folder.path(), words);
    }
}

#[test]
fn what_the_vectors_depend_on_is_in_the_fingerprint() {
    let Some(folder) = copy("mistral-last") else { return };
    let golden = read(folder.path(), "golden.json");
    let print = || {
        let encoder = FolderEncoder::open_with(folder.path(), &recipe(&golden)).expect("encoder");
        encoder.spec().fingerprint()
    };
    let mut prints = vec![print()];
    for (key, value) in [
        ("sliding_window", json!(11)),
        ("rope_theta", json!(20_000.0)),
        ("rms_norm_eps", json!(1e-6)),
    ] {
        let mut config = read(folder.path(), "config.json");
        config[key] = value;
        std::fs::write(folder.path().join("config.json"), config.to_string()).expect("written");
        let print = print();
        assert!(!prints.contains(&print), "{key} left the fingerprint as it was");
        prints.push(print);
    }
}

#[test]
fn tokens_that_the_model_does_not_have_are_an_error() {
    let Some(folder) = fixture("gptneox-last") else { return };
    let golden = read(&folder, "golden.json");
    let encoder = FolderEncoder::open_with(&folder, &recipe(&golden)).expect("encoder");
    for (ids, word) in [(vec![], "no tokens"), (vec![808], "808"), (vec![1; 129], "128 positions")]
    {
        let type_ids = vec![0; ids.len()];
        let failed = encoder.encode_tokens(&[Tokens { ids, type_ids }]).expect_err(word);
        assert!(failed.to_string().contains(word), "{failed}");
    }
}
