//! Variants for x86-64.

#![allow(unsafe_code)]

mod avx2;
mod avx512;
mod scan_avx2;
mod scan_avx512;

use std::arch::x86_64::*;

use super::Kernel;

/// Rows between the one being scored and the one asked for.
const PREFETCH_ROWS: usize = 4;

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// The variants that this processor can run, slower first.
///
/// AVX-512 without VNNI (2017 to 2019) is left to AVX2: those processors lower their clock for wide
/// registers, and the loop waits for memory anyway.
pub(super) fn available() -> impl Iterator<Item = &'static Kernel> {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni");
    let vbmi = is_x86_feature_detected!("avx512vbmi");
    let kernels = [
        (avx2, &avx2::KERNEL),
        (avx2 && avx512, &avx512::KERNEL),
        (avx2 && avx512 && vbmi, &avx512::KERNEL_VBMI),
    ];
    kernels.into_iter().filter_map(|(present, kernel)| present.then_some(kernel))
}

/// Asks memory for a row that will be scored soon after `ids[at]`, unless the ids are a run: there
/// the processor's own prefetcher is ahead already, and asking again slows it down.
#[inline(always)]
fn prefetch<T>(values: &[T], dimension: usize, ids: &[u32], at: usize) {
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

/// Asks memory for all of `bytes`.
#[inline(always)]
fn prefetch_lines(bytes: &[u8]) {
    for line in bytes.chunks(LINE_BYTES) {
        // SAFETY: a prefetch is a hint; it cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

/// Folds eight lanes in halves: 4, 2, 1.
#[target_feature(enable = "avx")]
#[inline]
fn fold(eight: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}
