//! Prefetching of what a loop is about to read.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

/// Rows between the one being scored and the prefetched one.
const PREFETCH_ROWS: usize = 4;

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Prefetches a row that will be scored soon after `ids[at]`, unless the ids are a run: there the
/// processor's own prefetcher is ahead already, and another request slows it down.
#[inline(always)]
pub(super) fn prefetch_row<T>(values: &[T], dimension: usize, ids: &[u32], at: usize) {
    let Some(soon) = ids.get(at + PREFETCH_ROWS) else { return };
    if soon.wrapping_sub(ids[at]) == PREFETCH_ROWS as u32 {
        return;
    }
    let row = values.as_ptr().wrapping_add(*soon as usize * dimension).cast::<i8>();
    for line in (0..dimension * size_of::<T>()).step_by(LINE_BYTES) {
        // SAFETY: a prefetch is a hint; it cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(line)) };
    }
}

/// Prefetches all of `bytes`.
#[inline(always)]
pub(super) fn prefetch_lines(bytes: &[u8]) {
    for line in bytes.chunks(LINE_BYTES) {
        // SAFETY: a prefetch is a hint; it cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}
