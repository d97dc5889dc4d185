//! Compaction: merges segments in tiers and drops deleted rows.

use super::Writer;
use super::gc;
use super::optimize::OptimizeOptions;
use super::publish::deleted_rows;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::names::segment_name;
use crate::ids::SegmentId;
use crate::segment::{Merged, Segment, merge};
use crate::storage::random_id;

/// Segments of about one size that are merged together: each document is rewritten once a tier, and
/// a database has at most this many segments a tier.
const TIER_SEGMENTS: usize = 4;

/// A segment is rewritten when more than one row in this many is deleted; with it, files are never
/// more than 4/3 of what is live.
const DEAD_SHARE: u64 = 4;

/// Bytes of the smallest tier; smaller segments count as one size.
const TIER_BYTES: u64 = 1 << 20;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactReport {
    /// Segments before.
    pub segments_before: usize,
    /// Segments after.
    pub segments_after: usize,
    /// Segments that were rewritten.
    pub merged: usize,
    /// Deleted rows that were dropped.
    pub rows_dropped: u64,
    /// Bytes of segments before.
    pub bytes_before: u64,
    /// Bytes of segments after.
    pub bytes_after: u64,
    /// Rows whose codes were computed; those of indexed segments are copied.
    pub encoded: u64,
    /// Bytes of old segments and codebooks that were deleted, also those that an interrupted compaction
    /// had left.
    pub bytes_freed: u64,
}

/// What the planner looks at.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: SegmentId,
    bytes: u64,
    rows: u64,
    dead: u64,
    /// Whether it should be indexed and is not.
    unindexed: bool,
}

impl Candidate {
    fn live_bytes(&self) -> u64 {
        let live = self.rows - self.dead;
        (u128::from(self.bytes) * u128::from(live) / u128::from(self.rows.max(1))) as u64
    }

    fn tier(&self) -> u32 {
        (self.live_bytes() / TIER_BYTES).max(1).ilog2() / 2
    }

    fn is_mostly_dead(&self) -> bool {
        self.dead * DEAD_SHARE > self.rows
    }
}

/// The next group to merge, or `None` when all is well: what is not indexed yet, else the lowest tier
/// with enough segments, else everything that has too many deleted rows, tier by tier.
fn next_group(candidates: &[Candidate]) -> Option<Vec<SegmentId>> {
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
    tiers.iter().map(|tier| group(*tier, &Candidate::is_mostly_dead)).find(|dead| !dead.is_empty())
}

impl Writer {
    /// Merges segments of similar size and rewrites those with many deleted rows, commits, and lets
    /// go of the old files. Segments that are not indexed yet are, once there are enough vectors for
    /// an index; the first time, its codebook is trained. Afterwards files take at most 4/3 of what is live. Memory is bounded by
    /// one block and the keys of a merge, whatever the sizes.
    ///
    /// # Errors
    /// As [`Writer::commit`]; [`crate::Error::Memory`], [`crate::Error::Cancelled`] and
    /// [`crate::Error::DeadlineExceeded`] leave the database as it was.
    pub fn compact(&mut self, control: &Control) -> Result<CompactReport> {
        self.check_usable()?;
        let result = self.compact_now(control).map_err(|error| self.blame(error));
        self.guard(result)
    }

    fn compact_now(&mut self, control: &Control) -> Result<CompactReport> {
        self.flush()?;
        let mut report = self.start_compaction();
        let trained = self.train_if_due(control)?;
        self.merge_all(control, &mut report)?;
        if trained.is_some() || self.calibration_is_stale()? {
            let stored = trained.map(|trained| trained.stored);
            self.calibrate(&OptimizeOptions::default(), stored, control)?;
        }
        self.finish_compaction(report)
    }

    pub(super) fn start_compaction(&self) -> CompactReport {
        let before = self.candidates();
        CompactReport {
            segments_before: before.len(),
            bytes_before: before.iter().map(|candidate| candidate.bytes).sum(),
            ..CompactReport::default()
        }
    }

    /// Merges group after group until all is well.
    pub(super) fn merge_all(
        &mut self,
        control: &Control,
        report: &mut CompactReport,
    ) -> Result<()> {
        while let Some(group) = next_group(&self.candidates()) {
            control.check()?;
            self.merge_group(&group, control, report)?;
        }
        Ok(())
    }

    /// Commits; twice when only the generation before still names old files, so that they may go: after
    /// a merge, also one of a compaction that was interrupted between its two commits.
    pub(super) fn finish_compaction(&mut self, mut report: CompactReport) -> Result<CompactReport> {
        self.commit_now()?;
        // Without the older manifest nothing is known to be freed, and nothing is lost by waiting.
        report.bytes_freed = gc::superseded_bytes(&*self.storage).unwrap_or_default();
        if report.bytes_freed > 0 {
            self.commit_again()?;
        }
        let after = self.candidates();
        report.segments_after = after.len();
        report.bytes_after = after.iter().map(|candidate| candidate.bytes).sum();
        Ok(report)
    }

    pub(super) fn merge_group(
        &mut self,
        group: &[SegmentId],
        control: &Control,
        report: &mut CompactReport,
    ) -> Result<()> {
        self.check_merge_memory(group)?;
        let inputs: Vec<(Segment, roaring::RoaringBitmap)> = self
            .open_segments()
            .filter(|segment| group.contains(&segment.id()))
            .map(|segment| (segment.clone(), deleted_rows(self, segment.id())))
            .collect();
        let borrowed: Vec<_> = inputs.iter().map(|(segment, deleted)| (segment, deleted)).collect();
        self.has_files = true;
        let id = self.take_segment_id();
        let with_vector: u64 = inputs.iter().map(|(segment, _)| segment.vector_count()).sum();
        let codebook = self.codebooks.last().map(|(_, codebook)| codebook);
        let codebook = codebook.filter(|_| with_vector >= self.options.index_rows_min.max(1));
        let vectors = self.vectors.as_ref();
        let Merged { entry, encoded } =
            merge(&borrowed, vectors, codebook, &*self.storage, id, random_id()?, control)?;
        report.encoded += encoded;
        let live: u64 = inputs.iter().map(|(segment, _)| u64::from(segment.rows())).sum();
        report.merged += group.len();
        report.rows_dropped += live - u64::from(entry.rows);
        for id in group {
            self.dead.remove(id);
            self.pending.retain(|part| part.entry.id != *id);
            self.dropped.insert(*id);
        }
        self.changed = true;
        if entry.rows == 0 && entry.deletes == 0 {
            return self.storage.remove(&segment_name(entry.id));
        }
        self.adopt(entry)
    }

    /// An error of arithmetic on vectors, as damage of the segment whose vectors are not numbers.
    pub(super) fn blame(&self, error: Error) -> Error {
        match error {
            Error::Vector { .. } => {
                self.open_segments().find_map(Segment::broken_vector).unwrap_or(error)
            }
            error => error,
        }
    }

    /// Segments of the next generation.
    pub(super) fn open_segments(&self) -> impl Iterator<Item = &Segment> {
        let committed = self.base.state().views.iter().map(|view| &view.segment);
        committed
            .chain(self.pending.iter().map(|part| &part.segment))
            .filter(|segment| !self.dropped.contains(&segment.id()))
    }

    fn candidates(&self) -> Vec<Candidate> {
        let codebook = self.codebooks.last().map(|(entry, _)| entry.hash);
        let committed = self.base.manifest().segments.iter();
        let entries = committed.chain(self.pending.iter().map(|part| &part.entry));
        let entries = entries.filter(|entry| !self.dropped.contains(&entry.id));
        entries
            .zip(self.open_segments())
            .map(|(entry, segment)| Candidate {
                id: entry.id,
                bytes: entry.seal.length,
                rows: u64::from(entry.rows),
                dead: deleted_rows(self, entry.id).len(),
                unindexed: codebook.is_some()
                    && segment.vector_count() >= self.options.index_rows_min
                    && segment.index().map(|index| index.codebook) != codebook,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: u64, bytes: u64, rows: u64, dead: u64) -> Candidate {
        Candidate { id: SegmentId(id), bytes, rows, dead, unindexed: false }
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
