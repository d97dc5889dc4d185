//! Gradient descent on the token vectors: what makes them good at search.
//!
//! Two losses are added, both on in-batch similarities of unit vectors:
//!
//! * *contrast*: a title must find its own abstract among the batch's, and the abstract its title
//!   (InfoNCE in both directions; van den Oord et al., 2018); and some tokens of a sentence must find
//!   the document that the sentence is from, title and all. It needs no teacher, and teaches what the
//!   words of this corpus tell apart. The sentence stays in its document, so that exact terms count
//!   (Lee, Chang and Toutanova, "Latent retrieval", 2019, keep it in one case of ten);
//! * *similarity*: the softmax over a passage's similarities to the batch must be the teacher's
//!   (Kullback-Leibler), which keeps the teacher's sense of what is alike.
//!
//! The optimiser is Adam (Kingma and Ba, 2015) with moments kept for each token and moved only when
//! the token occurs, and a cosine schedule with a short warm-up.

use super::bags::{Bags, in_parts};
use super::matrix::{product, transposed};
use super::progress::Progress;
use super::random::Random;
use crate::control::Control;
use crate::error::Result;

/// What there is to learn from; rows of `titles` and `bodies` belong together.
pub(super) struct Lessons {
    pub(super) titles: Bags,
    pub(super) bodies: Bags,
    /// Sentences of all bodies; those of body `b` start at `sentence_starts[b]`.
    pub(super) sentences: Bags,
    pub(super) sentence_starts: Vec<usize>,
    /// Rows whose title and body make a pair.
    pub(super) titled: Vec<usize>,
    /// Rows whose sentences can stand for queries.
    pub(super) questioned: Vec<usize>,
    pub(super) passages: Bags,
    /// Unit vectors of the passages, the teacher's mean removed.
    pub(super) teacher: Vec<f32>,
    pub(super) teacher_width: usize,
}

/// How to learn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) steps: usize,
    /// Pairs, and passages, of one step.
    pub(super) batch: usize,
    /// Greatest step of a component, where token vectors have a root mean square length of 1.
    pub(super) rate: f32,
    /// Divisor of similarities before the softmax of the contrast loss.
    pub(super) contrast_temperature: f32,
    /// The same for the similarity loss.
    pub(super) similarity_temperature: f32,
    /// What a title's token counts for in a document, beside one of the abstract.
    pub(super) title_weight: f32,
    pub(super) threads: usize,
    pub(super) seed: u64,
}

/// Share of a sentence's tokens that make a query: 2 of 5.
const KEPT: (usize, usize) = (2, 5);
/// Steps of the warm-up.
const WARM_UP: f32 = 50.0;
/// Decay of Adam's first and second moment.
const DECAY: (f32, f32) = (0.9, 0.99);
/// Shorter sums have no direction to speak of and give no gradient.
const LENGTH_MIN: f32 = 1e-6;

/// Improves a table of token vectors with rows of `width` numbers.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn refine(
    table: &mut [f32],
    width: usize,
    lessons: &Lessons,
    schedule: &Schedule,
    progress: &Progress<'_>,
    control: &Control,
) -> Result<()> {
    let tokens = table.len() / width;
    let mut random = Random::new(schedule.seed);
    let mut adam = Adam { first: vec![0.0; table.len()], second: vec![0.0; table.len()] };
    let mut titled = lessons.titled.clone();
    let mut questioned = lessons.questioned.clone();
    let mut passages: Vec<usize> = (0..lessons.passages.len()).collect();
    let titled_count = schedule.batch.min(titled.len());
    let questioned_count = schedule.batch.min(questioned.len());
    let passage_count = schedule.batch.min(passages.len());
    for step in 0..schedule.steps {
        control.check()?;
        random.shuffle(&mut titled, titled_count);
        random.shuffle(&mut questioned, questioned_count);
        random.shuffle(&mut passages, passage_count);
        let titled = &titled[..titled_count];
        let questioned = &questioned[..questioned_count];
        let passages = &passages[..passage_count];
        let mut bags = Bags::new();
        titled.iter().for_each(|&row| bags.push_row(&lessons.titles, row));
        titled.iter().for_each(|&row| bags.push_row(&lessons.bodies, row));
        for &row in questioned {
            let (start, end) = (lessons.sentence_starts[row], lessons.sentence_starts[row + 1]);
            let sentence = start + random.below(end - start);
            bags.push(&mut query(&lessons.sentences, sentence, &mut random));
        }
        for &row in questioned {
            let title = (&lessons.titles, row, schedule.title_weight);
            bags.push_sum(&[title, (&lessons.bodies, row, 1.0)]);
        }
        passages.iter().for_each(|&row| bags.push_row(&lessons.passages, row));

        let mut vectors = bags.times(table, width, schedule.threads);
        let lengths = normalise(&mut vectors, width);
        let (titles, rest) = vectors.split_at(titled_count * width);
        let (bodies, rest) = rest.split_at(titled_count * width);
        let (sentences, rest) = rest.split_at(questioned_count * width);
        let (documents, rest) = rest.split_at(questioned_count * width);
        let mut slope = contrast(titles, bodies, width, schedule);
        slope.extend(contrast(sentences, documents, width, schedule));
        // The two kinds of pairs together weigh as much as the passages.
        slope.iter_mut().for_each(|slope| *slope *= 0.5);
        let goal: Vec<f32> = passages
            .iter()
            .flat_map(|&row| {
                &lessons.teacher[row * lessons.teacher_width..][..lessons.teacher_width]
            })
            .copied()
            .collect();
        slope.extend(similarity(rest, width, &goal, lessons.teacher_width, schedule));
        through_length(&mut slope, &vectors, &lengths, width);

        let rate = schedule.rate * rate_at(step, schedule.steps);
        adam.step(table, width, &bags.transposed(tokens), &slope, rate, step, schedule.threads);
        progress("refine", step as u64 + 1, schedule.steps as u64);
    }
    Ok(())
}

/// Tokens of a sentence, each kept by chance: a query is shorter than a sentence.
fn query(sentences: &Bags, row: usize, random: &mut Random) -> Vec<u32> {
    let (columns, counts) = sentences.row(row);
    let tokens = columns
        .iter()
        .zip(counts)
        .flat_map(|(&column, &count)| std::iter::repeat_n(column, count as usize));
    tokens.filter(|_| random.below(KEPT.1) < KEPT.0).collect()
}

/// The share of the full rate at a step: a linear warm-up, then half a cosine down to a hundredth.
fn rate_at(step: usize, steps: usize) -> f32 {
    let done = step as f32 / steps as f32;
    let warm = ((step + 1) as f32 / WARM_UP).min(1.0);
    warm * (0.505 + 0.495 * (std::f32::consts::PI * done).cos())
}

/// Gives rows length 1 and returns their lengths.
fn normalise(vectors: &mut [f32], width: usize) -> Vec<f32> {
    let rows = vectors.chunks_exact_mut(width);
    rows.map(|row| {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        let divisor = length.max(LENGTH_MIN);
        row.iter_mut().for_each(|value| *value /= divisor);
        length
    })
    .collect()
}

/// Turns slopes for unit vectors into slopes for the vectors before normalising.
fn through_length(slope: &mut [f32], vectors: &[f32], lengths: &[f32], width: usize) {
    let rows = slope.chunks_exact_mut(width).zip(vectors.chunks_exact(width)).zip(lengths);
    for ((slope, vector), &length) in rows {
        if length < LENGTH_MIN {
            slope.fill(0.0);
            continue;
        }
        let along = slope.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
        for (slope, value) in slope.iter_mut().zip(vector) {
            *slope = (*slope - along * value) / length;
        }
    }
}

/// Slopes of the contrast loss, of the titles and then of the bodies.
fn contrast(titles: &[f32], bodies: &[f32], width: usize, schedule: &Schedule) -> Vec<f32> {
    let n = titles.len() / width;
    if n < 2 {
        return vec![0.0; titles.len() + bodies.len()];
    }
    let mut by_title = product(titles, bodies, (n, width, n), true, schedule.threads);
    let mut by_body = transposed(&by_title, n);
    softmax_rows(&mut by_title, n, schedule.contrast_temperature, schedule.threads);
    softmax_rows(&mut by_body, n, schedule.contrast_temperature, schedule.threads);
    let by_body = transposed(&by_body, n);
    let factor = 0.5 / (n as f32 * schedule.contrast_temperature);
    for (at, (slope, other)) in by_title.iter_mut().zip(&by_body).enumerate() {
        let own = if at % (n + 1) == 0 { 2.0 } else { 0.0 };
        *slope = (*slope + other - own) * factor;
    }
    let mut slopes = product(&by_title, bodies, (n, n, width), false, schedule.threads);
    slopes.extend(product(
        &transposed(&by_title, n),
        titles,
        (n, n, width),
        false,
        schedule.threads,
    ));
    slopes
}

/// Slopes of the similarity loss.
fn similarity(
    vectors: &[f32],
    width: usize,
    goal: &[f32],
    goal_width: usize,
    schedule: &Schedule,
) -> Vec<f32> {
    let n = vectors.len() / width;
    let mut found = product(vectors, vectors, (n, width, n), true, schedule.threads);
    let mut wanted = product(goal, goal, (n, goal_width, n), true, schedule.threads);
    for shares in [&mut found, &mut wanted] {
        // A passage is not compared with itself.
        shares.iter_mut().step_by(n + 1).for_each(|share| *share = f32::NEG_INFINITY);
        softmax_rows(shares, n, schedule.similarity_temperature, schedule.threads);
    }
    let factor = 1.0 / (n as f32 * schedule.similarity_temperature);
    found.iter_mut().zip(&wanted).for_each(|(found, wanted)| *found = (*found - wanted) * factor);
    let turned = transposed(&found, n);
    found.iter_mut().zip(&turned).for_each(|(slope, other)| *slope += other);
    product(&found, vectors, (n, n, width), false, schedule.threads)
}

/// Softmax of each row over the temperature.
fn softmax_rows(matrix: &mut [f32], columns: usize, temperature: f32, threads: usize) {
    let rows = matrix.len().div_ceil(columns * threads.max(1)).max(1);
    in_parts(threads, matrix.chunks_mut(rows * columns), |part| {
        for row in part.chunks_exact_mut(columns) {
            let max = row.iter().fold(f32::MIN, |max, value| max.max(*value));
            let mut sum = 0.0;
            for value in row.iter_mut() {
                *value = ((*value - max) / temperature).exp();
                sum += *value;
            }
            row.iter_mut().for_each(|value| *value /= sum);
        }
    });
}

/// Adam's moments, one of each for every number of the table.
struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    /// Moves the vectors of the tokens of a batch; `turned` holds, for each token, the texts it is in.
    #[allow(clippy::too_many_arguments)]
    fn step(
        &mut self,
        table: &mut [f32],
        width: usize,
        turned: &Bags,
        slope: &[f32],
        rate: f32,
        step: usize,
        threads: usize,
    ) {
        let correct = |decay: f32| 1.0 / (1.0 - decay.powi(step as i32 + 1));
        let (first_scale, second_scale) = (correct(DECAY.0), correct(DECAY.1));
        let rows = turned.len().div_ceil(threads.max(1)).max(1);
        let parts = table
            .chunks_mut(rows * width)
            .zip(self.first.chunks_mut(rows * width))
            .zip(self.second.chunks_mut(rows * width));
        in_parts(threads, parts.enumerate(), |(part, ((table, first), second))| {
            let mut gradient = vec![0.0; width];
            let tokens = table
                .chunks_exact_mut(width)
                .zip(first.chunks_exact_mut(width))
                .zip(second.chunks_exact_mut(width));
            for (token, ((row, first), second)) in tokens.enumerate() {
                let token = part * rows + token;
                if turned.row(token).0.is_empty() {
                    continue;
                }
                gradient.fill(0.0);
                turned.row_times(token, slope, &mut gradient);
                let cells = row.iter_mut().zip(first).zip(second).zip(&gradient);
                for (((cell, first), second), &slope) in cells {
                    *first = DECAY.0 * *first + (1.0 - DECAY.0) * slope;
                    *second = DECAY.1 * *second + (1.0 - DECAY.1) * slope * slope;
                    let spread = (*second * second_scale).sqrt() + 1e-8;
                    *cell -= rate * *first * first_scale / spread;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        Schedule {
            steps: 60,
            batch: 8,
            rate: 0.05,
            contrast_temperature: 0.2,
            similarity_temperature: 0.3,
            title_weight: 2.0,
            threads: 2,
            seed: 5,
        }
    }

    fn numbers(count: usize, salt: u64) -> Vec<f32> {
        let mut random = Random::new(salt);
        (0..count).map(|_| random.below(2001) as f32 / 1000.0 - 1.0).collect()
    }

    /// Slopes agree with differences of the losses, computed here from their definitions.
    #[test]
    fn slopes_are_those_of_the_losses() {
        let schedule = schedule();
        let (n, width) = (5, 3);
        let softmax = |mut rows: Vec<f32>, temperature: f32| {
            softmax_rows(&mut rows, n, temperature, 1);
            rows
        };
        let dots = |a: &[f32], b: &[f32]| product(a, b, (n, width, n), true, 1);
        let contrast_loss = |t: &[f32], b: &[f32]| {
            let both =
                [dots(t, b), dots(b, t)].map(|rows| softmax(rows, schedule.contrast_temperature));
            let logs = both.iter().flat_map(|p| p.iter().step_by(n + 1).map(|p| -p.ln()));
            0.5 * logs.sum::<f32>() / n as f32
        };
        let masked = |v: &[f32]| {
            let mut all = dots(v, v);
            all.iter_mut().step_by(n + 1).for_each(|x| *x = f32::NEG_INFINITY);
            softmax(all, schedule.similarity_temperature)
        };
        let goal = numbers(n * width, 3);
        let similarity_loss = |v: &[f32]| {
            let pairs = masked(&goal).into_iter().zip(masked(v));
            let terms = pairs.filter(|(p, _)| *p > 0.0).map(|(p, q)| p * (p / q).ln());
            terms.sum::<f32>() / n as f32
        };
        let (titles, bodies) = (numbers(n * width, 1), numbers(n * width, 2));
        let slopes = contrast(&titles, &bodies, width, &schedule);
        let alike = similarity(&titles, width, &goal, width, &schedule);
        let h = 1e-2;
        for at in 0..n * width {
            let moved = |by: f32| {
                let mut titles = titles.clone();
                titles[at] += by;
                titles
            };
            let (up, down) = (moved(h), moved(-h));
            let found = (contrast_loss(&up, &bodies) - contrast_loss(&down, &bodies)) / (2.0 * h);
            assert!((found - slopes[at]).abs() < 2e-3, "contrast {at}: {found} {}", slopes[at]);
            let found = (similarity_loss(&up) - similarity_loss(&down)) / (2.0 * h);
            assert!((found - alike[at]).abs() < 2e-3, "similarity {at}: {found} {}", alike[at]);
        }
    }

    #[test]
    fn titles_and_sentences_come_to_find_their_bodies() {
        let (tokens, width, n) = (32usize, 4, 8u32);
        let mut lessons = Lessons {
            titles: Bags::new(),
            bodies: Bags::new(),
            sentences: Bags::new(),
            sentence_starts: vec![0],
            titled: (0..8).collect(),
            questioned: (0..8).collect(),
            passages: Bags::new(),
            teacher: numbers(8 * 4, 9),
            teacher_width: 4,
        };
        normalise(&mut lessons.teacher, 4);
        for row in 0..n {
            lessons.titles.push(&mut [row]);
            lessons.bodies.push(&mut [n + row, 3 * n + row]);
            lessons.sentences.push(&mut [3 * n + row; 9]);
            lessons.sentence_starts.push(row as usize + 1);
            lessons.passages.push(&mut [2 * n + row]);
        }
        let mut table = numbers(tokens * width, 4);
        let found = |table: &[f32], queries: &Bags| {
            let mut titles = queries.times(table, width, 1);
            let mut bodies = lessons.bodies.times(table, width, 1);
            normalise(&mut titles, width);
            normalise(&mut bodies, width);
            let all = product(&titles, &bodies, (8, width, 8), true, 1);
            let best = |row: &[f32]| (0..8).max_by(|&a, &b| row[a].total_cmp(&row[b]));
            all.chunks(8).enumerate().filter(|(at, row)| best(row) == Some(*at)).count()
        };
        assert!(found(&table, &lessons.titles) < 5);
        let quiet = |_: &str, _: u64, _: u64| {};
        let schedule = Schedule { steps: 300, similarity_temperature: 1.0, ..schedule() };
        refine(&mut table, width, &lessons, &schedule, &quiet, &Control::default()).unwrap();
        assert_eq!(found(&table, &lessons.titles), 8);
        assert_eq!(found(&table, &lessons.sentences), 8);
    }
}
