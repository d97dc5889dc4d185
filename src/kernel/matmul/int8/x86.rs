//! Tiles of 8-bit words in AVX-512 and AVX2 registers.

use std::arch::x86_64::*;

use super::super::words::{Target, Tile, with_rows};
use super::{Columns, PANEL, Span, round_body, round_weights_body};

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn round_avx512(row: &[f32], bytes: &mut [u8]) -> Span {
    round_body(row, bytes)
}

#[target_feature(enable = "avx2")]
pub(super) fn round_avx2(row: &[f32], bytes: &mut [u8]) -> Span {
    round_body(row, bytes)
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn round_weights_avx512(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    round_weights_body(row, bytes)
}

#[target_feature(enable = "avx2")]
pub(super) fn round_weights_avx2(row: &[f32], bytes: &mut [i8]) -> (f32, i32) {
    round_weights_body(row, bytes)
}

/// # Safety
/// Needs AVX-512F and VNNI, 1 to 8 spans, and as many rows on both sides.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn tile_avx512_vnni(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2 3 4 5 6 7] 8, avx512_vnni(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_avx512_vnni`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn avx512_vnni<const ROWS: usize>(
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
        finish_avx512(&sums, spans, columns, target);
    }
}

/// # Safety
/// Needs AVX-512F and BW, 1 to 8 spans, and as many rows on both sides.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn tile_avx512_bw(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2 3 4 5 6 7] 8, avx512_bw(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_avx512_bw`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn avx512_bw<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: as in [`avx512_vnni`].
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
        finish_avx512(&sums, spans, columns, target);
    }
}

/// [`Columns::finish`] for all rows of a tile.
///
/// # Safety
/// Needs AVX-512F and a target long enough for `ROWS` rows.
#[target_feature(enable = "avx512f")]
unsafe fn finish_avx512<const ROWS: usize>(
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

/// # Safety
/// Needs AVX2 and AVX-VNNI, 1 to 3 spans, and as many rows on both sides.
#[target_feature(enable = "avx2,fma,avxvnni")]
pub(super) unsafe fn tile_avx_vnni(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1 2] 3, avx_vnni(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_avx_vnni`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx2,fma,avxvnni")]
unsafe fn avx_vnni<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    let mut sums = [[_mm256_setzero_si256(); 4]; ROWS];
    let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
    for (step, line) in tile.lines.iter().enumerate() {
        // SAFETY: as in [`avx512_vnni`].
        unsafe {
            let mut fours = [_mm256_setzero_si256(); ROWS];
            for (row, four) in fours.iter_mut().enumerate() {
                *four = _mm256_set1_epi32(*lhs.add(row * depth + step) as i32);
            }
            for part in 0..4 {
                let words = _mm256_load_si256(line.0.as_ptr().add(8 * part).cast());
                for (sums, four) in sums.iter_mut().zip(fours) {
                    sums[part] = _mm256_dpbusd_avx_epi32(sums[part], four, words);
                }
            }
        }
    }
    finish_avx2(&sums, spans, columns, target);
}

/// # Safety
/// Needs AVX2 and FMA, 1 or 2 spans, and as many rows on both sides.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile_avx2(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    // SAFETY: the caller's promise, with `ROWS == spans.len()`.
    unsafe { with_rows!(spans.len(), [1] 2, avx2(tile, spans, columns, target)) }
}

/// # Safety
/// As [`tile_avx2`], with `spans.len() == ROWS`.
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const ROWS: usize>(
    tile: Tile<'_>,
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    let lower = _mm256_set1_epi16(0xff);
    let mut sums = [[_mm256_setzero_si256(); 4]; ROWS];
    let (lhs, depth) = (tile.lhs.as_ptr(), tile.lines.len());
    for (step, line) in tile.lines.iter().enumerate() {
        // SAFETY: as in [`avx512_vnni`].
        unsafe {
            let mut factors = [[_mm256_setzero_si256(); 2]; ROWS];
            for (row, factors) in factors.iter_mut().enumerate() {
                let word = _mm256_set1_epi32(*lhs.add(row * depth + step) as i32);
                *factors = [_mm256_and_si256(word, lower), _mm256_srli_epi16::<8>(word)];
            }
            for part in 0..4 {
                let words = _mm256_load_si256(line.0.as_ptr().add(8 * part).cast());
                let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(words));
                let odd = _mm256_srai_epi16::<8>(words);
                for (sums, factors) in sums.iter_mut().zip(&factors) {
                    let first = _mm256_madd_epi16(factors[0], even);
                    let second = _mm256_madd_epi16(factors[1], odd);
                    sums[part] = _mm256_add_epi32(sums[part], _mm256_add_epi32(first, second));
                }
            }
        }
    }
    finish_avx2(&sums, spans, columns, target);
}

/// [`Columns::finish`] for all rows of a tile.
#[target_feature(enable = "avx2,fma")]
fn finish_avx2<const ROWS: usize>(
    sums: &[[__m256i; 4]; ROWS],
    spans: &[Span],
    columns: &Columns,
    target: Target<'_>,
) {
    for (row, (sums, span)) in sums.iter().zip(spans).enumerate() {
        let mut whole = [0_i32; PANEL];
        for (part, sum) in whole.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
            // SAFETY: a part is eight numbers of 32 bits, as long as a register.
            unsafe { _mm256_storeu_si256(part.as_mut_ptr().cast(), *sum) };
        }
        let out = &mut target.out[row * target.out_stride..][..target.width];
        columns.finish(span, &whole, out);
    }
}
