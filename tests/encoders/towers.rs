//! Two towers as one encoder.

use std::path::{Path, PathBuf};

use medvec::encode::folder::{FolderEncoder, FolderOptions, Preset, Towers, tower_names};
use medvec::{Encoder, EncoderInput, Metric};

use crate::fixtures::{edit_json, fixture, wide};

fn tower(folder: &Path, preset: &str) -> FolderEncoder {
    let preset = Some(Preset::by_name(preset).expect("a preset"));
    let options = FolderOptions::new().preset(preset);
    FolderEncoder::open_with(folder, &options).expect("a tower")
}

/// A folder with other weights: an activation that computes something else with the same ones.
fn other() -> Option<(tempfile::TempDir, PathBuf)> {
    let (root, folder) = wide("bert-cls-pair", 768)?;
    edit_json(&folder, "config.json", |config| config["hidden_act"] = "relu".into());
    Some((root, folder))
}

#[test]
fn documents_and_queries_go_through_their_own_tower() {
    let Some((_first, first)) = wide("bert-cls-pair", 768) else { return };
    let Some((_second, second)) = other() else { return };
    let towers =
        Towers::new(tower(&first, "medcpt"), tower(&second, "medcpt-query")).expect("two towers");
    let (article, query) = (tower(&first, "medcpt"), tower(&second, "medcpt-query"));
    let spec = towers.spec();
    assert!(spec.document.pair && spec.has_towers() && !article.spec().has_towers());
    assert_eq!((spec.metric, spec.query.tokens_max), (Metric::Dot, 64));
    let names = tower_names(&spec.name).expect("two names");
    assert_eq!(names, (article.spec().name.as_str(), query.spec().name.as_str()));

    let input = [EncoderInput { title: "Statins".into(), text: "They lower lipids.".into() }];
    let (stored, asked) = (towers.encode_documents(&input), towers.encode_queries(&["statins"]));
    assert_eq!(stored.expect("a vector"), article.encode_documents(&input).expect("a vector"));
    assert_eq!(asked.expect("a vector"), query.encode_queries(&["statins"]).expect("a vector"));
}

#[test]
fn the_query_tower_alone_has_the_fingerprint_of_both() {
    let Some((_first, first)) = wide("bert-cls-pair", 768) else { return };
    let Some((_second, second)) = other() else { return };
    let towers = Towers::new(tower(&first, "medcpt"), tower(&second, "medcpt-query"));
    let stored = towers.expect("two towers").spec().clone();
    let alone = Towers::for_queries(&stored, tower(&second, "medcpt-query")).expect("one");
    assert_eq!(alone.spec().fingerprint(), stored.fingerprint());
    let refused = alone.encode_documents(&[EncoderInput::default()]).expect_err("no documents");
    assert!(refused.to_string().contains("query tower"), "{refused}");

    let wrong = Towers::for_queries(&stored, tower(&first, "medcpt-query")).expect("comparable");
    assert_ne!(wrong.spec().fingerprint(), stored.fingerprint());
    let by_description =
        FolderEncoder::open_with(&second, &FolderOptions::new().like(&stored)).expect("a tower");
    let alone = Towers::for_queries(&stored, by_description).expect("one");
    assert_eq!(alone.spec().fingerprint(), stored.fingerprint());
}

#[test]
fn towers_of_different_presets_are_refused_with_both_names() {
    let Some((_first, first)) = wide("bert-cls-pair", 768) else { return };
    let Some((_second, second)) = wide("bert-mean-st", 768) else { return };
    let Some((_third, small)) = wide("bert-mean-st", 384) else { return };
    let Some(plain) = fixture("bert-mean-st") else { return };
    for (document, query) in [
        (tower(&first, "medcpt-article"), tower(&small, "minilm")),
        (tower(&first, "medcpt-query"), tower(&second, "medcpt-article")),
        (tower(&first, "medcpt-article"), FolderEncoder::open(&plain).expect("an encoder")),
    ] {
        let refused = Towers::new(document, query).err().expect("refused").to_string();
        for name in ["bert-cls-pair", "bert-mean-st", "medcpt"] {
            assert!(refused.contains(name), "{refused:?} does not say {name:?}");
        }
    }
    let stored = tower(&first, "medcpt-article").spec().clone();
    let refused = Towers::for_queries(&stored, tower(&small, "minilm")).err().expect("refused");
    let refused = refused.to_string();
    assert!(refused.contains("bert-cls-pair") && refused.contains("bert-mean-st"), "{refused}");
}

#[test]
fn a_preset_for_another_kind_of_model_is_refused() {
    let open = |folder: &Path, preset: &str| {
        let preset = Some(Preset::by_name(preset).expect("a preset"));
        let options = FolderOptions::new().preset(preset);
        FolderEncoder::open_with(folder, &options).expect_err("refused").to_string()
    };
    for (name, preset, words) in [
        ("bert-mean-st", "minilm", "vectors of 384 numbers, this of 48"),
        ("bert-mean-st", "biolord-2023", "for mpnet models, this is bert"),
        ("bert-mean-st", "medcpt-cross", "scores of pairs of texts, this vectors"),
        ("bert-cross", "medcpt-article", "that gives vectors, this scores"),
    ] {
        let Some(folder) = fixture(name) else { return };
        let refused = open(&folder, preset);
        for word in [words, preset, name] {
            assert!(refused.contains(word), "{refused}");
        }
    }
    // A name alone makes no model: the folder's own files count.
    let Some((root, folder)) = wide("bert-mean-st", 768) else { return };
    let called = root.path().join("all-MiniLM-L6-v2");
    std::fs::rename(folder, &called).expect("moved");
    let encoder = FolderEncoder::open(&called).expect("an encoder");
    assert_eq!((encoder.preset(), encoder.spec().dimension), (None, 768));
    assert!(Preset::misfit(&called).is_some_and(|words| words.contains("384")));
}
