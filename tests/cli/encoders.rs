//! Model folders instead of the built-in encoder.

use std::path::{Path, PathBuf};

use crate::sandbox::{DOCUMENTS, Sandbox};

/// A small model of the shared test data; `None`, with a line that says so, where there is none.
fn model(name: &str) -> Option<PathBuf> {
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

    // Another encoder is refused by name, for questions and for documents.
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

fn copy(from: &Path, to: &Path) {
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
