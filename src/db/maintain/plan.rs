//! Decides which segments are merged: tiers by size, and what has many deleted rows.

use crate::ids::SegmentId;

/// How many segments a database is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// Segments of similar size that are merged together: each document is rewritten once per tier, and a
    /// database has at most this many segments per tier.
    tier_segments: usize,
    /// A tier's segments are at most 2 to the power of this many times as large as each other.
    tier_bits: u32,
    /// Whether a segment is rewritten for want of an index alone.
    indexes: bool,
}

impl Policy {
    /// For databases that are read: few segments.
    pub(super) const READ: Policy = Policy { tier_segments: 4, tier_bits: 2, indexes: true };
    /// For imports, which optimize afterwards: few rewrites. What is merged is indexed on the way.
    pub(super) const IMPORT: Policy = Policy { tier_segments: 8, tier_bits: 3, indexes: false };
}

/// A merged segment of a large database has at most one in this many of its bytes, so that maintenance that publishes
/// merge by merge needs that much more disk, and an old segment is seldom rewritten. With more and smaller segments each list
/// lies in more places: a search of 15 million rows in 18 segments waits 120 ns for each list of each.
const SEGMENT_SHARE: u64 = 4;

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
    /// Bytes of what is not deleted; all of a segment that has marks alone.
    fn live_bytes(&self) -> u64 {
        let live = self.rows - self.deleted;
        match self.rows {
            0 => self.bytes,
            rows => (u128::from(self.bytes) * u128::from(live) / u128::from(rows)) as u64,
        }
    }

    fn tier(&self, policy: Policy) -> u32 {
        (self.live_bytes() / TIER_BYTES).max(1).ilog2() / policy.tier_bits
    }

    fn has_many_deleted(&self) -> bool {
        self.deleted * DELETED_SHARE > self.rows
    }
}

/// The most live bytes of segments that are merged into one: so many, or more in a large database.
fn merged_bytes(candidates: &[Candidate], at_least: u64) -> u64 {
    let total: u64 = candidates.iter().map(Candidate::live_bytes).sum();
    // Not 0, which nobody can divide by.
    (total / SEGMENT_SHARE).max(at_least).max(1)
}

/// Segments in groups that can be merged into one each, of about equal size; one that is too large alone is a
/// group.
pub(super) fn groups(candidates: &[Candidate], bytes_max: u64) -> Vec<Vec<SegmentId>> {
    let total: u64 = candidates.iter().map(Candidate::live_bytes).sum();
    // Not 0, where everything is deleted: that goes together.
    let target = (total / total.div_ceil(bytes_max).max(1)).max(1);
    let mut groups: Vec<Vec<SegmentId>> = Vec::new();
    let mut bytes = 0;
    for candidate in candidates {
        let more = candidate.live_bytes();
        match groups.last_mut() {
            Some(group) if bytes < target && bytes + more <= bytes_max => {
                group.push(candidate.id);
                bytes += more;
            }
            _ => {
                groups.push(vec![candidate.id]);
                bytes = more;
            }
        }
    }
    groups
}

/// All segments, in groups that can be merged into one each; of as many live bytes as [`merged_bytes`] says.
pub(super) fn all_groups(candidates: &[Candidate], at_least: u64) -> Vec<Vec<SegmentId>> {
    groups(candidates, merged_bytes(candidates, at_least))
}

/// The next group to merge, or `None` when nothing is due: what is not indexed yet, where that counts, else the lowest
/// tier with enough segments, else what has too many deleted rows, tier by tier.
pub(super) fn next_group(
    candidates: &[Candidate],
    policy: Policy,
    at_least: u64,
) -> Option<Vec<SegmentId>> {
    let bytes_max = merged_bytes(candidates, at_least);
    let those = |wanted: &dyn Fn(&Candidate) -> bool| -> Vec<Candidate> {
        candidates.iter().copied().filter(wanted).collect()
    };
    let first =
        |wanted: &dyn Fn(&Candidate) -> bool| groups(&those(wanted), bytes_max).into_iter().next();
    if policy.indexes
        && let Some(unindexed) = first(&|candidate| candidate.unindexed)
    {
        return Some(unindexed);
    }
    let mut tiers: Vec<u32> = candidates.iter().map(|candidate| candidate.tier(policy)).collect();
    tiers.sort_unstable();
    tiers.dedup();
    for tier in &tiers {
        // Two that are too large for one segment stay apart.
        let all = those(&|candidate| {
            candidate.tier(policy) == *tier && candidate.live_bytes() <= bytes_max / 2
        });
        let largest = groups(&all, bytes_max).into_iter().max_by_key(Vec::len);
        // One alone would be merged again and again.
        if all.len() >= policy.tier_segments
            && let Some(group) = largest.filter(|group| group.len() > 1)
        {
            return Some(group);
        }
    }
    tiers.iter().find_map(|tier| {
        first(&|candidate| candidate.tier(policy) == *tier && candidate.has_many_deleted())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::options::MERGED_BYTES_MAX;

    fn candidate(id: u64, bytes: u64, rows: u64, deleted: u64) -> Candidate {
        Candidate { id: SegmentId(id), bytes, rows, deleted, unindexed: false }
    }

    fn next(candidates: &[Candidate], policy: Policy) -> Option<Vec<SegmentId>> {
        next_group(candidates, policy, MERGED_BYTES_MAX)
    }

    #[test]
    fn four_of_a_size_are_merged_and_three_are_not() {
        let small: Vec<_> = (1..=4).map(|id| candidate(id, 1000, 10, 0)).collect();
        assert_eq!(next(&small, Policy::READ).map(|group| group.len()), Some(4));
        assert_eq!(next(&small[..3], Policy::READ), None);
    }

    #[test]
    fn segments_without_live_rows_go_together() {
        for (rows, deleted) in [(0, 0), (5, 5)] {
            let mut small: Vec<_> = (1..=4).map(|id| candidate(id, 1000, rows, deleted)).collect();
            assert_eq!(next(&small, Policy::READ).map(|group| group.len()), Some(4));
            small.truncate(1);
            assert_eq!(next(&small, Policy::READ).is_some(), rows > 0);
        }
        let marks: Vec<_> = (1..=40).map(|id| candidate(id, 1 << 30, 0, 0)).collect();
        let group = next(&marks, Policy::IMPORT).unwrap_or_default();
        assert!((2..40).contains(&group.len()), "{group:?}");
    }

    #[test]
    fn where_no_merge_is_allowed_what_is_deleted_goes_all_the_same() {
        let empty: Vec<_> = (1..=4).map(|id| candidate(id, 1000, 10, 10)).collect();
        assert_eq!(next_group(&empty, Policy::READ, 0).map(|group| group.len()), Some(4));
        assert_eq!(all_groups(&empty, 0).len(), 1);
        let live: Vec<_> = (1..=4).map(|id| candidate(id, 1000, 10, 0)).collect();
        assert_eq!(next_group(&live, Policy::READ, 0), None);
        assert_eq!(all_groups(&live, 0).len(), 4);
    }

    #[test]
    fn a_large_segment_is_left_alone_by_small_ones() {
        let mut all: Vec<_> = (1..=4).map(|id| candidate(id, 1000, 10, 0)).collect();
        all.push(candidate(9, 1 << 30, 1000, 0));
        let group = next(&all, Policy::READ).unwrap_or_default();
        assert!(!group.contains(&SegmentId(9)));
    }

    #[test]
    fn a_segment_with_many_deleted_rows_is_rewritten() {
        let due = |deleted| next(&[candidate(1, 1000, 100, deleted)], Policy::READ);
        assert_eq!(due(25), None);
        assert_eq!(due(26), Some(vec![SegmentId(1)]));
    }

    #[test]
    fn an_import_merges_eight_of_a_size() {
        let small: Vec<_> = (1..=8).map(|id| candidate(id, 1000, 10, 0)).collect();
        assert_eq!(next(&small, Policy::IMPORT).map(|group| group.len()), Some(8));
        assert_eq!(next(&small[..7], Policy::IMPORT), None);
        // For want of an index alone it would rewrite each segment as soon as it is there.
        let new = [Candidate { unindexed: true, ..candidate(9, 1000, 10, 0) }];
        assert_eq!(next(&new, Policy::IMPORT), None);
        assert_eq!(next(&new, Policy::READ), Some(vec![SegmentId(9)]));
    }

    #[test]
    fn no_merge_is_larger_than_a_quarter_of_a_large_database() {
        // 64 GiB in segments of 1 GiB that are not indexed.
        let mut all: Vec<_> = (1..=64)
            .map(|id| Candidate { unindexed: true, ..candidate(id, 1 << 30, 1000, 0) })
            .collect();
        let parts = all_groups(&all, MERGED_BYTES_MAX);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [16; 4]);
        assert_eq!(next(&all, Policy::READ), parts.first().cloned());
        for candidate in &mut all {
            candidate.unindexed = false;
        }
        assert_eq!(next(&all, Policy::READ).map(|group| group.len()), Some(16));
        // What is that large is left alone, however many there are.
        let large: Vec<_> = (1..=7).map(|id| candidate(id, 8 << 30, 1000, 0)).collect();
        assert_eq!(next(&large, Policy::READ), None);
    }

    #[test]
    fn groups_hold_every_segment_once_and_are_of_about_equal_size() {
        let all: Vec<_> = (1..=21).map(|id| candidate(id, id << 20, 10, 0)).collect();
        let parts = groups(&all, 64 << 20);
        let ids: Vec<u64> = parts.iter().flatten().map(|id| id.0).collect();
        assert_eq!(ids, (1..=21).collect::<Vec<u64>>());
        let bytes = |group: &Vec<SegmentId>| group.iter().map(|id| id.0 << 20).sum::<u64>();
        assert!(parts.iter().all(|group| bytes(group) <= 64 << 20), "{parts:?}");
        assert!(parts.len() <= 6, "{parts:?}");
    }
}
