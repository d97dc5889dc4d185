//! `--device`: where models run.

use serde_json::Value;

use crate::encoders::model;
use crate::sandbox::{DOCUMENTS, Run, Sandbox};

/// A run that asked for a GPU: it worked, where this build has CUDA and this machine a GPU, or says what is
/// missing.
fn worked_or_said_what_is_missing(run: Run) {
    if cfg!(feature = "cuda") && run.code == 0 {
        return;
    }
    let missing = if cfg!(feature = "cuda") { "GPU" } else { "feature `cuda`" };
    run.expect(2).says(&["cannot run on cuda:0", missing]);
}

#[test]
fn every_command_with_a_model_takes_a_device() {
    let Some(folder) = model("bert-mean-st") else { return };
    let folder = folder.to_str().unwrap();
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.write("in.jsonl", "{\"text\": \"sepsis\"}\n");
    let cuda = ["--device", "cuda"];
    let run = |arguments: &[&str]| sandbox.medvec(&[arguments, &cuda].concat());
    worked_or_said_what_is_missing(run(&["import", "new", "docs.jsonl", "--encoder", folder]));
    let import = ["import", "db", "docs.jsonl", "--encoder", folder, "--device", "cpu"];
    sandbox.medvec(&import).expect(0);
    for arguments in [
        &["encode", folder, "--input", "in.jsonl"][..],
        &["import", "db", "docs.jsonl"],
        &["import", "db", "docs.jsonl", "--encoder", folder],
        &["embed", "db"],
        &["search", "db", "asthma"],
        &["search", "db", "asthma", "--encoder", folder],
    ] {
        worked_or_said_what_is_missing(run(arguments));
    }
    // The database is the same whatever its queries run on.
    let search = ["search", "db", "asthma", "--encoder", folder, "--device", "cpu"];
    sandbox.medvec(&search).expect(0);
}

#[test]
fn the_cpu_is_the_default() {
    let Some(folder) = model("mpnet-mean-st") else { return };
    let encode = |more: &[&str]| {
        let arguments = ["encode", folder.to_str().unwrap(), "--input", "-"];
        let arguments = [&arguments[..], more].concat();
        let run =
            Sandbox::new().medvec_with_input(&arguments, "{\"text\": \"sepsis\"}\n").expect(0);
        serde_json::from_str::<Value>(&run.out).expect("JSON")
    };
    assert_eq!(encode(&[]), encode(&["--device", "cpu"]));
}

#[test]
fn what_cannot_run_there_is_refused() {
    let sandbox = Sandbox::with_database();
    let refused = |arguments: &[&str], words: &[&str]| {
        sandbox.medvec_with_input(arguments, "").expect(2).says(words);
    };
    // The built-in encoder looks up a table.
    let words = ["--device", "model folders"];
    refused(&["encode", "builtin", "--input", "-", "--device", "cuda"], &words);
    refused(&["search", "db", "asthma", "--device", "cuda:0"], &words);
    refused(&["import", "db", "docs.jsonl", "--device", "cuda"], &words);
    for device in ["gpu", "cuda:", "cuda:one", "metal"] {
        let arguments = ["encode", "builtin", "--input", "-", "--device", device];
        refused(&arguments, &["--device", device, "cpu, cuda or cuda:N"]);
    }
    let Some(folder) = model("bert-mean-st") else { return };
    let folder = folder.to_str().unwrap();
    for precision in ["bf16", "int8"] {
        let arguments = ["encode", folder, "--input", "-", "--device", "cuda"];
        refused(&[&arguments[..], &["--precision", precision]].concat(), &[precision, "cpu only"]);
    }
}
