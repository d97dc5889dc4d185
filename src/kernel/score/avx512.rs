//! AVX-512 with VNNI: sixteen sums a register, and masked loads for the end of a row.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::avx2::fold_eight;
use super::row::row;
use crate::kernel::prefetch::{prefetch_first_rows, prefetch_row};
use crate::kernel::prepared::PreparedVector;

/// Codes multiplied by one instruction.
const CODES: usize = 32;

/// Lanes of a floating-point sum.
const LANES: usize = 16;

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn int8(
    codes: &[i8],
    scales: &[f32],
    query: &PreparedVector,
    ids: &[u32],
    scores: &mut [f32],
) {
    prefetch_first_rows(codes, query.dimension(), ids);
    for (at, score) in scores.iter_mut().enumerate() {
        prefetch_row(codes, query.dimension(), ids, at);
        let sum = dot_int8(row(codes, ids[at], query), &query.codes);
        *score = query.int8_score(sum, scales[ids[at] as usize]);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn f16(values: &[u16], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    prefetch_first_rows(values, query.dimension(), ids);
    for (at, score) in scores.iter_mut().enumerate() {
        prefetch_row(values, query.dimension(), ids, at);
        *score = dot_f16(row(values, ids[at], query), &query.values);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn f32(values: &[f32], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    prefetch_first_rows(values, query.dimension(), ids);
    for (at, score) in scores.iter_mut().enumerate() {
        prefetch_row(values, query.dimension(), ids, at);
        *score = dot_f32(row(values, ids[at], query), &query.values);
    }
}

/// The sum of products; two registers of sums hide the latency of an addition.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
fn dot_int8(row: &[i8], query: &[i16]) -> i32 {
    let (rows, row_rest) = row.as_chunks::<{ 2 * CODES }>();
    let (queries, query_rest) = query.as_chunks::<{ 2 * CODES }>();
    let mut sums = [_mm512_setzero_si512(); 2];
    for (row, query) in rows.iter().zip(queries) {
        for (half, sum) in sums.iter_mut().enumerate() {
            // SAFETY: each half of both arrays has 32 elements.
            let (codes, query) = unsafe {
                let codes = _mm256_loadu_si256(row.as_ptr().add(half * CODES).cast());
                (codes, _mm512_loadu_si512(query.as_ptr().add(half * CODES).cast()))
            };
            *sum = _mm512_dpwssd_epi32(*sum, _mm512_cvtepi8_epi16(codes), query);
        }
    }
    let rest = row_rest.chunks(CODES).zip(query_rest.chunks(CODES));
    for ((row, query), sum) in rest.zip(&mut sums) {
        let mask = u32::MAX >> (CODES - row.len().min(query.len()));
        // SAFETY: a masked load touches only the elements of its mask.
        let (codes, query) = unsafe {
            let codes = _mm256_maskz_loadu_epi8(mask, row.as_ptr());
            (codes, _mm512_maskz_loadu_epi16(mask, query.as_ptr()))
        };
        *sum = _mm512_dpwssd_epi32(*sum, _mm512_cvtepi8_epi16(codes), query);
    }
    _mm512_reduce_add_epi32(_mm512_add_epi32(sums[0], sums[1]))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
fn dot_f16(row: &[u16], query: &[f32]) -> f32 {
    let (rows, row_rest) = row.as_chunks::<LANES>();
    let (queries, query_rest) = query.as_chunks::<LANES>();
    let mut sum = _mm512_setzero_ps();
    for (row, query) in rows.iter().zip(queries) {
        // SAFETY: both arrays have sixteen elements.
        let (halves, query) =
            unsafe { (_mm256_loadu_si256(row.as_ptr().cast()), _mm512_loadu_ps(query.as_ptr())) };
        sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_cvtph_ps(halves), query));
    }
    if !row_rest.is_empty() {
        let mask = u16::MAX >> (LANES - row_rest.len().min(query_rest.len()));
        // SAFETY: a masked load touches only the elements of its mask.
        let (halves, query) = unsafe {
            let halves = _mm256_maskz_loadu_epi16(mask, row_rest.as_ptr().cast());
            (halves, _mm512_maskz_loadu_ps(mask, query_rest.as_ptr()))
        };
        sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_cvtph_ps(halves), query));
    }
    fold(sum)
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
#[inline]
fn dot_f32(row: &[f32], query: &[f32]) -> f32 {
    let (rows, row_rest) = row.as_chunks::<LANES>();
    let (queries, query_rest) = query.as_chunks::<LANES>();
    let mut sum = _mm512_setzero_ps();
    for (row, query) in rows.iter().zip(queries) {
        // SAFETY: both arrays have sixteen elements.
        let (row, query) =
            unsafe { (_mm512_loadu_ps(row.as_ptr()), _mm512_loadu_ps(query.as_ptr())) };
        sum = _mm512_add_ps(sum, _mm512_mul_ps(row, query));
    }
    if !row_rest.is_empty() {
        let mask = u16::MAX >> (LANES - row_rest.len().min(query_rest.len()));
        // SAFETY: a masked load touches only the elements of its mask.
        let (row, query) = unsafe {
            let row = _mm512_maskz_loadu_ps(mask, row_rest.as_ptr());
            (row, _mm512_maskz_loadu_ps(mask, query_rest.as_ptr()))
        };
        sum = _mm512_add_ps(sum, _mm512_mul_ps(row, query));
    }
    fold(sum)
}

/// Folds sixteen lanes in halves: 8, 4, 2, 1.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn fold(sum: __m512) -> f32 {
    fold_eight(_mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps::<1>(sum)))
}
