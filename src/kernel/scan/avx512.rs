//! The scan with AVX-512 VBMI and VNNI: one register looks up four codes of sixteen rows.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::ahead::Ahead;
use super::block::{BLOCK_ROWS, CELL_BYTES};
use super::candidates::Candidates;
use super::lookup::{Cell, LookUp};
use super::rows::{CodedRows, ScanRange};
use crate::kernel::prefetch::prefetch_lines;

/// Needs AVX-512 F, BW, DQ, VL, VNNI and VBMI.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")]
pub(super) fn scan(
    rows: &CodedRows<'_>,
    ranges: &[ScanRange],
    look_up: &LookUp,
    candidates: &mut Candidates,
) {
    let step = _mm512_set1_ps(look_up.step());
    let offset = _mm512_set1_ps(look_up.offset());
    // A block that one range ends in and the next begins in is summed once.
    let (mut summed, mut products) = (usize::MAX, _mm512_setzero_ps());
    let ask = |block| rows.soon(block, look_up).into_iter().for_each(prefetch_lines);
    let mut ahead = Ahead::new(rows, ranges, look_up, ask);
    for range in ranges {
        let bias = _mm512_set1_ps(range.bias);
        for block in range.blocks() {
            if let Some(soon) = ahead.next() {
                ask(soon);
            }
            let mask = rows.mask(block, range);
            if mask == 0 {
                continue;
            }
            if block != summed {
                let sums = _mm512_cvtepi32_ps(sums(rows.block(block, look_up), look_up.cells()));
                (summed, products) = (block, _mm512_add_ps(_mm512_mul_ps(sums, step), offset));
            }
            let scaled = _mm512_mul_ps(products, widen(rows.block_scales(block)));
            let estimates = _mm512_add_ps(scaled, bias);
            let threshold = _mm512_set1_ps(candidates.threshold());
            let survivors = _mm512_mask_cmp_ps_mask::<_CMP_NLT_UQ>(mask, estimates, threshold);
            // Without asking whether there are any: a branch would be mispredicted too often.
            push(candidates, survivors, estimates, rows.first_id(block));
        }
    }
}

/// Sums of looked-up bytes, one lane per row. Four registers of sums hide the latency of an addition.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")]
#[inline]
fn sums(codes: &[u8], tables: &[Cell]) -> __m512i {
    let (cells, _) = codes.as_chunks::<CELL_BYTES>();
    let (cell_pairs, last_cell) = cells.as_chunks::<2>();
    let (table_pairs, last_tables) = tables.as_chunks::<2>();
    let mut sums = [_mm512_setzero_si512(); 4];
    for (cells, tables) in cell_pairs.iter().zip(table_pairs) {
        [sums[0], sums[1]] = add_cell([sums[0], sums[1]], &cells[0], &tables[0]);
        [sums[2], sums[3]] = add_cell([sums[2], sums[3]], &cells[1], &tables[1]);
    }
    for (cell, tables) in last_cell.iter().zip(last_tables) {
        [sums[0], sums[1]] = add_cell([sums[0], sums[1]], cell, tables);
    }
    let low = _mm512_add_epi32(sums[0], sums[2]);
    _mm512_add_epi32(low, _mm512_add_epi32(sums[1], sums[3]))
}

/// Adds what the low and the high nibbles of a cell name.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")]
#[inline]
fn add_cell(sums: [__m512i; 2], codes: &[u8; CELL_BYTES], tables: &Cell) -> [__m512i; 2] {
    // SAFETY: all three arrays have 64 bytes.
    let (codes, low_tables, high_tables) = unsafe {
        (
            _mm512_loadu_si512(codes.as_ptr().cast()),
            _mm512_loadu_si512(tables.low().as_ptr().cast()),
            _mm512_loadu_si512(tables.high().as_ptr().cast()),
        )
    };
    let nibble = _mm512_set1_epi8(0x0f);
    // Byte s of a row's four looks into table s, which starts at entry 16 s.
    let table = _mm512_set1_epi32(0x3020_1000);
    let ones = _mm512_set1_epi8(1);
    // (codes & nibble) | table
    let low = _mm512_ternarylogic_epi32::<0xea>(codes, nibble, table);
    let high = _mm512_ternarylogic_epi32::<0xea>(_mm512_srli_epi16::<4>(codes), nibble, table);
    let low = _mm512_permutexvar_epi8(low, low_tables);
    let high = _mm512_permutexvar_epi8(high, high_tables);
    [_mm512_dpbusd_epi32(sums[0], low, ones), _mm512_dpbusd_epi32(sums[1], high, ones)]
}

/// The scales of a block's rows; zeros beyond the last row.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")]
#[inline]
fn widen(scales: &[u16]) -> __m512 {
    let mask = (1u32 << scales.len().min(BLOCK_ROWS)) - 1;
    // SAFETY: a masked load touches only the elements of its mask, of which there are that many.
    _mm512_cvtph_ps(unsafe { _mm256_maskz_loadu_epi16(mask as u16, scales.as_ptr().cast()) })
}

/// Moves the survivors to the front of two registers and those to the candidates.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")]
#[inline]
fn push(candidates: &mut Candidates, survivors: u16, estimates: __m512, first_id: u32) {
    let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let ids = _mm512_add_epi32(_mm512_set1_epi32(first_id as i32), lanes);
    let (to_estimates, to_ids) = candidates.room();
    // Compressing into a register and storing all of it: compressing stores are slow on AMD.
    // SAFETY: both arrays have sixteen elements.
    unsafe {
        let estimates = _mm512_maskz_compress_ps(survivors, estimates);
        _mm512_storeu_ps(to_estimates.as_mut_ptr(), estimates);
        let ids = _mm512_maskz_compress_epi32(survivors, ids);
        _mm512_storeu_si512(to_ids.as_mut_ptr().cast(), ids);
    }
    candidates.advance(survivors.count_ones() as usize);
}
