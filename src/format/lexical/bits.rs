//! Elias' gamma code for the forms of a stem: 1 bit for the most frequent form, 3 for the next two, 5 for four more.
//!
//! Bits fill each byte from the lowest. A number n from 1 up is written as the length of its binary form less one in
//! zeros, a one, and the bits below its highest.

/// Writes bits.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    bits: usize,
}

impl BitWriter {
    /// Bits so far.
    pub(super) fn len(&self) -> usize {
        self.bits
    }

    /// Appends a number from 1 up.
    pub(super) fn put(&mut self, number: u32) {
        let below = 31 - number.max(1).leading_zeros();
        self.push(0, below);
        self.push(1, 1);
        self.push(number & ((1 << below) - 1), below);
    }

    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (self.bits % 8);
            }
            self.bits += 1;
        }
    }

    /// The bytes; unused bits of the last are zero.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what [`BitWriter`] wrote.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Starts at a bit.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> BitReader<'a> {
        BitReader { bytes, at }
    }

    /// Up to 57 bits from here on in the lowest bits; zeros behind the end.
    #[inline]
    fn window(&self) -> u64 {
        let start = self.at / 8;
        let word = match self.bytes.get(start..start + 8).and_then(|bytes| bytes.first_chunk()) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => {
                let rest = self.bytes.get(start..).unwrap_or_default();
                rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
            }
        };
        word >> (self.at % 8)
    }

    /// The next number; `None` at the end, and for a number of more than 17 bits.
    #[inline]
    pub(super) fn take(&mut self) -> Option<u32> {
        let window = self.window();
        let below = window.trailing_zeros();
        if below > 16 {
            return None;
        }
        let rest = (window >> (below + 1)) as u32 & ((1 << below) - 1);
        self.at += 2 * below as usize + 1;
        Some(1 << below | rest)
    }

    /// The bit that comes next.
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(1u32..1 << 17, 0..200)) {
            let mut writer = BitWriter::default();
            let mut places = Vec::new();
            for number in &numbers {
                places.push(writer.len());
                writer.put(*number);
            }
            let end = writer.len();
            let bytes = writer.finish();
            prop_assert_eq!(bytes.len(), end.div_ceil(8));
            let mut reader = BitReader::new(&bytes, 0);
            for (number, place) in numbers.iter().zip(places) {
                prop_assert_eq!(reader.at(), place);
                prop_assert_eq!(BitReader::new(&bytes, place).take(), Some(*number));
                prop_assert_eq!(reader.take(), Some(*number));
            }
            prop_assert_eq!(reader.take(), None);
        }
    }
}
