//! Where recall is looked at: numbers of lists, numbers of candidates, shares of rows.

use super::{NEIGHBOURS, SHARES};

/// Ratio of neighbouring numbers of lists, and of candidates.
const RATIO: f64 = 1.12;

/// The numbers that recall is looked at.
#[derive(Debug)]
pub(super) struct Grid {
    /// Lists, in order of rank; the last is all of them.
    pub(super) lists: Vec<u32>,
    /// Rows by estimate; in a filtered search the part of them that the filter keeps.
    pub(super) depths: Vec<u32>,
    /// For each of [`SHARES`], how much a neighbour of each rank weighs: the chance that it passes the
    /// filter and that fewer than ten before it do. Weights of a share add up to 1.
    pub(super) weights: Vec<Vec<f32>>,
}

impl Grid {
    /// A grid for an index of `lists` lists and `rows` rows, and `neighbours` known neighbours per query.
    pub(super) fn new(lists: usize, rows: u64, neighbours: usize) -> Grid {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        Grid {
            lists: geometric(1, lists as u32),
            depths: geometric(NEIGHBOURS as u32, rows.max(NEIGHBOURS as u32)),
            weights: SHARES.iter().map(|share| weights(*share, neighbours)).collect(),
        }
    }

    /// Cells of one share.
    pub(super) fn cells(&self) -> usize {
        self.lists.len() * self.depths.len()
    }
}

/// Whole numbers from `first` to `last`, each greater by [`RATIO`].
fn geometric(first: u32, last: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut next = first;
    while next < last {
        numbers.push(next);
        next = ((f64::from(next) * RATIO) as u32).max(next.saturating_add(1));
    }
    numbers.push(last);
    numbers
}

/// Weights of neighbours 0, 1, 2, ... when every row passes a filter with chance `share`.
fn weights(share: f32, neighbours: usize) -> Vec<f32> {
    let share = f64::from(share);
    // The chance that so many of the neighbours before pass.
    let mut passed = [0.0; NEIGHBOURS];
    passed[0] = 1.0;
    let mut weights = Vec::with_capacity(neighbours);
    for _ in 0..neighbours {
        weights.push(share * passed.iter().sum::<f64>());
        for count in (0..NEIGHBOURS).rev() {
            let before = if count > 0 { passed[count - 1] } else { 0.0 };
            passed[count] = passed[count] * (1.0 - share) + before * share;
        }
    }
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / total) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_to_the_last() {
        assert_eq!(geometric(1, 1), [1]);
        assert_eq!(geometric(10, 13), [10, 11, 12, 13]);
        let numbers = geometric(1, 5000);
        assert!(numbers.is_sorted() && numbers.len() < 90);
        assert_eq!(numbers.last(), Some(&5000));
    }

    #[test]
    fn without_a_filter_the_first_ten_count_and_with_one_deeper_ones() {
        let all = weights(1.0, 50);
        assert!(all[..10].iter().all(|weight| (weight - 0.1).abs() < 1.0e-6));
        assert!(all[10..].iter().all(|weight| *weight == 0.0));
        let tenth = weights(0.1, 1000);
        assert!((tenth.iter().sum::<f32>() - 1.0).abs() < 1.0e-5);
        let mean: f32 = tenth.iter().zip(1..).map(|(weight, rank)| weight * rank as f32).sum();
        // The mean rank of the first ten successes of a tenth: 5.5 * 10.
        assert!((mean - 55.0).abs() < 0.5, "{mean}");
    }
}
