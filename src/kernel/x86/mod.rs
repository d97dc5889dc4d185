//! Variants for x86-64.

#![allow(unsafe_code)]

mod avx2;
mod avx512;

use std::arch::x86_64::*;

use super::Kernel;

/// Rows scored together: enough independent sums to hide the latency of an addition.
const GROUP: usize = 4;

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
    [(avx2, &avx2::KERNEL), (avx2 && avx512, &avx512::KERNEL)]
        .into_iter()
        .filter_map(|(present, kernel)| present.then_some(kernel))
}

/// The ids of one group; a last, short group repeats its last row.
#[inline(always)]
fn group(ids: &[u32]) -> [usize; GROUP] {
    let last = ids.len() - 1;
    std::array::from_fn(|i| ids[i.min(last)] as usize)
}

/// Folds four lanes of four sums (lane 0 with 2, 1 with 3, then the two), all rows at once.
#[target_feature(enable = "avx")]
#[inline]
fn fold_quarters([mut a, mut b, mut c, mut d]: [__m128; GROUP]) -> [f32; GROUP] {
    // After the transposition, register `j` holds lane `j` of every row.
    _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
    let sums = _mm_add_ps(_mm_add_ps(a, c), _mm_add_ps(b, d));
    let mut scores = [0.0; GROUP];
    // SAFETY: four numbers are written to an array of four.
    unsafe { _mm_storeu_ps(scores.as_mut_ptr(), sums) };
    scores
}
