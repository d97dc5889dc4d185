//! Checks of lengths, and the choice of a variant.

#![allow(unsafe_code)]

use super::block::codes_bytes;
use super::candidates::Candidates;
use super::lookup::{LookUp, POINTS};
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::rows::{CodedRows, ScanRange};
use super::scalar;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::kernel::isa::{Isa, Level};

/// What scans; only [`Unit::of`] makes one, where the processor has it.
#[derive(Clone, Copy)]
enum Unit {
    /// AVX-512 with VBMI and VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512Vbmi,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

impl Unit {
    fn of(isa: Isa) -> Unit {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if has_vbmi() => Unit::Avx512Vbmi,
            #[cfg(target_arch = "x86_64")]
            // Whatever has AVX-512 has AVX2 and F16C.
            Level::Avx512 | Level::Avx2 => Unit::Avx2,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => Unit::Neon,
            Level::Scalar => Unit::Scalar,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_vbmi() -> bool {
    is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
        && is_x86_feature_detected!("avx512vbmi")
}

/// Makes the tables of `query` for `points`: `[sub-quantizer][number][point]`, the first numbers of
/// 16 points, then their second ones, up to `sub_dimension`; the last sub-vector of the query padded with zeros. Costs 16 products per number
/// of the query: about a microsecond at dimension 384.
///
/// # Panics
///
/// When `sub_dimension` is 0 or `points` are not those of `query.len().div_ceil(sub_dimension)`
/// sub-quantizers.
pub fn fill(isa: Isa, look_up: &mut LookUp, query: &[f32], points: &[f32], sub_dimension: usize) {
    let sub_quantizers = query.len().div_ceil(sub_dimension);
    let expected = sub_quantizers * POINTS * sub_dimension;
    assert_eq!(points.len(), expected, "points of {sub_quantizers} sub-quantizers");
    match Unit::of(isa) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a `Unit` is only made where the processor has it.
        Unit::Avx512Vbmi | Unit::Avx2 => unsafe {
            avx2::fill(look_up, query, points, sub_dimension);
        },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: every AArch64 processor has NEON.
        Unit::Neon => unsafe { neon::fill(look_up, query, points, sub_dimension) },
        Unit::Scalar => scalar::fill(look_up, query, points, sub_dimension),
    }
}

/// Offers every allowed row of `ranges` to `candidates`, with its estimate.
///
/// Ranges may come in any order. A row whose estimate is not a number is taken, as if it were
/// infinite. The cost is that
/// of reading the codes of blocks with an allowed row: about 14 bytes per cycle in cache with AVX-512
/// VBMI, 6 with AVX2.
///
/// # Panics
///
/// When a range ends beyond the rows that there are scales, whole blocks of codes and words of
/// `allowed` for, or when `base` and a row's number add up to more than 32 bits.
pub fn scan(
    isa: Isa,
    rows: &CodedRows<'_>,
    ranges: &[ScanRange],
    look_up: &LookUp,
    candidates: &mut Candidates,
) {
    let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let needed = codes_bytes(end as usize, look_up.sub_quantizers());
    let words = rows.allowed.map_or(usize::MAX, <[u64]>::len);
    assert!(needed.is_some_and(|bytes| bytes <= rows.codes.len()), "{end} rows of codes");
    assert!(end as usize <= rows.scales.len(), "a scale for each of {end} rows");
    assert!((end as usize).div_ceil(u64::BITS as usize) <= words, "a bit for each of {end} rows");
    assert!(rows.base.checked_add(end).is_some(), "ids of {end} rows from {}", rows.base);
    match Unit::of(isa) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a `Unit` is only made where the processor has it.
        Unit::Avx512Vbmi => unsafe { avx512::scan(rows, ranges, look_up, candidates) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Unit::Avx2 => unsafe { avx2::scan(rows, ranges, look_up, candidates) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: every AArch64 processor has NEON.
        Unit::Neon => unsafe { neon::scan(rows, ranges, look_up, candidates) },
        Unit::Scalar => scalar::scan(rows, ranges, look_up, candidates),
    }
}
