//! Folders that cannot be used are refused in words that name the file.

use std::path::Path;

use medvec::encode::folder::{FolderEncoder, FolderOptions, Recipe, Tokens};
use medvec::encoder::Pooling;
use medvec::{Encoder, EncoderInput};
use serde_json::{Value, json};

use crate::fixtures::{assert_refused, copy, edit_json, fixture, golden, recipe};

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
    assert_refused(&adapter, &["LoRA", "base"]);
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
        ("model_type", json!("mpnet"), &["BertModel", "MPNetModel"]),
        ("model_type", json!("t5"), &["t5", "bert, mpnet"]),
        ("architectures", json!(["BertForSequenceClassification"]), &["re-rank"]),
        ("architectures", json!(["BertForQuestionAnswering"]), &["BertForQuestionAnswering"]),
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
    let set = |recipe: &mut Recipe, length| {
        recipe.roles.get_mut("document").expect("a role").max_length = length;
    };
    set(&mut asked, 97);
    let open = |recipe: &Recipe| {
        let options = FolderOptions::new().recipe(recipe.clone());
        FolderEncoder::open_with(&folder, &options)
    };
    let refused = open(&asked).expect_err("refused").to_string();
    assert!(refused.contains("97") && refused.contains("96 positions"), "{refused}");
    set(&mut asked, 64);
    asked.pooling = Pooling::Weighted;
    assert!(open(&asked).is_err());
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
    std::fs::write(&path, b"[CLS]\n\xff\n").expect("written");
    assert_refused(folder.path(), &["vocab.txt"]);
    let Some(folder) = copy("bert-mean-st") else { return };
    std::fs::write(folder.path().join("tokenizer.json"), "{").expect("written");
    assert_refused(folder.path(), &["tokenizer.json"]);
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

/// A model of one token type has a row for that one alone.
#[test]
fn the_only_token_type_is_checked_too() {
    let Some(folder) = copy("bert-mean-st") else { return };
    edit_json(folder.path(), "config.json", |config| config["type_vocab_size"] = json!(1));
    let path = folder.path().join("model.safetensors");
    let whole = std::fs::read(&path).expect("weights");
    let stored = safetensors::SafeTensors::deserialize(&whole).expect("weights");
    let views = stored.iter().map(|(name, tensor)| match name.contains("token_type") {
        true => {
            let (data, kind) = (&tensor.data()[..48 * 4], tensor.dtype());
            let view = safetensors::tensor::TensorView::new(kind, vec![1, 48], data);
            (name, view.expect("a tensor"))
        }
        false => (name, tensor),
    });
    std::fs::write(&path, safetensors::serialize(views, None).expect("bytes")).expect("written");
    let encoder = FolderEncoder::open(folder.path()).expect("encoder");
    let run = |kind| encoder.encode_tokens(&[Tokens { ids: vec![2, 3], type_ids: vec![0, kind] }]);
    run(0).expect("a vector");
    let failed = run(1).expect_err("no such type").to_string();
    assert!(failed.contains("1 known type"), "{failed}");
    let pair = encoder.tokens("document", "sepsis", Some("statins")).expect("tokens");
    assert!(encoder.encode_tokens(&[pair]).is_err());
}

#[test]
fn texts_of_any_length_and_kind_have_a_vector() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    let dimension = encoder.spec().dimension as usize;
    let long = "heart failure ".repeat(80_000);
    let one_word = "x".repeat(300_000);
    for text in ["", " ", "\0", "\u{feff}", "\u{1f9ec}\u{200d}", "[CLS][SEP]", &long, &one_word] {
        let input = EncoderInput { title: text.into(), text: String::new() };
        let vector = encoder.encode_documents(&[input]).expect("a vector");
        assert_eq!(vector.len(), dimension);
        assert!(vector.iter().all(|number| number.is_finite()), "{text:.9}");
        assert!(encoder.tokens("document", text, Some(text)).expect("tokens").ids.len() <= 96);
    }
}

/// Found by fuzzing: the crate that reads this file panics.
#[test]
fn a_tokenizer_whose_reader_panics_is_an_error() {
    let Some(folder) = copy("bert-mean-st") else { return };
    let tokenizer = include_bytes!("../data/tokenizer_that_panics.json");
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer).expect("written");
    assert_refused(folder.path(), &["tokenizer.json", "gave up"]);
}

#[test]
fn text_files_that_are_not_utf_8_are_refused() {
    for file in ["config.json", "tokenizer.json", "modules.json", "sentence_bert_config.json"] {
        let Some(folder) = copy("bert-mean-st") else { return };
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).expect(file);
        let mut bytes = text.replacen("\"", "\"?", 1).into_bytes();
        let place = bytes.iter().position(|byte| *byte == b'?').expect("a name");
        bytes[place] = 0xff;
        std::fs::write(&path, bytes).expect("written");
        assert_refused(folder.path(), &[file]);
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
