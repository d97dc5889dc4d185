//! The choice of a variant.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
use super::neon;
use super::scalar;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::kernel::isa::{Isa, Level};
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile};

/// What multiplies; only [`Unit::of`] and [`Unit::available`] make one, where the processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// AVX512-BF16: an instruction multiplies both numbers of 16 words.
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

impl Unit {
    pub(super) fn of(isa: Isa) -> Unit {
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512bf16") => Unit::Avx512Bf16,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Unit::Avx512,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Unit::Avx2,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => Unit::Neon,
            Level::Scalar => Unit::Scalar,
        }
    }

    /// All that this processor has.
    #[cfg(test)]
    pub(super) fn available() -> Vec<Unit> {
        let units = Isa::available().into_iter().map(Unit::of);
        #[cfg(target_arch = "x86_64")]
        let units = units.chain(is_x86_feature_detected!("avx512bf16").then_some(Unit::Avx512));
        units.collect()
    }

    /// Rows of a tile: as many as leave room in the registers.
    pub(super) fn rows_max(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => 2,
            #[cfg(target_arch = "aarch64")]
            Unit::Neon => 2,
            _ => 8,
        }
    }

    pub(super) fn round(self, row: &[f32], words: &mut [u32]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it.
            Unit::Avx512Bf16 | Unit::Avx512 => unsafe { avx512::round(row, words) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { avx2::round(row, words) },
            // What NEON can do, every AArch64 processor can, and the compiler knows.
            _ => scalar::round(row, words),
        }
    }

    pub(super) fn run(self, tile: Tile<'_>, rows: usize, start: &[f32; PANEL], target: Target<'_>) {
        target.check(tile, rows, self.rows_max());
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Unit` is only made where the processor has it; lengths were checked above.
            Unit::Avx512Bf16 => unsafe { avx512::tile_bf16(tile, rows, start, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx512 => unsafe { avx512::tile(tile, rows, start, target) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Unit::Avx2 => unsafe { avx2::tile(tile, rows, start, target) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Unit::Neon => unsafe { neon::tile(tile, rows, start, target) },
            Unit::Scalar => scalar::tile(tile, rows, start, target),
        }
    }
}
