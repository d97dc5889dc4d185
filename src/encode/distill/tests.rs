use std::path::Path;

use super::*;
use crate::control::CancelToken;
use crate::encoder::{EncoderInput, EncoderSpec, Metric, Pooling, TowerSpec};

/// A teacher whose sentence vector is the sum of fixed pseudo-random word vectors.
struct Words(EncoderSpec);

const WIDTH: usize = 24;

impl Words {
    fn new() -> Words {
        let tower = TowerSpec {
            weights: [0; 32],
            tokenizer: [0; 32],
            prefix: String::new(),
            tokens_max: 512,
            pair: false,
        };
        Words(EncoderSpec {
            name: "words".into(),
            family: "test".into(),
            dimension: WIDTH as u32,
            metric: Metric::Cosine,
            pooling: Pooling::Mean,
            normalize: false,
            document: tower.clone(),
            query: tower,
        })
    }
}

impl Encoder for Words {
    fn spec(&self) -> &EncoderSpec {
        &self.0
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        for input in inputs {
            let mut sum = [0.1f32; WIDTH];
            for word in input.text.split(' ') {
                let seed = word.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
                let mut random = random::Random::new(seed);
                sum.iter_mut().for_each(|cell| *cell += random.below(2001) as f32 / 1000.0 - 1.0);
            }
            out.extend(sum);
        }
        Ok(out)
    }

    fn encode_queries(&self, _: &[&str]) -> Result<Vec<f32>> {
        Err(failed("a teacher is asked for documents only".into()))
    }
}

/// A corpus of 300 documents over 60 words.
fn corpus(folder: &Path) -> PathBuf {
    let mut random = random::Random::new(3);
    let mut lines = String::new();
    for _ in 0..300 {
        let topic = random.below(12);
        let mut words = |count: usize| {
            let words: Vec<String> = (0..count)
                .map(|_| {
                    let number = if random.below(3) == 0 {
                        random.below(60)
                    } else {
                        topic * 5 + random.below(5)
                    };
                    ["alpha", "beta", "gamma", "delta", "kappa"][number % 5].to_owned()
                        + [
                            "in", "ase", "ol", "ium", "oma", "itis", "gen", "ine", "id", "yl",
                            "ose", "an",
                        ][number / 5]
                })
                .collect();
            words.join(" ")
        };
        let (title, body) = (words(6), words(30));
        lines += &serde_json::json!({ "title": title, "abstract": body }).to_string();
        lines.push('\n');
    }
    let path = folder.join("corpus.jsonl");
    std::fs::write(&path, lines).unwrap();
    path
}

fn options<'a>(folder: &Path, teacher: Option<&'a dyn Encoder>) -> DistillOptions<'a> {
    DistillOptions {
        teacher,
        corpus: corpus(folder),
        vectors: Some(folder.join("cache.npy")),
        out: folder.join("one.mdvs"),
        dimension: 16,
        vocabulary: 200,
        passages_max: 500,
        steps: 60,
        seed: 4,
        threads: 2,
    }
}

fn quiet(_: &str, _: u64, _: u64) {}

#[test]
fn a_student_learns_and_a_second_run_needs_no_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let one = options(folder.path(), Some(&teacher));
    let report = run(&one, &quiet, &Control::default()).unwrap();
    assert_eq!((report.documents, report.passages, report.pairs), (300, 500, 300));
    assert!(report.held_out_cosine > 0.9, "{report:?}");
    assert!(report.held_out_correlation > 0.7, "{report:?}");

    let two = DistillOptions { out: folder.path().join("two.mdvs"), teacher: None, ..one };
    let again = run(&two, &quiet, &Control::default()).unwrap();
    assert_eq!((again.documents, again.passages, again.pairs), (300, 500, 300));
    assert!((again.held_out_cosine - report.held_out_cosine).abs() < 0.02, "{again:?}");
    let bytes = std::fs::metadata(folder.path().join("one.mdvs")).unwrap().len();
    assert_eq!(bytes, report.bytes);
    let encoder = StaticEncoder::open(&two.out).unwrap();
    assert_eq!(encoder.spec().dimension, 16);
}

#[test]
fn what_makes_no_encoder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let missing = options(folder.path(), None);
    let error = run(&missing, &quiet, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("neither a teacher nor a cache"), "{error}");
    let good = || options(folder.path(), Some(&teacher));
    for (options, reason) in [
        (DistillOptions { dimension: WIDTH + 1, ..good() }, "expected 1 to 24"),
        (DistillOptions { dimension: 0, ..good() }, "expected 1 to 24"),
        (DistillOptions { vocabulary: 1, ..good() }, "1 tokens"),
    ] {
        let error = run(&options, &quiet, &Control::default()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = Control { cancel: Some(cancel), ..Control::default() };
    assert!(matches!(run(&good(), &quiet, &control), Err(Error::Cancelled)));
    assert!(!folder.path().join("one.mdvs").exists());
}

#[test]
fn too_few_passages_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let few = DistillOptions { passages_max: 100, ..options(folder.path(), Some(&teacher)) };
    let error = run(&few, &quiet, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("100 passages"), "{error}");
}
