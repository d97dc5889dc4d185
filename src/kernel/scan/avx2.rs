//! The scan with AVX2: the four codes of a row, which lie together, are first brought apart, so that
//! each half of a register looks into one table.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::ahead::Ahead;
use super::block::{BLOCK_ROWS, CELL_BYTES};
use super::candidates::Candidates;
use super::lookup::{Cell, LookUp};
use super::rows::{CodedRows, ScanRange};
use crate::kernel::prefetch::prefetch_lines;

/// Cells whose bytes add up to less than 2^16 in every lane: four bytes of 255 each.
const CELLS_MAX: usize = 64;

/// Sums of bytes in 16-bit lanes: of the even bytes and 256 times the odd ones, and of the odd ones.
type ByteSums = [__m256i; 2];

/// Needs AVX2 and F16C.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn fill(look_up: &mut LookUp, query: &[f32], points: &[f32], sub_dimension: usize) {
    look_up.fill(query, points, sub_dimension);
}

/// Needs AVX2 and F16C.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn scan(
    rows: &CodedRows<'_>,
    ranges: &[ScanRange],
    look_up: &LookUp,
    candidates: &mut Candidates,
) {
    let step = _mm256_set1_ps(look_up.step());
    let offset = _mm256_set1_ps(look_up.offset());
    let ask = |block| rows.soon(block, look_up).into_iter().for_each(prefetch_lines);
    let mut ahead = Ahead::new(rows, ranges, look_up, ask);
    for range in ranges {
        let bias = _mm256_set1_ps(range.bias);
        for block in range.blocks() {
            if let Some(soon) = ahead.next() {
                ask(soon);
            }
            let mask = rows.mask(block, range);
            if mask == 0 {
                continue;
            }
            let sums = sums(rows.block(block, look_up), look_up.cells());
            let scales = scales(rows.block_scales(block));
            let threshold = _mm256_set1_ps(candidates.threshold());
            let mut estimates = [0.0f32; BLOCK_ROWS];
            let mut survivors = 0;
            for half in 0..2 {
                let sums = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[half]), step);
                let scaled = _mm256_mul_ps(_mm256_add_ps(sums, offset), scales[half]);
                let eight = _mm256_add_ps(scaled, bias);
                let reach = _mm256_cmp_ps::<_CMP_NLT_UQ>(eight, threshold);
                survivors |= (_mm256_movemask_ps(reach) as u16) << (half * 8);
                // SAFETY: each half of the array has eight elements.
                unsafe { _mm256_storeu_ps(estimates.as_mut_ptr().add(half * 8), eight) };
            }
            if survivors & mask != 0 {
                candidates.push_lanes(&estimates, survivors & mask, rows.first_id(block));
            }
        }
    }
}

/// Sums of looked-up bytes: rows 0 to 7 and rows 8 to 15, one lane per row.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn sums(codes: &[u8], tables: &[Cell]) -> [__m256i; 2] {
    let (cells, _) = codes.as_chunks::<CELL_BYTES>();
    let mut sums = [_mm256_setzero_si256(); 2];
    for (cells, tables) in cells.chunks(CELLS_MAX).zip(tables.chunks(CELLS_MAX)) {
        let mut bytes = [_mm256_setzero_si256(); 2];
        for (cell, tables) in cells.iter().zip(tables) {
            let codes = transpose(cell);
            for (pair, codes) in codes.into_iter().enumerate() {
                let nibble = _mm256_set1_epi8(0x0f);
                let low = _mm256_and_si256(codes, nibble);
                let high = _mm256_and_si256(_mm256_srli_epi16::<4>(codes), nibble);
                bytes = add(bytes, _mm256_shuffle_epi8(load(tables.low(), pair), low));
                bytes = add(bytes, _mm256_shuffle_epi8(load(tables.high(), pair), high));
            }
        }
        let wide = widen(bytes);
        sums = [_mm256_add_epi32(sums[0], wide[0]), _mm256_add_epi32(sums[1], wide[1])];
    }
    sums
}

/// Half `half` of 64 bytes.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn load(bytes: &[u8; CELL_BYTES], half: usize) -> __m256i {
    // SAFETY: each half of the array has 32 bytes.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().add(half % 2 * 32).cast()) }
}

/// The codes of a cell by sub-quantizer: those of the first and second in the halves of one register,
/// of the third and fourth in those of another, rows in the order 0-3, 8-11, 4-7, 12-15.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn transpose(cell: &[u8; CELL_BYTES]) -> [__m256i; 2] {
    let by_quad = _mm256_broadcastsi128_si256(_mm_set_epi8(
        15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0,
    ));
    let first = _mm256_shuffle_epi8(load(cell, 0), by_quad);
    let second = _mm256_shuffle_epi8(load(cell, 1), by_quad);
    [
        _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_unpacklo_epi32(first, second)),
        _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_unpackhi_epi32(first, second)),
    ]
}

/// Adds bytes to their sums.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn add(sums: ByteSums, bytes: __m256i) -> ByteSums {
    let odd = _mm256_srli_epi16::<8>(bytes);
    [_mm256_add_epi16(sums[0], bytes), _mm256_add_epi16(sums[1], odd)]
}

/// The sums of both halves of the registers together, in 32 bits, rows in order.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn widen(sums: ByteSums) -> [__m256i; 2] {
    let even = _mm256_sub_epi16(sums[0], _mm256_slli_epi16::<8>(sums[1]));
    let mut wide = [_mm256_setzero_si256(); 2];
    let halves = [_mm256_unpacklo_epi16(even, sums[1]), _mm256_unpackhi_epi16(even, sums[1])];
    for (wide, half) in wide.iter_mut().zip(halves) {
        let first = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(half));
        let second = _mm256_cvtepu16_epi32(_mm256_extracti128_si256::<1>(half));
        *wide = _mm256_add_epi32(first, second);
    }
    [
        _mm256_permute2x128_si256::<0x20>(wide[0], wide[1]),
        _mm256_permute2x128_si256::<0x31>(wide[0], wide[1]),
    ]
}

/// The scales of a block's rows; zeros beyond the last row.
#[target_feature(enable = "avx2,f16c")]
#[inline]
fn scales(halves: &[u16]) -> [__m256; 2] {
    let mut padded = [0u16; BLOCK_ROWS];
    let halves = match halves.first_chunk::<BLOCK_ROWS>() {
        Some(halves) => halves,
        None => {
            padded[..halves.len()].copy_from_slice(halves);
            &padded
        }
    };
    // SAFETY: the array has sixteen elements.
    let halves = unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) };
    let high = _mm256_extracti128_si256::<1>(halves);
    [_mm256_cvtph_ps(_mm256_castsi256_si128(halves)), _mm256_cvtph_ps(high)]
}
