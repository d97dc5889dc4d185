//! Tiles of 8-bit words in AVX-512 registers.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::columns::{Columns, Span};
use super::scalar;
use crate::kernel::matmul::panel::PANEL;
use crate::kernel::matmul::words::{Target, Tile, with_rows};

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn round(row: &[f32], bytes: &mut [u8]) -> Span {
    scalar::round(row, bytes)
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn round_weights(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    scalar::round_weights(row, bytes)
}

/// # Safety
/// Needs AVX-512F and VNNI, 1 to 8 spans, and as many rows on both sides.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn tile_vnni(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2 3 4 5 6 7] 8, vnni_rows(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_vnni`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn vnni_rows<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: lines are 32 words each; row `r < ROWS` has `lines.len()` words.
    unsafe {
        let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
        let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
        for (step, line) in tile.lines.iter().enumerate() {
            let low = _mm512_load_si512(line.0.as_ptr().cast());
            let high = _mm512_load_si512(line.0.as_ptr().add(16).cast());
            for (row, sums) in sums.iter_mut().enumerate() {
                let four = _mm512_set1_epi32(*lhs.add(row * depth + step) as i32);
                sums[0] = _mm512_dpbusd_epi32(sums[0], four, low);
                sums[1] = _mm512_dpbusd_epi32(sums[1], four, high);
            }
        }
        finish(&sums, spans, columns, target);
    }
}

/// # Safety
/// Needs AVX-512F and BW, 1 to 8 spans, and as many rows on both sides.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn tile_bw(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2 3 4 5 6 7] 8, bw_rows(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_bw`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn bw_rows<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: as in [`vnni_rows`].
    unsafe {
        let lower = _mm512_set1_epi16(0xff);
        let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
        let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
        for (step, line) in tile.lines.iter().enumerate() {
            let words = [0, 16].map(|at| _mm512_load_si512(line.0.as_ptr().add(at).cast()));
            let evens = words.map(|words| _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(words)));
            let odds = words.map(|words| _mm512_srai_epi16::<8>(words));
            for (row, sums) in sums.iter_mut().enumerate() {
                let word = _mm512_set1_epi32(*lhs.add(row * depth + step) as i32);
                let (even, odd) = (_mm512_and_si512(word, lower), _mm512_srli_epi16::<8>(word));
                for (half, sum) in sums.iter_mut().enumerate() {
                    let first = _mm512_madd_epi16(even, evens[half]);
                    let second = _mm512_madd_epi16(odd, odds[half]);
                    *sum = _mm512_add_epi32(*sum, _mm512_add_epi32(first, second));
                }
            }
        }
        finish(&sums, spans, columns, target);
    }
}

/// [`Columns::finish`] for all rows of a tile.
///
/// # Safety
/// Needs AVX-512F and a target long enough for `ROWS` rows.
#[target_feature(enable = "avx512f")]
unsafe fn finish<const ROWS: usize>(
    sums: &[[__m512i; 2]; ROWS],
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    let mask = u32::MAX >> (PANEL - target.width);
    for half in 0..2 {
        // SAFETY: what belongs to columns is 32 numbers; row `row` of the target is there, and the
        // masks keep stores inside `width`.
        unsafe {
            let part = |of: &[f32; PANEL]| _mm512_loadu_ps(of.as_ptr().add(16 * half));
            let (scale, sum, bias) =
                (part(&columns.scales), part(&columns.sums), part(&columns.bias));
            for (row, (sums, span)) in sums.iter().zip(spans).enumerate() {
                let product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[half]), scale);
                let least = _mm512_fmadd_ps(_mm512_set1_ps(span.least), sum, bias);
                let whole = _mm512_fmadd_ps(product, _mm512_set1_ps(span.scale), least);
                let out = target.out.as_mut_ptr().add(row * target.out_stride);
                let mask = (mask >> (16 * half)) as u16;
                _mm512_mask_storeu_ps(out.wrapping_add(16 * half), mask, whole);
            }
        }
    }
}
