//! Prefetching of what a loop is about to read, into the second-level cache: requests for the first one wait in its
//! few fill buffers until memory answers, and the processor waits when these are taken.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

/// Rows between the one being scored and the prefetched one.
const PREFETCH_ROWS: usize = 16;

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Prefetches the first rows that will be scored. For this and the next: not where ids are a run, since there the
/// processor's own prefetcher is ahead already, and another request slows it down.
#[inline(always)]
pub(super) fn prefetch_first_rows<T>(values: &[T], dimension: usize, ids: &[u32]) {
    let soon = ids.get(..PREFETCH_ROWS).unwrap_or(ids);
    if let [first, .., last] = soon
        && last.wrapping_sub(*first) >= soon.len() as u32
    {
        soon.iter().for_each(|id| prefetch_one(values, dimension, *id));
    }
}

/// Prefetches a row that will be scored soon after `ids[at]`.
#[inline(always)]
pub(super) fn prefetch_row<T>(values: &[T], dimension: usize, ids: &[u32], at: usize) {
    let Some(soon) = ids.get(at + PREFETCH_ROWS) else { return };
    if soon.wrapping_sub(ids[at]) != PREFETCH_ROWS as u32 {
        prefetch_one(values, dimension, *soon);
    }
}

#[inline(always)]
fn prefetch_one<T>(values: &[T], dimension: usize, row: u32) {
    let start = values.as_ptr().wrapping_add(row as usize * dimension);
    prefetch(start.cast(), dimension * size_of::<T>());
}

/// Prefetches all of `bytes`.
#[inline(always)]
pub(super) fn prefetch_lines(bytes: &[u8]) {
    prefetch(bytes.as_ptr().cast(), bytes.len());
}

#[inline(always)]
fn prefetch(start: *const i8, bytes: usize) {
    for line in (0..bytes).step_by(LINE_BYTES) {
        // SAFETY: a prefetch is a hint; it cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(start.wrapping_add(line)) };
    }
}
