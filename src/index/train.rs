//! Training of a [codebook](crate::index::codebook): from a sample of the vectors to centroids and
//! points.
//!
//! Works on one machine's memory and on all its cores; the same sample, options and instruction set
//! give the same codebook, bit for bit, on any number of threads. What it costs is in
//! `benches/train.rs`: 120,000 vectors of 384 dimensions take 2 seconds of processor time for 1200 lists and
//! 4 seconds for 4096.

mod lists;
#[cfg(test)]
mod tests;

use super::codebook::{RANKING_SUB_DIMENSION, TrainedCodebook};
use super::kmeans::vector;
use super::nearest::squared_length;
use super::quantizer::train_points;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::kernel::quantize::{f16_from_f32, quantize_int8};
use crate::kernel::scan::block::pack;
use crate::limits::{DIMENSION_MAX, HALF_MAX};
use lists::{Lists, Work, sample};

pub use lists::Stage;

/// Rows of a list, where the caller does not say otherwise. Finer lists save rows to scan, all the way to
/// 30 per list, but each list costs as much to rank and probe as 75 rows to scan: on 120,000 real
/// vectors searches are fastest with 100 to 200 rows per list.
pub const ROWS_PER_LIST: usize = 100;

/// Rows of the sample a list, at most: all of them. With 64 of 100, searches scan 4 % more rows.
pub const TRAINING_ROWS_PER_LIST: usize = 100;

/// Rows of the sample a list, at least: with fewer, a list is hardly more than one row.
const SAMPLE_ROWS_PER_LIST_MIN: usize = 6;

/// Memory of the largest sample: a gibibyte, 350,000 rows of 768 dimensions.
const SAMPLE_BYTES_MAX: usize = 1 << 30;

/// Groups whose lists a row is compared with when its residual trains the points.
const PROBES: usize = 8;

/// Residuals that the sub-quantizers are trained on: a thousand a point.
const RESIDUALS_MAX: usize = 16 * 1024;

/// Centroids that the points of the ranking are trained on.
const RANKING_CENTROIDS_MAX: usize = 16 * 1024;

/// Numbers in a sub-vector, where the caller does not say otherwise: one bit per dimension.
const SUB_DIMENSION: usize = 4;

/// What to train.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Number of lists; `None`: one for every [`ROWS_PER_LIST`] rows. At most as many as the sample has
    /// rows.
    pub lists: Option<usize>,
    /// Rows that will be indexed, of which the sample may be a part.
    pub total_rows: usize,
    /// Numbers in a sub-vector, 2 or 4; `None`: 4, one bit per dimension.
    pub sub_dimension: Option<usize>,
    /// What is drawn by chance is drawn from this.
    pub seed: u64,
    /// Threads to train on.
    pub threads: usize,
}

/// How many rows to train with: [`TRAINING_ROWS_PER_LIST`] for each of the lists that `total_rows` rows
/// get, at most one gibibyte of them.
pub fn sample_rows(total_rows: usize, dimension: usize) -> usize {
    let lists = total_rows.div_ceil(ROWS_PER_LIST);
    let wanted = lists.saturating_mul(TRAINING_ROWS_PER_LIST).min(total_rows);
    wanted.min(SAMPLE_BYTES_MAX / (size_of::<f32>() * dimension.max(1)))
}

/// Trains a codebook on `sample`: rows of `dimension` numbers, one after the other, in the space that rows
/// are stored in (normalised, rotated), drawn fairly from all rows ([`sample_rows`] says how many).
///
/// `progress` is called on this thread with what is being done and the share of it that is done.
/// Memory beside the sample: a copy of one group of it a thread, the centroids three times, and
/// 64 MB at 768 dimensions for residuals.
///
/// # Errors
///
/// [`Error::Vector`] when the sample is empty, not of whole rows or not finite, or a dimension is not
/// valid; those of `control`.
pub fn train(
    sample: &[f32],
    dimension: usize,
    options: &TrainOptions,
    control: &Control,
    progress: &mut dyn FnMut(Stage, f32),
) -> Result<TrainedCodebook> {
    let rows = check(sample, dimension)?;
    let sub_dimension = options.sub_dimension.unwrap_or(SUB_DIMENSION);
    if !matches!(sub_dimension, 2 | 4) {
        return Err(invalid(format!("expected sub-vectors of 2 or 4, found {sub_dimension}")));
    }
    let lists = options.lists.unwrap_or_else(|| default_lists(options.total_rows, rows));
    let TrainOptions { seed, threads, .. } = *options;
    let work = Work { rows: sample, dimension, seed, threads, control };
    let lists = work.cluster(lists.clamp(1, rows), progress)?;

    let mut book = TrainedCodebook { dimension, sub_dimension, ..TrainedCodebook::default() };
    let lists = Lists {
        lists: round(&lists.lists, dimension, &mut book.centroids, &mut book.centroid_scales),
        groups: round(&lists.groups, dimension, &mut book.groups, &mut book.group_scales),
        group_ends: lists.group_ends,
    };
    progress(Stage::Points, 0.0);
    let residuals = residuals(&work, &lists)?;
    let lengths: f64 = residuals.chunks(dimension).map(|row| f64::from(length(row))).sum();
    book.residual_mean = (lengths / (residuals.len() / dimension) as f64) as f32;
    book.points = train_points(&residuals, dimension, sub_dimension, seed, threads, control)?;
    progress(Stage::Points, 0.5);
    add_ranking(&work, &lists, &mut book)?;
    book.group_ends = lists.group_ends;
    progress(Stage::Points, 1.0);
    Ok(book)
}

/// Lists for `total_rows` rows, of which `sample_rows` are there to train with.
fn default_lists(total_rows: usize, sample_rows: usize) -> usize {
    (total_rows / ROWS_PER_LIST).min(sample_rows / SAMPLE_ROWS_PER_LIST_MIN)
}

/// What a part of the rows differ by from the rounded centroids of their lists.
fn residuals(work: &Work<'_>, lists: &Lists) -> Result<Vec<f32>> {
    let dimension = work.dimension;
    let mut rows = sample(work.rows, dimension, RESIDUALS_MAX, work.seed);
    let found = Work { rows: &rows, ..*work }.assign(lists, PROBES, &mut |_| ())?;
    for (row, found) in rows.chunks_mut(dimension).zip(found) {
        let centroid = vector(&lists.lists, found.centroid, dimension);
        row.iter_mut().zip(centroid).for_each(|(value, center)| *value -= center);
    }
    Ok(rows)
}

/// Adds what lists are ranked with: points and codes of the centroids, and factors.
fn add_ranking(work: &Work<'_>, lists: &Lists, book: &mut TrainedCodebook) -> Result<()> {
    let Work { dimension, seed, threads, control, .. } = *work;
    let centroids = &lists.lists;
    let some = sample(centroids, dimension, RANKING_CENTROIDS_MAX, seed);
    book.ranking_points =
        train_points(&some, dimension, RANKING_SUB_DIMENSION, seed, threads, control)?;
    let codes =
        super::encode::codes(centroids, dimension, &book.ranking_points, RANKING_SUB_DIMENSION);
    book.ranking_codes = pack(&codes, dimension.div_ceil(RANKING_SUB_DIMENSION));
    let lengths: Vec<f32> = centroids.chunks(dimension).map(length).collect();
    let mean = lengths.iter().map(|length| f64::from(*length)).sum::<f64>() / lengths.len() as f64;
    let factor = |length: &f32| if *length > 0.0 { mean as f32 / length } else { 0.0 };
    book.ranking_factors =
        lengths.iter().map(|length| f16_from_f32(factor(length).min(HALF_MAX))).collect();
    Ok(())
}

fn length(row: &[f32]) -> f32 {
    squared_length(row).sqrt()
}

/// Rounds vectors to int8 rows; returns what those stand for.
fn round(
    vectors: &[f32],
    dimension: usize,
    codes: &mut Vec<i8>,
    scales: &mut Vec<f32>,
) -> Vec<f32> {
    let mut rounded = Vec::with_capacity(vectors.len());
    for vector in vectors.chunks(dimension) {
        let start = codes.len();
        let scale = quantize_int8(vector, codes);
        rounded.extend(codes[start..].iter().map(|code| scale * f32::from(*code)));
        scales.push(scale);
    }
    rounded
}

fn invalid(detail: String) -> Error {
    Error::Vector { subject: "training sample".to_owned(), detail }
}

/// How many rows the sample has.
fn check(sample: &[f32], dimension: usize) -> Result<usize> {
    if !(1..=DIMENSION_MAX).contains(&dimension) {
        return Err(invalid(format!("expected dimension 1 to {DIMENSION_MAX}, found {dimension}")));
    }
    if sample.is_empty() || !sample.len().is_multiple_of(dimension) {
        let found = sample.len();
        return Err(invalid(format!(
            "expected rows of {dimension} numbers, found {found} numbers"
        )));
    }
    if !sample.iter().all(|value| value.is_finite()) {
        return Err(invalid("not every number is finite".to_owned()));
    }
    let rows = sample.len() / dimension;
    match u32::try_from(rows) {
        Ok(_) => Ok(rows),
        Err(_) => Err(invalid(format!("expected less than 2^32 rows, found {rows}"))),
    }
}
