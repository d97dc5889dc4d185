//! The built-in encoder and its tokenizer, against an independent implementation and real text.
#![cfg(feature = "static-encoder")]

use medvec::encode::static_encoder::StaticEncoder;
use medvec::{Encoder, EncoderInput, encode};

const BUILTIN: &[u8] = include_bytes!("../src/encode/builtin.mdvs");

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn the_builtin_file_is_whole_and_small() {
    assert!(BUILTIN.len() <= 8_000_000, "{} bytes", BUILTIN.len());
    let checked = StaticEncoder::from_bytes("builtin", BUILTIN).unwrap();
    let builtin = encode::builtin().unwrap();
    assert_eq!(checked.spec(), builtin.spec());
    assert_eq!(builtin.spec().dimension, 384);
    assert_eq!(builtin.spec().family, "static");
}

#[test]
fn a_file_opens_from_a_path_and_damage_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder.mdvs");
    std::fs::write(&path, BUILTIN).unwrap();
    let encoder = encode::open(&path).unwrap();
    assert_eq!(encoder.spec().name, path.display().to_string());
    assert_eq!(encoder.spec().fingerprint(), encode::builtin().unwrap().spec().fingerprint());
    for at in [0, 9, 100, 4_000_000, BUILTIN.len() - 1] {
        let mut bad = BUILTIN.to_vec();
        bad[at] ^= 4;
        std::fs::write(&path, bad).unwrap();
        assert!(encode::open(&path).is_err(), "byte {at}");
    }
}

#[test]
fn related_queries_are_nearer_than_unrelated_ones() {
    let encoder = encode::builtin().unwrap();
    let vectors = encoder
        .encode_queries(&[
            "treatment of myocardial infarction",
            "therapy after a heart attack",
            "photosynthesis in algae",
            "statins lower cholesterol",
            "hyperlipidemia and LDL reduction",
        ])
        .unwrap();
    let dimension = encoder.spec().dimension as usize;
    let row = |at: usize| &vectors[at * dimension..][..dimension];
    for at in 0..5 {
        assert!((dot(row(at), row(at)) - 1.0).abs() < 1e-5);
    }
    assert!(dot(row(0), row(1)) > dot(row(0), row(2)) + 0.2);
    assert!(dot(row(3), row(4)) > dot(row(3), row(2)) + 0.2);
}

#[test]
fn a_vector_does_not_depend_on_the_batch() {
    let encoder = encode::builtin().unwrap();
    let inputs: Vec<EncoderInput> = (0..9)
        .map(|n| EncoderInput {
            title: format!("Trial {n} of β-blockers"),
            text: "Ärzte, naïve patients: 12.5 mg/day, p<0.05. ".repeat(n),
        })
        .collect();
    let together = encoder.encode_documents(&inputs).unwrap();
    for (input, vector) in inputs.iter().zip(together.chunks(encoder.spec().dimension as usize)) {
        assert_eq!(encoder.encode_documents(std::slice::from_ref(input)).unwrap(), vector);
    }
}

/// Words that the built-in encoder cannot spell, wherever they stand, never move a vector.
#[test]
fn unknown_words_move_no_vector() {
    let encoder = encode::builtin().unwrap();
    let long = "x".repeat(101);
    let unknown =
        ["\u{60a3}\u{8005}", "\u{306e}", "\u{1f600}", "\u{633}\u{631}", &long, "\u{200b}"];
    let known = ["aspirin", "lowers", "the", "risk", "of", "colorectal", "cancer", "p<0.05"];
    for word in unknown {
        let vector = encoder.encode_queries(&[word]).unwrap();
        assert!(vector.iter().all(|number| *number == 0.0), "{word} is unknown");
    }
    // A small generator of our own: the cases are the same on every run.
    let mut state = 7u64;
    let mut below = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..200 {
        let (mut plain, mut mixed) = (Vec::new(), Vec::new());
        for _ in 0..1 + below(12) {
            if below(3) > 0 {
                let word = known[below(known.len())];
                plain.push(word);
                mixed.push(word);
            } else {
                mixed.push(unknown[below(unknown.len())]);
            }
        }
        let (plain, mixed) = (plain.join(" "), mixed.join(" "));
        if plain.is_empty() {
            continue;
        }
        let input = |text: &str| EncoderInput { title: text.into(), text: text.into() };
        let vectors = encoder.encode_documents(&[input(&plain), input(&mixed)]).unwrap();
        let (one, other) = vectors.split_at(vectors.len() / 2);
        assert_eq!(one, other, "{mixed}");
        let queries = [plain.as_str(), mixed.as_str()].map(|text| encoder.encode_queries(&[text]));
        assert_eq!(queries[0].as_ref().unwrap(), queries[1].as_ref().unwrap(), "{mixed}");
    }
}

/// Ids are those of the `tokenizers` crate.
#[cfg(feature = "bert")]
mod tokenizer {
    use std::io::{BufRead, BufReader};
    use std::path::PathBuf;

    use medvec::encode::static_encoder::StaticEncoder;
    use medvec::encode::wordpiece::WordPiece;
    use proptest::prelude::*;
    use tokenizers::Tokenizer;
    use tokenizers::models::wordpiece::WordPiece as Reference;
    use tokenizers::normalizers::BertNormalizer;
    use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

    fn both() -> (WordPiece, Tokenizer) {
        let encoder = StaticEncoder::from_bytes("builtin", super::BUILTIN).unwrap();
        let own = encoder.wordpiece().clone();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), own.vocabulary().text()).unwrap();
        let model = Reference::from_file(file.path().to_str().unwrap()).build().unwrap();
        let mut reference = Tokenizer::new(model);
        reference.with_normalizer(Some(BertNormalizer::default())).unwrap();
        reference.with_pre_tokenizer(Some(BertPreTokenizer));
        (own, reference)
    }

    fn compare((own, reference): &(WordPiece, Tokenizer), text: &str) {
        let mut ids = Vec::new();
        own.encode(text, &mut ids);
        let expected = reference.encode(text, false).unwrap();
        assert_eq!(ids, expected.get_ids(), "{text:?}");
    }

    /// Every title and abstract of the corpus.
    #[test]
    fn real_abstracts() {
        let shared = std::env::var_os("MEDVEC_SHARED").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
            PathBuf::from,
        );
        let path = shared.join("data/abstracts.jsonl.zst");
        if !path.exists() {
            assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
            println!("skipped: {} is missing; set MEDVEC_SHARED", path.display());
            return;
        }
        let both = &both();
        let file = std::fs::File::open(path).unwrap();
        let lines = BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
        let lines: Vec<String> = lines.map(Result::unwrap).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for part in lines.chunks(lines.len().div_ceil(threads)) {
                scope.spawn(move || {
                    for line in part {
                        let line: serde_json::Value = serde_json::from_str(line).unwrap();
                        for field in ["title", "abstract"] {
                            compare(both, line[field].as_str().unwrap_or_default());
                        }
                    }
                });
            }
        });
        assert!(lines.len() > 60_000, "{}", lines.len());
        let odd = lines.iter().filter(|line| !line.is_ascii()).count();
        assert!(odd > 4000, "{odd}");
    }

    #[test]
    fn every_character() {
        let both = both();
        for block in (0..0x11_0000u32).collect::<Vec<_>>().chunks(64) {
            let chars = block.iter().filter_map(|&code| char::from_u32(code));
            let text: String = chars.flat_map(|c| ['a', c, 'b', c, ' ', c, c, ' ']).collect();
            compare(&both, &text);
        }
    }

    proptest! {
        #[test]
        fn odd_unicode(text in "(\\PC|\\s|[a-zA-Z0-9 .,-]|[\u{300}-\u{36f}]|[\u{4e00}-\u{4e20}]|[αβγμİßﬁÅ㎎]|\\p{Cc}|\\p{Cf}){0,60}") {
            thread_local!(static BOTH: (WordPiece, Tokenizer) = both());
            BOTH.with(|both| compare(both, &text));
        }

        #[test]
        fn any_string(text: String) {
            thread_local!(static BOTH: (WordPiece, Tokenizer) = both());
            BOTH.with(|both| compare(both, &text));
        }
    }
}
