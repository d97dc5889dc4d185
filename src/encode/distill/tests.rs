use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::control::{CancelToken, Control};
use crate::encode::static_encoder::StaticEncoder;
use crate::encoder::{Encoder, EncoderInput, EncoderSpec, Metric, Pooling, TowerSpec};
use crate::error::{Error, Result};

/// A teacher whose sentence vector is the sum of fixed pseudo-random word vectors; it counts its texts.
struct Words(EncoderSpec, AtomicUsize);

const WIDTH: usize = 24;

/// In texts that have no vector.
const NOTHING: &str = "unheard";

impl Words {
    fn new() -> Words {
        let tower = TowerSpec {
            weights: [0; 32],
            tokenizer: [0; 32],
            prefix: String::new(),
            tokens_max: 512,
            pair: false,
        };
        Words(
            EncoderSpec {
                name: "words".into(),
                family: "test".into(),
                dimension: WIDTH as u32,
                metric: Metric::Cosine,
                pooling: Pooling::Mean,
                normalize: false,
                document: tower.clone(),
                query: tower,
            },
            AtomicUsize::new(0),
        )
    }
}

impl Encoder for Words {
    fn spec(&self) -> &EncoderSpec {
        &self.0
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        self.1.fetch_add(inputs.len(), Ordering::Relaxed);
        for input in inputs {
            let mut sum = [0.1f32; WIDTH];
            if input.text.contains(NOTHING) {
                out.extend([0.0; WIDTH]);
                continue;
            }
            for word in input.text.split(' ') {
                let seed = word.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
                let mut random = random::Random::new(seed);
                sum.iter_mut().for_each(|cell| *cell += random.below(2001) as f32 / 1000.0 - 1.0);
            }
            out.extend(sum);
        }
        Ok(out)
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        let text = |query: &&str| EncoderInput { title: String::new(), text: (*query).to_owned() };
        self.encode_documents(&queries.iter().map(text).collect::<Vec<_>>())
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
        vocabulary_file: None,
        bits: Bits::Eight,
        bytes_max: None,
        beir: Vec::new(),
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
    assert!((0.2..=1.0).contains(&report.held_out_neighbours), "{report:?}");

    let two =
        DistillOptions { out: folder.path().join("two.mdvs"), teacher: None, threads: 1, ..one };
    assert_eq!(run(&two, &quiet, &Control::default()).unwrap(), report);
    let bytes = std::fs::read(folder.path().join("one.mdvs")).unwrap();
    assert_eq!(bytes.len() as u64, report.bytes);
    assert_eq!(std::fs::read(&two.out).unwrap(), bytes, "the same options, other bytes");
    let encoder = StaticEncoder::open(&two.out).unwrap();
    assert_eq!(encoder.spec().dimension, 16);
    let other = DistillOptions { seed: 5, ..two };
    run(&other, &quiet, &Control::default()).unwrap();
    assert_ne!(std::fs::read(&other.out).unwrap(), bytes);
}

#[test]
fn vocabulary_and_size_are_the_callers() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let good = || DistillOptions { steps: 2, ..options(folder.path(), Some(&teacher)) };
    let whole = run(&good(), &quiet, &Control::default()).unwrap();
    let max = whole.bytes - 100;
    let small = DistillOptions { bytes_max: Some(max), ..good() };
    let report = run(&small, &quiet, &Control::default()).unwrap();
    assert!(report.tokens < whole.tokens, "{report:?}");
    assert!((max - 60..=max).contains(&report.bytes), "{report:?}");
    let none = DistillOptions { bytes_max: Some(100), ..good() };
    let error = run(&none, &quiet, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("too large with 1 tokens"), "{error}");

    let path = folder.path().join("vocab.txt");
    std::fs::write(&path, "[UNK]\nalphain\nbetaase\n").unwrap();
    let own = DistillOptions { vocabulary_file: Some(path), ..good() };
    assert_eq!(run(&own, &quiet, &Control::default()).unwrap().tokens, 3);
    let encoder = StaticEncoder::open(&own.out).unwrap();
    assert_eq!(encoder.wordpiece().vocabulary().token(2), b"betaase");
}

#[test]
fn retrieval_is_measured_for_student_and_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let beir = folder.path().join("beir");
    std::fs::create_dir_all(beir.join("qrels")).unwrap();
    let texts = std::fs::read_to_string(corpus(folder.path())).unwrap();
    let (mut documents, mut queries, mut judged) = (String::new(), String::new(), String::new());
    for (id, line) in texts.lines().take(50).enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let object = |text| serde_json::json!({ "_id": id.to_string(), "text": value[text] });
        documents += &format!("{}\n", object("abstract"));
        queries += &format!("{}\n", object("title"));
        judged += &format!("{id}\t{id}\t1\n");
    }
    for (name, text) in
        [("corpus.jsonl", documents), ("queries.jsonl", queries), ("qrels/test.tsv", judged)]
    {
        std::fs::write(beir.join(name), text).unwrap();
    }
    let with =
        DistillOptions { beir: vec![beir.clone()], ..options(folder.path(), Some(&teacher)) };
    let report = run(&with, &quiet, &Control::default()).unwrap();
    let [found] = report.retrieval.as_slice() else { panic!("{report:?}") };
    assert_eq!((&found.folder, found.documents), (&beir, 50));
    // Chance finds the one document in ten at a fifth of the queries.
    let teacher_ndcg = found.teacher_ndcg.unwrap();
    assert!(found.ndcg > 0.3 && teacher_ndcg > 0.3, "{found:?}");

    std::fs::remove_file(beir.join("queries.jsonl")).unwrap();
    let error = run(&with, &quiet, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("queries.jsonl"), "{error}");
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
        (DistillOptions { dimension: 15, bits: Bits::Four, ..good() }, "even"),
        (DistillOptions { out: folder.path().join("none/one.mdvs"), ..good() }, "none/one.mdvs"),
        (DistillOptions { out: folder.path().to_owned(), ..good() }, "is a folder"),
        (
            DistillOptions { vectors: Some(folder.path().join("none/c.npy")), ..good() },
            "none/c.npy",
        ),
        (DistillOptions { vectors: Some(folder.path().join("c.jsonl")), ..good() }, "c.jsonl"),
        (DistillOptions { out: corpus(folder.path()), ..good() }, "corpus.jsonl"),
        (DistillOptions { vectors: Some(folder.path().join("corpus.npy")), ..good() }, "corpus"),
        (DistillOptions { passages_max: 100, ..good() }, "100 passages"),
    ] {
        let error = run(&options, &quiet, &Control::default()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(teacher.1.load(Ordering::Relaxed), 0, "the teacher worked in vain");
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

/// A teacher that is not the one whose vectors are kept would be ignored.
#[test]
fn vectors_of_another_teacher_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let good = DistillOptions { steps: 2, ..options(folder.path(), Some(&teacher)) };
    run(&good, &quiet, &Control::default()).unwrap();
    run(&good, &quiet, &Control::default()).unwrap();
    let cache = folder.path().join("cache.npy");
    let mut bytes = std::fs::read(&cache).unwrap();
    for vector in bytes[128..].chunks_exact_mut(4 * WIDTH) {
        vector.rotate_left(4);
    }
    std::fs::write(&cache, bytes).unwrap();
    let refused = run(&good, &quiet, &Control::default()).unwrap_err().to_string();
    assert!(refused.contains("cache.npy") && refused.contains("another teacher"), "{refused}");
    let alone = DistillOptions { teacher: None, ..good };
    run(&alone, &quiet, &Control::default()).unwrap();
}

/// What was made before a run was interrupted is not made again, unless it is damaged or of something else.
#[test]
fn an_interrupted_teacher_is_gone_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let begun = folder.path().join("cache.npy.begun");
    let base = || DistillOptions { steps: 2, threads: 1, ..options(folder.path(), None) };
    let interrupted = |teacher: &Words| {
        let cancel = CancelToken::new();
        let token = cancel.clone();
        let progress = move |what: &str, done: u64, _: u64| {
            if what == "encode passages" && done >= 200 {
                token.cancel();
            }
        };
        let control = Control { cancel: Some(cancel), ..Control::default() };
        let options = DistillOptions { teacher: Some(teacher), ..base() };
        assert!(matches!(run(&options, &progress, &control), Err(Error::Cancelled)));
    };
    let made = |teacher: &Words| {
        teacher.1.store(0, Ordering::Relaxed);
        let options = DistillOptions { teacher: Some(teacher), ..base() };
        run(&options, &quiet, &Control::default()).unwrap();
        assert!(!begun.exists());
        let cache = folder.path().join("cache.npy");
        let bytes = std::fs::read(&cache).unwrap();
        std::fs::remove_file(&cache).unwrap();
        std::fs::remove_file(folder.path().join("cache.jsonl")).unwrap();
        (teacher.1.load(Ordering::Relaxed), crc32c::crc32c(&bytes))
    };
    let teacher = Words::new();
    let (all, whole) = made(&teacher);
    assert_eq!(all, 500);
    interrupted(&teacher);
    // The longest passages came first, 52 that fill no batch.
    let kept = std::fs::read(&begun).unwrap();
    assert_eq!(made(&teacher), (500 - (52 + 3 * 64), whole));

    // A batch that is cut, and one with another byte; what comes before it counts.
    for (damaged, left) in [
        (kept[..kept.len() - 1].to_vec(), 500 - (52 + 2 * 64)),
        (
            [
                &kept[..kept.len() - 64 * (1 + 4 * WIDTH) - 1],
                &[7],
                &kept[kept.len() - 64 * (1 + 4 * WIDTH)..],
            ]
            .concat(),
            500 - (52 + 2 * 64),
        ),
        (b"something else that is longer than any heading is, and has no line end".to_vec(), 500),
        (Vec::new(), 500),
    ] {
        std::fs::write(&begun, damaged).unwrap();
        assert_eq!(made(&teacher), (left, whole));
    }

    let mut other = Words::new();
    other.0.document.weights = [1; 32];
    interrupted(&other);
    assert_eq!(made(&teacher), (500, whole));
}

/// A static encoder has no vector for texts of which it knows no word.
#[test]
fn passages_without_a_vector_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = Words::new();
    let good = DistillOptions { steps: 2, ..options(folder.path(), Some(&teacher)) };
    let line = serde_json::json!({ "title": format!("a title that is {NOTHING}") });
    let texts = std::fs::read_to_string(&good.corpus).unwrap();
    std::fs::write(&good.corpus, format!("{line}\n{texts}")).unwrap();
    let all = DistillOptions { passages_max: 10_000, ..good };
    let report = run(&all, &quiet, &Control::default()).unwrap();
    assert_eq!((report.documents, report.passages), (301, 600));
}
