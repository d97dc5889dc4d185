//! The best rows of a scan, by estimate.

use super::block::BLOCK_ROWS;
use crate::error::Result;
use crate::kernel::topk::{TIES_MAX, Tie, keep_first};

/// Rows that are gathered before the first time that the best of them are selected, at least.
const GATHER_MIN: usize = 256;

/// Keeps the `limit` rows of the greatest estimates; which of equal ones, the caller's order decides.
///
/// Rows are gathered until there are twice `limit`; then the best `limit` are selected, and the worst
/// of these becomes the threshold that a row must reach to be gathered. Rows whose estimate *is* the
/// threshold all stay, since an estimate cannot tell which of them is wanted:
/// [`Candidates::settle`] does, at the end and whenever there are
/// [many of them](Candidates::has_many_ties). What is kept does not depend on the order of rows. Buffers
/// are reused from query to query.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    limit: usize,
    threshold: f32,
    /// Rows gathered.
    len: usize,
    /// Rows gathered beyond which the best are selected.
    full: usize,
    /// Their estimates; longer than `full` by at least a block.
    estimates: Vec<f32>,
    /// Their ids; as long as `estimates`.
    ids: Vec<u32>,
    /// Sort keys: scratch of a selection.
    keys: Vec<u64>,
    /// Rows of one estimate: scratch of [`Candidates::settle`].
    ties: Vec<u32>,
}

impl Candidates {
    /// An empty set, to be [reset](Candidates::reset) before use.
    pub fn new() -> Candidates {
        Candidates::default()
    }

    /// Forgets all rows; from now on the best `limit` are kept, at least 1. Memory grows with the rows
    /// gathered, to 32 bytes per row of `limit` where estimates differ.
    pub fn reset(&mut self, limit: usize) {
        self.reset_above(limit, f32::NEG_INFINITY);
    }

    /// As [`Candidates::reset`]; rows of an estimate below `threshold` are not kept.
    pub fn reset_above(&mut self, limit: usize, threshold: f32) {
        self.limit = limit.max(1);
        self.threshold = threshold;
        self.len = 0;
        if self.estimates.len() < GATHER_MIN + BLOCK_ROWS {
            self.resize(GATHER_MIN);
        }
        self.full = self.gather_max().min(self.estimates.len() - BLOCK_ROWS);
    }

    /// Rows gathered at which the best are selected, unless ties take the room.
    fn gather_max(&self) -> usize {
        self.limit.saturating_mul(2).max(GATHER_MIN)
    }

    /// Whether so many rows of one estimate are kept that they should be [settled](Candidates::settle)
    /// before more are offered, for the sake of memory.
    pub fn has_many_ties(&self) -> bool {
        self.len > self.gather_max().saturating_add(TIES_MAX)
    }

    /// Drops all but the best `limit` rows; of those with the worst estimate kept, the first in the order
    /// of `tie` stay. Costs one comparison for each of those.
    ///
    /// # Errors
    ///
    /// Those of `tie`; what was gathered is then of no more use.
    pub fn settle(&mut self, tie: &mut Tie<'_>) -> Result<()> {
        if self.len <= self.limit {
            return Ok(());
        }
        self.gather_keys();
        let (_, worst, _) = self.keys.select_nth_unstable(self.limit - 1);
        let worst = *worst >> 32;
        self.threshold = Candidates::estimate(worst << 32);
        self.ties.clear();
        self.ties
            .extend(self.keys.iter().filter(|key| **key >> 32 == worst).map(|key| *key as u32));
        self.keys.retain(|key| *key >> 32 < worst);
        keep_first(&mut self.ties, self.limit - self.keys.len(), tie)?;
        self.keys.extend(self.ties.iter().map(|id| worst << 32 | u64::from(*id)));
        self.take_back();
        Ok(())
    }

    /// An estimate below this is not among the best.
    #[inline(always)]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The worst estimate of the best `count` rows, at most `limit`; `None` while there are fewer rows.
    pub fn worst_of(&mut self, count: usize) -> Option<f32> {
        let last = count.min(self.limit).checked_sub(1).filter(|last| *last < self.len)?;
        self.gather_keys();
        let (_, worst, _) = self.keys.select_nth_unstable(last);
        Some(Candidates::estimate(*worst))
    }

    /// The best `limit` rows, best first, of equal estimates those of the lowest ids: ids and estimates.
    pub fn sorted(&mut self) -> impl ExactSizeIterator<Item = (u32, f32)> {
        self.select();
        self.keys.sort_unstable();
        self.keys.iter().map(|key| (*key as u32, Candidates::estimate(*key)))
    }

    /// The same rows in any order.
    pub fn best(&mut self) -> impl ExactSizeIterator<Item = (u32, f32)> {
        self.select();
        self.keys.iter().map(|key| (*key as u32, Candidates::estimate(*key)))
    }

    /// All rows gathered, in the order in which they were: with a `limit` that is not exceeded, those offered.
    pub fn gathered(&self) -> impl Iterator<Item = (u32, f32)> + Clone {
        self.ids.iter().copied().zip(self.estimates.iter().copied()).take(self.len)
    }

    /// A key that sorts as the rows kept do: greater estimates first, then lower ids. What is not a
    /// number counts as infinity: exact scores will show what is wrong with it.
    #[inline(always)]
    pub fn key(estimate: f32, id: u32) -> u64 {
        let bits = if estimate.is_nan() { f32::INFINITY } else { estimate }.to_bits();
        // Ascending bits for descending numbers: positive ones are turned round, below the negative.
        let descending = if bits >> 31 == 0 { !bits & 0x7fff_ffff } else { bits };
        u64::from(descending) << 32 | u64::from(id)
    }

    /// The estimate of a [key](Candidates::key).
    #[inline(always)]
    pub fn estimate(key: u64) -> f32 {
        let descending = (key >> 32) as u32;
        f32::from_bits(if descending >> 31 == 0 { !descending & 0x7fff_ffff } else { descending })
    }

    /// Space for the rows of one block: the survivors' estimates and ids go to its front, then
    /// [`Candidates::advance`] takes them in.
    #[inline(always)]
    pub(in crate::kernel) fn room(&mut self) -> (&mut [f32; BLOCK_ROWS], &mut [u32; BLOCK_ROWS]) {
        let estimates = self.estimates[self.len..].first_chunk_mut();
        let ids = self.ids[self.len..].first_chunk_mut();
        estimates.zip(ids).expect("a block's room is kept free")
    }

    /// Takes in the first `rows` rows of [`Candidates::room`].
    #[inline(always)]
    pub(in crate::kernel) fn advance(&mut self, rows: usize) {
        self.len += rows;
        if self.len > self.full {
            self.make_room();
        }
    }

    /// Takes in the lanes of `mask`: their estimates and, from `first_id` on, ids.
    #[inline(always)]
    pub(in crate::kernel) fn push_lanes(
        &mut self,
        estimates: &[f32; BLOCK_ROWS],
        mask: u16,
        first_id: u32,
    ) {
        let (to_estimates, to_ids) = self.room();
        let (mut left, mut rows) = (mask, 0);
        while left != 0 {
            let lane = left.trailing_zeros();
            to_estimates[rows] = estimates[lane as usize];
            to_ids[rows] = first_id + lane;
            rows += 1;
            left &= left - 1;
        }
        self.advance(rows);
    }

    /// Selects the best and raises the threshold, or, with fewer than twice `limit`, grows.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        let most = self.gather_max();
        if self.len < most {
            self.full = most.min(self.len * 2);
        } else {
            self.gather_keys();
            let (_, worst, rest) = self.keys.select_nth_unstable(self.limit - 1);
            let worst = *worst >> 32;
            self.threshold = Candidates::estimate(worst << 32);
            // Ties move to the front of what is dropped.
            let mut kept = 0;
            for at in 0..rest.len() {
                if rest[at] >> 32 == worst {
                    rest[kept] = rest[at];
                    kept += 1;
                }
            }
            self.keys.truncate(self.limit + kept);
            self.take_back();
            self.full = most.max(self.len * 2);
        }
        if self.estimates.len() < self.full + BLOCK_ROWS {
            self.resize(self.full);
        }
    }

    /// Makes the rows kept those of `keys`.
    fn take_back(&mut self) {
        for (at, key) in self.keys.iter().enumerate() {
            self.estimates[at] = Candidates::estimate(*key);
            self.ids[at] = *key as u32;
        }
        self.len = self.keys.len();
    }

    fn resize(&mut self, rows: usize) {
        self.estimates.resize(rows + BLOCK_ROWS, 0.0);
        self.ids.resize(rows + BLOCK_ROWS, 0);
    }

    /// Makes `keys` those of the rows kept.
    fn select(&mut self) {
        self.gather_keys();
        if self.keys.len() > self.limit {
            self.keys.select_nth_unstable(self.limit - 1);
            self.keys.truncate(self.limit);
        }
    }

    fn gather_keys(&mut self) {
        let rows = self.estimates.iter().zip(&self.ids).take(self.len);
        self.keys.clear();
        self.keys.extend(rows.map(|(estimate, id)| Candidates::key(*estimate, *id)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(candidates: &mut Candidates, rows: &[(u32, f32)]) {
        for (id, estimate) in rows {
            if *estimate >= candidates.threshold() {
                candidates.push_lanes(&[*estimate; BLOCK_ROWS], 1, *id);
            }
        }
    }

    proptest! {
        #[test]
        fn keeps_what_a_sort_would(
            estimates in prop::collection::vec((-40i32..40).prop_map(|e| e as f32 / 8.0), 0..3000),
            order in any::<u64>(),
            limit in 1usize..600,
        ) {
            let mut rows: Vec<(u32, f32)> = (0..).zip(estimates).collect();
            let mut sorted = rows.clone();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            sorted.truncate(limit);
            rows.sort_by_key(|row| u64::from(row.0 + 1).wrapping_mul(order | 1));
            let mut candidates = Candidates::new();
            for _ in 0..2 {
                candidates.reset(limit);
                offer(&mut candidates, &rows);
                for count in [1, limit.div_ceil(2), limit] {
                    let last = sorted.get(count - 1).map(|row| row.1);
                    prop_assert_eq!(candidates.worst_of(count), last);
                }
                prop_assert_eq!(candidates.worst_of(0), None);
                prop_assert_eq!(candidates.sorted().collect::<Vec<_>>(), sorted.as_slice());
            }
        }

        #[test]
        fn ties_are_settled_in_the_order_of_keys_however_rows_come(
            estimates in prop::collection::vec((-9i32..9).prop_map(|e| e as f32 / 8.0), 0..3000),
            order in any::<u64>(),
            limit in 1usize..600,
            often in 1usize..900,
        ) {
            let key = |id: u32| id.wrapping_mul(2_654_435_761);
            let mut tie = |a: u32, b: u32| Ok(key(a).cmp(&key(b)));
            let mut rows: Vec<(u32, f32)> = (0..).zip(estimates).collect();
            let mut sorted = rows.clone();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(key(a.0).cmp(&key(b.0))));
            sorted.truncate(limit);
            sorted.sort_by_key(|row| row.0);
            rows.sort_by_key(|row| u64::from(row.0 + 1).wrapping_mul(order | 1));
            let mut candidates = Candidates::new();
            for _ in 0..2 {
                candidates.reset(limit);
                for rows in rows.chunks(often) {
                    offer(&mut candidates, rows);
                    candidates.settle(&mut tie).unwrap();
                }
                let mut best: Vec<(u32, f32)> = candidates.best().collect();
                best.sort_by_key(|row| row.0);
                prop_assert_eq!(&best, &sorted);
            }
        }

        #[test]
        fn keys_order_all_numbers(a in any::<f32>(), b in any::<f32>()) {
            let key = Candidates::key;
            let [a, b] = [a, b].map(|x| if x.is_nan() { f32::INFINITY } else { x });
            prop_assert_eq!(key(a, 0).cmp(&key(b, 0)), b.total_cmp(&a));
            prop_assert_eq!(Candidates::estimate(key(a, 7)).to_bits(), a.to_bits());
            prop_assert_eq!(key(f32::NAN, 7), key(f32::INFINITY, 7));
        }
    }

    #[test]
    fn what_is_below_a_threshold_is_not_kept() {
        let mut candidates = Candidates::new();
        candidates.reset_above(10, 2.0);
        offer(&mut candidates, &[(1, 1.5), (2, 2.0), (3, f32::INFINITY), (4, -1.0)]);
        assert_eq!(candidates.sorted().collect::<Vec<_>>(), [(3, f32::INFINITY), (2, 2.0)]);
        candidates.reset(10);
        offer(&mut candidates, &[(1, 1.5)]);
        assert_eq!(candidates.sorted().len(), 1);
    }

    #[test]
    fn very_many_equal_estimates_are_all_kept_until_they_are_settled() {
        let mut candidates = Candidates::new();
        candidates.reset(100);
        let mut tie = |a: u32, b: u32| Ok(b.cmp(&a));
        let mut settled = 0;
        for first in (0..300_000).step_by(1000) {
            let rows: Vec<(u32, f32)> = (first..first + 1000).map(|id| (id, 1.5)).collect();
            offer(&mut candidates, &rows);
            if candidates.has_many_ties() {
                candidates.settle(&mut tie).unwrap();
                settled += 1;
            }
        }
        candidates.settle(&mut tie).unwrap();
        let mut best: Vec<u32> = candidates.best().map(|row| row.0).collect();
        best.sort_unstable();
        assert!(best.into_iter().eq(299_900..300_000));
        assert!(settled >= 2, "{settled}");
        assert!(candidates.estimates.len() < 4 * TIES_MAX, "{}", candidates.estimates.len());
        // A later query of the same limit selects as early as the first one.
        candidates.reset(100);
        assert_eq!(candidates.full, GATHER_MIN);
    }

    #[test]
    fn memory_is_bounded_by_the_limit() {
        let mut candidates = Candidates::new();
        candidates.reset(1000);
        let rows: Vec<(u32, f32)> = (0..100_000).map(|id| (id, id as f32)).collect();
        offer(&mut candidates, &rows);
        assert!(candidates.estimates.len() <= 2000 + BLOCK_ROWS, "{}", candidates.estimates.len());
        assert_eq!(candidates.sorted().next(), Some((99_999, 99_999.0)));
    }
}
