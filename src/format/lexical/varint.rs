//! Numbers of variable length: seven bits per byte, the lowest first; the high bit says that more follow.

use super::{Read, broken};

/// Appends a number of up to 35 bits: one byte below 128, five at most.
pub fn put(number: impl Into<u64>, out: &mut Vec<u8>) {
    let mut number = number.into();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number of up to 32 bits at `*at` and moves `*at` behind it.
///
/// # Errors
/// A number that is longer, or goes beyond the end.
#[inline]
pub fn take(bytes: &[u8], at: &mut usize) -> Read<u32> {
    let number = take_long(bytes, at)?;
    match u32::try_from(number) {
        Ok(number) => Ok(number),
        Err(_) => broken(*at, "a number has more than 32 bits"),
    }
}

/// Reads a number of up to 35 bits at `*at` and moves `*at` behind it.
#[inline]
pub(super) fn take_long(bytes: &[u8], at: &mut usize) -> Read<u64> {
    let mut number = 0u64;
    for shift in [0, 7, 14, 21, 28] {
        let Some(byte) = bytes.get(*at) else { return broken(*at, "a number goes beyond the end") };
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    broken(*at, "a number has more than five bytes")
}

/// Folds the sign into the lowest bit, so that small numbers of either sign are short.
pub(super) fn zigzag(number: i64) -> u32 {
    ((number << 1) ^ (number >> 63)) as u32
}

/// The inverse of [`zigzag`].
pub(super) fn unzigzag(number: u32) -> i64 {
    i64::from(number >> 1) ^ -i64::from(number & 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(any::<u32>(), 0..40)) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| put(*number, &mut bytes));
            let mut at = 0;
            for number in &numbers {
                prop_assert_eq!(take(&bytes, &mut at), Ok(*number));
            }
            prop_assert_eq!(at, bytes.len());
            prop_assert!(take(&bytes, &mut at).is_err());
        }

        #[test]
        fn signs_come_back(number in -0x4000_0000i64..0x4000_0000) {
            prop_assert_eq!(unzigzag(zigzag(number)), number);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let mut at = 0;
            while take(&bytes, &mut at).is_ok() {}
        }
    }
}
