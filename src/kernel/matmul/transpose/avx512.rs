//! Squares in AVX-512 registers: 64 shuffles instead of 256 loads and stores.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::square::{SIDE, Square};

#[target_feature(enable = "avx512f")]
pub(super) fn transpose(square: &Square) -> Square {
    let mut rows = [_mm512_setzero_si512(); SIDE];
    for (register, row) in rows.iter_mut().zip(&square.0) {
        // SAFETY: a row is 16 numbers, aligned to 64 bytes by `Square`.
        *register = unsafe { _mm512_load_si512(row.as_ptr().cast()) };
    }
    // Pairs of rows, then fours, within each quarter of a register.
    let mut pairs = rows;
    for at in (0..SIDE).step_by(2) {
        pairs[at] = _mm512_unpacklo_epi32(rows[at], rows[at + 1]);
        pairs[at + 1] = _mm512_unpackhi_epi32(rows[at], rows[at + 1]);
    }
    let mut fours = pairs;
    for at in (0..SIDE).step_by(4) {
        fours[at] = _mm512_unpacklo_epi64(pairs[at], pairs[at + 2]);
        fours[at + 1] = _mm512_unpackhi_epi64(pairs[at], pairs[at + 2]);
        fours[at + 2] = _mm512_unpacklo_epi64(pairs[at + 1], pairs[at + 3]);
        fours[at + 3] = _mm512_unpackhi_epi64(pairs[at + 1], pairs[at + 3]);
    }
    // fours[4 i + j], quarter q: rows 4 i .. 4 i + 4 of column 4 q + j.
    let mut turned = Square([[0.0; SIDE]; SIDE]);
    for j in 0..4 {
        let low = _mm512_shuffle_i32x4::<0x88>(fours[j], fours[4 + j]);
        let odd = _mm512_shuffle_i32x4::<0xdd>(fours[j], fours[4 + j]);
        let high = _mm512_shuffle_i32x4::<0x88>(fours[8 + j], fours[12 + j]);
        let odd_high = _mm512_shuffle_i32x4::<0xdd>(fours[8 + j], fours[12 + j]);
        let columns = [
            _mm512_shuffle_i32x4::<0x88>(low, high),
            _mm512_shuffle_i32x4::<0x88>(odd, odd_high),
            _mm512_shuffle_i32x4::<0xdd>(low, high),
            _mm512_shuffle_i32x4::<0xdd>(odd, odd_high),
        ];
        for (quarter, column) in columns.into_iter().enumerate() {
            let row = turned.0[4 * quarter + j].as_mut_ptr();
            // SAFETY: as above.
            unsafe { _mm512_store_si512(row.cast(), column) };
        }
    }
    turned
}
