//! The scan with NEON: one table of 64 bytes is looked up by one instruction (`tbl` of four
//! registers).

#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::block::{BLOCK_ROWS, CELL_BYTES};
use super::candidates::Candidates;
use super::lookup::{Cell, LookUp};
use super::rows::{CodedRows, ScanRange};
use crate::kernel::score::neon::widen;

/// Rows of a register of 32-bit sums.
const QUARTER: usize = BLOCK_ROWS / 4;

/// Runs on every AArch64.
#[target_feature(enable = "neon")]
pub(super) fn fill(look_up: &mut LookUp, query: &[f32], points: &[f32], sub_dimension: usize) {
    look_up.fill(query, points, sub_dimension);
}

/// Runs on every AArch64.
#[target_feature(enable = "neon")]
pub(super) fn scan(
    rows: &CodedRows<'_>,
    ranges: &[ScanRange],
    look_up: &LookUp,
    candidates: &mut Candidates,
) {
    let step = vdupq_n_f32(look_up.step());
    let offset = vdupq_n_f32(look_up.offset());
    for range in ranges {
        for block in range.blocks() {
            let mask = rows.mask(block, range);
            if mask == 0 {
                continue;
            }
            let sums = sums(rows.block(block, look_up), look_up.cells());
            let mut scales = [0u16; BLOCK_ROWS];
            let block_scales = rows.block_scales(block);
            scales[..block_scales.len()].copy_from_slice(block_scales);
            let (scales, _) = scales.as_chunks::<QUARTER>();
            let threshold = vdupq_n_f32(candidates.threshold());
            let mut estimates = [0.0f32; BLOCK_ROWS];
            let mut survivors = 0;
            for quarter in 0..4 {
                // SAFETY: a quarter has four elements.
                let scale = widen(unsafe { vld1_u16(scales[quarter].as_ptr()) });
                let products = vaddq_f32(vmulq_f32(vcvtq_f32_u32(sums[quarter]), step), offset);
                let four = vaddq_f32(vmulq_f32(products, scale), vdupq_n_f32(range.bias));
                survivors |= lanes(vmvnq_u32(vcltq_f32(four, threshold))) << (quarter * QUARTER);
                // SAFETY: each quarter of the array has four elements.
                unsafe { vst1q_f32(estimates.as_mut_ptr().add(quarter * QUARTER), four) };
            }
            if survivors & mask != 0 {
                candidates.push_lanes(&estimates, survivors & mask, rows.first_id(block));
            }
        }
    }
}

/// Sums of looked-up bytes, one lane per row.
#[target_feature(enable = "neon")]
#[inline]
fn sums(codes: &[u8], tables: &[Cell]) -> [uint32x4_t; 4] {
    let nibble = vdupq_n_u8(0x0f);
    // Byte s of a row's four looks into table s, which starts at entry 16 s.
    let table = vreinterpretq_u8_u32(vdupq_n_u32(0x3020_1000));
    let mut sums = [vdupq_n_u32(0); 4];
    for (cell, tables) in codes.as_chunks::<CELL_BYTES>().0.iter().zip(tables) {
        // SAFETY: both arrays have 64 bytes.
        let (low_tables, high_tables) =
            unsafe { (vld1q_u8_x4(tables.low().as_ptr()), vld1q_u8_x4(tables.high().as_ptr())) };
        for (quarter, sum) in sums.iter_mut().enumerate() {
            // SAFETY: each quarter of the array has sixteen bytes.
            let codes = unsafe { vld1q_u8(cell.as_ptr().add(quarter * 16)) };
            let low = vqtbl4q_u8(low_tables, vbslq_u8(nibble, codes, table));
            let high = vqtbl4q_u8(high_tables, vsriq_n_u8::<4>(table, codes));
            *sum = vpadalq_u16(*sum, vpadalq_u8(vpaddlq_u8(low), high));
        }
    }
    sums
}

/// One bit per lane.
#[target_feature(enable = "neon")]
#[inline]
fn lanes(lanes: uint32x4_t) -> u16 {
    const BITS: [u32; QUARTER] = [1, 2, 4, 8];
    // SAFETY: the array has four elements.
    vaddvq_u32(vandq_u32(lanes, unsafe { vld1q_u32(BITS.as_ptr()) })) as u16
}
