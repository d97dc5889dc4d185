//! BERT folders against vectors made by Hugging Face transformers, against candle-transformers,
//! and against damage.
//!
//! The fixtures are tiny random-weight models, `fixtures/encoders` of the shared folder that
//! `MEDVEC_SHARED` names (default `../shared`).
#![cfg(feature = "bert")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use medvec::encode::folder::{FolderEncoder, Recipe, Tokens};
use medvec::encoder::{Metric, Pooling};
use medvec::{Encoder, EncoderInput};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Golden {
    recipe: Value,
    roles: Value,
    cases: Vec<Case>,
    batches: Vec<Vec<String>>,
}

#[derive(Clone, Deserialize)]
struct Case {
    id: String,
    role: String,
    text: String,
    text_pair: Option<String>,
    input_ids: Vec<u32>,
    token_type_ids: Vec<u32>,
    embedding: Vec<f32>,
}

/// `MEDVEC_SHARED` or `../shared`; `None`, with a line that says so, where there is neither.
fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if path.join("fixtures/encoders").is_dir() {
        return Some(path);
    }
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "{} has no encoder fixtures", path.display());
    println!("skipped: {} has no encoder fixtures", path.display());
    None
}

fn fixture(name: &str) -> Option<PathBuf> {
    Some(shared()?.join("fixtures/encoders").join(name))
}

fn golden(folder: &Path) -> Golden {
    let bytes = std::fs::read(folder.join("golden.json")).expect("golden.json");
    serde_json::from_slice(&bytes).expect("golden.json parses")
}

/// The recipe of `golden.json`, where `pair` is a remark and the roles stand beside it.
fn recipe(golden: &Golden) -> Recipe {
    let mut recipe = golden.recipe.clone();
    recipe["pair"] = json!(golden.recipe.get("pair").is_some());
    recipe["roles"] = golden.roles.clone();
    serde_json::from_value(recipe).expect("a recipe")
}

fn tokens(encoder: &FolderEncoder, case: &Case) -> Tokens {
    match case.role.as_str() {
        "query" => encoder.query_tokens(&case.text),
        _ => encoder.document_tokens(&case.text, case.text_pair.as_deref()),
    }
    .expect("tokens")
}

fn assert_close(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 2e-5, "{what}, component {place}: {got}, not {want}");
    }
}

/// Token ids, vectors one by one, and every batch of the file forwards and backwards: equal to the
/// last bit whatever stands beside a text.
fn check_golden(encoder: &FolderEncoder, golden: &Golden, name: &str) {
    let dimension = encoder.spec().dimension as usize;
    let mut alone = HashMap::new();
    for case in &golden.cases {
        let tokens = tokens(encoder, case);
        assert_eq!(tokens.ids, case.input_ids, "{name} {}", case.id);
        assert_eq!(tokens.type_ids, case.token_type_ids, "{name} {}", case.id);
        let vector = encoder.encode_tokens(&[tokens]).expect("a vector");
        assert_close(&vector, &case.embedding, &format!("{name} {}", case.id));
        alone.insert(case.id.as_str(), vector);
    }
    let find = |id: &String| golden.cases.iter().find(|case| case.id == *id).expect("a case");
    for batch in &golden.batches {
        let mut cases: Vec<&Case> = batch.iter().map(find).collect();
        for _ in 0..2 {
            let all: Vec<Tokens> = cases.iter().map(|case| tokens(encoder, case)).collect();
            let vectors = encoder.encode_tokens(&all).expect("vectors");
            assert_eq!(vectors.len(), cases.len() * dimension);
            for (case, vector) in cases.iter().zip(vectors.chunks(dimension)) {
                assert_eq!(vector, alone[case.id.as_str()], "{name} {} in a batch", case.id);
            }
            cases.reverse();
        }
    }
}

#[test]
fn folders_match_their_goldens_with_a_given_recipe() {
    for name in
        ["bert-mean-st", "bert-cls-pair", "bert-cls-bin-vocab", "bert-mlm-legacy", "bert-lora/base"]
    {
        let Some(folder) = fixture(name) else { return };
        let golden = golden(&folder);
        let encoder = FolderEncoder::open_with(&folder, &recipe(&golden)).expect(name);
        check_golden(&encoder, &golden, name);
    }
}

#[test]
fn sentence_transformers_folders_need_no_recipe() {
    for (name, pooling) in [("bert-mean-st", Pooling::Mean), ("bert-lora/base", Pooling::Cls)] {
        let Some(folder) = fixture(name) else { return };
        let mut golden = golden(&folder);
        let encoder = FolderEncoder::open(&folder).expect(name);
        let spec = encoder.spec();
        assert_eq!((spec.pooling, spec.normalize, spec.metric), (pooling, true, Metric::Cosine));
        assert_eq!((spec.document.tokens_max, spec.document.pair), (64, false));
        // The instruction for queries is not in this folder's files.
        golden.cases.retain(|case| case.role == "document");
        let known: Vec<String> = golden.cases.iter().map(|case| case.id.clone()).collect();
        golden.batches.iter_mut().for_each(|batch| batch.retain(|id| known.contains(id)));
        check_golden(&encoder, &golden, name);
    }
}

#[test]
fn documents_and_queries_go_through_their_own_towers() {
    let Some(folder) = fixture("bert-cls-pair") else { return };
    let golden = golden(&folder);
    let encoder = FolderEncoder::open_with(&folder, &recipe(&golden)).expect("encoder");
    for case in &golden.cases {
        let vector = match (&case.text_pair, case.role.as_str()) {
            (Some(text), _) => encoder
                .encode_documents(&[EncoderInput { title: case.text.clone(), text: text.clone() }]),
            (None, "query") => encoder.encode_queries(&[&case.text]),
            (None, _) => continue,
        };
        assert_close(&vector.expect("a vector"), &case.embedding, &case.id);
    }
}

#[test]
fn title_and_text_are_one_text_without_pairs() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    let input = |title: &str, text: &str| EncoderInput { title: title.into(), text: text.into() };
    let vectors = |inputs: &[EncoderInput]| encoder.encode_documents(inputs).expect("vectors");
    let joined = vectors(&[input("Heart failure.", "A study of adults.")]);
    assert_eq!(joined, vectors(&[input("", "Heart failure. A study of adults.")]));
    assert_eq!(joined, vectors(&[input("Heart failure. A study of adults.", "")]));
    assert_eq!(vectors(&[]), Vec::<f32>::new());
    assert!(vectors(&[input("", "")]).iter().all(|value| value.is_finite()));
    let long = "myocardial infarction ".repeat(50_000);
    assert_eq!(vectors(&[input(&long, "")]).len(), encoder.spec().dimension as usize);
}

#[test]
fn threads_share_an_encoder_and_get_the_same_bits() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    let inputs: Vec<EncoderInput> = (1..60)
        .map(|n| EncoderInput { title: "chronic kidney disease ".repeat(n), text: String::new() })
        .collect();
    let expected = encoder.encode_documents(&inputs).expect("vectors");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(encoder.encode_documents(&inputs).expect("vectors"), expected)
            });
        }
    });
}

#[cfg(feature = "oracle")]
#[test]
fn agrees_with_candle_transformers() {
    use candle_core::{DType, Device, Tensor};
    let Some(folder) = fixture("bert-mean-st") else { return };
    let text = std::fs::read(folder.join("config.json")).expect("config.json");
    let config: candle_transformers::models::bert::Config =
        serde_json::from_slice(&text).expect("candle's configuration");
    let weights = std::fs::read(folder.join("model.safetensors")).expect("weights");
    let device = Device::Cpu;
    let builder = candle_nn::VarBuilder::from_buffered_safetensors(weights, DType::F32, &device)
        .expect("weights");
    let model =
        candle_transformers::models::bert::BertModel::load(builder, &config).expect("model");
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    for words in 1..40 {
        let tokens =
            encoder.document_tokens(&"atrial fibrillation ".repeat(words), None).expect("tokens");
        let row = |ids: &[u32]| Tensor::new(ids, &device)?.unsqueeze(0);
        let mean = || -> candle_core::Result<Vec<f32>> {
            let states = model.forward(&row(&tokens.ids)?, &row(&tokens.type_ids)?, None)?;
            let mean = states.squeeze(0)?.mean(0)?;
            let norm = mean.sqr()?.sum_all()?.sqrt()?;
            mean.broadcast_div(&norm)?.to_vec1()
        };
        let vector = encoder.encode_tokens(std::slice::from_ref(&tokens)).expect("a vector");
        assert_close(&vector, &mean().expect("candle's vector"), &format!("{words} words"));
    }
}

/// The folder's files copied to a place where they can be damaged.
fn copy(name: &str) -> Option<tempfile::TempDir> {
    let source = fixture(name)?;
    let target = tempfile::tempdir().expect("a temporary folder");
    let files = ["", "1_Pooling"].map(|part| (source.join(part), target.path().join(part)));
    for (from, to) in files.iter().filter(|(from, _)| from.is_dir()) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder").flatten() {
            if entry.path().is_file() {
                let bytes = std::fs::read(entry.path()).expect("a file");
                std::fs::write(to.join(entry.file_name()), bytes).expect("written");
            }
        }
    }
    Some(target)
}

/// Opening must fail with an encoder error that says each of `words`.
fn assert_refused(folder: &Path, words: &[&str]) {
    match FolderEncoder::open(folder) {
        Ok(_) => panic!("{} was opened, expected an error about {words:?}", folder.display()),
        Err(medvec::Error::Encoder { name, detail }) => {
            assert!(Path::new(&name).is_absolute(), "{name}");
            for word in words {
                assert!(detail.contains(word), "{detail:?} does not say {word:?}");
            }
        }
        Err(other) => panic!("not an encoder error: {other}"),
    }
}

fn edit_json(folder: &Path, file: &str, edit: impl FnOnce(&mut Value)) {
    let path = folder.join(file);
    let mut value: Value = serde_json::from_slice(&std::fs::read(&path).expect(file)).expect(file);
    edit(&mut value);
    std::fs::write(path, value.to_string()).expect("written");
}

#[test]
fn missing_files_are_named() {
    assert_refused(Path::new("no/such/folder"), &["no such folder"]);
    let empty = tempfile::tempdir().expect("a temporary folder");
    assert_refused(empty.path(), &["config.json is missing"]);
    for (file, words) in [
        ("config.json", &["config.json is missing"][..]),
        ("1_Pooling/config.json", &["pooling", "config.json"]),
        ("model.safetensors", &["model.safetensors", "pytorch_model.bin"]),
    ] {
        let Some(folder) = copy("bert-mean-st") else { return };
        std::fs::remove_file(folder.path().join(file)).expect("removed");
        assert_refused(folder.path(), words);
    }
    let Some(folder) = copy("bert-cls-bin-vocab") else { return };
    std::fs::remove_file(folder.path().join("vocab.txt")).expect("removed");
    assert_refused(folder.path(), &["tokenizer.json", "vocab.txt"]);
    let Some(adapter) = fixture("bert-lora/adapter") else { return };
    assert_refused(&adapter, &["LoRA", "merge"]);
}

#[test]
fn a_config_that_contradicts_the_weights_is_refused() {
    for (key, value, words) in [
        ("hidden_size", json!(96), &["shape [900, 48]", "[900, 96]"][..]),
        ("vocab_size", json!(901), &["word_embeddings", "[901, 48]"]),
        ("num_hidden_layers", json!(4), &["encoder.layer.3.", "is missing"]),
        ("num_hidden_layers", json!(2), &["2 layers", "more"]),
        ("num_hidden_layers", json!(u64::MAX), &["encoder.layer.3.", "is missing"]),
        ("intermediate_size", json!(97), &["intermediate.dense.weight", "[97, 48]"]),
        ("num_attention_heads", json!(5), &["multiple"]),
        ("num_attention_heads", json!(0), &["num_attention_heads is 0"]),
        ("hidden_size", json!(u64::MAX), &["hidden_size"]),
        ("hidden_size", json!(-1), &["config.json", "-1"]),
        ("model_type", json!("mpnet"), &["mpnet", "bert"]),
        ("architectures", json!(["BertForSequenceClassification"]), &["BertForSequence"]),
        ("hidden_act", json!("swish"), &["swish", "gelu"]),
        ("position_embedding_type", json!("relative_key"), &["absolute"]),
        ("layer_norm_eps", json!(-1.0), &["layer_norm_eps"]),
    ] {
        let Some(folder) = copy("bert-mean-st") else { return };
        edit_json(folder.path(), "config.json", |config| config[key] = value);
        assert_refused(folder.path(), words);
    }
}

#[test]
fn recipes_that_cannot_be_followed_are_refused() {
    let edits: [(&str, &str, Value, &[&str]); 6] = [
        ("modules.json", "/1/type", json!("sentence_transformers.models.Dense"), &["Dense"]),
        ("modules.json", "/1/path", json!("../elsewhere"), &["outside"]),
        ("1_Pooling/config.json", "/pooling_mode_max_tokens", json!(true), &["max_tokens"]),
        ("1_Pooling/config.json", "/pooling_mode_mean_tokens", json!(false), &["pooling []"]),
        ("sentence_bert_config.json", "/max_seq_length", json!(2), &["max_length is 2"]),
        ("sentence_bert_config.json", "/max_seq_length", json!(0), &["max_length is 0"]),
    ];
    for (file, pointer, value, words) in edits {
        let Some(folder) = copy("bert-mean-st") else { return };
        edit_json(folder.path(), file, |json| *json.pointer_mut(pointer).expect(pointer) = value);
        assert_refused(folder.path(), words);
    }
    let Some(folder) = fixture("bert-mean-st") else { return };
    let mut asked = recipe(&golden(&folder));
    asked.roles.document.max_length = 97;
    let refused = FolderEncoder::open_with(&folder, &asked).err().expect("refused").to_string();
    assert!(refused.contains("97") && refused.contains("96 positions"), "{refused}");
    asked.roles.document.max_length = 64;
    asked.pooling = Pooling::Last;
    assert!(FolderEncoder::open_with(&folder, &asked).is_err());
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let Some(folder) = copy("bert-cls-bin-vocab") else { return };
    let path = folder.path().join("vocab.txt");
    let words = std::fs::read_to_string(&path).expect("vocab.txt");
    let more: String = (0..200).map(|n| format!("extra{n}\n")).collect();
    std::fs::write(&path, format!("{words}{more}")).expect("written");
    assert_refused(folder.path(), &["tokenizer", "800 rows"]);
    std::fs::write(&path, words.replace("[CLS]\n", "[KLS]\n")).expect("written");
    assert_refused(folder.path(), &["vocab.txt", "[CLS]"]);
    let Some(folder) = copy("bert-mean-st") else { return };
    std::fs::write(folder.path().join("tokenizer.json"), "{").expect("written");
    assert_refused(folder.path(), &["tokenizer.json"]);
}

#[test]
fn damaged_weights_are_refused_at_every_length() {
    for (name, file) in
        [("bert-mean-st", "model.safetensors"), ("bert-cls-bin-vocab", "pytorch_model.bin")]
    {
        let Some(folder) = copy(name) else { return };
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).expect("weights");
        let step = whole.len() / 60;
        for length in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
            std::fs::write(&path, &whole[..length]).expect("written");
            assert_refused(folder.path(), &[file]);
        }
    }
}

#[test]
fn changed_bytes_in_weights_give_an_error_or_a_model() {
    for (name, file) in
        [("bert-mean-st", "model.safetensors"), ("bert-cls-bin-vocab", "pytorch_model.bin")]
    {
        let Some(folder) = copy(name) else { return };
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).expect("weights");
        // The headers are at the start of one and at both ends of the other.
        let places = (0..1_500).step_by(11).chain((whole.len() - 2_000..whole.len()).step_by(13));
        for place in places {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            std::fs::write(&path, changed).expect("written");
            match FolderEncoder::open(folder.path()) {
                Ok(encoder) => drop(encoder.encode_queries(&["sepsis"])),
                Err(problem) => assert!(problem.to_string().contains(file), "{problem}"),
            }
        }
    }
}

#[test]
fn a_container_from_before_pytorch_1_6_is_refused_with_the_conversion() {
    let Some(folder) = copy("bert-mlm-legacy") else { return };
    let old = folder.path().join("legacy_pytorch_model.bin");
    std::fs::rename(old, folder.path().join("pytorch_model.bin")).expect("renamed");
    assert_refused(folder.path(), &["PyTorch before 1.6", "torch.save(torch.load("]);
}

#[test]
fn vectors_that_are_not_finite_are_an_error() {
    let Some(folder) = copy("bert-mean-st") else { return };
    let path = folder.path().join("model.safetensors");
    let mut bytes = std::fs::read(&path).expect("weights");
    let start = bytes.len() / 2;
    for number in bytes[start / 4 * 4..].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    std::fs::write(&path, bytes).expect("written");
    let encoder = FolderEncoder::open(folder.path()).expect("the shapes are right");
    let failed = encoder.encode_queries(&["sepsis"]).expect_err("not finite").to_string();
    assert!(failed.contains("not finite"), "{failed}");
}

#[test]
fn tokens_that_the_model_does_not_have_are_an_error() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    for (ids, type_ids, word) in [
        (vec![], vec![], "no tokens"),
        (vec![2; 97], vec![0; 97], "96 positions"),
        (vec![900], vec![0], "900 known words"),
        (vec![2], vec![2], "2 known types"),
        (vec![2, 3], vec![0], "1 token types"),
    ] {
        let failed = encoder.encode_tokens(&[Tokens { ids, type_ids }]).expect_err(word);
        assert!(failed.to_string().contains(word), "{failed}");
    }
}

#[test]
fn the_fingerprint_follows_what_decides_the_vectors() {
    let Some(folder) = copy("bert-mean-st") else { return };
    let print = || FolderEncoder::open(folder.path()).expect("encoder").spec().fingerprint();
    let first = print();
    let Some(moved) = copy("bert-mean-st") else { return };
    assert_eq!(FolderEncoder::open(moved.path()).expect("encoder").spec().fingerprint(), first);
    edit_json(folder.path(), "config.json", |config| config["num_attention_heads"] = json!(2));
    let heads = print();
    edit_json(folder.path(), "sentence_bert_config.json", |own| own["max_seq_length"] = json!(32));
    let length = print();
    let tokenizer = folder.path().join("tokenizer.json");
    let mut text = std::fs::read_to_string(&tokenizer).expect("tokenizer.json");
    text.push('\n');
    std::fs::write(tokenizer, text).expect("written");
    let prints = [first, heads, length, print()];
    for (place, one) in prints.iter().enumerate() {
        assert!(!prints[..place].contains(one), "change {place} left the fingerprint as it was");
    }
}

/// With `MEDVEC_MINILM` naming an all-MiniLM-L6-v2 folder: the shared half-precision vectors of the
/// same sentences, which were cut at 128 tokens (the limit baked into the tokenizer's file).
#[test]
fn real_minilm_gives_the_shared_vectors() {
    use std::io::{BufRead, BufReader, Read};
    let (Some(shared), Some(folder)) = (shared(), std::env::var_os("MEDVEC_MINILM")) else {
        println!("skipped: MEDVEC_MINILM does not name an all-MiniLM-L6-v2 folder");
        return;
    };
    let recipe = json!({"pooling": "mean", "normalize": true, "similarity": "cosine",
        "roles": {"document": {"max_length": 128}}});
    let recipe: Recipe = serde_json::from_value(recipe).expect("a recipe");
    let encoder = FolderEncoder::open_with(Path::new(&folder), &recipe).expect("encoder");
    let open =
        |name: &str| std::fs::File::open(shared.join("peers/vectors").join(name)).expect(name);
    let lines = BufReader::new(flate2::read::MultiGzDecoder::new(open("text.jsonl.gz"))).lines();
    let texts: Vec<String> = lines
        .take(500)
        .map(|line| {
            let record: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
            record["text"].as_str().expect("a text").to_string()
        })
        .collect();
    let mut halves = Vec::new();
    let bytes = 128 + texts.len() as u64 * 384 * 2;
    open("base.npy").take(bytes).read_to_end(&mut halves).expect("vectors");
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = encoder.encode_queries(&texts).expect("vectors");
    let rows = vectors.chunks(384).zip(halves[128..].chunks(768));
    let cosines = rows.map(|(vector, halves)| {
        let halves = halves.chunks(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
        let other: Vec<f32> = halves.map(medvec::kernel::quantize::f32_from_f16).collect();
        let norm = other.iter().map(|value| value * value).sum::<f32>().sqrt();
        vector.iter().zip(other).map(|(a, b)| a * b).sum::<f32>() / norm
    });
    let least = cosines.fold(f32::INFINITY, f32::min);
    println!("least cosine of {} sentences: {least}", texts.len());
    assert!(least > 0.999, "least cosine {least}");
}
