//! AVX-512 with VNNI: sixteen sums a register, and masked loads for the end of a row.

use std::arch::x86_64::*;

use super::{GROUP, group};
use crate::kernel::{Kernel, Query};

/// Needs AVX-512 F, BW, DQ, VL and VNNI.
pub(in crate::kernel) static KERNEL: Kernel = Kernel { name: "avx512", int8, f16, f32 };

/// Codes multiplied by one instruction.
const CODES: usize = 32;

/// Lanes of a floating-point sum.
const LANES: usize = 16;

/// # Safety
///
/// As [`crate::kernel::ScoreInt8`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
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
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
unsafe fn int8_sums(rows: [*const i8; GROUP], query: *const i16, dimension: usize) -> [i32; GROUP] {
    let mut sums = [_mm512_setzero_si512(); GROUP];
    let mut at = 0;
    while at + CODES <= dimension {
        // SAFETY: `at + CODES <= dimension`.
        unsafe {
            let query = _mm512_loadu_si512(query.add(at).cast());
            for (sum, row) in sums.iter_mut().zip(rows) {
                let codes = _mm512_cvtepi8_epi16(_mm256_loadu_si256(row.add(at).cast()));
                *sum = _mm512_dpwssd_epi32(*sum, codes, query);
            }
        }
        at += CODES;
    }
    if at < dimension {
        let mask = (1u32 << (dimension - at)) - 1;
        // SAFETY: a masked load touches only the `dimension - at` elements of its mask.
        unsafe {
            let query = _mm512_maskz_loadu_epi16(mask, query.add(at));
            for (sum, row) in sums.iter_mut().zip(rows) {
                let codes = _mm256_maskz_loadu_epi8(mask, row.add(at));
                *sum = _mm512_dpwssd_epi32(*sum, _mm512_cvtepi8_epi16(codes), query);
            }
        }
    }
    sums.map(|sum| _mm512_reduce_add_epi32(sum))
}

/// # Safety
///
/// As [`crate::kernel::ScoreFloat`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn f16(values: &[u16], query: &Query, ids: &[u32], scores: &mut [f32]) {
    let dimension = query.dimension();
    for (ids, scores) in ids.chunks(GROUP).zip(scores.chunks_mut(GROUP)) {
        let rows = group(ids).map(|id| values.as_ptr().wrapping_add(id * dimension));
        let mut sums = [_mm512_setzero_ps(); GROUP];
        let mut at = 0;
        while at < dimension {
            let mask = lanes_mask(dimension - at);
            // SAFETY: a masked load touches only elements below `dimension`; the caller vouches
            // that every row lies inside `values`, and the query has `dimension` values.
            unsafe {
                let query = _mm512_maskz_loadu_ps(mask, query.values.as_ptr().add(at));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    let halves = _mm256_maskz_loadu_epi16(mask, row.add(at).cast());
                    let product = _mm512_mul_ps(_mm512_cvtph_ps(halves), query);
                    *sum = _mm512_add_ps(*sum, product);
                }
            }
            at += LANES;
        }
        scores.copy_from_slice(&fold(sums)[..scores.len()]);
    }
}

/// # Safety
///
/// As [`crate::kernel::ScoreFloat`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn f32(values: &[f32], query: &Query, ids: &[u32], scores: &mut [f32]) {
    let dimension = query.dimension();
    for (ids, scores) in ids.chunks(GROUP).zip(scores.chunks_mut(GROUP)) {
        let rows = group(ids).map(|id| values.as_ptr().wrapping_add(id * dimension));
        let mut sums = [_mm512_setzero_ps(); GROUP];
        let mut at = 0;
        while at < dimension {
            let mask = lanes_mask(dimension - at);
            // SAFETY: as in `f16`.
            unsafe {
                let query = _mm512_maskz_loadu_ps(mask, query.values.as_ptr().add(at));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    let product = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, row.add(at)), query);
                    *sum = _mm512_add_ps(*sum, product);
                }
            }
            at += LANES;
        }
        scores.copy_from_slice(&fold(sums)[..scores.len()]);
    }
}

/// The first `remaining` of sixteen lanes.
#[inline(always)]
fn lanes_mask(remaining: usize) -> __mmask16 {
    if remaining >= LANES { u16::MAX } else { (1 << remaining) - 1 }
}

/// Folds the lanes of four sums in halves: 8, 4, 2, 1.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn fold(sums: [__m512; GROUP]) -> [f32; GROUP] {
    let quarters = sums.map(|sum| {
        let eight = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps::<1>(sum));
        _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight))
    });
    super::fold_quarters(quarters)
}
