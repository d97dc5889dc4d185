//! The oracle: what every variant must compute, in the plainest code.

use super::row::row;
use crate::kernel::prepared::PreparedVector;
use crate::kernel::quantize::f32_from_f16;

/// Lanes of a floating-point sum.
const LANES: usize = 16;

pub(super) fn int8(
    codes: &[i8],
    scales: &[f32],
    query: &PreparedVector,
    ids: &[u32],
    scores: &mut [f32],
) {
    for (id, score) in ids.iter().zip(scores) {
        let products = row(codes, *id, query).iter().zip(&query.codes);
        let sum = products.map(|(code, query)| i32::from(*code) * i32::from(*query)).sum();
        *score = query.int8_score(sum, scales[*id as usize]);
    }
}

pub(super) fn f16(values: &[u16], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    for (id, score) in ids.iter().zip(scores) {
        *score = sum_of_products(row(values, *id, query), &query.values, f32_from_f16);
    }
}

pub(super) fn f32(values: &[f32], query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    for (id, score) in ids.iter().zip(scores) {
        *score = sum_of_products(row(values, *id, query), &query.values, |value| value);
    }
}

/// The dot product in the order that [`score`](super) fixes.
#[inline]
fn sum_of_products<T: Copy>(row: &[T], query: &[f32], to_f32: impl Fn(T) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (row_chunks, row_rest) = row.as_chunks::<LANES>();
    let (query_chunks, query_rest) = query.as_chunks::<LANES>();
    for (row, query) in row_chunks.iter().zip(query_chunks) {
        for lane in 0..LANES {
            lanes[lane] += to_f32(row[lane]) * query[lane];
        }
    }
    for (lane, (row, query)) in lanes.iter_mut().zip(row_rest.iter().zip(query_rest)) {
        *lane += to_f32(*row) * query;
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
    }
    lanes[0]
}
