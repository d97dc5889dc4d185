//! `medvec encode` gives what Hugging Face gives, for every model of the shared test data.

use std::path::Path;

use serde_json::{Value, json};

use crate::embedders::EMBEDDERS;
use crate::encoders::{copy, model};
use crate::sandbox::{Run, Sandbox};
use crate::wide::widen;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|n| n.as_f64().expect("a number")).collect()
}

/// Compares one line of output with its case.
fn check(line: &str, case: &Value, what: &str) {
    let got: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(got["ids"], case["input_ids"], "{what} {}", case["id"]);
    if let Some(score) = case["score"].as_f64() {
        let own = got["score"].as_f64().expect("a score");
        assert!((own - score).abs() <= 5e-5, "{what} {}: {own}, not {score}", case["id"]);
        return;
    }
    let (own, wanted) = (numbers(&got["vector"]), numbers(&case["embedding"]));
    assert_eq!(own.len(), wanted.len(), "{what} {}", case["id"]);
    for (own, wanted) in own.iter().zip(wanted) {
        assert!((own - wanted).abs() <= 2e-5, "{what} {}: {own}, not {wanted}", case["id"]);
    }
}

fn lines(cases: &[&Value]) -> String {
    let line = |case: &&Value| match &case["text_pair"] {
        Value::Null => json!({"text": case["text"]}).to_string() + "\n",
        pair => json!({"text": case["text"], "text_pair": pair}).to_string() + "\n",
    };
    cases.iter().map(line).collect()
}

#[test]
fn every_fixture_gives_its_goldens() {
    for (folder, adapter, goldens) in EMBEDDERS.iter().chain(&[("bert-cross", None, "bert-cross")])
    {
        let (Some(folder), Some(goldens)) = (model(folder), model(goldens)) else { return };
        let sandbox = Sandbox::new();
        let golden = goldens.join("golden.json");
        let text = std::fs::read_to_string(&golden).expect("golden.json");
        let whole: Value = serde_json::from_str(&text).expect("golden.json");
        // A recipe file in each of its forms: golden.json itself, and one object.
        let mut flat = whole["recipe"].clone();
        flat["roles"] = whole["roles"].clone();
        sandbox.write("recipe.json", flat.to_string());
        let cases = whole["cases"].as_array().expect("cases");
        for role in whole["roles"].as_object().expect("roles").keys() {
            let own: Vec<&Value> = cases.iter().filter(|case| case["role"] == **role).collect();
            assert!(!own.is_empty(), "{} has no case of {role}", goldens.display());
            sandbox.write("in.jsonl", lines(&own));
            for recipe in ["recipe.json", golden.to_str().unwrap()] {
                let folder = folder.to_str().unwrap();
                let mut arguments = vec!["encode", folder, "--role", role];
                arguments.extend(["--recipe", recipe, "--input", "in.jsonl"]);
                let adapter = adapter.map(|name| model(name).expect("an adapter"));
                if let Some(adapter) = &adapter {
                    arguments.extend(["--adapter", adapter.to_str().unwrap()]);
                }
                let run = sandbox.medvec(&arguments).expect(0);
                let out: Vec<&str> = run.out.lines().collect();
                assert_eq!(out.len(), own.len());
                for (line, case) in out.iter().zip(&own) {
                    check(line, case, &goldens.display().to_string());
                }
            }
        }
    }
}

#[test]
fn a_folder_that_says_all_needs_no_recipe() {
    for name in ["bert-mean-st", "bert-cross", "mpnet-mean-st"] {
        let Some(folder) = model(name) else { return };
        let text = std::fs::read_to_string(folder.join("golden.json")).expect("golden.json");
        let whole: Value = serde_json::from_str(&text).expect("golden.json");
        let cases: Vec<&Value> = whole["cases"].as_array().expect("cases").iter().collect();
        let arguments = ["encode", folder.to_str().unwrap(), "--input", "-"];
        let run = Sandbox::new().medvec_with_input(&arguments, &lines(&cases)).expect(0);
        for (line, case) in run.out.lines().zip(cases) {
            check(line, case, name);
        }
    }
}

#[test]
fn a_matrix_is_written_for_numpy() {
    let Some(folder) = model("bert-mean-st") else { return };
    let (folder, sandbox) = (folder.to_str().unwrap(), Sandbox::new());
    sandbox.write("in.jsonl", "{\"text\": \"sepsis\"}\n\n{\"text\": \"statins\"}\n");
    let encode = |more: &[&str]| {
        let mut arguments = vec!["encode", folder, "--input", "in.jsonl"];
        arguments.extend(more);
        sandbox.medvec(&arguments).expect(0)
    };
    let lines = encode(&[]).out;
    encode(&["--format", "npy", "--out", "m.npy"]);
    let bytes = std::fs::read(sandbox.path("m.npy")).expect("a matrix");
    assert_eq!(bytes.len(), 128 + 2 * 48 * 4);
    let header = String::from_utf8_lossy(&bytes[10..128]).into_owned();
    assert!(header.contains("'shape': (2, 48)") && header.contains("'<f4'"), "{header}");
    let matrix = bytes[128..].chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    let expected: Vec<f64> = lines
        .lines()
        .flat_map(|line| numbers(&serde_json::from_str::<Value>(line).expect("JSON")["vector"]))
        .collect();
    for (own, wanted) in matrix.zip(&expected) {
        assert!((f64::from(own) - wanted).abs() < 1e-7);
    }
    let refused = sandbox.medvec(&["encode", folder, "--input", "-", "--format", "npy"]).expect(2);
    refused.says(&["--out"]);
}

#[test]
fn files_of_results_are_whole_or_not_there() {
    let sandbox = Sandbox::new();
    let good = "{\"text\": \"sepsis\"}\n";
    sandbox.write("good", good);
    sandbox.write("bad", format!("{}{{\"text\": 1}}\n", good.repeat(300)));
    let encode = |input: &str, out: &str, format: &str| {
        let arguments = ["encode", "builtin", "--input", input, "--out", out, "--format", format];
        sandbox.medvec(&arguments)
    };
    // The file that is read is never the one that is written.
    encode("good", "good", "jsonl").expect(2).says(&["good"]);
    assert_eq!(std::fs::read_to_string(sandbox.path("good")).unwrap(), good);
    for format in ["jsonl", "npy"] {
        encode("bad", "out", format).expect(2).says(&["bad, line 301"]);
        assert!(!sandbox.path("out").exists(), "{format}");
        assert!(!sandbox.path("out.partial").exists(), "{format}");
    }
    encode("good", "out", "jsonl").expect(0);
    let before = std::fs::read(sandbox.path("out")).unwrap();
    encode("bad", "out", "jsonl").expect(2).says(&["out"]);
    assert_eq!(std::fs::read(sandbox.path("out")).unwrap(), before);
    encode("good", "none/out", "jsonl").expect(2).says(&["none/out"]);
}

#[test]
fn the_built_in_encoder_shows_its_tokens() {
    let sandbox = Sandbox::new();
    let input = "{\"text\": \"myocardial infarction\"}\n";
    for role in ["document", "query"] {
        let arguments = ["encode", "builtin", "--role", role, "--input", "-"];
        let run = sandbox.medvec_with_input(&arguments, input).expect(0);
        let line: Value = serde_json::from_str(run.out.trim()).expect("JSON");
        assert_eq!(numbers(&line["ids"]).len(), 2, "{line}");
        let vector = numbers(&line["vector"]);
        let square: f64 = vector.iter().map(|value| value * value).sum();
        assert!((square - 1.0).abs() < 1e-4, "length {square}");
    }
    let misspelt = ["encode", "builtin", "--role", "quer", "--input", "-"];
    let run = sandbox.medvec_with_input(&misspelt, input).expect(2);
    run.says(&["line 1", "no role \"quer\"", "document, query"]);
}

#[test]
fn bad_input_is_named_with_its_line() {
    let Some(folder) = model("bert-mean-st") else { return };
    let folder = folder.to_str().unwrap();
    let sandbox = Sandbox::new();
    let run = |name: &str, bytes: &[u8]| -> Run {
        sandbox.write(name, bytes);
        sandbox.medvec(&["encode", folder, "--input", name]).expect(2)
    };
    run("utf8", b"{\"text\": \"a\"}\n{\"text\": \"\xff\"}\n").says(&["utf8, line 2", "UTF-8"]);
    run("json", b"{\"text\": \"a\"}\n\n{\"text\"\n").says(&["json, line 3", "text_pair"]);
    run("none", b"{\"txt\": \"a\"}\n").says(&["none, line 1", "missing field `text`"]);
    run("type", b"{\"text\": 5}\n").says(&["type, line 1", "string"]);
    run("long", "x".repeat(17 << 20).as_bytes()).says(&["long, line 1", "bytes"]);
    sandbox.write("ok", "{\"text\": \"\"}\n{\"text\": \"a\", \"more\": 1}\n");
    let encode = |more: &[&str]| {
        let mut arguments = vec!["encode", folder, "--input", "ok"];
        arguments.extend(more);
        sandbox.medvec(&arguments)
    };
    assert_eq!(encode(&[]).expect(0).out.lines().count(), 2, "an empty text has special tokens");
    encode(&["--role", "raw"]).expect(2).says(&["ok, lines 1 to 2", "no role \"raw\"", "document"]);
    encode(&["--preset", "nothing"]).expect(2).says(&["nothing", "medcpt-article"]);
    encode(&["--preset", "biolord-2023"]).expect(2).says(&["biolord-2023", "mpnet", "bert"]);
    encode(&["--adapter", "nowhere"]).expect(2).says(&["nowhere", "no such folder"]);
    for (recipe, words) in [
        ("{", "invalid JSON"),
        ("[]", "object"),
        ("{\"pooling\": \"mean\"}", "roles"),
        ("{\"roles\": {}}", "roles"),
        ("{\"roles\": {\"document\": {}}}", "max_length"),
        ("{\"roles\": {\"document\": {\"max_length\": 64}}, \"normalise\": true}", "normalise"),
        ("{\"roles\": {\"document\": {\"max_length\": 64}}, \"pooling\": \"max\"}", "max"),
        ("{\"roles\": {\"document\": {\"max_length\": 64}}, \"append_eos_id\": 900}", "below 900"),
        ("{\"roles\": {\"document\": {\"max_length\": 97}}}", "96 positions"),
        ("{\"roles\": {\"document\": {\"max_length\": 2}}}", "max_length is 2"),
    ] {
        sandbox.write("recipe.json", recipe);
        encode(&["--recipe", "recipe.json"]).expect(2).says(&[words]);
    }
    sandbox.medvec(&["encode", "nowhere", "--input", "ok"]).expect(2).says(&["nowhere"]);
    let nothing = sandbox.medvec(&["encode", folder, "--input", "nothing.jsonl"]).expect(2);
    nothing.says(&["nothing.jsonl"]);
    let static_one = ["encode", "builtin", "--input", "ok", "--preset", "minilm"];
    sandbox.medvec(&static_one).expect(2).says(&["model folders"]);
}

#[test]
fn licences_that_restrict_are_shown_before_first_use() {
    let Some(folder) = model("mpnet-mean-st") else { return };
    let sandbox = Sandbox::new();
    let (named, folder) = (sandbox.path("BioLORD-2023"), {
        copy(&folder, &sandbox.path("plain"));
        sandbox.path("plain")
    });
    widen(&folder, 768);
    copy(&folder, &named);
    let encode = |name: &Path| {
        let arguments = ["encode", name.to_str().unwrap(), "--input", "-"];
        sandbox.medvec_with_input(&arguments, "{\"text\": \"sepsis\"}\n").expect(0)
    };
    let known = encode(&named);
    let plain = encode(&folder);
    assert_eq!(known.out, plain.out);
    assert!(!plain.err.contains("licence"), "{}", plain.err);
    known.says(&["licence", "BioLORD-2023", "SNOMED"]);
}

#[cfg(unix)]
#[test]
fn a_matrix_of_a_pipe_is_refused_and_goes_to_a_file() {
    let sandbox = Sandbox::new();
    let lines = "{\"text\": \"asthma\"}\n{\"text\": \"cancer\"}\n";
    let encode = ["encode", "builtin", "--input", "/dev/stdin", "--format", "npy"];
    let refused = sandbox.medvec_with_input(&encode, lines).expect(2);
    refused.says(&["not known of standard input and pipes", "--out FILE.npy"]);
    let to_file = [&encode[..], &["--out", "m.npy"]].concat();
    sandbox.medvec_with_input(&to_file, lines).expect(0);
    let bytes = std::fs::metadata(sandbox.path("m.npy")).expect("a matrix").len();
    sandbox.write("in.jsonl", lines);
    let mut command = sandbox.command(&["encode", "builtin", "--input", "in.jsonl", "-f", "npy"]);
    assert_eq!(command.output().expect("runs").stdout.len() as u64, bytes);
}
