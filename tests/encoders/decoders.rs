//! GPT-NeoX, Gemma and Mistral.

use medvec::Encoder;
use medvec::encode::folder::{FolderEncoder, FolderOptions, Recipe, Tokens};
use serde_json::{Value, json};

use crate::fixtures::{
    check_golden, copy, edit_json, fixture, golden, recipe, tokens, with_recipe,
};

const FIXTURES: [&str; 3] = ["gptneox-last", "gemma-last", "mistral-last"];

#[test]
fn folders_match_their_goldens_with_a_given_recipe() {
    for name in FIXTURES {
        let Some(folder) = fixture(name) else { return };
        let mut golden = golden(&folder);
        // Everything at once, beside the file's own batches.
        golden.batches.push(golden.cases.iter().map(|case| case.id.clone()).collect());
        let encoder = with_recipe(&folder, &golden).expect(name);
        check_golden(&encoder, &golden, name);
    }
}

#[test]
fn a_config_that_contradicts_the_weights_is_refused() {
    for (name, key, value, words) in [
        ("gptneox-last", "hidden_size", json!(128), &["embed_in.weight", "[808, 128]"][..]),
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
        edit_json(folder.path(), "config.json", |config| config[key] = value);
        let refused = with_recipe(folder.path(), &golden(folder.path())).expect_err(key);
        for word in words {
            assert!(refused.to_string().contains(word), "{refused} does not say {word:?}");
        }
    }
}

/// `tokenizer_config.json` may ask for tokens that `tokenizer.json` does not add.
#[test]
fn ends_of_texts_that_the_files_disagree_about_are_refused() {
    let Some(folder) = copy("mistral-last") else { return };
    let tokenizer = folder.path().join("tokenizer.json");
    let whole = std::fs::read_to_string(&tokenizer).expect("tokenizer.json");
    let appending = recipe(&golden(folder.path()));
    let bare = Recipe { append_eos_id: None, ..appending.clone() };
    let open = |recipe: &Recipe| {
        let options = FolderOptions::new().recipe(recipe.clone());
        FolderEncoder::open_with(folder.path(), &options).map(drop).map_err(|e| e.to_string())
    };
    open(&bare).expect("they agree");
    edit_json(folder.path(), "tokenizer_config.json", |own| own["add_eos_token"] = json!(true));
    let refused = open(&bare).expect_err("no end is added");
    assert!(refused.contains("add_eos_token"), "{refused}");
    open(&appending).expect("the recipe adds it");
    edit_json(folder.path(), "tokenizer.json", |own| {
        let end = json!({"SpecialToken": {"id": "<s>", "type_id": 0}});
        let single = own["post_processor"]["single"].as_array_mut().expect("a template");
        single.push(end);
    });
    open(&bare).expect("it is added");
    std::fs::write(&tokenizer, whole).expect("written");
    edit_json(folder.path(), "tokenizer_config.json", |own| own["add_eos_token"] = json!(false));
    edit_json(folder.path(), "tokenizer.json", |own| own["post_processor"] = Value::Null);
    let refused = open(&appending).expect_err("no start is added");
    assert!(refused.contains("add_bos_token"), "{refused}");
}

#[test]
fn what_the_vectors_depend_on_is_in_the_fingerprint() {
    let Some(folder) = copy("mistral-last") else { return };
    let golden = golden(folder.path());
    let print = || with_recipe(folder.path(), &golden).expect("encoder").spec().fingerprint();
    let mut prints = vec![print()];
    for (key, value) in [
        ("sliding_window", json!(11)),
        ("rope_theta", json!(20_000.0)),
        ("rms_norm_eps", json!(1e-6)),
    ] {
        edit_json(folder.path(), "config.json", |config| config[key] = value);
        let print = print();
        assert!(!prints.contains(&print), "{key} left the fingerprint as it was");
        prints.push(print);
    }
}

#[test]
fn tokens_that_the_model_does_not_have_are_an_error() {
    let Some(folder) = fixture("gptneox-last") else { return };
    let encoder = with_recipe(&folder, &golden(&folder)).expect("encoder");
    for (ids, word) in
        [(vec![], "no tokens"), (vec![808], "808 known words"), (vec![1; 129], "128 positions")]
    {
        let type_ids = vec![0; ids.len()];
        let failed = encoder.encode_tokens(&[Tokens { ids, type_ids }]).expect_err(word);
        assert!(failed.to_string().contains(word), "{failed}");
    }
}

#[test]
fn half_precision_weights_give_the_vectors_of_their_values() {
    for name in ["gptneox-last", "mistral-last"] {
        let Some(folder) = copy(name) else { return };
        let golden = golden(folder.path());
        let path = folder.path().join("model.safetensors");
        let whole = std::fs::read(&path).expect("weights");
        // The same numbers with their lower halves cut off: once as bfloat16, once in full.
        let vectors = [true, false].map(|half| {
            std::fs::write(&path, rewritten(&whole, half)).expect("written");
            let encoder = with_recipe(folder.path(), &golden).expect(name);
            let all: Vec<Tokens> = golden.cases.iter().map(|case| tokens(&encoder, case)).collect();
            encoder.encode_tokens(&all).expect("vectors")
        });
        assert_eq!(vectors[0], vectors[1], "{name}");
    }
}

/// A safetensors file of F32 tensors with the lower 16 bits of every number cut off; stored as BF16
/// or as F32.
fn rewritten(file: &[u8], half: bool) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().expect("8 bytes")) as usize;
    let mut header: Value = serde_json::from_slice(&file[8..8 + length]).expect("a header");
    for (name, tensor) in header.as_object_mut().expect("tensors") {
        if name != "__metadata__" && half {
            tensor["dtype"] = json!("BF16");
            for place in tensor["data_offsets"].as_array_mut().expect("offsets") {
                *place = json!(place.as_u64().expect("an offset") / 2);
            }
        }
    }
    let header = header.to_string();
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    for number in file[8 + length..].chunks_exact(4) {
        out.extend(if half { &[][..] } else { &[0, 0][..] });
        out.extend(&number[2..]);
    }
    out
}
