//! Packing of a panel, and the choice of a variant.

#![allow(unsafe_code)]

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::scalar;
use super::square::{SIDE, Square};
use crate::kernel::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::kernel::isa::Level;
use crate::kernel::matmul::panel::{Line, PANEL};

/// Fills the first `width` columns of a panel, one line a step, and sets the others to 0.
///
/// `read(column, steps, row)` writes the numbers of one column at `steps` to `row`, which is as
/// long as `steps`.
pub(in crate::kernel::matmul) fn pack(
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
        Level::Avx512 => unsafe { avx512::transpose(square) },
        _ => scalar::transpose(square),
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
