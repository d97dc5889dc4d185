//! Numbers of few bits, one after the other. Bits fill each byte from the lowest.
//!
//! ```text
//! gamma(n), n from 1 up    as many zeros as n has bits less one, a one, the bits below n's highest     1, 3, 5, ... bits
//! golomb(n, low)           gamma of (n >> low) + 1, then the `low` lowest bits of n                     any spread
//! rice(n, low)             n >> low zeros and a one, then the `low` lowest bits of n                    spread about 2^low
//! ```
//!
//! A Rice code whose zeros would be 24 or more has 24 zeros and the gamma code of what they lack, plus 1, in their place:
//! no number is long.

/// Zeros of a Rice code from which on the rest is a gamma code.
const RICE_ZEROS_MAX: u64 = 24;

/// Bits that one look at the bytes gives, at least.
const WINDOW_BITS: u32 = 57;

/// Writes bits.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// The bits of a byte that is not full.
    open: u64,
    open_bits: u32,
}

impl BitWriter {
    /// Appends the lowest bits of a number, 32 at most.
    pub(super) fn push(&mut self, value: u64, count: u32) {
        self.open |= (value & ((1 << count) - 1)) << self.open_bits;
        self.open_bits += count;
        while self.open_bits >= 8 {
            self.bytes.push(self.open as u8);
            self.open >>= 8;
            self.open_bits -= 8;
        }
    }

    /// Appends a number from 1 up to 2^32.
    pub(super) fn gamma(&mut self, number: u64) {
        let below = number.max(1).ilog2();
        self.push(0, below);
        self.push(1, 1);
        self.push(number, below);
    }

    /// Appends any number.
    pub(super) fn golomb(&mut self, number: u32, low: u32) {
        self.gamma((u64::from(number) >> low) + 1);
        self.push(number.into(), low);
    }

    /// Appends a number that is seldom much greater than 2^low.
    pub(super) fn rice(&mut self, number: u32, low: u32) {
        let zeros = u64::from(number) >> low;
        self.push(0, zeros.min(RICE_ZEROS_MAX) as u32);
        match zeros.checked_sub(RICE_ZEROS_MAX) {
            None => self.push(1, 1),
            Some(more) => self.gamma(more + 1),
        }
        self.push(number.into(), low);
    }

    /// The bytes; unused bits of the last are zero.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.open_bits > 0 {
            self.bytes.push(self.open as u8);
        }
        self.bytes
    }
}

/// Reads what [`BitWriter`] wrote. Behind the end come zeros, which are no number.
#[derive(Clone)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Starts at a bit.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> BitReader<'a> {
        BitReader { bytes, at }
    }

    /// At least 57 bits from here on, the next one lowest.
    #[inline]
    fn window(&self) -> u64 {
        let start = self.at / 8;
        let word = match self.bytes.get(start..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => {
                let rest = self.bytes.get(start..).unwrap_or_default();
                rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
            }
        };
        word >> (self.at % 8)
    }

    /// The next bits, 32 at most.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u64 {
        let bits = self.window() & ((1 << count) - 1);
        self.at += count as usize;
        bits
    }

    /// The next number from 1 up; `None` at the end, and for a number of more than 33 bits.
    #[inline]
    pub(super) fn gamma(&mut self) -> Option<u64> {
        self.bits_and_gamma(0).map(|(_, number)| number)
    }

    /// The next `count` bits, 7 at most, and the number behind them: both from one look at the bytes.
    #[inline]
    pub(super) fn bits_and_gamma(&mut self, count: u32) -> Option<(u64, u64)> {
        let window = self.window();
        let bits = window & ((1 << count) - 1);
        let window = window >> count;
        let below = window.trailing_zeros();
        if below > 32 {
            return None;
        }
        self.at += (count + below) as usize + 1;
        if count + 2 * below < 57 {
            self.at += below as usize;
            return Some((bits, 1 << below | (window >> (below + 1)) & ((1 << below) - 1)));
        }
        Some((bits, 1 << below | self.take(below)))
    }

    /// The next number of an exponential Golomb code; `None` also for one of more than 32 bits.
    #[inline]
    pub(super) fn golomb(&mut self, low: u32) -> Option<u32> {
        let high = self.gamma()? - 1;
        u32::try_from(high << low | self.take(low)).ok()
    }

    /// The next number of a Rice code; `None` also for one of more than 32 bits.
    #[inline]
    pub(super) fn rice(&mut self, low: u32) -> Option<u32> {
        let mut zeros = u64::from(self.window().trailing_zeros());
        if zeros < RICE_ZEROS_MAX {
            self.at += zeros as usize + 1;
        } else {
            self.at += RICE_ZEROS_MAX as usize;
            zeros = RICE_ZEROS_MAX - 1 + self.gamma()?;
            // Shifted, a greater one would lose bits.
            u32::try_from(zeros).ok()?;
        }
        u32::try_from(zeros << low | self.take(low)).ok()
    }

    /// One look at the bytes, for several short numbers.
    #[inline]
    pub(super) fn look(&self) -> Look {
        Look { window: self.window(), known: WINDOW_BITS }
    }

    /// Hands out so many numbers of a Rice code; `None` as for [`BitReader::rice`]. `look` is one of here.
    #[inline(always)]
    pub(super) fn rices(
        &mut self,
        look: &mut Look,
        low: u32,
        count: u32,
        mut each: impl FnMut(u32),
    ) -> Option<()> {
        for _ in 0..count {
            let mut zeros = look.window.trailing_zeros();
            if zeros + 1 + low > look.known {
                *look = self.look();
                zeros = look.window.trailing_zeros();
            }
            if zeros + 1 + low > look.known || u64::from(zeros) >= RICE_ZEROS_MAX {
                each(self.rice(low)?);
                *look = self.look();
                continue;
            }
            let lowest = (look.window >> (zeros + 1)) & ((1 << low) - 1);
            each(u32::try_from(u64::from(zeros) << low | lowest).ok()?);
            look.pass(self, zeros + 1 + low);
        }
        Some(())
    }

    /// The bit that comes next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Bits from here to the end.
    pub(super) fn bits_left(&self) -> u64 {
        (self.bytes.len() as u64 * 8).saturating_sub(self.at as u64)
    }

    /// Whether the bytes end here, the rest of the last one being zero.
    pub(super) fn is_at_end(&self) -> bool {
        self.at.div_ceil(8) == self.bytes.len() && (self.at.is_multiple_of(8) || self.window() == 0)
    }
}

/// The next bits of a reader, the lowest first.
pub(super) struct Look {
    window: u64,
    /// How many of them are the reader's.
    pub(super) known: u32,
}

impl Look {
    /// Goes on by bits that are known, as does the reader.
    #[inline]
    fn pass(&mut self, reader: &mut BitReader<'_>, count: u32) {
        self.window >>= count;
        self.known -= count;
        reader.at += count as usize;
    }

    /// The next gamma code if it has at most `bits`, which are known; `None` leaves the reader before it.
    #[inline]
    pub(super) fn short_gamma(&mut self, reader: &mut BitReader<'_>, bits: u32) -> Option<u64> {
        let below = self.window.trailing_zeros();
        if 2 * below + 1 > bits {
            return None;
        }
        let number = 1 << below | (self.window >> (below + 1)) & ((1 << below) - 1);
        self.pass(reader, 2 * below + 1);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of every size.
    fn numbers() -> impl Strategy<Value = Vec<(u32, u32)>> {
        let number = (any::<u32>(), 0u32..=32)
            .prop_map(|(number, bits)| (u64::from(number) & ((1 << bits) - 1)) as u32);
        prop::collection::vec((number, 0u32..=31), 0..200)
    }

    proptest! {
        #[test]
        fn numbers_come_back(numbers in numbers()) {
            let mut writer = BitWriter::default();
            for (number, low) in &numbers {
                writer.gamma(u64::from(*number) + 1);
                writer.golomb(*number, *low);
                writer.rice(*number, *low);
                writer.push(u64::from(*number), *low);
            }
            let bytes = writer.finish();
            let mut reader = BitReader::new(&bytes, 0);
            for (number, low) in numbers {
                prop_assert_eq!(reader.gamma(), Some(u64::from(number) + 1));
                prop_assert_eq!(reader.golomb(low), Some(number));
                prop_assert_eq!(reader.rice(low), Some(number));
                prop_assert_eq!(reader.take(low), u64::from(number) & ((1 << low) - 1));
            }
            prop_assert!(reader.is_at_end());
            let again = BitReader::new(&bytes, reader.at());
            prop_assert!(again.is_at_end());
            prop_assert_eq!(reader.gamma(), None);
        }

        #[test]
        fn many_numbers_come_back(numbers in numbers(), low in 0u32..=31, count in 0usize..200) {
            let mut writer = BitWriter::default();
            numbers.iter().for_each(|(number, _)| writer.rice(*number, low));
            let bytes = writer.finish();
            let (mut read, mut many) = (BitReader::new(&bytes, 0), BitReader::new(&bytes, 0));
            let count = count.min(numbers.len());
            for _ in 0..count {
                prop_assert!(read.rice(low).is_some());
            }
            let (mut look, mut found) = (many.look(), Vec::new());
            prop_assert_eq!(many.rices(&mut look, low, count as u32, |number| found.push(number)), Some(()));
            prop_assert!(found.iter().eq(numbers.iter().take(count).map(|(number, _)| number)));
            prop_assert_eq!(read.at(), many.at());
            let more = (numbers.len() - count) as u32 + 8;
            prop_assert_eq!(many.rices(&mut look, low, more, |_| ()), None);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), low in 0u32..=31) {
            let mut reader = BitReader::new(&bytes, 0);
            while reader.gamma().is_some() && reader.golomb(low).is_some() && reader.rice(low).is_some() {}
        }
    }

    /// The layout of the specification, by hand.
    #[test]
    fn codes_lie_as_specified() {
        let bytes = |write: &dyn Fn(&mut BitWriter)| {
            let mut writer = BitWriter::default();
            write(&mut writer);
            writer.finish()
        };
        // 5 is 101: two zeros, a one, then 01 with the lowest bit first.
        assert_eq!(bytes(&|writer| writer.gamma(5)), [0b0000_1100]);
        // 11 >> 2 is 2: gamma of 3, then 11.
        assert_eq!(bytes(&|writer| writer.golomb(11, 2)), [0b0001_1110]);
        // Two zeros, a one, then 11.
        assert_eq!(bytes(&|writer| writer.rice(11, 2)), [0b0001_1100]);
        // 24 zeros, then the gamma code of 24 - 24 + 1.
        assert_eq!(bytes(&|writer| writer.rice(24, 0)), [0, 0, 0, 1]);
    }
}
