//! The best k of a stream of scored rows.

use std::cmp::Ordering;

use crate::error::Result;

/// Orders two rows of equal score, the one to be ranked first being `Less`. It may read the rows'
/// keys from a file, and fail.
pub type Tie<'a> = dyn FnMut(u32, u32) -> Result<Ordering> + 'a;

/// A bounded heap that keeps the best `k` rows: higher score first, equal scores (0.0 and -0.0
/// among them) in the order of a [`Tie`], rows that even that holds equal by ascending id.
///
/// That is a total order, so the best `k` are the same whatever the order of pushes, and the best
/// of a smaller `k` are a prefix of the best of a greater one.
#[derive(Debug)]
pub struct TopK {
    k: usize,
    /// A binary heap whose root is the worst row kept.
    heap: Vec<(u32, f32)>,
}

impl TopK {
    /// Keeps at most `k` rows; memory grows with the rows kept, 8 bytes each.
    pub fn new(k: usize) -> TopK {
        TopK { k, heap: Vec::new() }
    }

    /// A row scored below this cannot be among the best; negative infinity until `k` are kept.
    pub fn threshold(&self) -> f32 {
        match self.heap.first() {
            _ if self.heap.len() < self.k => f32::NEG_INFINITY,
            Some((_, score)) => *score,
            None => f32::INFINITY,
        }
    }

    /// Offers a row, whose score must not be NaN. Costs at most `log2(k)` swaps.
    ///
    /// # Errors
    ///
    /// Those of `tie`; the heap is then of no more use.
    pub fn push(&mut self, row: u32, score: f32, tie: &mut Tie<'_>) -> Result<()> {
        debug_assert!(!score.is_nan());
        let hit = (row, score);
        if self.heap.len() < self.k {
            self.heap.push(hit);
            return self.sift_up(tie);
        }
        let Some(worst) = self.heap.first() else { return Ok(()) };
        if compare(hit, *worst, tie)?.is_lt() {
            self.heap[0] = hit;
            self.sift_down(tie)?;
        }
        Ok(())
    }

    /// The rows kept and their scores, best first.
    ///
    /// # Errors
    ///
    /// Those of `tie`.
    pub fn into_sorted(mut self, tie: &mut Tie<'_>) -> Result<Vec<(u32, f32)>> {
        let mut sorted = Vec::with_capacity(self.heap.len());
        while !self.heap.is_empty() {
            sorted.push(self.heap.swap_remove(0));
            self.sift_down(tie)?;
        }
        sorted.reverse();
        Ok(sorted)
    }

    /// Moves the last row to its place.
    fn sift_up(&mut self, tie: &mut Tie<'_>) -> Result<()> {
        let mut child = self.heap.len() - 1;
        while child > 0 {
            let parent = (child - 1) / 2;
            if compare(self.heap[parent], self.heap[child], tie)?.is_gt() {
                break;
            }
            self.heap.swap(parent, child);
            child = parent;
        }
        Ok(())
    }

    /// Moves the first row to its place.
    fn sift_down(&mut self, tie: &mut Tie<'_>) -> Result<()> {
        let mut parent = 0;
        while let left = 2 * parent + 1
            && left < self.heap.len()
        {
            let right = left + 1;
            let right_is_worse =
                right < self.heap.len() && compare(self.heap[right], self.heap[left], tie)?.is_gt();
            let worst = if right_is_worse { right } else { left };
            if compare(self.heap[parent], self.heap[worst], tie)?.is_gt() {
                break;
            }
            self.heap.swap(parent, worst);
            parent = worst;
        }
        Ok(())
    }
}

/// The better hit is `Less`.
fn compare(a: (u32, f32), b: (u32, f32), tie: &mut Tie<'_>) -> Result<Ordering> {
    if a.1 != b.1 {
        return Ok(b.1.total_cmp(&a.1));
    }
    if a.0 == b.0 {
        return Ok(Ordering::Equal);
    }
    Ok(tie(a.0, b.0)?.then(a.0.cmp(&b.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Error;

    /// Keys that are not in the order of rows: a permutation of `u32`.
    fn key(row: u32) -> u32 {
        row.wrapping_mul(2_654_435_761)
    }

    fn best(hits: &[(u32, f32)], k: usize) -> Vec<(u32, f32)> {
        let mut tie = |a, b| Ok(key(a).cmp(&key(b)));
        let mut top = TopK::new(k);
        for (row, score) in hits {
            if *score >= top.threshold() {
                top.push(*row, *score, &mut tie).unwrap();
            }
        }
        top.into_sorted(&mut tie).unwrap()
    }

    proptest! {
        #[test]
        fn equals_a_sort_in_any_order_for_any_k(
            scores in prop::collection::vec((-3i32..3).prop_map(|s| s as f32 / 2.0), 0..200),
            order in any::<u64>(),
            k in 0usize..250,
        ) {
            let hits: Vec<(u32, f32)> = (0..).zip(scores).collect();
            let mut sorted = hits.clone();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(key(a.0).cmp(&key(b.0))));
            sorted.truncate(k);
            let mut shuffled = hits.clone();
            shuffled.sort_by_key(|hit| u64::from(hit.0 + 1).wrapping_mul(order | 1));
            prop_assert_eq!(&best(&hits, k), &sorted);
            prop_assert_eq!(&best(&shuffled, k), &sorted);
        }
    }

    #[test]
    fn zeros_of_either_sign_tie() {
        let top = best(&[(1, 0.0), (2, -0.0), (3, 0.0)], 3);
        let mut rows = [1, 2, 3];
        rows.sort_by_key(|row| key(*row));
        assert_eq!(top.iter().map(|hit| hit.0).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn rows_with_equal_keys_rank_by_id() {
        let mut tie = |_, _| Ok(Ordering::Equal);
        let mut top = TopK::new(2);
        for row in [5, 3, 9, 4] {
            top.push(row, 1.0, &mut tie).unwrap();
        }
        assert_eq!(top.into_sorted(&mut tie).unwrap(), [(3, 1.0), (4, 1.0)]);
    }

    #[test]
    fn a_failing_comparison_ends_the_call() {
        let mut tie = |_, _| Err(Error::Cancelled);
        let mut top = TopK::new(2);
        top.push(1, 1.0, &mut tie).unwrap();
        assert!(matches!(top.push(2, 1.0, &mut tie), Err(Error::Cancelled)));
    }

    #[test]
    fn infinities_are_scores() {
        let hits = [(0, f32::NEG_INFINITY), (1, f32::INFINITY), (2, 0.0)];
        assert_eq!(best(&hits, 3), [(1, f32::INFINITY), (2, 0.0), (0, f32::NEG_INFINITY)]);
        assert!(best(&hits, 0).is_empty());
    }
}
