//! Checks of lengths, and the choice of a variant.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
use super::neon;
use super::rows::Rows;
use super::scalar;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::kernel::isa::{Isa, Level};
use crate::kernel::prepared::PreparedVector;

/// What scores; only [`Unit::of`] makes one, where the processor has it.
#[derive(Clone, Copy)]
enum Unit {
    /// AVX-512 F, BW, DQ, VL and VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

impl Unit {
    /// AVX-512 without VNNI (2017 to 2019) is left to AVX2: those processors lower their clock for wide
    /// registers, and the loop waits for memory anyway.
    fn of(isa: Isa) -> Unit {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if has_vnni() => Unit::Avx512Vnni,
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
fn has_vnni() -> bool {
    is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
}

/// Calls function `$name` of the variant that `$isa` asks for.
macro_rules! run {
    ($isa:expr, $name:ident($($argument:expr),*)) => {
        match Unit::of($isa) {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Vnni => unsafe { avx512::$name($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { avx2::$name($($argument),*) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: every AArch64 processor has NEON.
            Unit::Neon => unsafe { neon::$name($($argument),*) },
            Unit::Scalar => scalar::$name($($argument),*),
        }
    };
}

/// Writes the dot product of the query and row `ids[i]` to `scores[i]`, for every `i`.
///
/// Ids may be in any order and repeat; ascending ones are fastest. The cost is that of reading the
/// rows: about 30 bytes per cycle of rows in cache.
///
/// # Panics
///
/// When `ids` and `scores` differ in length, or an id is not below
/// [`Rows::count`]`(query.dimension())`, or that count does not exist.
pub fn score(isa: Isa, rows: &Rows<'_>, query: &PreparedVector, ids: &[u32], scores: &mut [f32]) {
    let count = rows.count(query.dimension());
    let count = count.expect("rows must be whole vectors of the query's dimension");
    assert_eq!(ids.len(), scores.len(), "one score per id");
    if let Some(last) = ids.iter().max() {
        assert!((*last as usize) < count, "row {last} of {count}");
    }
    match *rows {
        Rows::Int8 { codes, scales } => run!(isa, int8(codes, scales, query, ids, scores)),
        Rows::F16(values) => run!(isa, f16(values, query, ids, scores)),
        Rows::F32(values) => run!(isa, f32(values, query, ids, scores)),
    }
}
