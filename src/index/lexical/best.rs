//! The rows with the greatest scores so far, and the score that a row must have to be among them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Keeps every row whose score is at least the k-th best: equals are told apart by their keys, and not here.
#[derive(Debug)]
pub struct Best {
    wanted: usize,
    /// The k best scores.
    scores: BinaryHeap<Reverse<u32>>,
    kept: Vec<(u32, u32)>,
    /// Rows at which the kept ones are looked through.
    full: usize,
}

/// Rows kept beside the wanted ones before they are looked through.
const SPARE: usize = 256;

impl Best {
    /// Of `wanted` rows, 1 or more.
    pub fn new(wanted: usize) -> Best {
        Best {
            wanted,
            scores: BinaryHeap::new(),
            kept: Vec::new(),
            full: wanted.saturating_mul(2) + SPARE,
        }
    }

    /// The least score that can still be among the best; 1 while any can.
    #[inline]
    pub fn threshold(&self) -> u32 {
        match self.scores.peek() {
            Some(Reverse(least)) if self.scores.len() >= self.wanted => (*least).max(1),
            _ => 1,
        }
    }

    /// Scores of rows elsewhere that these compete with: see [`Best::scores`].
    pub fn with_scores(wanted: usize, scores: Vec<u32>) -> Best {
        let scores = scores.into_iter().map(Reverse).collect();
        Best { scores, ..Best::new(wanted) }
    }

    /// Offers a row.
    #[inline]
    pub fn push(&mut self, row: u32, score: u32) {
        if score < self.threshold() || self.wanted == 0 {
            return;
        }
        self.scores.push(Reverse(score));
        if self.scores.len() > self.wanted {
            self.scores.pop();
        }
        self.kept.push((row, score));
        if self.kept.len() >= self.full {
            self.prune();
            self.full =
                self.kept.len().saturating_mul(2).max(self.wanted.saturating_mul(2) + SPARE);
        }
    }

    fn prune(&mut self) {
        let threshold = self.threshold();
        self.kept.retain(|(_, score)| *score >= threshold);
    }

    /// The rows in no order, and the best scores.
    pub fn into_parts(mut self) -> (Vec<(u32, u32)>, Vec<u32>) {
        self.prune();
        (self.kept, self.scores.into_iter().map(|Reverse(score)| score).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_and_their_equals_stay(scores in prop::collection::vec(1u32..40, 0..2000), wanted in 1usize..30) {
            let (first, second) = scores.split_at(scores.len() / 2);
            let mut best = Best::new(wanted);
            (0..).zip(first).for_each(|(row, score)| best.push(row, *score));
            let (mut kept, known) = best.into_parts();
            let mut best = Best::with_scores(wanted, known);
            (first.len() as u32..).zip(second).for_each(|(row, score)| best.push(row, *score));
            kept.extend(best.into_parts().0);
            let mut sorted = scores.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let least = sorted.get(wanted - 1).copied().unwrap_or(1);
            kept.retain(|(_, score)| *score >= least);
            kept.sort_unstable();
            let expected: Vec<(u32, u32)> =
                (0..).zip(scores).filter(|(_, score)| *score >= least).collect();
            prop_assert_eq!(kept, expected);
        }
    }
}
