//! NEON, which every AArch64 processor has: four registers make the sixteen lanes.

#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::{Kernel, Query};

/// Runs on every AArch64.
pub(super) static KERNEL: Kernel = Kernel { name: "neon", int8, f16, f32 };

/// Rows scored together: enough independent sums to hide the latency of an addition.
const GROUP: usize = 4;

/// Codes of one register; lanes of a floating-point sum.
const LANES: usize = 16;

/// Lanes of one register of single-precision numbers.
const QUARTER: usize = 4;

/// Sixteen lanes of one row's sum.
type Lanes = [float32x4_t; 4];

/// The ids of one group; a last, short group repeats its last row.
#[inline(always)]
fn group(ids: &[u32]) -> [usize; GROUP] {
    let last = ids.len() - 1;
    std::array::from_fn(|i| ids[i.min(last)] as usize)
}

/// # Safety
///
/// As [`super::ScoreInt8`].
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
#[inline]
unsafe fn int8_sums(rows: [*const i8; GROUP], query: *const i16, dimension: usize) -> [i32; GROUP] {
    // SAFETY: NEON is part of AArch64.
    let mut sums = unsafe { [[vdupq_n_s32(0); 2]; GROUP] };
    let mut at = 0;
    while at + LANES <= dimension {
        // SAFETY: `at + LANES <= dimension`.
        unsafe {
            let low = vld1q_s16(query.add(at));
            let high = vld1q_s16(query.add(at + LANES / 2));
            for (sum, row) in sums.iter_mut().zip(rows) {
                let codes = vld1q_s8(row.add(at));
                let (first, second) = (vmovl_s8(vget_low_s8(codes)), vmovl_high_s8(codes));
                sum[0] = vmlal_s16(sum[0], vget_low_s16(first), vget_low_s16(low));
                sum[1] = vmlal_high_s16(sum[1], first, low);
                sum[0] = vmlal_s16(sum[0], vget_low_s16(second), vget_low_s16(high));
                sum[1] = vmlal_high_s16(sum[1], second, high);
            }
        }
        at += LANES;
    }
    // SAFETY: NEON is part of AArch64.
    let mut totals = sums.map(|[a, b]| unsafe { vaddvq_s32(vaddq_s32(a, b)) });
    for at in at..dimension {
        for (total, row) in totals.iter_mut().zip(rows) {
            // SAFETY: `at < dimension`.
            *total += unsafe { i32::from(*row.add(at)) * i32::from(*query.add(at)) };
        }
    }
    totals
}

/// # Safety
///
/// As [`super::ScoreFloat`].
unsafe fn f16(values: &[u16], query: &Query, ids: &[u32], scores: &mut [f32]) {
    // SAFETY: the caller's promise; `load_f16` reads sixteen elements, as `score` asks.
    unsafe { score(values, query, ids, scores, |from| load_f16(from)) }
}

/// # Safety
///
/// As [`super::ScoreFloat`].
unsafe fn f32(values: &[f32], query: &Query, ids: &[u32], scores: &mut [f32]) {
    // SAFETY: the caller's promise; `load_f32` reads sixteen elements, as `score` asks.
    unsafe { score(values, query, ids, scores, |from| load_f32(from)) }
}

/// # Safety
///
/// As [`super::ScoreFloat`]; `load` reads no more than sixteen elements.
#[inline(always)]
unsafe fn score<T: Copy + Default>(
    values: &[T],
    query: &Query,
    ids: &[u32],
    scores: &mut [f32],
    load: impl Fn(*const T) -> Lanes,
) {
    let dimension = query.dimension();
    for (ids, scores) in ids.chunks(GROUP).zip(scores.chunks_mut(GROUP)) {
        let rows = group(ids).map(|id| values.as_ptr().wrapping_add(id * dimension));
        // SAFETY: NEON is part of AArch64.
        let mut sums = unsafe { [[vdupq_n_f32(0.0); 4]; GROUP] };
        let mut at = 0;
        while at + LANES <= dimension {
            // SAFETY: `at + LANES <= dimension`; the caller vouches that every row lies inside
            // `values`, and the query has `dimension` values.
            unsafe {
                let query = load_f32(query.values.as_ptr().add(at));
                for (sum, row) in sums.iter_mut().zip(rows) {
                    add_product(sum, load(row.add(at)), query);
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
                    add_product(sum, load(row.as_ptr()), query);
                }
            }
        }
        for (score, sum) in scores.iter_mut().zip(sums) {
            *score = fold(sum);
        }
    }
}

/// # Safety
///
/// Sixteen numbers are readable.
#[inline(always)]
unsafe fn load_f32(from: *const f32) -> Lanes {
    // SAFETY: the caller's promise.
    std::array::from_fn(|quarter| unsafe { vld1q_f32(from.add(quarter * QUARTER)) })
}

/// # Safety
///
/// Sixteen numbers are readable.
#[inline(always)]
unsafe fn load_f16(from: *const u16) -> Lanes {
    // SAFETY: the caller's promise.
    std::array::from_fn(|quarter| unsafe { widen(vld1_u16(from.add(quarter * QUARTER))) })
}

/// Four half-precision numbers, widened exactly, as [`super::quantize::f32_from_f16`] does.
#[inline(always)]
fn widen(halves: uint16x4_t) -> float32x4_t {
    // SAFETY: NEON is part of AArch64.
    unsafe {
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
}

/// The `remaining < 16` elements at `from`, then zeros.
///
/// # Safety
///
/// `remaining` elements are readable.
#[inline(always)]
unsafe fn padded<T: Copy + Default>(from: *const T, remaining: usize) -> [T; LANES] {
    let mut elements = [T::default(); LANES];
    // SAFETY: the caller's promise.
    let from = unsafe { std::slice::from_raw_parts(from, remaining) };
    elements[..remaining].copy_from_slice(from);
    elements
}

#[inline(always)]
fn add_product(sum: &mut Lanes, row: Lanes, query: Lanes) {
    for quarter in 0..QUARTER {
        // SAFETY: NEON is part of AArch64.
        sum[quarter] = unsafe { vaddq_f32(sum[quarter], vmulq_f32(row[quarter], query[quarter])) };
    }
}

/// Folds sixteen lanes in halves: 8, 4, 2, 1.
#[inline(always)]
fn fold([a, b, c, d]: Lanes) -> f32 {
    // SAFETY: NEON is part of AArch64.
    unsafe {
        let four = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));
        let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
        vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
    }
}
