//! AVX2 and F16C: two registers make the sixteen lanes.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::row::{padded, row};
use crate::kernel::prefetch::{prefetch_first_rows, prefetch_row};
use crate::kernel::prepared::PreparedVector;

/// Codes multiplied by one instruction; lanes of a floating-point sum.
const LANES: usize = 16;

/// Lanes of one register of single-precision numbers.
const HALF: usize = LANES / 2;

#[target_feature(enable = "avx2,f16c")]
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

#[target_feature(enable = "avx2,f16c")]
pub(super) fn f16(values: &[u16], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    prefetch_first_rows(values, query.dimension(), ids);
    for (at, score) in scores.iter_mut().enumerate() {
        prefetch_row(values, query.dimension(), ids, at);
        let (rows, rest) = row(values, ids[at], query).as_chunks();
        let (queries, query_rest) = query.values.as_chunks();
        let mut sum = [_mm256_setzero_ps(); 2];
        for (row, query) in rows.iter().zip(queries) {
            add_product(&mut sum, load_f16(row), load_f32(query));
        }
        if !rest.is_empty() {
            add_product(&mut sum, load_f16(&padded(rest)), load_f32(&padded(query_rest)));
        }
        *score = fold_eight(_mm256_add_ps(sum[0], sum[1]));
    }
}

#[target_feature(enable = "avx2,f16c")]
pub(super) fn f32(values: &[f32], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    prefetch_first_rows(values, query.dimension(), ids);
    for (at, score) in scores.iter_mut().enumerate() {
        prefetch_row(values, query.dimension(), ids, at);
        let (rows, rest) = row(values, ids[at], query).as_chunks();
        let (queries, query_rest) = query.values.as_chunks();
        let mut sum = [_mm256_setzero_ps(); 2];
        for (row, query) in rows.iter().zip(queries) {
            add_product(&mut sum, load_f32(row), load_f32(query));
        }
        if !rest.is_empty() {
            add_product(&mut sum, load_f32(&padded(rest)), load_f32(&padded(query_rest)));
        }
        *score = fold_eight(_mm256_add_ps(sum[0], sum[1]));
    }
}

#[target_feature(enable = "avx2,f16c")]
#[inline]
fn dot_int8(row: &[i8], query: &[i16]) -> i32 {
    let (rows, row_rest) = row.as_chunks::<LANES>();
    let (queries, query_rest) = query.as_chunks::<LANES>();
    let mut sums = _mm256_setzero_si256();
    for (row, query) in rows.iter().zip(queries) {
        // SAFETY: both arrays have sixteen elements.
        let (codes, query) = unsafe {
            (_mm_loadu_si128(row.as_ptr().cast()), _mm256_loadu_si256(query.as_ptr().cast()))
        };
        // Two products of 16 bits and their sum cannot leave 32: 2 * 128 * 32767 < 2^23.
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_cvtepi8_epi16(codes), query));
    }
    let rest = row_rest.iter().zip(query_rest).map(|(a, b)| i32::from(*a) * i32::from(*b));
    let four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b0100_1110>(four));
    let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b1011_0001>(two));
    _mm_cvtsi128_si32(one) + rest.sum::<i32>()
}

#[target_feature(enable = "avx2,f16c")]
#[inline]
fn load_f32(from: &[f32; LANES]) -> [__m256; 2] {
    // SAFETY: the array has sixteen elements.
    unsafe { [_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(HALF))] }
}

#[target_feature(enable = "avx2,f16c")]
#[inline]
fn load_f16(from: &[u16; LANES]) -> [__m256; 2] {
    // SAFETY: the array has sixteen elements.
    let halves = unsafe { _mm256_loadu_si256(from.as_ptr().cast()) };
    let high = _mm256_extracti128_si256::<1>(halves);
    [_mm256_cvtph_ps(_mm256_castsi256_si128(halves)), _mm256_cvtph_ps(high)]
}

#[target_feature(enable = "avx2,f16c")]
#[inline]
fn add_product(sum: &mut [__m256; 2], row: [__m256; 2], query: [__m256; 2]) {
    for half in 0..2 {
        sum[half] = _mm256_add_ps(sum[half], _mm256_mul_ps(row[half], query[half]));
    }
}

/// Folds eight lanes in halves: 4, 2, 1.
#[target_feature(enable = "avx")]
#[inline]
pub(super) fn fold_eight(eight: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}
