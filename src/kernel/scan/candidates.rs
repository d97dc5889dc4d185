//! The best rows of a scan, by estimate.

use super::BLOCK_ROWS;

/// Rows that are gathered before the first time that the best of them are selected, at least.
const GATHER_MIN: usize = 256;

/// Keeps the `limit` rows of the greatest estimates, of equal ones those of the lowest ids.
///
/// Rows are gathered until there are twice `limit`; then the best `limit` are selected, and the worst
/// of these becomes the threshold that a row must reach to be gathered. That order is total, so
/// what is kept does not depend on the order of rows. Buffers are reused from query to query.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    limit: usize,
    threshold: f32,
    /// Rows gathered.
    len: usize,
    /// Their estimates; longer than `len` by at least a block.
    estimates: Vec<f32>,
    /// Their ids; as long as `estimates`.
    ids: Vec<u32>,
    /// Sort keys: scratch of a selection.
    keys: Vec<u64>,
}

impl Candidates {
    /// An empty set, to be [reset](Candidates::reset) before use.
    pub fn new() -> Candidates {
        Candidates::default()
    }

    /// Forgets all rows; from now on the best `limit` are kept, at least 1. Memory grows with the rows
    /// gathered, to 32 bytes a row of `limit`.
    pub fn reset(&mut self, limit: usize) {
        self.reset_above(limit, f32::NEG_INFINITY);
    }

    /// As [`Candidates::reset`]; rows of an estimate below `threshold` are not kept.
    pub fn reset_above(&mut self, limit: usize, threshold: f32) {
        self.limit = limit.max(1);
        self.threshold = threshold;
        self.len = 0;
        if self.estimates.len() < BLOCK_ROWS {
            self.resize(GATHER_MIN);
        }
    }

    /// An estimate below this is not among the best.
    #[inline(always)]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The rows kept, best first: ids and estimates.
    pub fn sorted(&mut self) -> impl ExactSizeIterator<Item = (u32, f32)> {
        self.select();
        self.keys.sort_unstable();
        self.keys.iter().map(|key| (*key as u32, estimate(*key)))
    }

    /// The rows kept, in any order: ids and estimates.
    pub fn best(&mut self) -> impl ExactSizeIterator<Item = (u32, f32)> {
        self.select();
        self.keys.iter().map(|key| (*key as u32, estimate(*key)))
    }

    /// A key that sorts as the rows kept do: greater estimates first, then lower ids. What is not a
    /// number counts as infinity: exact scores will tell what is wrong with it.
    #[inline(always)]
    pub fn key(estimate: f32, id: u32) -> u64 {
        let bits = if estimate.is_nan() { f32::INFINITY } else { estimate }.to_bits();
        // Ascending bits for descending numbers: positive ones are turned round, below the negative.
        let descending = if bits >> 31 == 0 { !bits & 0x7fff_ffff } else { bits };
        u64::from(descending) << 32 | u64::from(id)
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
        if self.len + BLOCK_ROWS > self.estimates.len() {
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
        let full = self.limit.saturating_mul(2).max(GATHER_MIN);
        if self.len < full {
            return self.resize(full.min(self.len * 2));
        }
        self.gather_keys();
        let (best, worst, _) = self.keys.select_nth_unstable(self.limit - 1);
        self.threshold = estimate(*worst);
        for (at, key) in best.iter().chain([&*worst]).enumerate() {
            self.estimates[at] = estimate(*key);
            self.ids[at] = *key as u32;
        }
        self.len = self.limit;
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

/// The estimate of a key.
#[inline(always)]
fn estimate(key: u64) -> f32 {
    let descending = (key >> 32) as u32;
    f32::from_bits(if descending >> 31 == 0 { !descending & 0x7fff_ffff } else { descending })
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
                prop_assert_eq!(candidates.sorted().collect::<Vec<_>>(), sorted.as_slice());
            }
        }

        #[test]
        fn keys_order_all_numbers(a in any::<f32>(), b in any::<f32>()) {
            let key = Candidates::key;
            let [a, b] = [a, b].map(|x| if x.is_nan() { f32::INFINITY } else { x });
            prop_assert_eq!(key(a, 0).cmp(&key(b, 0)), b.total_cmp(&a));
            prop_assert_eq!(estimate(key(a, 7)).to_bits(), a.to_bits());
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
    fn memory_is_bounded_by_the_limit() {
        let mut candidates = Candidates::new();
        candidates.reset(1000);
        let rows: Vec<(u32, f32)> = (0..100_000).map(|id| (id, id as f32)).collect();
        offer(&mut candidates, &rows);
        assert!(candidates.estimates.len() <= 2000 + BLOCK_ROWS, "{}", candidates.estimates.len());
        assert_eq!(candidates.sorted().next(), Some((99_999, 99_999.0)));
    }
}
