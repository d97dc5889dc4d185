//! NEON, which every AArch64 processor has: four registers make the sixteen lanes.

#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::row::{padded, row};
use crate::kernel::prepared::PreparedVector;

/// Codes of one register; lanes of a floating-point sum.
const LANES: usize = 16;

/// Lanes of one register of single-precision numbers.
const QUARTER: usize = LANES / 4;

/// Sixteen lanes of one row's sum.
type Lanes = [float32x4_t; 4];

#[target_feature(enable = "neon")]
pub(super) fn int8(
    codes: &[i8],
    scales: &[f32],
    query: &PreparedVector,
    ids: &[u32],
    scores: &mut [f32],
) {
    for (id, score) in ids.iter().zip(scores) {
        let sum = dot_int8(row(codes, *id, query), &query.codes);
        *score = query.int8_score(sum, scales[*id as usize]);
    }
}

#[target_feature(enable = "neon")]
pub(super) fn f16(values: &[u16], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    for (id, score) in ids.iter().zip(scores) {
        let (rows, rest) = row(values, *id, query).as_chunks();
        let (queries, query_rest) = query.values.as_chunks();
        let mut sum = [vdupq_n_f32(0.0); 4];
        for (row, query) in rows.iter().zip(queries) {
            add_product(&mut sum, load_f16(row), load_f32(query));
        }
        if !rest.is_empty() {
            add_product(&mut sum, load_f16(&padded(rest)), load_f32(&padded(query_rest)));
        }
        *score = fold(sum);
    }
}

#[target_feature(enable = "neon")]
pub(super) fn f32(values: &[f32], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    for (id, score) in ids.iter().zip(scores) {
        let (rows, rest) = row(values, *id, query).as_chunks();
        let (queries, query_rest) = query.values.as_chunks();
        let mut sum = [vdupq_n_f32(0.0); 4];
        for (row, query) in rows.iter().zip(queries) {
            add_product(&mut sum, load_f32(row), load_f32(query));
        }
        if !rest.is_empty() {
            add_product(&mut sum, load_f32(&padded(rest)), load_f32(&padded(query_rest)));
        }
        *score = fold(sum);
    }
}

#[target_feature(enable = "neon")]
#[inline]
fn dot_int8(row: &[i8], query: &[i16]) -> i32 {
    let (rows, row_rest) = row.as_chunks::<LANES>();
    let (queries, query_rest) = query.as_chunks::<LANES>();
    let mut sums = [vdupq_n_s32(0); 4];
    for (row, query) in rows.iter().zip(queries) {
        // SAFETY: both arrays have sixteen elements.
        let (codes, low, high) = unsafe {
            let query = query.as_ptr();
            (vld1q_s8(row.as_ptr()), vld1q_s16(query), vld1q_s16(query.add(LANES / 2)))
        };
        let (first, second) = (vmovl_s8(vget_low_s8(codes)), vmovl_high_s8(codes));
        sums[0] = vmlal_s16(sums[0], vget_low_s16(first), vget_low_s16(low));
        sums[1] = vmlal_high_s16(sums[1], first, low);
        sums[2] = vmlal_s16(sums[2], vget_low_s16(second), vget_low_s16(high));
        sums[3] = vmlal_high_s16(sums[3], second, high);
    }
    let rest = row_rest.iter().zip(query_rest).map(|(a, b)| i32::from(*a) * i32::from(*b));
    let four = vaddq_s32(vaddq_s32(sums[0], sums[1]), vaddq_s32(sums[2], sums[3]));
    vaddvq_s32(four) + rest.sum::<i32>()
}

#[target_feature(enable = "neon")]
#[inline]
fn load_f32(from: &[f32; LANES]) -> Lanes {
    let (quarters, _) = from.as_chunks::<QUARTER>();
    // SAFETY: a quarter has four elements.
    std::array::from_fn(|quarter| unsafe { vld1q_f32(quarters[quarter].as_ptr()) })
}

#[target_feature(enable = "neon")]
#[inline]
fn load_f16(from: &[u16; LANES]) -> Lanes {
    let (quarters, _) = from.as_chunks::<QUARTER>();
    // SAFETY: a quarter has four elements.
    std::array::from_fn(|quarter| widen(unsafe { vld1_u16(quarters[quarter].as_ptr()) }))
}

/// Four half-precision numbers, widened exactly, as [`super::quantize::f32_from_f16`] does.
#[target_feature(enable = "neon")]
#[inline]
pub(in crate::kernel) fn widen(halves: uint16x4_t) -> float32x4_t {
    let bits = vmovl_u16(halves);
    let sign = vshlq_n_u32::<16>(vandq_u32(bits, vdupq_n_u32(0x8000)));
    let magnitude = vandq_u32(bits, vdupq_n_u32(0x7fff));
    let shifted = vshlq_n_u32::<13>(magnitude);
    let rebias = vdupq_n_f32(f32::from_bits((254 - 15) << 23));
    let finite = vreinterpretq_u32_f32(vmulq_f32(vreinterpretq_f32_u32(shifted), rebias));
    let special = vorrq_u32(shifted, vdupq_n_u32(0x7f80_0000));
    let is_special = vcgeq_u32(magnitude, vdupq_n_u32(0x7c00));
    vreinterpretq_f32_u32(vorrq_u32(vbslq_u32(is_special, special, finite), sign))
}

#[target_feature(enable = "neon")]
#[inline]
fn add_product(sum: &mut Lanes, row: Lanes, query: Lanes) {
    for quarter in 0..4 {
        sum[quarter] = vaddq_f32(sum[quarter], vmulq_f32(row[quarter], query[quarter]));
    }
}

/// Folds sixteen lanes in halves: 8, 4, 2, 1.
#[target_feature(enable = "neon")]
#[inline]
fn fold([a, b, c, d]: Lanes) -> f32 {
    let four = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));
    let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
}
