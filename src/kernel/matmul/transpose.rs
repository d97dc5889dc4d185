//! Packing of a panel from rows along the depth of the sums: a transposition, 16 by 16 numbers at
//! a time.

use std::ops::Range;

use super::{Line, PANEL};
use crate::kernel::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::kernel::isa::Level;

/// Side of the squares.
const SIDE: usize = 16;

/// A square of numbers, its rows aligned to a cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Square([[f32; SIDE]; SIDE]);

/// Fills the first `width` columns of a panel, one line a step, and sets the others to 0.
///
/// `read(column, steps, row)` writes the numbers of one column at `steps` to `row`, which is as
/// long as `steps`.
pub(super) fn pack(
    isa: Isa,
    lines: &mut [Line],
    width: usize,
    read: impl Fn(usize, Range<usize>, &mut [f32]),
) {
    let depth = lines.len();
    for half in [0, SIDE] {
        let mut square = Square([[0.0; SIDE]; SIDE]);
        for (block, lines) in lines.chunks_mut(SIDE).enumerate() {
            let steps = block * SIDE..depth.min((block + 1) * SIDE);
            let columns = square.0.iter_mut().take(width.saturating_sub(half));
            for (column, row) in columns.enumerate() {
                read(half + column, steps.clone(), &mut row[..steps.len()]);
            }
            let turned = transpose(isa, &square);
            for (line, row) in lines.iter_mut().zip(&turned.0) {
                line.0[half..half + SIDE].copy_from_slice(row);
            }
        }
    }
}

const _: () = assert!(PANEL == 2 * SIDE);

fn transpose(isa: Isa, square: &Square) -> Square {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` is only made where the processor has it.
        Level::Avx512 => unsafe { x86::transpose(square) },
        _ => {
            let mut turned = Square([[0.0; SIDE]; SIDE]);
            for (place, row) in turned.0.iter_mut().enumerate() {
                for (value, from) in row.iter_mut().zip(&square.0) {
                    *value = from[place];
                }
            }
            turned
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! 64 shuffles instead of 256 loads and stores.

    use std::arch::x86_64::*;

    use super::{SIDE, Square};

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_transposed_on_every_processor() {
        let mut square = Square([[0.0; SIDE]; SIDE]);
        for (place, value) in square.0.iter_mut().flatten().enumerate() {
            *value = place as f32;
        }
        for isa in Isa::available() {
            let turned = transpose(isa, &square);
            for (place, value) in turned.0.iter().flatten().enumerate() {
                assert_eq!(*value, square.0[place % SIDE][place / SIDE], "{isa:?}");
            }
        }
    }
}
