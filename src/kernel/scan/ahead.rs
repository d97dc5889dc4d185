//! The blocks that a scan comes to next, so that memory is asked for them in time.

use super::{CodedRows, LookUp, ScanRange};

/// Bytes of codes between the block that is scanned and the one that is asked for: what memory brings
/// while it answers the first question.
const AHEAD_BYTES: usize = 8192;

/// Codes that caches may well hold: asking for them costs more than waiting now and then.
const CACHED_BYTES: usize = 8 << 20;

/// Walks through the blocks of ranges some blocks before the scan does, and over the borders of ranges, where
/// no processor's own prefetcher follows.
pub(in crate::kernel) struct Ahead<'a> {
    ranges: std::slice::Iter<'a, ScanRange>,
    blocks: std::ops::Range<usize>,
}

impl<'a> Ahead<'a> {
    /// Starts at the first block, and calls `ask` with the blocks that are near. Has no blocks where caches
    /// hold all codes.
    #[inline(always)]
    pub(in crate::kernel) fn new(
        rows: &CodedRows<'_>,
        ranges: &'a [ScanRange],
        look_up: &LookUp,
        mut ask: impl FnMut(usize),
    ) -> Ahead<'a> {
        let ranges = if rows.codes.len() > CACHED_BYTES { ranges } else { &[] };
        let mut ahead = Ahead { ranges: ranges.iter(), blocks: 0..0 };
        for _ in 0..AHEAD_BYTES.div_ceil(look_up.block_bytes().max(1)) {
            if let Some(block) = ahead.next() {
                ask(block);
            }
        }
        ahead
    }
}

impl Iterator for Ahead<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        loop {
            if let Some(block) = self.blocks.next() {
                return Some(block);
            }
            self.blocks = self.ranges.next()?.blocks();
        }
    }
}

impl<'a> CodedRows<'a> {
    /// Codes and scales of a block that will be scanned; nothing when no row of it is allowed.
    #[inline(always)]
    pub(in crate::kernel) fn soon(&self, block: usize, look_up: &LookUp) -> [&'a [u8]; 2] {
        if self.allowed_lanes(block) == 0 {
            return [&[], &[]];
        }
        [self.block(block, look_up), bytemuck::cast_slice(self.block_scales(block))]
    }
}
