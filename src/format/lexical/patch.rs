//! Packed blocks of 128 numbers whose greatest ones are patched.
//!
//! A width that fits all numbers is set by the greatest. The encoder takes the width that is cheapest and adds, for each
//! number that has more bits, its place and what stands above the width:
//!
//! ```text
//! gamma of patches + 1, then per patch: place, 7 bits; gamma of the number >> width
//! ```

// Every index is below the length of an array.
#![allow(clippy::indexing_slicing)]

use super::bits::{BitReader, BitWriter};
use super::pack::{BLOCK, pack};

/// Bits of a place in a block.
const PLACE_BITS: u32 = 7;

/// What a patch costs a reader, as bits: half the patches for 1 % more.
const PATCH_BITS: u32 = 4;

/// The width to pack a block with, 0 to 32.
pub(super) fn width_for(numbers: &[u32; BLOCK]) -> u8 {
    let mut counts = [0u32; 33];
    for number in numbers {
        counts[32 - number.leading_zeros() as usize] += 1;
    }
    let cost = |width: usize| -> u32 {
        let above = (1u32..).zip(&counts[width + 1..]);
        // The gamma code of a number of n bits has 2n - 1.
        let patches = above.map(|(bits, count)| count * (PLACE_BITS + 2 * bits - 1 + PATCH_BITS));
        width as u32 * BLOCK as u32 + patches.sum::<u32>()
    };
    (0u8..=32).min_by_key(|width| cost(usize::from(*width))).unwrap_or(32)
}

/// Appends the lowest bits of a block, and its patches to `patches`.
pub(super) fn put_block(
    numbers: &[u32; BLOCK],
    width: u8,
    out: &mut Vec<u8>,
    patches: &mut BitWriter,
) {
    let mask = ((1u64 << width) - 1) as u32;
    pack(&numbers.map(|number| number & mask), width, out);
    let above = |number: u32| u64::from(number) >> width;
    patches.gamma(numbers.iter().filter(|number| above(**number) > 0).count() as u64 + 1);
    for (place, number) in (0u64..).zip(numbers) {
        if above(*number) > 0 {
            patches.push(place, PLACE_BITS);
            patches.gamma(above(*number));
        }
    }
}

/// Reads patches into the numbers of a block; `None` for what is none, or makes a number of more than 32 bits.
#[inline]
pub(super) fn take_patches(
    reader: &mut BitReader<'_>,
    width: u8,
    numbers: &mut [u32; BLOCK],
) -> Option<()> {
    let patches = reader.gamma()? - 1;
    if patches > BLOCK as u64 {
        return None;
    }
    for _ in 0..patches {
        let (place, above) = reader.bits_and_gamma(PLACE_BITS)?;
        if above > u64::from(u32::MAX) >> width {
            return None;
        }
        numbers[place as usize % BLOCK] |= (above << width) as u32;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pack::{block_bytes, unpack};
    use super::*;

    /// Mostly small numbers, with some of any size.
    fn block() -> impl Strategy<Value = [u32; BLOCK]> {
        let number = (any::<u32>(), 0u32..=32, 0u32..=8).prop_map(|(number, large, small)| {
            let bits = if number >> 16 & 7 == 0 { large } else { small };
            (u64::from(number) & ((1 << bits) - 1)) as u32
        });
        prop::collection::vec(number, BLOCK).prop_map(|numbers| numbers.try_into().unwrap())
    }

    proptest! {
        #[test]
        fn blocks_come_back_with_every_width(numbers in block(), width in 0u8..=32) {
            for width in [width, width_for(&numbers)] {
                let (mut bytes, mut bits) = (Vec::new(), BitWriter::default());
                put_block(&numbers, width, &mut bytes, &mut bits);
                bytes.extend(bits.finish());
                let mut read = [7; BLOCK];
                unpack(&bytes, width, &mut read).unwrap();
                let mut reader = BitReader::new(&bytes[block_bytes(width)..], 0);
                prop_assert_eq!(take_patches(&mut reader, width, &mut read), Some(()));
                prop_assert!(reader.is_at_end());
                prop_assert_eq!(read, numbers);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), width in 0u8..=32) {
            let _ = take_patches(&mut BitReader::new(&bytes, 0), width, &mut [0; BLOCK]);
        }
    }

    #[test]
    fn a_few_great_numbers_do_not_widen_a_block() {
        let mut numbers = [1; BLOCK];
        numbers[5] = 1 << 20;
        assert_eq!(width_for(&numbers), 1);
        assert_eq!(width_for(&[0; BLOCK]), 0);
        assert_eq!(width_for(&[u32::MAX; BLOCK]), 32);
    }
}
