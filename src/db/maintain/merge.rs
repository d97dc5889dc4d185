//! Merges segments of the next generation, and indexes them on the way.

use roaring::RoaringBitmap;

use super::super::next::{Member, NextGeneration};
use super::memory::check_merge_memory;
use super::options::Job;
use super::plan::Candidate;
use super::report::CompactReport;
use crate::error::Result;
use crate::format::manifest::LexicalConfig;
use crate::ids::SegmentId;
use crate::segment::{MergeInto, Segment, merge};
use crate::storage::random_id;

/// A report of what there is before anything is done.
pub(super) fn start(next: &NextGeneration) -> CompactReport {
    let (segments_before, bytes_before) = sizes(next);
    CompactReport { segments_before, bytes_before, ..CompactReport::default() }
}

/// How many segments there are, and their bytes.
pub(super) fn sizes(next: &NextGeneration) -> (usize, u64) {
    let bytes = next.members().map(|member| member.entry.seal.length);
    bytes.fold((0, 0), |(segments, sum), bytes| (segments + 1, sum + bytes))
}

/// Merges these segments into one, and indexes it if it has enough vectors.
pub(super) fn merge_group(
    job: &mut Job<'_>,
    group: &[SegmentId],
    report: &mut CompactReport,
) -> Result<()> {
    check_merge_memory(job, group)?;
    let id = job.next.take_segment_id();
    let inputs: Vec<(Segment, RoaringBitmap)> = job
        .next
        .members()
        .filter(|member| group.contains(&member.entry.id))
        .map(|member| (member.segment.clone(), job.next.deleted_rows(&member)))
        .collect();
    let borrowed: Vec<_> = inputs.iter().map(|(segment, deleted)| (segment, deleted)).collect();
    let with_vector: u64 = inputs.iter().map(|(segment, _)| segment.vector_count()).sum();
    let codebook = job.next.codebook().map(|(_, codebook)| codebook);
    let codebook = codebook.filter(|_| with_vector >= job.writer.index_rows_min.max(1));
    let storage = job.next.storage();
    let (vectors, lexical) = (job.next.vectors(), job.next.lexical());
    let copies = job.next.spills();
    let into = MergeInto { vectors, codebook, copies, lexical };
    let merged = merge(&borrowed, into, storage, id, random_id()?, job.control)?;
    report.encoded += merged.encoded;
    let rows: u64 = inputs.iter().map(|(segment, _)| u64::from(segment.rows())).sum();
    report.merged += group.len();
    report.rows_dropped += rows - u64::from(merged.entry.rows);
    job.next.replace_segments(group, merged)
}

/// Whether a segment does not have the lexical index that it should have.
fn lacks_words(member: &Member<'_>, wanted: Option<LexicalConfig>) -> bool {
    let has = member.segment.lexical().map(|index| index.has_positions());
    member.segment.rows() > 0 && has != wanted.map(|wanted| wanted.positions)
}

/// The segments, as the planner looks at them.
pub(super) fn candidates(job: &Job<'_>) -> Vec<Candidate> {
    let codebook = job.next.codebook();
    let spills = job.next.spills();
    let rows_min = job.writer.index_rows_min.max(1);
    let lacks_index = |segment: &Segment| {
        let Some((entry, _)) = codebook else { return false };
        let is_own = segment.index().is_some_and(|index| index.codebook == entry.hash);
        segment.vector_count() >= rows_min && (!is_own || (spills && !segment.has_copies()))
    };
    let members = job.next.members();
    members
        .map(|member| Candidate {
            id: member.entry.id,
            bytes: member.entry.seal.length,
            rows: u64::from(member.entry.rows),
            deleted: job.next.deleted_rows(&member).len(),
            unindexed: lacks_words(&member, job.next.lexical()) || lacks_index(member.segment),
        })
        .collect()
}
