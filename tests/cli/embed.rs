//! Documents that are embedded after they were imported.

use crate::encoders::{copy, model};
use crate::sandbox::{DOCUMENTS, Sandbox};

fn pending(sandbox: &Sandbox) -> serde_json::Value {
    let stats = sandbox.medvec(&["stats", "db", "--format", "json"]).expect(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.out).expect("JSON");
    stats["vectors"]["pending"].clone()
}

#[test]
fn deferred_documents_are_filtered_at_once_and_searched_when_embedded() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox
        .medvec(&["import", "db", "docs.jsonl", "--defer"])
        .expect(0)
        .shows(&["4 new"])
        .says(&["4 documents without vectors yet", "embed db"]);
    assert_eq!(pending(&sandbox), 4);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&["pending", "4 with text"]);
    sandbox.medvec(&["search", "db", "--mesh", "Asthma"]).expect(0).shows(&["Exercise in asthma"]);
    sandbox
        .medvec(&["search", "db", "aspirin"])
        .expect(0)
        .shows(&["Aspirin and colorectal cancer"]);
    sandbox
        .medvec(&["search", "db", "aspirin", "--mode", "dense"])
        .expect(1)
        .says(&["4 documents pass the filters, none of them has a vector"]);
    sandbox
        .medvec(&["embed", "db", "--threads", "2"])
        .expect(0)
        .shows(&["embedded 4 documents; 0 left"]);
    assert_eq!(pending(&sandbox), 0);
    sandbox
        .medvec(&["search", "db", "aspirin and cancer", "-k", "1"])
        .expect(0)
        .shows(&["Aspirin and colorectal cancer"]);
    sandbox.medvec(&["embed", "db"]).expect(0).shows(&["embedded 0 documents"]);
    sandbox.medvec(&["verify", "db"]).expect(0);
}

#[test]
fn what_has_no_encoder_is_not_embedded() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    sandbox.medvec(&["embed", "db"]).expect(2).says(&["created without vectors"]);
    assert!(pending(&sandbox).is_null());
}

#[test]
fn a_model_is_looked_for_in_the_cache_by_its_name() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("HF_HUB_CACHE", sandbox.path("hub")).env("HF_HUB_OFFLINE", "1");
        let output = command.output().expect("the binary runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let import = ["import", "db", "docs.jsonl", "--encoder", "lab/model"];
    let (code, words) = run(&import);
    assert_eq!(code, Some(2));
    for word in ["lab/model", "not in the cache of models", "lab/model/tree/main", "tokenizer.json"]
    {
        assert!(words.contains(word), "no `{word}` in: {words}");
    }
    assert!(!sandbox.path("db").exists());
    let (code, words) = run(&["fetch", "lab/model"]);
    assert_eq!(code, Some(2));
    assert!(words.contains("put them into one folder"), "{words}");
    // What is there is used: here it is not a model that could be loaded.
    let snapshot = sandbox.path("hub/models--lab--model/snapshots/abc");
    std::fs::create_dir_all(&snapshot).expect("a folder");
    std::fs::create_dir_all(sandbox.path("hub/models--lab--model/refs")).expect("a folder");
    std::fs::write(sandbox.path("hub/models--lab--model/refs/main"), "abc").expect("a reference");
    std::fs::write(snapshot.join("config.json"), "{}").expect("a file");
    let (code, words) = run(&import);
    assert_eq!(code, Some(2));
    assert!(words.contains("models--lab--model") && words.contains("abc"), "{words}");
    assert_eq!(run(&["fetch", "lab/model"]).0, Some(0));
}

/// A model whose vector for one word is no number.
#[test]
fn what_was_embedded_before_a_failure_is_kept_and_counted() {
    let Some(from) = model("bert-mean-st") else { return };
    let sandbox = Sandbox::new();
    let model = sandbox.path("model");
    copy(&from, &model);
    let texts: String = (0..40)
        .map(|number| format!("{{\"id\": \"d{number:02}\", \"title\": \"sepsis in children\"}}\n"))
        .chain(["{\"id\": \"last\", \"title\": \"\u{3b2}\"}\n".to_owned()])
        .collect();
    sandbox.write("docs.jsonl", texts);
    sandbox.write("word.jsonl", "{\"text\": \"\u{3b2}\"}\n");
    let tokens = sandbox.medvec(&["encode", "model", "--input", "word.jsonl"]).expect(0).out;
    let tokens: serde_json::Value = serde_json::from_str(&tokens).expect("JSON");
    let row = tokens["ids"][1].as_u64().expect("a token") as usize;
    let path = model.join("model.safetensors");
    let mut whole = std::fs::read(&path).expect("weights");
    let place = {
        let stored = safetensors::SafeTensors::deserialize(&whole).expect("weights");
        let words = stored.tensor("embeddings.word_embeddings.weight").expect("a table");
        words.data().as_ptr() as usize - whole.as_ptr() as usize + row * 48 * 4
    };
    whole[place..place + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, whole).expect("written");
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "model", "--defer"]).expect(0);
    let run = sandbox.medvec(&["embed", "db", "--threads", "1"]).expect(2).says(&["not finite"]);
    let left = pending(&sandbox).as_u64().expect("a number");
    assert!((1..=40).contains(&left), "{left} left: {}", run.out);
    let said = format!("embedded {} document", 41 - left);
    assert!(run.out.contains(&said) && run.out.contains(&format!("{left} left")), "{}", run.out);
    sandbox.medvec(&["verify", "db"]).expect(0);
}
