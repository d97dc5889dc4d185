//! A few rows times one panel, kept in registers: the innermost loops of [`multiply`](super::multiply).

use super::{Line, PANEL};
use crate::kernel::isa::{Isa, Level};

/// Rows of a tile: as many as leave room in the registers for one panel line and the factors,
/// which the compiler loads ahead.
pub(super) fn rows_max(isa: Isa) -> usize {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => 8,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 3,
        #[cfg(target_arch = "aarch64")]
        Level::Neon => 3,
        Level::Portable => 1,
    }
}

/// A few rows times one panel.
pub(super) struct Tile<'a> {
    pub(super) lhs: &'a [f32],
    pub(super) lhs_stride: usize,
    pub(super) lines: &'a [Line],
    pub(super) start: &'a [f32; PANEL],
    pub(super) out: &'a mut [f32],
    pub(super) out_stride: usize,
    pub(super) width: usize,
}

impl Tile<'_> {
    pub(super) fn run(self, isa: Isa, rows: usize) {
        // The vector code below reads and writes without bounds checks: check once here.
        assert!(self.lhs.len() >= (rows - 1) * self.lhs_stride + self.lines.len());
        assert!(self.out.len() >= (rows - 1) * self.out_stride + self.width);
        match isa.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Isa` is only made where the processor has it; lengths were checked above.
            Level::Avx512 => unsafe { x86::tile_avx512(self, rows) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Level::Avx2 => unsafe { x86::tile_avx2(self, rows) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: every AArch64 processor has NEON; lengths were checked above.
            Level::Neon => unsafe { neon::tile(self, rows) },
            Level::Portable => self.portable(),
        }
    }

    /// One row.
    fn portable(self) {
        let mut sums = *self.start;
        for (factor, line) in self.lhs.iter().zip(self.lines) {
            for (sum, value) in sums.iter_mut().zip(&line.0) {
                *sum += factor * value;
            }
        }
        self.out[..self.width].copy_from_slice(&sums[..self.width]);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! Tiles in AVX-512 and AVX2 registers.

    use std::arch::x86_64::*;

    use super::super::words::with_rows;
    use super::{PANEL, Tile};

    /// # Safety
    /// Needs AVX-512F, `1 <= rows <= 8`, and slices long enough for `rows` rows.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn tile_avx512(tile: Tile<'_>, rows: usize) {
        // SAFETY: the caller's promise, with `ROWS == rows`.
        unsafe { with_rows!(rows, [1 2 3 4 5 6 7] 8, avx512(tile)) }
    }

    /// # Safety
    /// As [`tile_avx512`], with `rows == ROWS`.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512<const ROWS: usize>(tile: Tile<'_>) {
        // SAFETY: `start` and every line are 32 numbers; row `r < ROWS` of the left-hand side has
        // `lines.len()` numbers from `r * lhs_stride`; the masks keep stores inside `width`.
        unsafe {
            let low = _mm512_loadu_ps(tile.start.as_ptr());
            let high = _mm512_loadu_ps(tile.start.as_ptr().add(16));
            let mut sums = [[low, high]; ROWS];
            let (lhs, stride) = (tile.lhs.as_ptr(), tile.lhs_stride);
            for (step, line) in tile.lines.iter().enumerate() {
                let low = _mm512_load_ps(line.0.as_ptr());
                let high = _mm512_load_ps(line.0.as_ptr().add(16));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let factor = _mm512_set1_ps(*lhs.add(row * stride + step));
                    sums[0] = _mm512_fmadd_ps(factor, low, sums[0]);
                    sums[1] = _mm512_fmadd_ps(factor, high, sums[1]);
                }
            }
            let mask = u32::MAX >> (PANEL - tile.width);
            for (row, sums) in sums.iter().enumerate() {
                let out = tile.out.as_mut_ptr().add(row * tile.out_stride);
                _mm512_mask_storeu_ps(out, mask as u16, sums[0]);
                _mm512_mask_storeu_ps(out.wrapping_add(16), (mask >> 16) as u16, sums[1]);
            }
        }
    }

    /// # Safety
    /// Needs AVX2 and FMA, `1 <= rows <= 3`, and slices long enough for `rows` rows.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn tile_avx2(tile: Tile<'_>, rows: usize) {
        // SAFETY: the caller's promise, with `ROWS == rows`.
        unsafe { with_rows!(rows, [1 2] 3, avx2(tile)) }
    }

    /// # Safety
    /// As [`tile_avx2`], with `rows == ROWS`.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2<const ROWS: usize>(tile: Tile<'_>) {
        // SAFETY: as in [`avx512`]; a ragged last panel is stored through an array of 32.
        unsafe {
            let mut sums = [[_mm256_setzero_ps(); 4]; ROWS];
            for sums in &mut sums {
                for (part, sum) in sums.iter_mut().enumerate() {
                    *sum = _mm256_loadu_ps(tile.start.as_ptr().add(8 * part));
                }
            }
            let (lhs, stride) = (tile.lhs.as_ptr(), tile.lhs_stride);
            for (step, line) in tile.lines.iter().enumerate() {
                let mut factors = [_mm256_setzero_ps(); ROWS];
                for (row, factor) in factors.iter_mut().enumerate() {
                    *factor = _mm256_set1_ps(*lhs.add(row * stride + step));
                }
                for part in 0..4 {
                    let value = _mm256_load_ps(line.0.as_ptr().add(8 * part));
                    for (sums, factor) in sums.iter_mut().zip(factors) {
                        sums[part] = _mm256_fmadd_ps(factor, value, sums[part]);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let mut whole = [0.0_f32; PANEL];
                for (part, sum) in sums.iter().enumerate() {
                    _mm256_storeu_ps(whole.as_mut_ptr().add(8 * part), *sum);
                }
                let out = &mut tile.out[row * tile.out_stride..][..tile.width];
                out.copy_from_slice(&whole[..tile.width]);
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    //! Tiles in NEON registers: 24 of them hold the sums of three rows.

    use std::arch::aarch64::*;

    use super::super::words::with_rows;
    use super::{PANEL, Tile};

    /// # Safety
    /// Needs `1 <= rows <= 3`, and slices long enough for `rows` rows.
    #[target_feature(enable = "neon")]
    pub(super) unsafe fn tile(tile: Tile<'_>, rows: usize) {
        // SAFETY: the caller's promise, with `ROWS == rows`.
        unsafe { with_rows!(rows, [1 2] 3, constant_rows(tile)) }
    }

    /// # Safety
    /// As [`tile`], with `rows == ROWS`.
    #[target_feature(enable = "neon")]
    unsafe fn constant_rows<const ROWS: usize>(tile: Tile<'_>) {
        // SAFETY: `start` and every line are 32 numbers; row `r < ROWS` of the left-hand side has
        // `lines.len()` numbers from `r * lhs_stride`; results are stored through an array of 32.
        unsafe {
            let mut sums = [[vdupq_n_f32(0.0); PANEL / 4]; ROWS];
            for sums in &mut sums {
                for (part, sum) in sums.iter_mut().enumerate() {
                    *sum = vld1q_f32(tile.start.as_ptr().add(4 * part));
                }
            }
            let (lhs, stride) = (tile.lhs.as_ptr(), tile.lhs_stride);
            for (step, line) in tile.lines.iter().enumerate() {
                let mut factors = [vdupq_n_f32(0.0); ROWS];
                for (row, factor) in factors.iter_mut().enumerate() {
                    *factor = vdupq_n_f32(*lhs.add(row * stride + step));
                }
                for part in 0..PANEL / 4 {
                    let value = vld1q_f32(line.0.as_ptr().add(4 * part));
                    for (sums, factor) in sums.iter_mut().zip(factors) {
                        sums[part] = vfmaq_f32(sums[part], factor, value);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let mut whole = [0.0_f32; PANEL];
                for (part, sum) in sums.iter().enumerate() {
                    vst1q_f32(whole.as_mut_ptr().add(4 * part), *sum);
                }
                let out = &mut tile.out[row * tile.out_stride..][..tile.width];
                out.copy_from_slice(&whole[..tile.width]);
            }
        }
    }
}
