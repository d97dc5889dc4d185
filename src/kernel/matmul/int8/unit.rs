//! The choice of a variant.

#![allow(unsafe_code)]

use super::columns::{Columns, Span};
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::scalar;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::kernel::isa::{Isa, Level};
use crate::kernel::matmul::words::{Target, Tile};

/// What multiplies; only [`Unit::of`] and [`Unit::available`] make one, where the processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// An instruction adds the four products of each of 16 words.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// Two instructions do, of words widened to 16 bits per number.
    #[cfg(target_arch = "x86_64")]
    Avx512Bw,
    /// An instruction adds the four products of each of 8 words.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// An instruction adds the four products of each of 4 words.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

impl Unit {
    pub(super) fn of(isa: Isa) -> Unit {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512vnni") => Unit::Avx512Vnni,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512bw") => Unit::Avx512Bw,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 if is_x86_feature_detected!("avxvnni") => Unit::AvxVnni,
            #[cfg(target_arch = "x86_64")]
            // Whatever has AVX-512 has AVX2.
            Level::Avx512 | Level::Avx2 => Unit::Avx2,
            #[cfg(target_arch = "aarch64")]
            Level::Neon if std::arch::is_aarch64_feature_detected!("dotprod") => Unit::NeonDot,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => Unit::Neon,
            Level::Scalar => Unit::Scalar,
        }
    }

    /// All that this processor has.
    #[cfg(test)]
    pub(super) fn available() -> Vec<Unit> {
        let mut units: Vec<Unit> = Isa::available().into_iter().map(Unit::of).collect();
        #[cfg(target_arch = "x86_64")]
        if units.contains(&Unit::Avx512Vnni) && is_x86_feature_detected!("avx512bw") {
            units.push(Unit::Avx512Bw);
        }
        #[cfg(target_arch = "x86_64")]
        if units.contains(&Unit::AvxVnni) {
            units.push(Unit::Avx2);
        }
        #[cfg(target_arch = "aarch64")]
        if units.contains(&Unit::NeonDot) {
            units.push(Unit::Neon);
        }
        units
    }

    /// Rows of a tile: as many as leave room in the registers.
    pub(super) fn rows_max(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Unit::AvxVnni => 3,
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => 2,
            #[cfg(target_arch = "aarch64")]
            Unit::NeonDot => 3,
            #[cfg(target_arch = "aarch64")]
            Unit::Neon => 1,
            _ => 8,
        }
    }

    /// Rounds a row into words; the last is filled with zeros.
    pub(super) fn round(self, row: &[f32], words: &mut [u32]) -> Span {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Vnni | Unit::Avx512Bw => unsafe { avx512::round(row, bytes) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::AvxVnni | Unit::Avx2 => unsafe { avx2::round(row, bytes) },
            // What NEON can do, every AArch64 processor can, and the compiler knows.
            _ => scalar::round(row, bytes),
        }
    }

    /// Rounds a column of weights into words, the last filled with zeros; returns the value of one
    /// step and the sum of the integers.
    pub(super) fn round_weights(self, row: &[f32], words: &mut [u32]) -> (f32, i32) {
        let bytes: &mut [i8] = bytemuck::cast_slice_mut(words);
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Vnni | Unit::Avx512Bw => unsafe { avx512::round_weights(row, bytes) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::AvxVnni | Unit::Avx2 => unsafe { avx2::round_weights(row, bytes) },
            _ => scalar::round_weights(row, bytes),
        }
    }

    pub(super) fn run(self, tile: Tile<'_>, spans: &[Span], columns: &Columns, target: Target<'_>) {
        target.check(tile, spans.len(), self.rows_max());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it; lengths were checked above.
            Unit::Avx512Vnni => unsafe { avx512::tile_vnni(tile, spans, columns, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx512Bw => unsafe { avx512::tile_bw(tile, spans, columns, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::AvxVnni => unsafe { avx2::tile_vnni(tile, spans, columns, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { avx2::tile(tile, spans, columns, target) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Unit::NeonDot => unsafe { neon::tile_dot(tile, spans, columns, target) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Unit::Neon => unsafe { neon::tile(tile, spans, columns, target) },
            Unit::Scalar => scalar::tile(tile, spans, columns, target),
        }
    }
}
