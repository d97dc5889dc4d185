//! AVX2 with F16C: two registers make the sixteen lanes.

use std::arch::x86_64::*;

use super::{GROUP, group};
use crate::kernel::{Kernel, Query};

/// Needs AVX2 and F16C.
pub(in crate::kernel) static KERNEL: Kernel = Kernel { name: "avx2", int8, f16, f32 };

/// Codes multiplied by one instruction.
const CODES: usize = 16;

/// Lanes of a floating-point sum.
const LANES: usize = 16;

/// Lanes of one register.
const HALF: usize = 8;

/// Sixteen lanes of one row's sum.
type Lanes = [__m256; 2];

/// # Safety
///
/// As [`crate::kernel::ScoreInt8`].
#[target_feature(enable = "avx2,f16c")]
unsafe fn int8(codes: &[i8], scales: &[f32], query: &Query, ids: &[u32], scores: &mut [f32]) {
    let dimension = query.dimension();
    for (ids, scores) in ids.chunks(GROUP).zip(scores.chunks_mut(GROUP)) {
        let ids = group(ids);
        let rows = ids.map(|id| codes.as_ptr().wrapping_add(id * dimension));
        // SAFETY: the caller vouches that every row lies inside `codes`, and so does every read of
        // `dimension` codes from its start; the query has as many codes.
        let sums = unsafe { int8_sums(rows, query.codes.as_ptr(), dimension) };
        for (i, score) in scores.iter_mut().enumerate() {
            *score = query.int8_score(sums[i], scales[ids[i]]);
        }
    }
}

/// # Safety
///
/// Every row and the query have `dimension` readable codes.
#[target_feature(enable = "avx2,f16c")]
#[inline]
unsafe fn int8_sums(rows: [*const i8; GROUP], query: *const i16, dimension: usize) -> [i32; GROUP] {
    let mut sums = [_mm256_setzero_si256(); GROUP];
    let mut at = 0;
    while at + CODES <= dimension {
        // SAFETY: `at + CODES <= dimension`.
        unsafe {
            let query = _mm256_loadu_si256(query.add(at).cast());
            for (sum, row) in sums.iter_mut().zip(rows) {
                let codes = _mm256_cvtepi8_epi16(_mm_loadu_si128(row.add(at).cast()));
                // Two products of 16 bits and their sum cannot leave 32: 2 * 128 * 32767 < 2^23.
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(codes, query));
            }
        }
        at += CODES;
    }
    let mut totals = sums.map(|sum| fold_int(sum));
    for at in at..dimension {
        for (total, row) in totals.iter_mut().zip(rows) {
            // SAFETY: `at < dimension`.
            *total += unsafe { i32::from(*row.add(at)) * i32::from(*query.add(at)) };
        }
    }
    totals
}

/// The sum of eight lanes.
#[target_feature(enable = "avx2")]
#[inline]
fn fold_int(sum: __m256i) -> i32 {
    let four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b0100_1110>(four));
    _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b1011_0001>(two)))
}

/// # Safety
///
/// As [`crate::kernel::ScoreFloat`].
#[target_feature(enable = "avx2,f16c")]
unsafe fn f16(values: &[u16], query: &Query, ids: &[u32], scores: &mut [f32]) {
    let dimension = query.dimension();
    for (ids, scores) in ids.chunks(GROUP).zip(scores.chunks_mut(GROUP)) {
        let rows = group(ids).map(|id| values.as_ptr().wrapping_add(id * dimension));
        let mut sums = [[_mm256_setzero_ps(); 2]; GROUP];
        let mut at = 0;
        while at + LANES <= dimension {
            // SAFETY: `at + LANES <= dimension`; the caller vouches that every row lies inside
            // `values`, and the query has `dimension` values.
            unsafe {
                let query = load_f32(query.values.as_ptr().add(at));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    add_product(sum, load_f16(row.add(at)), query);
                }
            }
            at += LANES;
        }
        if at < dimension {
            // SAFETY: as above, for the `dimension - at` elements that remain.
            unsafe {
                let query = padded(query.values.as_ptr().add(at), dimension - at);
                let query = load_f32(query.as_ptr());
                for (sum, row) in sums.iter_mut().zip(rows) {
                    let row = padded(row.add(at), dimension - at);
                    add_product(sum, load_f16(row.as_ptr()), query);
                }
            }
        }
        scores.copy_from_slice(&fold(sums)[..scores.len()]);
    }
}

/// # Safety
///
/// As [`crate::kernel::ScoreFloat`].
#[target_feature(enable = "avx2,f16c")]
unsafe fn f32(values: &[f32], query: &Query, ids: &[u32], scores: &mut [f32]) {
    let dimension = query.dimension();
    for (ids, scores) in ids.chunks(GROUP).zip(scores.chunks_mut(GROUP)) {
        let rows = group(ids).map(|id| values.as_ptr().wrapping_add(id * dimension));
        let mut sums = [[_mm256_setzero_ps(); 2]; GROUP];
        let mut at = 0;
        while at + LANES <= dimension {
            // SAFETY: as in `f16`.
            unsafe {
                let query = load_f32(query.values.as_ptr().add(at));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    add_product(sum, load_f32(row.add(at)), query);
                }
            }
            at += LANES;
        }
        if at < dimension {
            // SAFETY: as in `f16`.
            unsafe {
                let query = padded(query.values.as_ptr().add(at), dimension - at);
                let query = load_f32(query.as_ptr());
                for (sum, row) in sums.iter_mut().zip(rows) {
                    let row = padded(row.add(at), dimension - at);
                    add_product(sum, load_f32(row.as_ptr()), query);
                }
            }
        }
        scores.copy_from_slice(&fold(sums)[..scores.len()]);
    }
}

/// # Safety
///
/// Sixteen numbers are readable.
#[target_feature(enable = "avx2,f16c")]
#[inline]
unsafe fn load_f32(from: *const f32) -> Lanes {
    // SAFETY: the caller's promise.
    unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(HALF))] }
}

/// # Safety
///
/// Sixteen numbers are readable.
#[target_feature(enable = "avx2,f16c")]
#[inline]
unsafe fn load_f16(from: *const u16) -> Lanes {
    // SAFETY: the caller's promise.
    let [low, high] =
        unsafe { [_mm_loadu_si128(from.cast()), _mm_loadu_si128(from.add(HALF).cast())] };
    [_mm256_cvtph_ps(low), _mm256_cvtph_ps(high)]
}

/// The `remaining < 16` elements at `from`, then zeros.
///
/// # Safety
///
/// `remaining` elements are readable.
#[inline]
unsafe fn padded<T: Copy + Default>(from: *const T, remaining: usize) -> [T; LANES] {
    let mut elements = [T::default(); LANES];
    // SAFETY: the caller's promise.
    let from = unsafe { std::slice::from_raw_parts(from, remaining) };
    elements[..remaining].copy_from_slice(from);
    elements
}

#[target_feature(enable = "avx2,f16c")]
#[inline]
fn add_product(sum: &mut Lanes, row: Lanes, query: Lanes) {
    for half in 0..2 {
        sum[half] = _mm256_add_ps(sum[half], _mm256_mul_ps(row[half], query[half]));
    }
}

/// Folds the lanes of four sums in halves: 8, 4, 2, 1.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn fold(sums: [Lanes; GROUP]) -> [f32; GROUP] {
    let quarters = sums.map(|[low, high]| {
        let eight = _mm256_add_ps(low, high);
        _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight))
    });
    super::fold_quarters(quarters)
}
