//! `out = lhs * rhs + bias` for a right-hand side that is used many times.
//!
//! The right-hand matrix (a layer's weights, or one text's keys or values) is repacked once into
//! **panels** of [`PANEL`] columns, each panel stored row after row and aligned to a cache line.
//! A product walks one panel at a time, keeps a tile of a few rows times 32 columns in registers
//! and reads the left-hand rows where they lie. Packing weights at load time is what separates
//! this from a general `gemm`, which repacks them at every call (Goto and van de Geijn, "Anatomy
//! of high-performance matrix multiplication", 2008).
//!
//! Each output is `bias + lhs[0] * rhs[0] + lhs[1] * rhs[1] + ...` in exactly this order.

#![allow(unsafe_code)]

use super::isa::{Isa, Level};

/// Columns of one panel.
pub const PANEL: usize = 32;

/// One row of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; PANEL]);

/// A matrix of `depth` rows and `columns` columns, packed in panels; columns past the last are 0.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    depth: usize,
    columns: usize,
    lines: Vec<Line>,
}

impl Panels {
    /// Packs the transpose of `source`, whose `columns` rows of `depth` numbers start `stride`
    /// apart: a linear layer's weights as PyTorch stores them. Reuses the memory of `self`.
    ///
    /// # Panics
    /// If `source` is shorter than the last row needs; callers check shapes when they load.
    pub fn pack_transposed(&mut self, source: &[f32], stride: usize, columns: usize, depth: usize) {
        self.reshape(depth, columns);
        for column in 0..columns {
            let row = &source[column * stride..column * stride + depth];
            let panel = &mut self.lines[column / PANEL * depth..][..depth];
            for (line, value) in panel.iter_mut().zip(row) {
                line.0[column % PANEL] = *value;
            }
        }
    }

    /// Packs `source` as it is: `depth` rows of `columns` numbers that start `stride` apart.
    ///
    /// # Panics
    /// As [`Panels::pack_transposed`].
    pub fn pack(&mut self, source: &[f32], stride: usize, columns: usize, depth: usize) {
        self.reshape(depth, columns);
        for panel in 0..columns.div_ceil(PANEL) {
            let first = panel * PANEL;
            let width = PANEL.min(columns - first);
            for (row, line) in self.lines[panel * depth..][..depth].iter_mut().enumerate() {
                line.0[..width].copy_from_slice(&source[row * stride + first..][..width]);
            }
        }
    }

    /// Rows of the matrix: the length of the sums.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the matrix.
    pub fn columns(&self) -> usize {
        self.columns
    }

    fn reshape(&mut self, depth: usize, columns: usize) {
        let lines = depth * columns.div_ceil(PANEL);
        self.lines.resize(lines, Line([0.0; PANEL]));
        // Only a ragged last panel has columns that packing does not overwrite.
        if !columns.is_multiple_of(PANEL) {
            self.lines[lines - depth..].fill(Line([0.0; PANEL]));
        }
        (self.depth, self.columns) = (depth, columns);
    }
}

/// A matrix in a slice: rows of equal length that start `stride` numbers apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// Distance between the starts of two rows.
    pub stride: usize,
}

/// `out = lhs * rhs + bias`, where `lhs` has `rows` rows of `rhs.depth()` numbers and `out` gets
/// `rhs.columns()` numbers at every multiple of `out_stride`. An empty `bias` stands for zeros.
///
/// # Panics
/// If a slice is too short for these shapes.
pub fn multiply(
    isa: Isa,
    rows: usize,
    lhs: Rows<'_>,
    rhs: &Panels,
    bias: &[f32],
    out: &mut [f32],
    out_stride: usize,
) {
    let (depth, columns) = (rhs.depth, rhs.columns);
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(lhs.data.len() >= (rows - 1) * lhs.stride + depth, "left-hand side too short");
    assert!(out.len() >= (rows - 1) * out_stride + columns, "output too short");
    assert!(bias.is_empty() || bias.len() == columns, "bias and columns differ");
    for panel in 0..columns.div_ceil(PANEL) {
        let first = panel * PANEL;
        let width = PANEL.min(columns - first);
        let lines = &rhs.lines[panel * depth..][..depth];
        let mut start = [0.0; PANEL];
        if !bias.is_empty() {
            start[..width].copy_from_slice(&bias[first..first + width]);
        }
        let tile_rows_max = tile_rows_max(isa);
        let mut row = 0;
        while row < rows {
            let tile_rows = tile_rows_max.min(rows - row);
            let tile = Tile {
                lhs: &lhs.data[row * lhs.stride..],
                lhs_stride: lhs.stride,
                lines,
                start: &start,
                out: &mut out[row * out_stride + first..],
                out_stride,
                width,
            };
            tile.run(isa, tile_rows);
            row += tile_rows;
        }
    }
}

/// Rows of a tile: as many as leave room in the registers for one panel line and the factors,
/// which the compiler loads ahead.
fn tile_rows_max(isa: Isa) -> usize {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => 8,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 3,
        Level::Portable => 2,
    }
}

/// A few rows times one panel.
struct Tile<'a> {
    lhs: &'a [f32],
    lhs_stride: usize,
    lines: &'a [Line],
    start: &'a [f32; PANEL],
    out: &'a mut [f32],
    out_stride: usize,
    width: usize,
}

impl Tile<'_> {
    fn run(self, isa: Isa, rows: usize) {
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
            Level::Portable => match rows {
                1 => self.portable::<1>(),
                _ => self.portable::<2>(),
            },
        }
    }

    fn portable<const ROWS: usize>(self) {
        let mut sums = [*self.start; ROWS];
        for (step, line) in self.lines.iter().enumerate() {
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = self.lhs[row * self.lhs_stride + step];
                for (sum, value) in sums.iter_mut().zip(&line.0) {
                    *sum += factor * value;
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            self.out[row * self.out_stride..][..self.width].copy_from_slice(&sums[..self.width]);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! Tiles in AVX-512 and AVX2 registers.

    use std::arch::x86_64::*;

    use super::{PANEL, Tile};

    /// # Safety
    /// Needs AVX-512F, `1 <= rows <= 8`, and slices long enough for `rows` rows.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn tile_avx512(tile: Tile<'_>, rows: usize) {
        // SAFETY: the caller's promise, with `ROWS == rows`.
        unsafe {
            match rows {
                1 => avx512::<1>(tile),
                2 => avx512::<2>(tile),
                3 => avx512::<3>(tile),
                4 => avx512::<4>(tile),
                5 => avx512::<5>(tile),
                6 => avx512::<6>(tile),
                7 => avx512::<7>(tile),
                _ => avx512::<8>(tile),
            }
        }
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
        unsafe {
            match rows {
                1 => avx2::<1>(tile),
                2 => avx2::<2>(tile),
                _ => avx2::<3>(tile),
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in -1..1 from a fixed sequence.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn agrees_with_sums_in_double_precision_for_every_shape() {
        for isa in Isa::available() {
            for (rows, depth, columns) in [
                (1, 1, 1),
                (2, 5, 31),
                (3, 8, 32),
                (12, 16, 33),
                (25, 48, 96),
                (13, 7, 1),
                (5, 0, 3),
            ] {
                let (lhs_stride, out_stride) = (depth + 3, columns + 2);
                let lhs = numbers(rows * lhs_stride, 1);
                let weights = numbers(columns * depth, 2);
                let bias = numbers(columns, 3);
                let mut panels = Panels::default();
                panels.pack_transposed(&weights, depth, columns, depth);
                let mut out = vec![7.0; rows * out_stride];
                let view = Rows { data: &lhs, stride: lhs_stride };
                multiply(isa, rows, view, &panels, &bias, &mut out, out_stride);
                for row in 0..rows {
                    for column in 0..columns {
                        let want = (0..depth).fold(f64::from(bias[column]), |sum, step| {
                            sum + f64::from(lhs[row * lhs_stride + step])
                                * f64::from(weights[column * depth + step])
                        });
                        let got = f64::from(out[row * out_stride + column]);
                        assert!((got - want).abs() < 1e-5, "{isa:?} {rows}x{depth}x{columns}");
                    }
                    assert_eq!(out[row * out_stride + columns], 7.0, "wrote past the columns");
                }
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        let (rows, depth, columns) = (29, 40, 50);
        let lhs = numbers(rows * depth, 4);
        let source = numbers(depth * columns, 5);
        for isa in Isa::available() {
            let mut panels = Panels::default();
            panels.pack(&source, columns, columns, depth);
            let mut together = vec![0.0; rows * columns];
            let view = Rows { data: &lhs, stride: depth };
            multiply(isa, rows, view, &panels, &[], &mut together, columns);
            for row in 0..rows {
                let mut alone = vec![0.0; columns];
                let view = Rows { data: &lhs[row * depth..][..depth], stride: depth };
                multiply(isa, 1, view, &panels, &[], &mut alone, columns);
                assert_eq!(alone, together[row * columns..][..columns], "{isa:?} row {row}");
            }
        }
    }

    #[test]
    fn packing_again_forgets_the_matrix_before() {
        let mut panels = Panels::default();
        panels.pack(&numbers(64 * 40, 6), 40, 40, 64);
        panels.pack(&[1.0; 9], 3, 3, 3);
        let mut out = [0.0; 3];
        let view = Rows { data: &[1.0; 3], stride: 3 };
        multiply(Isa::detect(), 1, view, &panels, &[], &mut out, 3);
        assert_eq!(out, [3.0; 3]);
        assert_eq!((panels.depth(), panels.columns()), (3, 3));
    }
}
