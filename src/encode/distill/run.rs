//! All steps, from a teacher and a corpus to a file.

use std::path::PathBuf;

use super::fit::{self, Exam, PASSAGES_MIN};
use super::progress::Progress;
use super::refine::{self, Schedule};
use super::vectors::{Taught, replace};
use super::{corpus, vocabulary};
use crate::control::Control;
use crate::encode::static_encoder::{self, Bits, StaticEncoder};
use crate::encode::wordpiece::WordPiece;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::eval::beir::Task;
use crate::kernel::quantize::{quantize_int4, quantize_int8};
use crate::parallel;

/// What to distill, and how.
pub struct DistillOptions<'a> {
    /// The sentence encoder to learn from. `None` is enough when `vectors` names a cache that exists.
    pub teacher: Option<&'a dyn Encoder>,
    /// JSON lines with `title`, and `abstract` or `text`; plain, `.gz` or `.zst`.
    pub corpus: PathBuf,
    /// Cache of the teacher's vectors, `NAME.npy` beside `NAME.jsonl`; written when it is not there.
    pub vectors: Option<PathBuf>,
    /// Where the encoder is written; an existing file is replaced.
    pub out: PathBuf,
    /// Length of the vectors; at most the teacher's.
    pub dimension: usize,
    /// Tokens of the vocabulary that is trained on the corpus, at most.
    pub vocabulary: usize,
    /// A vocabulary to use instead: a `vocab.txt`, one token per line, with `[UNK]`.
    pub vocabulary_file: Option<PathBuf>,
    /// Bits per number in the encoder's file. 4 halve it for 0.002 of nDCG@10, and need an even dimension.
    pub bits: Bits,
    /// Bytes of the encoder's file, at most: the last tokens, which are the rarest, are left out.
    pub bytes_max: Option<u64>,
    /// Folders in the layout of BEIR to examine the encoder on, and the teacher too if it is given.
    pub beir: Vec<PathBuf>,
    /// Titles and sentences the teacher embeds.
    pub passages_max: usize,
    /// Steps of the refinement; 0 leaves the least-squares fit as it is.
    pub steps: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Threads that encode and fit.
    pub threads: usize,
}

impl Default for DistillOptions<'_> {
    /// The recipe of the built-in encoder; its tokens are as many as 8 MB hold.
    fn default() -> Self {
        DistillOptions {
            teacher: None,
            corpus: PathBuf::new(),
            vectors: None,
            out: PathBuf::from("encoder.mdvs"),
            dimension: 384,
            vocabulary: 29_500,
            vocabulary_file: None,
            bits: Bits::Eight,
            bytes_max: Some(8_000_000),
            beir: Vec::new(),
            passages_max: 120_000,
            steps: 400,
            seed: 1,
            threads: parallel::cores(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DistillReport {
    /// Documents of the corpus that were read.
    pub documents: usize,
    /// Passages with a vector of the teacher.
    pub passages: usize,
    /// Pairs of title and abstract.
    pub pairs: usize,
    /// Tokens of the vocabulary.
    pub tokens: usize,
    /// Mean cosine of the least-squares fit with the teacher, over passages held out, before the
    /// dimension is reduced.
    pub held_out_cosine: f64,
    /// Correlation of the finished encoder's similarities with the teacher's, over pairs of passages
    /// held out.
    pub held_out_correlation: f64,
    /// Share of the teacher's ten nearest passages that are among the finished encoder's ten nearest,
    /// over at most 2,000 passages held out.
    pub held_out_neighbours: f64,
    /// Bytes of the file.
    pub bytes: u64,
    /// What came of each folder of `beir`.
    pub retrieval: Vec<Retrieval>,
}

/// How well documents are found on one folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieval {
    /// The folder.
    pub folder: PathBuf,
    /// Its documents.
    pub documents: usize,
    /// nDCG@10 of the finished encoder, of exact search over all of them.
    pub ndcg: f64,
    /// The same of the teacher.
    pub teacher_ndcg: Option<f64>,
}

/// Distills an encoder and writes it to `options.out`.
///
/// The time is that of the teacher, and then minutes; memory is about 3 KB per passage and four times the
/// corpus.
///
/// # Errors
/// [`Error::Io`] and [`Error::Input`] for the corpus and the cache, [`Error::Encoder`] for a teacher
/// that fails or options that make no encoder, [`Error::Cancelled`].
pub fn run(
    options: &DistillOptions<'_>,
    progress: &Progress<'_>,
    control: &Control,
) -> Result<DistillReport> {
    let threads = options.threads.max(1);
    // What is wrong with a folder or a vocabulary shows before hours of work, not after.
    let tasks: Vec<Task> =
        options.beir.iter().map(|folder| Task::read(folder)).collect::<Result<_>>()?;
    let given = options.vocabulary_file.as_deref().map(vocabulary::read).transpose()?;
    progress("read the corpus", 0, 1);
    let texts = corpus::read(&options.corpus, options.seed)?;
    let taught = teach(options, &texts, progress, control)?;
    if options.dimension == 0 || options.dimension > taught.dimension {
        let detail = format!("dimension {}, expected 1 to {}", options.dimension, taught.dimension);
        return Err(failed(detail));
    }
    if taught.passages.len() < PASSAGES_MIN {
        let found = taught.passages.len();
        return Err(failed(format!("{found} passages, expected at least {PASSAGES_MIN}")));
    }
    let mut vocabulary = match given {
        Some(vocabulary) => vocabulary,
        None => {
            progress("train the vocabulary", 0, 1);
            vocabulary::train(&texts, options.vocabulary)?
        }
    };
    if let Some(max) = options.bytes_max {
        let bytes = |tokens, text| {
            static_encoder::file_bytes(tokens, options.dimension, options.bits, text)
        };
        vocabulary = vocabulary::cut(&vocabulary, |tokens, text| bytes(tokens, text) <= max)?;
    }
    let wordpiece = WordPiece::new(vocabulary);
    let mut lessons = fit::lessons(&texts, &taught, &wordpiece);
    let exam = Exam::new(&taught);

    progress("fit", 0, 1);
    let first = fit::first_fit(&lessons, &exam, &wordpiece, threads, control)?;
    let mut table = fit::reduce(&lessons, &first.table, options.dimension, threads);
    fit::centre(&mut lessons.teacher, &first.mean);
    let schedule = Schedule { steps: options.steps, threads, seed: options.seed, ..SCHEDULE };
    refine::refine(&mut table, options.dimension, &lessons, &schedule, progress, control)?;

    let bytes = quantise(&table, options, &wordpiece)?;
    let encoder = StaticEncoder::from_bytes("distilled", bytes.clone())?;
    let held_out_correlation = exam.correlation(&encoder)?;
    let held_out_neighbours = exam.neighbours(&encoder)?;
    replace(&options.out, &bytes)?;
    let mut retrieval = Vec::with_capacity(tasks.len());
    for (task, folder) in tasks.iter().zip(&options.beir) {
        progress("search", retrieval.len() as u64, tasks.len() as u64);
        let ndcg =
            |encoder| task.search(encoder, 10, threads, control).and_then(|hits| task.ndcg(&hits));
        retrieval.push(Retrieval {
            folder: folder.clone(),
            documents: task.documents(),
            ndcg: ndcg(&encoder)?,
            teacher_ndcg: options.teacher.map(ndcg).transpose()?,
        });
    }
    Ok(DistillReport {
        documents: texts.len(),
        passages: taught.passages.len(),
        pairs: lessons.titled.len(),
        tokens: wordpiece.vocabulary().len(),
        held_out_cosine: first.held_out_cosine,
        held_out_correlation,
        held_out_neighbours,
        bytes: bytes.len() as u64,
        retrieval,
    })
}

/// How the refinement learns; steps, threads and seed are the caller's.
const SCHEDULE: Schedule = Schedule {
    steps: 0,
    batch: 1024,
    rate: 0.01,
    contrast_temperature: 0.1,
    similarity_temperature: 0.05,
    title_weight: TITLE_WEIGHT,
    threads: 1,
    seed: 0,
};

/// What a title's token counts for, beside one of the abstract.
const TITLE_WEIGHT: f32 = 3.0;

/// The teacher's vectors: from the cache, or made now and then cached.
fn teach(
    options: &DistillOptions<'_>,
    texts: &[corpus::Text],
    progress: &Progress<'_>,
    control: &Control,
) -> Result<Taught> {
    if let Some(path) = &options.vectors
        && let Some(taught) = Taught::load(path)?
    {
        return Ok(taught);
    }
    let Some(teacher) = options.teacher else {
        return Err(failed("neither a teacher nor a cache of its vectors is given".to_owned()));
    };
    let passages = corpus::passages(texts, options.passages_max, options.seed);
    let taught = Taught::encode(teacher, passages, options.threads, progress, control)?;
    if let Some(path) = &options.vectors {
        taught.save(path)?;
    }
    // Once, here or when a cache is read: a second time would change a bit now and then.
    taught.normalised()
}

/// Rounds the table and makes the file. A row that is zero stays so, but that of `[UNK]`, which gets
/// the mean of all rows: every text must have a direction.
fn quantise(table: &[f32], options: &DistillOptions<'_>, wordpiece: &WordPiece) -> Result<Vec<u8>> {
    let DistillOptions { dimension, bits, .. } = *options;
    let quantize = match bits {
        Bits::Four => quantize_int4,
        Bits::Eight => quantize_int8,
    };
    let vocabulary = wordpiece.vocabulary();
    let mut codes = Vec::with_capacity(table.len());
    let mut scales = Vec::with_capacity(vocabulary.len());
    for (token, row) in (0u32..).zip(table.chunks_exact(dimension)) {
        if token == vocabulary.unknown() && row.iter().all(|value| *value == 0.0) {
            let mean: Vec<f32> = (0..dimension)
                .map(|at| table.iter().skip(at).step_by(dimension).sum::<f32>())
                .map(|sum| sum / vocabulary.len() as f32)
                .collect();
            scales.push(quantize(&mean, &mut codes));
        } else {
            scales.push(quantize(row, &mut codes));
        }
    }
    static_encoder::write(vocabulary.text(), dimension, TITLE_WEIGHT, bits, &codes, &scales)
        .map_err(failed)
}

fn failed(detail: String) -> Error {
    Error::Encoder { name: "distill".to_owned(), detail }
}
