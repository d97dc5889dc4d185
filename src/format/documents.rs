//! Document blocks: some records, compressed together.
//!
//! A block before compression is the length of each record as a varint, then the records. How many
//! records there are is in the block directory. See `format-spec/08-documents.md`.

use std::ops::Range;

use super::rules::Rule;
use super::wire::{Broken, Source};
use crate::limits::DOCUMENT_BYTES_MAX;

/// Longest block before compression, in bytes: one longest record beside a block of usual size.
pub const BLOCK_RAW_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + 256 * 1024;

/// Where the records of a block of `count` records lie in it.
///
/// # Errors
/// [`Rule::DocumentRecord`] when the lengths do not fill the block.
pub fn record_ranges(raw: &[u8], count: u32) -> Result<Vec<Range<usize>>, Broken> {
    let count = count as usize;
    if count > raw.len() {
        return Err((Rule::DocumentRecord, "a block has fewer bytes than records"));
    }
    let mut source = Source::new(raw);
    let mut ranges = Vec::with_capacity(count);
    let mut end = 0usize;
    for _ in 0..count {
        let start = end;
        end = start.saturating_add(usize::try_from(source.varint()?).unwrap_or(usize::MAX));
        ranges.push(start..end);
    }
    let records = source.rest().len();
    if end != records {
        return Err((Rule::DocumentRecord, "the records do not fill their block"));
    }
    let head = raw.len() - records;
    for range in &mut ranges {
        *range = range.start + head..range.end + head;
    }
    Ok(ranges)
}

/// The length that a compressed block states.
///
/// # Errors
/// [`Rule::BlockLength`] when it states none or too much; [`Rule::Compressed`] when it is not
/// exactly one zstd frame.
pub fn stated_length(block: &[u8]) -> Result<usize, Broken> {
    use zstd::zstd_safe::{find_frame_compressed_size, get_frame_content_size};
    if find_frame_compressed_size(block) != Ok(block.len()) {
        return Err((Rule::Compressed, "a block is not one zstd frame"));
    }
    match get_frame_content_size(block) {
        Ok(Some(length)) if length <= BLOCK_RAW_BYTES_MAX as u64 => Ok(length as usize),
        _ => Err((Rule::BlockLength, "a block states no length, or too great a one")),
    }
}
