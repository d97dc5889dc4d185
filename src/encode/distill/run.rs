//! All steps, from a teacher and a corpus to a file.

use std::path::PathBuf;

use super::check::{self, failed};
use super::fit::{self, Exam};
use super::options::DistillOptions;
use super::progress::Progress;
use super::refine::{self, Schedule};
use super::vectors::{Taught, replace};
use super::{begun, corpus, vocabulary};
use crate::control::Control;
use crate::encode::static_encoder::{self, Bits, StaticEncoder};
use crate::encode::wordpiece::WordPiece;
use crate::error::Result;
use crate::eval::beir::Task;
use crate::kernel::quantize::{quantize_int4, quantize_int8};
use crate::parallel;

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
/// [`Error::Io`](crate::Error::Io) and [`Error::Input`](crate::Error::Input) for the corpus and the cache,
/// [`Error::Encoder`](crate::Error::Encoder) for a teacher that fails or options that make no encoder,
/// [`Error::Cancelled`](crate::Error::Cancelled).
pub fn run(
    options: &DistillOptions<'_>,
    progress: &Progress<'_>,
    control: &Control,
) -> Result<DistillReport> {
    let threads = parallel::bounded(options.threads);
    // What is wrong with options, a folder or a vocabulary shows before hours of work, not after.
    check::places(options)?;
    check::sizes(options)?;
    let tasks: Vec<Task> =
        options.beir.iter().map(|folder| Task::read(folder)).collect::<Result<_>>()?;
    let given = options.vocabulary_file.as_deref().map(vocabulary::read).transpose()?;
    progress("read the corpus", 0, 1);
    let texts = corpus::read(&options.corpus, options.seed)?;
    let taught = teach(options, &texts, progress, control)?;
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
        check::lessons(options, taught.dimension, taught.passages.len())?;
        if let Some(teacher) = options.teacher {
            taught.ensure_of(teacher, path, control)?;
        }
        return Ok(taught);
    }
    let Some(teacher) = options.teacher else {
        return Err(failed("neither a teacher nor a cache of its vectors is given".to_owned()));
    };
    let passages = corpus::passages(texts, options.passages_max, options.seed);
    let dimension = teacher.spec().dimension as usize;
    check::lessons(options, dimension, passages.len())?;
    let cache = options.vectors.as_deref();
    let taught = Taught::encode(teacher, passages, cache, options.threads, progress, control)?;
    // Some may have had no vector.
    check::lessons(options, dimension, taught.passages.len())?;
    if let Some(path) = cache {
        taught.save(path)?;
        begun::remove(path);
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
