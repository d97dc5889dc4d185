//! Refuses maintenance that needs more memory than is allowed or available, before it starts.
//!
//! An allocation that fails ends the process. Counts say beforehand what a merge or a training will
//! hold, so this much is reserved once, in one piece that is never touched, and released.

use super::options::Job;
use crate::error::{Error, Result};
use crate::ids::SegmentId;
use crate::index::train;

/// Bytes per row that a merge holds: places and lists (24), keys and their order (24), one number column
/// at a time (16) or copies and their order (14), and some room.
const MERGE_BYTES_PER_ROW: u64 = 66;

/// Decompressed blocks that a merge keeps at most, in bytes.
const MERGE_BLOCK_BYTES: u64 = 64 << 20;

/// How many times the training sample is held at most, groups and centroids included.
const TRAIN_COPIES: u64 = 3;

/// Fails unless a merge of these segments fits.
pub(super) fn check_merge_memory(job: &Job<'_>, group: &[SegmentId]) -> Result<()> {
    let mut bytes = 0u64;
    for segment in job.next.segments().filter(|segment| group.contains(&segment.id())) {
        bytes += u64::from(segment.rows()) * MERGE_BYTES_PER_ROW;
        bytes += segment.text_bytes().min(MERGE_BLOCK_BYTES);
    }
    let codebook = job.next.codebook();
    bytes += codebook.map_or(0, |(entry, _)| entry.seal.length.saturating_mul(2));
    check_memory(job, "merging segments", bytes)
}

/// Fails unless training a codebook on the rows there are fits.
pub(super) fn check_training_memory(job: &Job<'_>, dimension: usize) -> Result<()> {
    let rows = train::sample_rows(job.next.vector_rows() as usize, dimension) as u64;
    let sample = rows.saturating_mul(dimension as u64 * size_of::<f32>() as u64);
    check_memory(job, "training the index", sample.saturating_mul(TRAIN_COPIES))
}

fn check_memory(job: &Job<'_>, work: &'static str, needed_bytes: u64) -> Result<()> {
    let limit_bytes = job.writer.memory_bytes_max;
    let refused = Err(Error::Memory { work, needed_bytes, limit_bytes });
    if limit_bytes.is_some_and(|limit| needed_bytes > limit) {
        return refused;
    }
    let mut reserved: Vec<u8> = Vec::new();
    match usize::try_from(needed_bytes).map(|bytes| reserved.try_reserve_exact(bytes)) {
        Ok(Ok(())) => Ok(()),
        _ => refused,
    }
}
