//! Checks of lengths, and the choice of a variant.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
use super::neon;
use super::scalar;
use super::shape::Tile;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::kernel::isa::{Isa, Level};

/// Rows of a tile: as many as leave room in the registers for one panel line and the factors,
/// which the compiler loads ahead.
pub(in crate::kernel::matmul) fn rows_max(isa: Isa) -> usize {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => 8,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 3,
        #[cfg(target_arch = "aarch64")]
        Level::Neon => 3,
        Level::Scalar => 1,
    }
}

/// Multiplies a tile of 1 to [`rows_max`] rows.
pub(in crate::kernel::matmul) fn run(tile: Tile<'_>, isa: Isa, rows: usize) {
    // The vector code below reads and writes without bounds checks: check once here.
    assert!((1..=rows_max(isa)).contains(&rows));
    assert!(tile.lhs.len() >= (rows - 1) * tile.lhs_stride + tile.lines.len());
    assert!(tile.out.len() >= (rows - 1) * tile.out_stride + tile.width);
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` is only made where the processor has it; lengths were checked above.
        Level::Avx512 => unsafe { avx512::run(tile, rows) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { avx2::run(tile, rows) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: every AArch64 processor has NEON; lengths were checked above.
        Level::Neon => unsafe { neon::run(tile, rows) },
        Level::Scalar => scalar::run(tile),
    }
}
