//! Cross-encoders.

use std::time::{Duration, Instant};

use medvec::encode::folder::{CrossEncoder, FolderEncoder, FolderOptions, Tokens};
use medvec::{CancelToken, Control, EncoderInput, Error};

use crate::fixtures::{assert_tokens, fixture, golden, recipe};

#[test]
fn scores_are_those_of_the_goldens_whatever_the_batch() {
    let Some(folder) = fixture("bert-cross") else { return };
    let golden = golden(&folder);
    let options = FolderOptions::new().recipe(recipe(&golden));
    for cross in [
        CrossEncoder::open_with(&folder, &options).expect("a cross-encoder"),
        CrossEncoder::open(&folder).expect("the folder says all by itself"),
    ] {
        let tokens: Vec<Tokens> = golden
            .cases
            .iter()
            .map(|case| {
                let tokens = cross.tokens(&case.text, case.text_pair.as_deref()).expect("tokens");
                assert_tokens(&tokens, case, &case.id);
                tokens
            })
            .collect();
        let together = cross.score_tokens(&tokens, &Control::default()).expect("scores");
        for ((case, tokens), score) in golden.cases.iter().zip(&tokens).zip(&together) {
            assert!((score - case.score).abs() <= 5e-5, "{}: {score}, not {}", case.id, case.score);
            let alone = cross.score_tokens(std::slice::from_ref(tokens), &Control::default());
            assert_eq!(alone.expect("a score"), [*score], "{} alone", case.id);
        }
    }
}

fn texts(count: usize) -> Vec<EncoderInput> {
    let text = |n: usize| EncoderInput {
        title: format!("Trial number {n}"),
        text: "Patients with heart failure were treated. ".repeat(n % 7),
    };
    (0..count).map(text).collect()
}

#[test]
fn ranking_gives_the_same_scores_on_any_number_of_threads() {
    let Some(folder) = fixture("bert-cross") else { return };
    let cross = CrossEncoder::open(&folder).expect("a cross-encoder");
    let texts = texts(23);
    let rank = |texts: &[EncoderInput], threads| {
        cross.rank("heart failure", texts, threads, &Control::default()).expect("scores")
    };
    let scores = rank(&texts, 1);
    assert_eq!(scores.len(), texts.len());
    assert_eq!(rank(&texts, 3), scores);
    assert_eq!(rank(&texts[20..], 2), scores[20..]);
    assert_eq!(rank(&[], 2), [] as [f32; 0]);
}

#[test]
fn ranking_stops_when_it_is_told_to() {
    let Some(folder) = fixture("bert-cross") else { return };
    let cross = CrossEncoder::open(&folder).expect("a cross-encoder");
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = Control { cancel: Some(cancel), ..Control::default() };
    let stopped = cross.rank("q", &texts(3), 2, &control).expect_err("cancelled");
    assert!(matches!(stopped, Error::Cancelled), "{stopped}");
    let past = Instant::now().checked_sub(Duration::from_millis(1));
    let control = Control { deadline: past, ..Control::default() };
    let stopped = cross.rank("q", &texts(3), 1, &control).expect_err("too late");
    assert!(matches!(stopped, Error::DeadlineExceeded), "{stopped}");
}

#[test]
fn a_judge_gives_no_vectors_and_an_encoder_no_scores() {
    let Some(folder) = fixture("bert-cross") else { return };
    let refused = FolderEncoder::open(&folder).expect_err("no vectors").to_string();
    assert!(refused.contains("re-rank"), "{refused}");
    let Some(folder) = fixture("bert-mean-st") else { return };
    let refused = CrossEncoder::open(&folder).expect_err("no scores").to_string();
    assert!(refused.contains("cannot re-rank"), "{refused}");
}
