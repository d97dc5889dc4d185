//! How well two lists of scores agree, pair by pair: the measures of sentence similarity (BIOSSES, STS).
//!
//! Sources: Pearson (1895); Spearman (1904), as the product-moment correlation of ranks, which is right with ties.

use crate::eval::significance::StatisticsError;

/// Pearson's correlation, from -1 to 1. Cost: three passes; sums are of scaled deviations, so that neither great nor
/// small values overflow.
///
/// # Errors
/// [`StatisticsError::UnequalLengths`], [`StatisticsError::TooFew`] with fewer than two pairs,
/// [`StatisticsError::NotFinite`], [`StatisticsError::Constant`] if all values of a side are equal.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<f64, StatisticsError> {
    check(x, y)?;
    let (x, y) = (deviations(x)?, deviations(y)?);
    let square = |side: &[f64]| side.iter().map(|value| value * value).sum::<f64>();
    let product: f64 = x.iter().zip(&y).map(|(a, b)| a * b).sum();
    let correlation = product / (square(&x) * square(&y)).sqrt();
    Ok(correlation.clamp(-1.0, 1.0)) // rounding may exceed a bound
}

/// Spearman's rank correlation, from -1 to 1. Equal values share the mean of their ranks. Cost: two sorts.
///
/// # Errors
/// Those of [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, StatisticsError> {
    check(x, y)?;
    pearson(&ranks(x), &ranks(y))
}

fn check(x: &[f64], y: &[f64]) -> Result<(), StatisticsError> {
    if x.len() != y.len() {
        return Err(StatisticsError::UnequalLengths { first: x.len(), second: y.len() });
    }
    if x.len() < 2 {
        return Err(StatisticsError::TooFew { needed: 2, given: x.len() });
    }
    if x.iter().chain(y).any(|value| !value.is_finite()) {
        return Err(StatisticsError::NotFinite);
    }
    Ok(())
}

/// Values less their mean, scaled so that the greatest is 1.
fn deviations(values: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    let first = values.first().copied().unwrap_or(0.0);
    if values.iter().all(|value| *value == first) {
        return Err(StatisticsError::Constant);
    }
    // Halves of a scaled copy: no difference of two of them overflows.
    let size = greatest(values);
    let scaled: Vec<f64> = values.iter().map(|value| value / size / 2.0).collect();
    let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
    let mut deviations: Vec<f64> = scaled.iter().map(|value| value - mean).collect();
    let size = greatest(&deviations);
    if size == 0.0 {
        return Err(StatisticsError::Constant); // different, by less than a float can say
    }
    for deviation in &mut deviations {
        *deviation /= size;
    }
    Ok(deviations)
}

fn greatest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |size: f64, value| size.max(value.abs()))
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    // Equality as of floats: 0 and -0 are one value, which `total_cmp` keeps side by side.
    order.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut before = 0usize;
    for group in order.chunk_by_mut(|(_, a), (_, b)| a == b) {
        // Ranks before + 1 to before + n, on average.
        let rank = before as f64 + (group.len() as f64 + 1.0) / 2.0;
        before += group.len();
        for (_, value) in group {
            *value = rank;
        }
    }
    order.sort_by_key(|(place, _)| *place);
    order.into_iter().map(|(_, rank)| rank).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_correlations() {
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Ok(1.0));
        assert_eq!(pearson(&[1.0, 2.0], &[5.0, -5.0]), Ok(-1.0));
        // scipy.stats.spearmanr and pearsonr.
        let (x, y) = ([1.0, 2.0, 2.0, 3.0, 9.0], [4.0, 1.0, 5.0, 5.0, 7.0]);
        assert!((spearman(&x, &y).unwrap() - 0.763_157_894_736_842).abs() < 1e-12);
        assert!((pearson(&x, &y).unwrap() - 0.682_656_148_786_289).abs() < 1e-12);
    }

    #[test]
    fn ties_share_their_mean_rank() {
        assert_eq!(ranks(&[3.0, 0.0, -0.0, 3.0, 7.0]), [3.5, 1.5, 1.5, 3.5, 5.0]);
    }

    #[test]
    fn what_has_no_correlation_is_refused() {
        let few = StatisticsError::TooFew { needed: 2, given: 1 };
        assert_eq!(pearson(&[1.0], &[1.0]), Err(few));
        assert_eq!(spearman(&[], &[]), Err(StatisticsError::TooFew { needed: 2, given: 0 }));
        assert_eq!(pearson(&[1.0, 2.0], &[3.0, 3.0]), Err(StatisticsError::Constant));
        assert_eq!(spearman(&[0.0, -0.0], &[3.0, 4.0]), Err(StatisticsError::Constant));
        assert_eq!(pearson(&[1.0, f64::NAN], &[3.0, 4.0]), Err(StatisticsError::NotFinite));
        let unequal = StatisticsError::UnequalLengths { first: 2, second: 1 };
        assert_eq!(spearman(&[1.0, 2.0], &[3.0]), Err(unequal));
    }

    proptest! {
        #[test]
        fn every_pair_of_lists_has_a_correlation_or_an_error(
            pairs in prop::collection::vec((any::<f64>(), any::<f64>()), 0..9)
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            for found in [pearson(&x, &y), spearman(&x, &y)].into_iter().flatten() {
                prop_assert!((-1.0..=1.0).contains(&found));
            }
        }

        #[test]
        fn scale_and_place_do_not_matter(
            pairs in prop::collection::vec((-50i32..50, -50i32..50), 2..30), shift in -9i32..9
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) =
                pairs.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).unzip();
            let moved: Vec<f64> = x.iter().map(|value| value * 1e300 + f64::from(shift) * 1e300).collect();
            for function in [pearson, spearman] {
                match (function(&x, &y), function(&moved, &y)) {
                    (Ok(a), Ok(b)) => prop_assert!((a - b).abs() < 1e-12, "{a} {b}"),
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }
}
