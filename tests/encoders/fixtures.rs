//! The fixtures, and copies of them that can be damaged.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use medvec::Encoder;
use medvec::EncoderSpec;
use medvec::encode::folder::{Device, FolderEncoder, FolderOptions, Recipe, Tokens, paths_in};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct Golden {
    recipe: Value,
    roles: Value,
    pub(crate) cases: Vec<Case>,
    pub(crate) batches: Vec<Vec<String>>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) role: String,
    pub(crate) text: String,
    pub(crate) text_pair: Option<String>,
    pub(crate) input_ids: Vec<u32>,
    token_type_ids: Option<Vec<u32>>,
    #[serde(default)]
    pub(crate) embedding: Vec<f32>,
    #[serde(default)]
    pub(crate) score: f32,
}

/// `MEDVEC_SHARED` or `../shared`; `None`, with a line that says so, where there is neither.
pub(crate) fn shared() -> Option<PathBuf> {
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

pub(crate) fn fixture(name: &str) -> Option<PathBuf> {
    Some(shared()?.join("fixtures/encoders").join(name))
}

pub(crate) fn golden(folder: &Path) -> Golden {
    let bytes = std::fs::read(folder.join("golden.json")).expect("golden.json");
    serde_json::from_slice(&bytes).expect("golden.json parses")
}

/// The recipe of `golden.json`.
pub(crate) fn recipe(golden: &Golden) -> Recipe {
    let whole = json!({"recipe": golden.recipe, "roles": golden.roles});
    Recipe::from_json(whole).expect("a recipe")
}

/// A fixture opened with its golden recipe.
pub(crate) fn with_recipe(folder: &Path, golden: &Golden) -> medvec::Result<FolderEncoder> {
    let options = FolderOptions::new().recipe(recipe(golden));
    FolderEncoder::open_with(folder, &options)
}

/// The encoder of this description, opened again.
pub(crate) fn again(spec: &EncoderSpec, device: Device) -> FolderEncoder {
    let options = FolderOptions::new().device(device).like(spec);
    FolderEncoder::open_with(&paths_in(&spec.name)[0], &options).expect("opened again")
}

pub(crate) fn tokens(encoder: &FolderEncoder, case: &Case) -> Tokens {
    encoder.tokens(&case.role, &case.text, case.text_pair.as_deref()).expect("tokens")
}

pub(crate) fn assert_tokens(tokens: &Tokens, case: &Case, what: &str) {
    assert_eq!(tokens.ids, case.input_ids, "{what}");
    if let Some(types) = &case.token_type_ids {
        assert_eq!(&tokens.type_ids, types, "{what}");
    }
}

pub(crate) fn assert_close(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 2e-5, "{what}, component {place}: {got}, not {want}");
    }
}

/// Token ids, vectors one by one, and every batch of the file forwards and backwards: equal to the
/// last bit whatever stands beside a text.
pub(crate) fn check_golden(encoder: &FolderEncoder, golden: &Golden, name: &str) {
    let dimension = encoder.spec().dimension as usize;
    let mut alone = HashMap::new();
    for case in &golden.cases {
        let tokens = tokens(encoder, case);
        assert_tokens(&tokens, case, &format!("{name} {}", case.id));
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

/// The folder's files copied to a place where they can be damaged.
pub(crate) fn copy(name: &str) -> Option<tempfile::TempDir> {
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

/// A copy of a fixture under its own name, as wide as the models of presets.
pub(crate) fn wide(name: &str, dimension: usize) -> Option<(tempfile::TempDir, PathBuf)> {
    let (from, root) = (copy(name)?, tempfile::tempdir().expect("a temporary folder"));
    let folder = root.path().join(name);
    std::fs::rename(from.keep(), &folder).expect("moved");
    crate::wide::widen(&folder, dimension);
    Some((root, folder))
}

/// Opening must fail with an encoder error that says each of `words`.
pub(crate) fn assert_refused(folder: &Path, words: &[&str]) {
    match FolderEncoder::open(folder) {
        Ok(_) => panic!("{} was opened, expected an error about {words:?}", folder.display()),
        Err(medvec::Error::Encoder { name, detail, .. }) => {
            assert!(Path::new(&name).is_absolute(), "{name}");
            for word in words {
                assert!(detail.contains(word), "{detail:?} does not say {word:?}");
            }
        }
        Err(other) => panic!("not an encoder error: {other}"),
    }
}

pub(crate) fn edit_json(folder: &Path, file: &str, edit: impl FnOnce(&mut Value)) {
    let path = folder.join(file);
    let mut value: Value = serde_json::from_slice(&std::fs::read(&path).expect(file)).expect(file);
    edit(&mut value);
    std::fs::write(path, value.to_string()).expect("written");
}
