//! Decides which segments are merged: tiers by size, and what has many deleted rows.

use crate::ids::SegmentId;

/// Segments of similar size that are merged together: each document is rewritten once per tier, and a
/// database has at most this many segments per tier.
const TIER_SEGMENTS: usize = 4;

/// A segment is rewritten when more than one row in this many is deleted; with it, files are never
/// more than 4/3 of what is live.
const DELETED_SHARE: u64 = 4;

/// Bytes of the smallest tier; smaller segments count as one size.
const TIER_BYTES: u64 = 1 << 20;

/// What the planner looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) id: SegmentId,
    pub(super) bytes: u64,
    pub(super) rows: u64,
    pub(super) deleted: u64,
    /// Whether it should have an index, of vectors or of words, that it does not have.
    pub(super) unindexed: bool,
}

impl Candidate {
    fn live_bytes(&self) -> u64 {
        let live = self.rows - self.deleted;
        (u128::from(self.bytes) * u128::from(live) / u128::from(self.rows.max(1))) as u64
    }

    fn tier(&self) -> u32 {
        (self.live_bytes() / TIER_BYTES).max(1).ilog2() / 2
    }

    fn has_many_deleted(&self) -> bool {
        self.deleted * DELETED_SHARE > self.rows
    }
}

/// The next group to merge, or `None` when nothing is due: what is not indexed yet, else the lowest tier
/// with enough segments, else everything that has too many deleted rows, tier by tier.
pub(super) fn next_group(candidates: &[Candidate]) -> Option<Vec<SegmentId>> {
    let unindexed = candidates.iter().filter(|candidate| candidate.unindexed);
    let unindexed: Vec<SegmentId> = unindexed.map(|candidate| candidate.id).collect();
    if !unindexed.is_empty() {
        return Some(unindexed);
    }
    let mut tiers: Vec<u32> = candidates.iter().map(Candidate::tier).collect();
    tiers.sort_unstable();
    tiers.dedup();
    let group = |tier: u32, wanted: &dyn Fn(&Candidate) -> bool| -> Vec<SegmentId> {
        let inside = candidates.iter().filter(|candidate| candidate.tier() == tier);
        inside.filter(|candidate| wanted(candidate)).map(|candidate| candidate.id).collect()
    };
    for tier in &tiers {
        let all = group(*tier, &|_| true);
        if all.len() >= TIER_SEGMENTS {
            return Some(all);
        }
    }
    tiers
        .iter()
        .map(|tier| group(*tier, &Candidate::has_many_deleted))
        .find(|group| !group.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: u64, bytes: u64, rows: u64, deleted: u64) -> Candidate {
        Candidate { id: SegmentId(id), bytes, rows, deleted, unindexed: false }
    }

    #[test]
    fn four_of_a_size_are_merged_and_three_are_not() {
        let small: Vec<_> = (1..=4).map(|id| candidate(id, 1000, 10, 0)).collect();
        assert_eq!(next_group(&small).map(|group| group.len()), Some(4));
        assert_eq!(next_group(&small[..3]), None);
    }

    #[test]
    fn a_large_segment_is_left_alone_by_small_ones() {
        let mut all: Vec<_> = (1..=4).map(|id| candidate(id, 1000, 10, 0)).collect();
        all.push(candidate(9, 1 << 30, 1000, 0));
        let group = next_group(&all).unwrap_or_default();
        assert!(!group.contains(&SegmentId(9)));
    }

    #[test]
    fn a_segment_with_many_deleted_rows_is_rewritten() {
        assert_eq!(next_group(&[candidate(1, 1000, 100, 25)]), None);
        assert_eq!(next_group(&[candidate(1, 1000, 100, 26)]), Some(vec![SegmentId(1)]));
    }
}
