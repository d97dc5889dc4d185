//! Where a forger's decisions come from: a seed, or the bytes of a fuzzer.

use crate::common::Random;

/// A series of numbers.
pub struct Choices<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    Random(Random),
    Bytes(&'a [u8]),
}

impl<'a> Choices<'a> {
    /// An endless series that depends on a seed.
    pub fn seeded(seed: u64) -> Choices<'a> {
        Choices { source: Source::Random(Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))) }
    }

    /// A series that a fuzzer can change in one place: each number takes as few bytes as its range
    /// needs. Zeros follow the last byte.
    pub fn of_bytes(bytes: &'a [u8]) -> Choices<'a> {
        Choices { source: Source::Bytes(bytes) }
    }

    /// Whether the bytes are used up.
    pub fn is_spent(&self) -> bool {
        matches!(self.source, Source::Bytes([]))
    }

    fn take(&mut self, width: usize) -> u64 {
        match &mut self.source {
            Source::Random(random) => random.next(),
            Source::Bytes(bytes) => {
                let (head, rest) = bytes.split_at(width.min(bytes.len()));
                *bytes = rest;
                head.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
            }
        }
    }

    /// A number below `bound`; 0 when that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let width = if bound <= 1 << 8 { 1 } else { 2 };
        let number = self.take(width) as usize;
        number.checked_rem(bound).unwrap_or(0)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.take(8)
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).copied()
    }

    /// A number in the place of another one: a border of its type, a neighbour, one that means
    /// something here, or any.
    pub fn number(&mut self, old: u64, bits: u32, known: &[u64]) -> u64 {
        let mask = u64::MAX >> (64 - bits);
        let new = match self.below(10) {
            0 => 0,
            1 => mask,
            2 => old.wrapping_add(1),
            3 => old.wrapping_sub(1),
            4 => old ^ 1 << (self.below(bits as usize)),
            5 => mask / 2 + (self.any() & 1),
            6 => self.any(),
            _ => self.pick(known).unwrap_or(1),
        };
        new & mask
    }
}
