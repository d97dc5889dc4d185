//! Prefetches the blocks that a scan reads next, across list boundaries.

use super::lookup::LookUp;
use super::rows::{CodedRows, ScanRange};

/// Bytes of codes between the scanned block and the prefetched one: what memory delivers during the
/// latency of one access.
const AHEAD_BYTES: usize = 8192;

/// Codes that a near cache may well hold are not prefetched.
const CACHED_BYTES: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

/// Walks through the blocks of ranges some blocks before the scan does, and over the borders of ranges, where
/// no processor's own prefetcher follows.
pub(in crate::kernel) struct Ahead<'a> {
    ranges: std::slice::Iter<'a, ScanRange>,
    blocks: std::ops::Range<usize>,
}

impl<'a> Ahead<'a> {
    /// Starts at the first block, and calls `ask` with the blocks that are near. Has no blocks where caches
    /// hold all codes, and none of a single range, which the processor's own prefetcher follows.
    #[inline(always)]
    pub(in crate::kernel) fn new(
        rows: &CodedRows<'_>,
        ranges: &'a [ScanRange],
        look_up: &LookUp,
        mut ask: impl FnMut(usize),
    ) -> Ahead<'a> {
        let ranges = if rows.codes.len() > CACHED_BYTES && ranges.len() > 1 { ranges } else { &[] };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::isa::Isa;
    use crate::kernel::scan::fill;

    #[test]
    fn every_block_of_every_range_is_asked_for_once_in_order() {
        let mut look_up = LookUp::new();
        fill(Isa::detect(), &mut look_up, &[1.0; 8], &[1.0; 128], 1);
        let range = |start, end| ScanRange { start, end, bias: 0.0 };
        let ranges = [range(0, 40), range(40, 40), range(300, 5000), range(16, 17)];
        let (codes, scales) = (vec![0; 64 * 400], vec![0; 6400]);
        let rows = CodedRows { codes: &codes, scales: &scales, allowed: None, base: 0 };
        let mut asked = Vec::new();
        let ahead = Ahead::new(&rows, &ranges, &look_up, |block| asked.push(block));
        assert_eq!(asked.len(), AHEAD_BYTES / 64);
        asked.extend(ahead);
        let all: Vec<usize> = ranges.iter().flat_map(ScanRange::blocks).collect();
        assert_eq!(asked, all);
        let few = CodedRows { codes: &codes[..CACHED_BYTES], ..rows };
        let mut ahead = Ahead::new(&few, &ranges, &look_up, |_| unreachable!());
        assert_eq!(ahead.next(), None);
    }
}
