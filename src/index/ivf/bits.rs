//! Sets of numbers as bits: number `n` is bit `n % 64` of word `n / 64`.

/// Bits of a word.
pub(super) const WORD_BITS: usize = u64::BITS as usize;

/// Sets bit `at`.
pub(super) fn mark(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at / WORD_BITS) {
        *word |= 1 << (at % WORD_BITS);
    }
}

/// Calls `visit` with every bit that is set, ascending.
pub(super) fn for_each_bit(words: &[u64], mut visit: impl FnMut(usize)) {
    for (at, word) in words.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            visit(at * WORD_BITS + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}
