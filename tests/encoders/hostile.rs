//! Folders that ask for too much, and settings that would change vectors.

use std::path::Path;

use medvec::encode::folder::{CrossEncoder, FolderEncoder, FolderOptions};
use medvec::{Control, Encoder, EncoderInput};
use serde_json::{Value, json};

use crate::fixtures::{assert_refused, copy, edit_json, golden, recipe};

/// Settings that change vectors, in the file that would hold them, and words of the refusal.
#[test]
fn settings_that_are_not_understood_are_refused_by_name() {
    let pooling = "1_Pooling/config.json";
    let sentences = "config_sentence_transformers.json";
    for (file, name, value) in [
        (pooling, "include_prompt", json!(false)),
        (pooling, "pooling_mode_weightedmean_tokens", json!(true)),
        (pooling, "pooling_mode_mean_tokens", json!("yes")),
        (pooling, "pooling_mode_of_tomorrow", json!(false)),
        (pooling, "new_setting", json!(1)),
        (sentences, "default_prompt_name", json!("query")),
        (sentences, "similarity_fn_name", json!("manhattan")),
        (sentences, "truncate_dim", json!(16)),
        (sentences, "prompts", json!(["a"])),
        (sentences, "model_type", json!("SparseEncoder")),
        ("sentence_bert_config.json", "max_seq_length", json!("64")),
        ("sentence_bert_config.json", "do_stem", json!(true)),
        ("tokenizer_config.json", "truncation_side", json!("left")),
        ("tokenizer_config.json", "split_special_tokens", json!(true)),
        ("tokenizer_config.json", "do_lower_case", json!(false)),
        ("tokenizer_config.json", "strip_accents", json!(false)),
        ("tokenizer_config.json", "tokenize_chinese_chars", json!(false)),
        ("added_tokens.json", "[DRUG]", json!(40)),
        ("config.json", "position_embedding_type", json!("alibi")),
        ("config.json", "is_decoder", json!(true)),
        ("config.json", "add_cross_attention", json!(true)),
        ("config.json", "rope_scaling", json!({"type": "linear"})),
        ("config.json", "auto_map", json!({"AutoModel": "m.Model"})),
        ("config.json", "quantization_config", json!({"bits": 4})),
        ("config.json", "layer_norm_eps", json!("small")),
        ("config.json", "hidden_act", json!("swiglu")),
        ("config.json", "hidden_size", json!(48.5)),
    ] {
        let Some(folder) = copy("bert-mean-st") else { return };
        let path = folder.path().join(file);
        if !path.exists() {
            std::fs::write(path, "{}").expect("written");
        }
        edit_json(folder.path(), file, |settings| settings[name] = value);
        assert_refused(folder.path(), &[name]);
    }
    for (pointer, value, words) in [
        ("/1/kwargs", json!(["task"]), "kwargs"),
        ("/0/type", json!("custom_st.Transformer"), "custom_st"),
        ("/2/type", json!("sentence_transformers.models.Dense"), "Dense"),
        ("/2/type", json!("sentence_transformers.models.Pooling"), "order"),
    ] {
        let Some(folder) = copy("bert-mean-st") else { return };
        edit_json(folder.path(), "modules.json", |modules| {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            modules.pointer_mut(parent).unwrap()[name] = value;
            if words == "order" {
                // The pooling step's folder is where it was.
                modules[2]["path"] = "1_Pooling".into();
            }
        });
        assert_refused(folder.path(), &["modules.json", words]);
    }
}

#[test]
fn a_default_prompt_is_put_before_every_text() {
    let Some(folder) = copy("bert-mean-st") else { return };
    let prefixes = |path: &Path| {
        let encoder = FolderEncoder::open(path).expect("a folder that is understood");
        let spec = encoder.spec();
        [spec.document.prefix.clone(), spec.query.prefix.clone()]
    };
    assert_eq!(prefixes(folder.path()), ["", ""]);
    edit_json(folder.path(), "config_sentence_transformers.json", |settings| {
        settings["prompts"] = json!({"query": "query: ", "other": "text: "});
    });
    assert_eq!(prefixes(folder.path()), ["", "query: "]);
    edit_json(folder.path(), "config_sentence_transformers.json", |settings| {
        settings["default_prompt_name"] = "other".into();
    });
    assert_eq!(prefixes(folder.path()), ["text: ", "query: "]);
}

/// Opens a folder as what it is, and makes one vector; both may fail, in words.
fn run(folder: &Path, name: &str) -> Result<(), String> {
    let text = EncoderInput { title: "sepsis in children".into(), text: "a ".repeat(50) };
    let words = |error: medvec::Error| error.to_string();
    if name == "bert-cross" {
        let cross = CrossEncoder::open(folder).map_err(words)?;
        return cross.rank("sepsis", &[text], 1, &Control::default()).map(drop).map_err(words);
    }
    // The recipe is the fixture's, cut to what any change leaves room for.
    let mut recipe = recipe(&golden(folder));
    recipe.roles.values_mut().for_each(|role| role.max_length = role.max_length.min(16));
    let options = FolderOptions::new().recipe(recipe);
    let encoder = FolderEncoder::open_with(folder, &options).map_err(words)?;
    encoder.encode_documents(&[text]).map(drop).map_err(words)
}

fn numbers(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Number(_) => all.push(at.to_owned()),
        Value::Array(items) => {
            let places = items.iter().enumerate();
            places.for_each(|(place, item)| numbers(item, &format!("{at}/{place}"), all));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, item)| numbers(item, &format!("{at}/{name}"), all));
        }
        _ => {}
    }
}

/// Every number of every configuration, as none that its author meant: an error or a vector, at once.
#[test]
fn no_number_in_a_configuration_takes_memory_or_panics() {
    let odd = [
        json!(0),
        json!(-1),
        json!(1),
        json!(3),
        json!(0.5),
        json!(1e300),
        json!(1u64 << 31),
        json!(1u64 << 40),
        json!(u64::MAX),
        json!(i64::MIN),
        Value::Null,
    ];
    let names = [
        "bert-mean-st",
        "bert-cross",
        "mpnet-mean-st",
        "gptneox-last",
        "gemma-last",
        "mistral-last",
    ];
    for name in names {
        let Some(folder) = copy(name) else { return };
        let path = folder.path().join("config.json");
        let original = std::fs::read(&path).expect("config.json");
        let mut places = Vec::new();
        numbers(&serde_json::from_slice(&original).expect("JSON"), "", &mut places);
        assert!(places.len() > 5, "{name}");
        run(folder.path(), name).expect(name);
        for place in &places {
            for value in &odd {
                edit_json(folder.path(), "config.json", |config| {
                    *config.pointer_mut(place).expect("a place") = value.clone();
                });
                // What matters is that it comes back.
                let _ = run(folder.path(), name);
                std::fs::write(&path, &original).expect("written");
            }
        }
    }
}

/// As many layers as names: each is looked up, and none by going through all names.
#[test]
fn very_many_layers_take_time_in_proportion() {
    const LAYERS: usize = 100_000;
    let Some(folder) = copy("bert-mean-st") else { return };
    let path = folder.path().join("model.safetensors");
    let bytes = std::fs::read(&path).expect("weights");
    let (length, rest) = bytes.split_first_chunk::<8>().expect("a length");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).expect("JSON");
    for layer in 0..LAYERS {
        let name = format!("encoder.layer.{layer}.nothing");
        let offsets = [data.len(), data.len()];
        header[name] = json!({"dtype": "F32", "shape": [0], "data_offsets": offsets});
    }
    let header = header.to_string();
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(&path, [&length[..], header.as_bytes(), data].concat()).expect("written");
    edit_json(folder.path(), "config.json", |config| config["num_hidden_layers"] = LAYERS.into());
    let started = std::time::Instant::now();
    assert_refused(folder.path(), &["tensor encoder.layer.", "is missing"]);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[cfg(unix)]
#[test]
fn files_that_are_pipes_folders_or_endless_are_refused() {
    let files = [
        "config.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "tokenizer_config.json",
        "tokenizer.json",
        "1_Pooling/config.json",
        "model.safetensors",
    ];
    for file in files {
        let Some(folder) = copy("bert-mean-st") else { return };
        let path = folder.path().join(file);
        let replace = |make: &dyn Fn(&Path)| {
            std::fs::remove_file(&path).expect("removed");
            make(&path);
            assert!(FolderEncoder::open(folder.path()).is_err(), "{file}");
        };
        replace(&|path| std::os::unix::fs::symlink("/dev/zero", path).expect("a link"));
        replace(&|path| {
            let status = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
            assert!(status.success());
        });
        if file != "model.safetensors" {
            replace(&|path| {
                let hole = std::fs::File::create(path).expect("a file");
                hole.set_len(1 << 40).expect("a hole");
            });
            replace(&|path| std::fs::write(path, "[".repeat(1 << 20)).expect("written"));
        }
    }
}

#[test]
fn tokenizers_that_blow_up_are_refused_and_long_texts_are_cut() {
    let ten = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaa"});
    let long =
        json!({"type": "Replace", "pattern": {"String": "a"}, "content": "b".repeat(100_000)});
    for normalizer in [
        json!({"type": "Sequence", "normalizers": vec![ten; 9]}),
        long,
        json!({"type": "Sequence", "normalizers": vec![json!({"type": "NFC"}); 10_000]}),
    ] {
        let Some(folder) = copy("bert-mean-st") else { return };
        edit_json(folder.path(), "tokenizer.json", |file| file["normalizer"] = normalizer);
        assert_refused(folder.path(), &["tokenizer.json", "normalizer"]);
    }
    let Some(folder) = copy("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(folder.path()).expect("a sane folder");
    let text = "sepsis ".repeat(1 << 19);
    let whole = encoder.encode_queries(&[&text]).expect("a vector");
    let part = encoder.encode_queries(&[&text[..7 << 10]]).expect("a vector");
    assert_eq!(whole, part);
}
