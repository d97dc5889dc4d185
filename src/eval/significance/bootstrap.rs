//! Percentile intervals by the bootstrap.

use super::error::{StatisticsError, check_finite, check_paired};
use super::random::SplitMix64;

/// How the bootstrap samples.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BootstrapOptions {
    /// Where the random numbers begin.
    pub seed: u64,
    /// Samples drawn; 10,000 by default.
    pub rounds: u32,
    /// Share of samples between the bounds; 0.95 by default.
    pub confidence: f64,
}

impl Default for BootstrapOptions {
    fn default() -> BootstrapOptions {
        BootstrapOptions { seed: 0, rounds: 10_000, confidence: 0.95 }
    }
}

impl BootstrapOptions {
    /// Sets where the random numbers begin.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> BootstrapOptions {
        self.seed = seed;
        self
    }

    /// Sets the number of samples drawn.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> BootstrapOptions {
        self.rounds = rounds;
        self
    }

    /// Sets the share of samples between the bounds.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> BootstrapOptions {
        self.confidence = confidence;
        self
    }
}

/// An estimate with bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// The estimate from the values themselves.
    pub estimate: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// The percentile interval of a mean: values are drawn with replacement, and the bounds are quantiles of the means of
/// such samples, interpolated linearly between neighbours. With few values (below about 20) it is too narrow.
///
/// Cost: rounds × values; memory: eight bytes per round.
///
/// Source: Efron and Tibshirani (1993), chapter 13; Sakai (2006) for retrieval.
///
/// # Errors
/// [`StatisticsError::TooFew`] without values, [`StatisticsError::NotFinite`], [`StatisticsError::NoRounds`],
/// [`StatisticsError::Confidence`].
pub fn bootstrap_mean(
    values: &[f64],
    options: BootstrapOptions,
) -> Result<Interval, StatisticsError> {
    let confidence = options.confidence;
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(StatisticsError::Confidence(confidence));
    }
    if options.rounds == 0 {
        return Err(StatisticsError::NoRounds);
    }
    if values.is_empty() {
        return Err(StatisticsError::TooFew { needed: 1, given: 0 });
    }
    // A sample can hold the greatest value every time.
    let greatest = values.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
    check_finite(&[greatest * values.len() as f64])?;
    check_finite(values)?;
    let count = values.len() as f64;
    let mut random = SplitMix64::new(options.seed);
    let mut means: Vec<f64> = Vec::new();
    for _ in 0..options.rounds {
        let mut sum = 0.0;
        for _ in 0..values.len() {
            let index = random.below(values.len() as u64) as usize;
            sum += values.get(index).copied().unwrap_or(0.0); // `below` keeps the index inside
        }
        means.push(sum / count);
    }
    means.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    let (low, high) = (quantile(&means, tail), quantile(&means, 1.0 - tail));
    Ok(Interval { estimate: values.iter().sum::<f64>() / count, low, high })
}

/// The percentile interval of the mean of the second side less that of the first. Queries are drawn with both of
/// their values, since the sides are paired.
///
/// # Errors
/// Those of [`bootstrap_mean`]; [`StatisticsError::UnequalLengths`].
pub fn bootstrap_difference(
    first: &[f64],
    second: &[f64],
    options: BootstrapOptions,
) -> Result<Interval, StatisticsError> {
    check_paired(first, second)?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    bootstrap_mean(&differences, options)
}

/// A quantile of sorted values, interpolated linearly (type 7 of Hyndman and Fan, 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let below = place.floor();
    let at = |index: f64| sorted.get(index as usize).copied();
    let low = at(below).unwrap_or(f64::NAN); // never: there is a round, and the place is inside
    let high = at(below + 1.0).unwrap_or(low);
    low + (high - low) * (place - below)
}
