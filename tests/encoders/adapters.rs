//! LoRA adapters.

use std::path::Path;

use medvec::Encoder;
use medvec::encode::folder::{Device, FolderEncoder, FolderOptions};
use serde_json::{Value, json};

use crate::fixtures::{again, check_golden, copy, edit_json, fixture, golden, recipe};

fn adapted(base: &Path, adapter: &Path) -> medvec::Result<FolderEncoder> {
    let Some(top) = fixture("bert-lora") else { panic!("no fixture") };
    let options = FolderOptions::new().recipe(recipe(&golden(&top))).adapter(adapter.to_path_buf());
    FolderEncoder::open_with(base, &options)
}

#[test]
fn an_adapter_is_merged_into_its_base() {
    let Some(top) = fixture("bert-lora") else { return };
    let encoder = adapted(&top.join("base"), &top.join("adapter")).expect("an adapted encoder");
    check_golden(&encoder, &golden(&top), "bert-lora");
    let base = FolderEncoder::open(&top.join("base")).expect("the base");
    assert_ne!(base.spec().document.weights, encoder.spec().document.weights);
    // A database keeps the description only, and finds its way back by it.
    let again = again(encoder.spec(), Device::Cpu);
    assert_eq!(again.spec(), encoder.spec());
}

#[test]
fn an_adapter_for_another_base_is_refused_with_both_names() {
    let Some(adapter) = fixture("bert-lora/adapter") else { return };
    for other in
        ["bert-mean-st", "bert-cls-pair", "bert-cls-bin-vocab", "bert-cross", "mpnet-mean-st"]
    {
        let Some(base) = fixture(other) else { return };
        let refused = adapted(&base, &adapter).expect_err(other).to_string();
        for words in ["../base", other, "bert-lora/adapter"] {
            assert!(refused.contains(words), "{refused:?} does not say {words:?}");
        }
    }
    // A base of the same shape with other weights stands where the adapter says.
    let there = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| there.path().join(name);
    for name in ["base", "adapter"] {
        let Some(from) = copy(&format!("bert-lora/{name}")) else { return };
        std::fs::rename(from.keep(), place(name)).expect("moved");
    }
    let weights = place("base").join("model.safetensors");
    let mut bytes = std::fs::read(&weights).expect("weights");
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&weights, bytes).expect("written");
    let Some(base) = fixture("bert-lora/base") else { return };
    let refused = adapted(&base, &place("adapter")).expect_err("other weights").to_string();
    assert!(refused.contains("other weights"), "{refused}");
    adapted(&place("base"), &place("adapter")).expect("its own base");

    // Without its base beside it, what tells are names and shapes of tensors and the number of layers.
    let Some(alone) = copy("bert-lora/adapter") else { return };
    for (other, words) in [
        ("bert-mean-st", "in 2 layers, there are 3"),
        ("bert-cls-bin-vocab", "shape"),
        ("mpnet-mean-st", "is missing there"),
    ] {
        let Some(base) = fixture(other) else { return };
        let refused = adapted(&base, alone.path()).expect_err(other).to_string();
        assert!(refused.contains(words) && refused.contains(other), "{refused}");
    }
}

#[test]
fn settings_that_merge_in_another_way_are_refused() {
    let Some(top) = fixture("bert-lora") else { return };
    let edits: [(&str, Value, &str); 11] = [
        ("peft_type", json!("LOHA"), "LOHA"),
        ("use_dora", json!(true), "use_dora"),
        // These take something away from the base's own weights, or act on some tokens only.
        ("init_lora_weights", json!("pissa_niter_16"), "init_lora_weights"),
        ("init_lora_weights", json!("olora"), "init_lora_weights"),
        ("init_lora_weights", json!("corda"), "init_lora_weights"),
        ("alora_invocation_tokens", json!([5, 6]), "alora_invocation_tokens"),
        ("kasa_config", json!({"beta": 1}), "kasa_config"),
        ("use_something_new", json!(true), "use_something_new"),
        ("fan_in_fan_out", json!(true), "fan_in_fan_out"),
        ("alpha_pattern", json!({"layer.[01]": 3}), "alpha_pattern"),
        ("lora_alpha", json!("much"), "much"),
    ];
    for (key, value, word) in edits {
        let Some(adapter) = copy("bert-lora/adapter") else { return };
        edit_json(adapter.path(), "adapter_config.json", |config| config[key] = value);
        let refused = adapted(&top.join("base"), adapter.path()).expect_err(key).to_string();
        assert!(refused.contains(word) && refused.contains("adapter_config.json"), "{refused}");
    }
    let Some(adapter) = copy("bert-lora/adapter") else { return };
    let path = adapter.path().join("adapter_model.safetensors");
    let whole = std::fs::read(&path).expect("weights");
    std::fs::write(&path, &whole[..whole.len() - 1]).expect("written");
    let refused = adapted(&top.join("base"), adapter.path()).expect_err("cut").to_string();
    assert!(refused.contains("adapter_model.safetensors"), "{refused}");
}

#[test]
fn settings_of_training_change_nothing() {
    let Some(top) = fixture("bert-lora") else { return };
    let plain = adapted(&top.join("base"), &top.join("adapter")).expect("an adapted encoder");
    for (key, value) in [
        ("init_lora_weights", json!("gaussian")),
        ("init_lora_weights", json!(false)),
        ("init_lora_weights", json!("eva")),
        ("lora_dropout", json!(0.5)),
        ("merge_weights", json!(false)),
        ("use_something_new", Value::Null),
    ] {
        let Some(adapter) = copy("bert-lora/adapter") else { return };
        edit_json(adapter.path(), "adapter_config.json", |config| {
            config["base_model_name_or_path"] = Value::Null;
            config[key] = value;
        });
        let other = adapted(&top.join("base"), adapter.path()).expect(key);
        assert_eq!(other.spec().fingerprint(), plain.spec().fingerprint(), "{key}");
    }
}

#[test]
fn scales_follow_the_rank_and_the_module() {
    let Some(top) = fixture("bert-lora") else { return };
    let vector = |edit: &dyn Fn(&mut Value)| {
        let adapter = copy("bert-lora/adapter").expect("the fixture");
        edit_json(adapter.path(), "adapter_config.json", edit);
        let encoder = adapted(&top.join("base"), adapter.path()).expect("an adapted encoder");
        (encoder.encode_queries(&["sepsis"]).expect("a vector"), encoder.spec().fingerprint())
    };
    let plain = vector(&|_| {});
    // alpha 16, rank 4: a factor of 4, which is that of alpha 8 divided by the root of the rank.
    let rooted = vector(&|config| {
        config["use_rslora"] = json!(true);
        config["lora_alpha"] = json!(8);
    });
    assert_eq!(plain.0, rooted.0);
    assert_ne!(plain.1, rooted.1);
    let by_module = vector(&|config| {
        config["lora_alpha"] = json!(1);
        config["alpha_pattern"] = json!({"query": 16, "self.value": 16});
    });
    assert_eq!(plain.0, by_module.0);
    assert_ne!(plain.0, vector(&|config| config["lora_alpha"] = json!(1)).0);
}

#[test]
fn an_adapter_of_another_known_model_is_refused_though_its_shapes_fit() {
    let (Some(base), Some(adapter)) = (copy("bert-lora/base"), copy("bert-lora/adapter")) else {
        return;
    };
    let there = tempfile::tempdir().expect("a temporary folder");
    let base_named = there.path().join("MedCPT-Query-Encoder");
    std::fs::rename(base.keep(), &base_named).expect("moved");
    for (named, is_other) in [
        ("ncbi/MedCPT-Article-Encoder", true),
        ("/data/models/BioLORD-2023", true),
        ("ncbi/MedCPT-Query-Encoder", false),
        ("lab/ours", false),
    ] {
        edit_json(adapter.path(), "adapter_config.json", |config| {
            config["base_model_name_or_path"] = named.into();
        });
        match adapted(&base_named, adapter.path()).err() {
            None => assert!(!is_other, "{named}"),
            Some(error) => {
                let words = error.to_string();
                assert!(is_other && words.contains(named), "{words}");
                assert!(words.contains("that is MedCPT-Query-Encoder"), "{words}");
            }
        }
    }
}

#[test]
fn whole_numbers_and_numbers_that_are_none_in_an_adapter_are_refused() {
    let Some(top) = fixture("bert-lora") else { return };
    let Some(adapter) = copy("bert-lora/adapter") else { return };
    let path = adapter.path().join("adapter_model.safetensors");
    let whole = std::fs::read(&path).expect("weights");
    let header = u64::from_le_bytes(whole[..8].try_into().expect("eight bytes")) as usize;
    let text = String::from_utf8(whole[8..8 + header].to_vec()).expect("a header");
    let text = text.replace("F32", "I32");
    let changed = [&whole[..8], text.as_bytes(), &whole[8 + header..]];
    std::fs::write(&path, changed.concat()).expect("written");
    let refused = adapted(&top.join("base"), adapter.path()).expect_err("refused").to_string();
    assert!(
        refused.contains("adapter_model.safetensors") && refused.contains("32 bits"),
        "{refused}"
    );
    let mut bytes = whole;
    for number in bytes[8 + header..].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    std::fs::write(&path, bytes).expect("written");
    let encoder = adapted(&top.join("base"), adapter.path()).expect("the shapes are right");
    let failed = encoder.encode_queries(&["sepsis"]).expect_err("not finite").to_string();
    assert!(failed.contains("not finite"), "{failed}");
}
