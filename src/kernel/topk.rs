//! The best k of a stream of scored rows.

use std::cmp::Ordering;

use crate::error::Result;

/// Orders two rows of equal score, the one to be ranked first being `Less`. It may read the rows'
/// keys from a file, and fail.
pub type Tie<'a> = dyn FnMut(u32, u32) -> Result<Ordering> + 'a;

/// Rows that are gathered before the best of them are selected, at least.
const GATHER_MIN: usize = 32;

/// Rows of the worst score kept, beyond `k`, from which on their order is asked for at once: it bounds
/// memory where very many documents are equal.
pub(super) const TIES_MAX: usize = 1 << 16;

/// Keeps the best `k` rows: higher score first, equal scores (0.0 and -0.0 among them) in the order of
/// a [`Tie`], rows that even that holds equal by ascending id.
///
/// That is a total order, so the best `k` are the same whatever the order of pushes, and the best
/// of a smaller `k` are a prefix of the best of a greater one.
///
/// Rows are gathered until there are twice `k`; then the k-th best score becomes the threshold. Rows of
/// exactly that score all stay: which of them are among the best is asked once, at the end. A
/// tie of half a million identical documents so costs one comparison per document.
#[derive(Debug)]
pub struct TopK {
    k: usize,
    threshold: f32,
    /// Rows gathered at which the best are selected.
    full: usize,
    rows: Vec<(u32, f32)>,
}

impl TopK {
    /// Keeps at most `k` rows; memory grows with the rows gathered, to 16 bytes per row of `k` and a mebibyte
    /// where scores are equal.
    pub fn new(k: usize) -> TopK {
        let threshold = if k == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        TopK { k, threshold, full: k.saturating_mul(2).max(GATHER_MIN), rows: Vec::new() }
    }

    /// A row scored below this cannot be among the best; it rises as rows are pushed.
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Offers a row, whose score must not be NaN. Costs some nanoseconds on average.
    ///
    /// # Errors
    ///
    /// Those of `tie`; what was gathered is then of no more use.
    pub fn push(&mut self, row: u32, score: f32, tie: &mut Tie<'_>) -> Result<()> {
        debug_assert!(!score.is_nan());
        if score < self.threshold || self.k == 0 {
            return Ok(());
        }
        // The sum makes one zero of both.
        self.rows.push((row, score + 0.0));
        if self.rows.len() < self.full {
            return Ok(());
        }
        self.select();
        if self.rows.len() > self.k.saturating_add(TIES_MAX) {
            self.settle(tie)?;
        }
        self.full = self.k.max(self.rows.len()).saturating_mul(2).max(GATHER_MIN);
        Ok(())
    }

    /// The rows kept and their scores, best first.
    ///
    /// # Errors
    ///
    /// Those of `tie`.
    pub fn into_sorted(mut self, tie: &mut Tie<'_>) -> Result<Vec<(u32, f32)>> {
        self.select();
        self.settle(tie)?;
        self.rows.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut ids = Vec::new();
        for equal in self.rows.chunk_by_mut(|a, b| a.1 == b.1).filter(|equal| equal.len() > 1) {
            ids.clear();
            ids.extend(equal.iter().map(|(row, _)| *row));
            sort(&mut ids, tie)?;
            equal.iter_mut().zip(&ids).for_each(|((row, _), id)| *row = *id);
        }
        Ok(self.rows)
    }

    /// Drops rows that are not among the best, and raises the threshold; rows as good as the worst of
    /// these stay.
    fn select(&mut self) {
        if self.rows.len() <= self.k {
            return;
        }
        let Some(last) = self.k.checked_sub(1) else { return };
        let (_, worst, _) = self.rows.select_nth_unstable_by(last, |a, b| b.1.total_cmp(&a.1));
        let threshold = worst.1;
        self.rows.retain(|(_, score)| *score >= threshold);
        self.threshold = threshold;
    }

    /// After a selection: chooses between the rows of the worst score.
    fn settle(&mut self, tie: &mut Tie<'_>) -> Result<()> {
        if self.rows.len() <= self.k {
            return Ok(());
        }
        let threshold = self.threshold;
        let equal = self.rows.iter().filter(|(_, score)| *score == threshold);
        let mut equal: Vec<u32> = equal.map(|(row, _)| *row).collect();
        self.rows.retain(|(_, score)| *score > threshold);
        keep_first(&mut equal, self.k - self.rows.len(), tie)?;
        self.rows.extend(equal.into_iter().map(|row| (row, threshold)));
        Ok(())
    }
}

/// Drops all but the first `keep` rows in the order of `tie`; those left are in no order. Costs about one
/// comparison a row, whatever order they come in.
pub(super) fn keep_first(rows: &mut Vec<u32>, keep: usize, tie: &mut Tie<'_>) -> Result<()> {
    if rows.len() <= keep {
        return Ok(());
    }
    if keep == 0 {
        rows.clear();
        return Ok(());
    }
    let mut heap = Vec::with_capacity(keep);
    // In a scattered order: in descending order of keys each row would go through the whole heap.
    let stride = coprime(rows.len());
    let mut place = 0;
    for _ in 0..rows.len() {
        place = (place + stride) % rows.len();
        let row = rows[place];
        if heap.len() < keep {
            heap.push(row);
            sift_up(&mut heap, tie)?;
        } else if compare(row, heap[0], tie)?.is_lt() {
            heap[0] = row;
            sift_down(&mut heap, tie)?;
        }
    }
    *rows = heap;
    Ok(())
}

/// Sorts rows in the order of `tie`.
fn sort(rows: &mut Vec<u32>, tie: &mut Tie<'_>) -> Result<()> {
    let mut heap = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        heap.push(*row);
        sift_up(&mut heap, tie)?;
    }
    rows.clear();
    while !heap.is_empty() {
        rows.push(heap.swap_remove(0));
        sift_down(&mut heap, tie)?;
    }
    rows.reverse();
    Ok(())
}

/// A number that shares no divisor with `len`, near its golden section: multiples of it go through all
/// remainders, neighbours far apart.
fn coprime(len: usize) -> usize {
    let divisor = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let golden = len / 8 * 5 + 1;
    (golden..).find(|stride| divisor(*stride, len) == 1).unwrap_or(1)
}

/// Moves the last row of a heap, whose root ranks last, to its place.
fn sift_up(heap: &mut [u32], tie: &mut Tie<'_>) -> Result<()> {
    let mut child = heap.len().saturating_sub(1);
    while child > 0 {
        let parent = (child - 1) / 2;
        if compare(heap[parent], heap[child], tie)?.is_gt() {
            break;
        }
        heap.swap(parent, child);
        child = parent;
    }
    Ok(())
}

/// Moves the root of a heap to its place.
fn sift_down(heap: &mut [u32], tie: &mut Tie<'_>) -> Result<()> {
    let mut parent = 0;
    while let left = 2 * parent + 1
        && left < heap.len()
    {
        let right = left + 1;
        let right_is_last = right < heap.len() && compare(heap[right], heap[left], tie)?.is_gt();
        let last = if right_is_last { right } else { left };
        if compare(heap[parent], heap[last], tie)?.is_gt() {
            break;
        }
        heap.swap(parent, last);
        parent = last;
    }
    Ok(())
}

/// Rows that rank first are `Less`.
fn compare(a: u32, b: u32, tie: &mut Tie<'_>) -> Result<Ordering> {
    if a == b {
        return Ok(Ordering::Equal);
    }
    Ok(tie(a, b)?.then(a.cmp(&b)))
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
        top.push(2, 1.0, &mut tie).unwrap();
        assert!(matches!(top.into_sorted(&mut tie), Err(Error::Cancelled)));
        let mut top = TopK::new(2);
        let mut pushes = (0..200_000).map(|row| top.push(row, 1.0, &mut tie));
        assert!(pushes.any(|pushed| matches!(pushed, Err(Error::Cancelled))));
    }

    #[test]
    fn very_many_equal_scores_cost_a_comparison_each_and_little_memory() {
        const ROWS: u32 = 300_000;
        for (k, ascends) in [(1, true), (10, false), (10, true), (5000, false)] {
            let mut comparisons = 0;
            let mut tie = |a: u32, b: u32| {
                comparisons += 1;
                Ok(if ascends { a.cmp(&b) } else { b.cmp(&a) })
            };
            let mut top = TopK::new(k);
            for row in 0..ROWS {
                // A better one now and then.
                let score = if row % 100_000 == 99_999 { 2.0 } else { 1.0 };
                top.push(row, score, &mut tie).unwrap();
            }
            assert!(top.rows.capacity() <= 4 * (k + TIES_MAX), "{}", top.rows.capacity());
            let rows: Vec<u32> =
                top.into_sorted(&mut tie).unwrap().into_iter().map(|hit| hit.0).collect();
            let mut expected: Vec<u32> = (0..ROWS).collect();
            expected.sort_by_key(|row| {
                (row % 100_000 != 99_999, if ascends { *row } else { ROWS - row })
            });
            assert_eq!(rows, &expected[..k]);
            assert!(comparisons < ROWS as usize * 5 / 4 + k * 500, "{k} {ascends} {comparisons}");
        }
    }

    #[test]
    fn infinities_are_scores() {
        let hits = [(0, f32::NEG_INFINITY), (1, f32::INFINITY), (2, 0.0)];
        assert_eq!(best(&hits, 3), [(1, f32::INFINITY), (2, 0.0), (0, f32::NEG_INFINITY)]);
        assert!(best(&hits, 0).is_empty());
    }
}
