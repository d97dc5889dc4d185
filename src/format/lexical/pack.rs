//! Blocks of 128 numbers of equal width, in four lanes: number i lies in lane i modulo 4.
//!
//! ```text
//! word      0               1               ...
//! lane    0   1   2   3   0   1   2   3
//! bits    lowest first: numbers 0, 4, 8, ... in lane 0; 1, 5, 9, ... in lane 1
//! ```
//!
//! Four lanes advance together, so that the compiler keeps them in one vector register; the layout is that of
//! simdcomp (Lemire and Boytsov, "Decoding billions of integers per second through vectorization", 2015).

// Every index is below the length of an array whose length the entrance has checked.
#![allow(clippy::indexing_slicing)]

/// Numbers in a block.
pub(super) const BLOCK: usize = 128;

/// Bytes of a block of this width.
pub(super) fn block_bytes(width: u8) -> usize {
    usize::from(width) * 16
}

/// The width that the greatest of some numbers needs.
pub(super) fn width_of(numbers: &[u32]) -> u8 {
    let all = numbers.iter().fold(0, |all, number| all | number);
    (32 - all.leading_zeros()) as u8
}

/// Appends a block.
pub(super) fn pack(numbers: &[u32; BLOCK], width: u8, out: &mut Vec<u8>) {
    let width = usize::from(width);
    if width == 0 {
        return;
    }
    let mut words = [[0u32; 4]; 33];
    for (step, four) in numbers.chunks_exact(4).enumerate() {
        let (word, shift) = (step * width / 32, step * width % 32);
        for lane in 0..4 {
            let value = u64::from(four[lane]) << shift;
            words[word][lane] |= value as u32;
            words[word + 1][lane] |= (value >> 32) as u32;
        }
    }
    for word in &words[..width] {
        word.iter().for_each(|lane| out.extend_from_slice(&lane.to_le_bytes()));
    }
}

/// Reads a block; `None` if `bytes` is too short or the width above 32.
#[inline]
pub(super) fn unpack(bytes: &[u8], width: u8, out: &mut [u32; BLOCK]) -> Option<()> {
    let bytes = bytes.get(..block_bytes(width))?;
    macro_rules! widths {
        ($($width:literal)*) => {
            match width {
                0 => *out = [0; BLOCK],
                $($width => unpack_width::<$width>(bytes, out),)*
                _ => return None,
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
    Some(())
}

#[inline(always)]
fn unpack_width<const WIDTH: usize>(bytes: &[u8], out: &mut [u32; BLOCK]) {
    let mut words = [[0u32; 4]; WIDTH];
    for (word, four) in words.iter_mut().zip(bytes.chunks_exact(16)) {
        for (lane, bytes) in word.iter_mut().zip(four.chunks_exact(4)) {
            *lane = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
    }
    let mask = u32::MAX >> (32 - WIDTH);
    for step in 0..BLOCK / 4 {
        let (word, shift) = (step * WIDTH / 32, step * WIDTH % 32);
        for lane in 0..4 {
            let low = words[word][lane] >> shift;
            let value =
                if shift + WIDTH > 32 { low | words[word + 1][lane] << (32 - shift) } else { low };
            out[step * 4 + lane] = value & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_width_comes_back(width in 0u8..=32, seed in any::<u64>()) {
            let mask = (1u64 << width) - 1;
            let mut state = seed;
            let numbers: [u32; BLOCK] = std::array::from_fn(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 31 & mask) as u32
            });
            prop_assert!(width_of(&numbers) <= width);
            let mut bytes = vec![9];
            pack(&numbers, width, &mut bytes);
            prop_assert_eq!(bytes.len(), 1 + block_bytes(width));
            let mut read = [7; BLOCK];
            prop_assert_eq!(unpack(&bytes[1..], width, &mut read), Some(()));
            prop_assert_eq!(read, numbers);
            if width > 0 {
                prop_assert_eq!(unpack(&bytes[2..], width, &mut read), None);
            }
        }
    }

    #[test]
    fn a_width_above_32_is_refused() {
        assert_eq!(unpack(&[0; 1000], 33, &mut [0; BLOCK]), None);
    }

    /// The layout of the specification, by hand.
    #[test]
    fn lanes_lie_as_specified() {
        let mut numbers = [0; BLOCK];
        (numbers[0], numbers[1], numbers[4]) = (1, 2, 3);
        let mut bytes = Vec::new();
        pack(&numbers, 2, &mut bytes);
        assert_eq!(bytes.len(), 32);
        assert_eq!((bytes[0], bytes[4]), (1 | 3 << 2, 2));
    }
}
