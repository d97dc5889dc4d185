//! From texts to bags, from bags to the first table of token vectors, and the exam at the end.

use super::bags::Bags;
use super::corpus::{self, Text};
use super::matrix::{eigenvectors, product, transposed};
use super::refine::Lessons;
use super::ridge;
use super::vectors::Taught;
use crate::control::Control;
use crate::encode::wordpiece::WordPiece;
use crate::encoder::Encoder;
use crate::error::Result;

/// One passage in this many is held out.
const HELD_OUT: usize = 60;
/// A token in this share of the passages weighs half as much as a rare one.
const HALF_WEIGHT_SHARE: f32 = 1e-3;
/// Passages that decide the principal components.
const COMPONENT_PASSAGES: usize = 20_000;
/// Tokens a title, and an abstract, must have to make a pair.
const PAIR_TOKENS_MIN: (usize, usize) = (3, 20);
/// Sentences, and tokens, of an abstract whose sentences can stand for queries.
const QUESTIONED_MIN: (usize, usize) = (3, 40);
/// Held-out passages whose neighbours are compared: the cost grows with the square.
const NEIGHBOURED: usize = 2_000;
/// Neighbours that are compared.
const NEIGHBOURS: usize = 10;

/// The fewest passages to learn from: some are held out then.
pub(super) const PASSAGES_MIN: usize = 2 * HELD_OUT;

/// Turns texts into bags; held-out passages are left out, the teacher's vectors are as they came.
pub(super) fn lessons(texts: &[Text], taught: &Taught, wordpiece: &WordPiece) -> Lessons {
    let mut lessons = Lessons {
        titles: Bags::new(),
        bodies: Bags::new(),
        sentences: Bags::new(),
        sentence_starts: vec![0],
        titled: Vec::new(),
        questioned: Vec::new(),
        passages: Bags::new(),
        teacher: Vec::with_capacity(taught.vectors.len()),
        teacher_width: taught.dimension,
    };
    let (mut title, mut body) = (Vec::new(), Vec::new());
    for text in texts {
        title.clear();
        body.clear();
        wordpiece.encode_known(&text.title, &mut title);
        let mut sentences = 0;
        for sentence in corpus::sentences(&text.body) {
            let start = body.len();
            wordpiece.encode_known(sentence, &mut body);
            if body.len() > start {
                lessons.sentences.push(&mut body[start..]);
                sentences += 1;
            }
        }
        let row = lessons.bodies.len();
        if title.len() >= PAIR_TOKENS_MIN.0 && body.len() >= PAIR_TOKENS_MIN.1 {
            lessons.titled.push(row);
        }
        if sentences >= QUESTIONED_MIN.0 && body.len() >= QUESTIONED_MIN.1 {
            lessons.questioned.push(row);
        }
        lessons.sentence_starts.push(lessons.sentences.len());
        lessons.titles.push(&mut title);
        lessons.bodies.push(&mut body);
    }
    let rows = taught.vectors.chunks_exact(taught.dimension);
    for (at, (passage, vector)) in taught.passages.iter().zip(rows).enumerate() {
        if at % HELD_OUT != 0 {
            title.clear();
            wordpiece.encode_known(passage, &mut title);
            lessons.passages.push(&mut title);
            lessons.teacher.extend(vector);
        }
    }
    lessons
}

/// The least-squares fit.
pub(super) struct Fit {
    /// Token vectors of the teacher's dimension, weights folded in.
    pub(super) table: Vec<f32>,
    /// Mean of the teacher's vectors, which the table leaves out.
    pub(super) mean: Vec<f32>,
    /// Mean cosine with the teacher over held-out passages.
    pub(super) held_out_cosine: f64,
}

/// Fits token vectors to the teacher's vectors, less their mean.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn first_fit(
    lessons: &Lessons,
    exam: &Exam<'_>,
    wordpiece: &WordPiece,
    threads: usize,
    control: &Control,
) -> Result<Fit> {
    let (tokens, width) = (wordpiece.vocabulary().len(), lessons.teacher_width);
    let weights: Vec<f32> = lessons
        .passages
        .shares(tokens)
        .iter()
        .map(|share| HALF_WEIGHT_SHARE / (HALF_WEIGHT_SHARE + share))
        .collect();
    let mut bags = lessons.passages.clone();
    bags.weigh(&weights);
    let mut mean = vec![0.0f64; width];
    for row in lessons.teacher.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    let mean: Vec<f32> = mean.iter().map(|sum| (sum / bags.len() as f64) as f32).collect();
    let mut targets = lessons.teacher.clone();
    for row in targets.chunks_exact_mut(width) {
        row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
    }
    let mut table = ridge::solve(&bags, tokens, &targets, width, threads, control)?;
    let held_out_cosine = exam.cosine(&table, &mean, &weights, wordpiece);
    for (row, weight) in table.chunks_exact_mut(width).zip(&weights) {
        row.iter_mut().for_each(|value| *value *= weight);
    }
    Ok(Fit { table, mean, held_out_cosine })
}

/// Keeps the `width` directions in which the passages' unit vectors are longest, and scales the table
/// to a root mean square row length of 1.
pub(super) fn reduce(lessons: &Lessons, table: &[f32], width: usize, threads: usize) -> Vec<f32> {
    let full = lessons.teacher_width;
    let mut sample = Bags::new();
    let step = lessons.passages.len().div_ceil(COMPONENT_PASSAGES).max(1);
    (0..lessons.passages.len())
        .step_by(step)
        .for_each(|row| sample.push_row(&lessons.passages, row));
    let mut vectors = sample.times(table, full, threads);
    vectors.chunks_exact_mut(full).for_each(normalise);
    let turned = transposed(&vectors, full);
    let moments = product(&turned, &vectors, (full, sample.len(), full), false, threads);
    let mut components = eigenvectors(&moments, full);
    components.truncate(width * full);
    let mut table = product(table, &components, (table.len() / full, full, width), true, threads);
    let squares = table.iter().map(|value| f64::from(value * value)).sum::<f64>();
    let scale = (squares / (table.len() / width) as f64).sqrt().max(f64::MIN_POSITIVE) as f32;
    table.iter_mut().for_each(|value| *value /= scale);
    table
}

/// Takes the mean away from each row and gives rows length 1.
pub(super) fn centre(rows: &mut [f32], mean: &[f32]) {
    for row in rows.chunks_exact_mut(mean.len()) {
        row.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean);
        normalise(row);
    }
}

/// Gives a vector length 1; a zero vector stays.
fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt().max(f64::MIN_POSITIVE);
    vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}

/// Passages held out, with the teacher's vectors.
pub(super) struct Exam<'a> {
    passages: Vec<&'a str>,
    vectors: Vec<&'a [f32]>,
}

impl<'a> Exam<'a> {
    pub(super) fn new(taught: &'a Taught) -> Exam<'a> {
        Exam {
            passages: taught.passages.iter().step_by(HELD_OUT).map(String::as_str).collect(),
            vectors: taught.vectors.chunks_exact(taught.dimension).step_by(HELD_OUT).collect(),
        }
    }

    /// Mean cosine of weighted means of token vectors, plus a mean, with the teacher.
    fn cosine(&self, table: &[f32], mean: &[f32], weights: &[f32], wordpiece: &WordPiece) -> f64 {
        let mut ids = Vec::new();
        let mut sum = 0.0;
        for (passage, vector) in self.passages.iter().zip(&self.vectors) {
            ids.clear();
            wordpiece.encode_known(passage, &mut ids);
            let mut bag = Bags::new();
            bag.push(&mut ids);
            bag.weigh(weights);
            let mut found = mean.to_vec();
            bag.row_times(0, table, &mut found);
            normalise(&mut found);
            sum += dot(&found, vector);
        }
        sum / self.passages.len() as f64
    }

    /// Pearson correlation of an encoder's similarities with the teacher's, each passage with the 50
    /// after it.
    ///
    /// # Errors
    /// Those of the encoder.
    pub(super) fn correlation(&self, encoder: &dyn Encoder) -> Result<f64> {
        let encoded = encoder.encode_queries(&self.passages)?;
        let found: Vec<&[f32]> = encoded.chunks_exact(encoder.spec().dimension as usize).collect();
        let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for gap in 1..=50 {
            let taught = self.vectors.iter().zip(self.vectors.iter().skip(gap));
            let learned = found.iter().zip(found.iter().skip(gap));
            for ((a, b), (c, d)) in taught.zip(learned) {
                let (teacher, student) = (dot(a, b), dot(c, d));
                n += 1.0;
                x += teacher;
                y += student;
                xx += teacher * teacher;
                yy += student * student;
                xy += teacher * student;
            }
        }
        let spread = ((n * xx - x * x) * (n * yy - y * y)).sqrt();
        Ok((n * xy - x * y) / spread.max(f64::MIN_POSITIVE))
    }

    /// Share of the teacher's ten nearest passages, among the first 2,000, that are among the
    /// encoder's ten nearest.
    ///
    /// # Errors
    /// Those of the encoder.
    pub(super) fn neighbours(&self, encoder: &dyn Encoder) -> Result<f64> {
        let passages: Vec<&str> = self.passages.iter().copied().take(NEIGHBOURED).collect();
        let encoded = encoder.encode_queries(&passages)?;
        let found: Vec<&[f32]> = encoded.chunks_exact(encoder.spec().dimension as usize).collect();
        let count = NEIGHBOURS.min(passages.len().saturating_sub(1)).max(1);
        let nearest = |vectors: &[&[f32]], at: usize| -> Vec<usize> {
            let others = vectors.iter().enumerate().filter(|(other, _)| *other != at);
            let mut others: Vec<(f64, usize)> =
                others.map(|(other, vector)| (dot(vectors[at], vector), other)).collect();
            others.sort_by(|a, b| b.0.total_cmp(&a.0));
            others.into_iter().take(count).map(|(_, other)| other).collect()
        };
        let taught = &self.vectors[..passages.len()];
        let shared = (0..passages.len()).map(|at| {
            let learned = nearest(&found, at);
            nearest(taught, at).iter().filter(|other| learned.contains(other)).count()
        });
        Ok(shared.sum::<usize>() as f64 / (passages.len() * count) as f64)
    }
}
