//! Words of texts, and the words and numbers that are new in each.
//!
//! Half of the distinct words of any collection occur once, however large it is: a fixed vocabulary would flatter
//! the term dictionary. A rare word stands for a family of words without end, of which member k is met k^-s times
//! as often as the first, so that distinct words grow as a power of the number of words (Heaps' law).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use medvec::kernel::random::Random;

use super::random_of;

/// Documents that a word may be in to be a rare one.
pub(super) const RARE_MAX: u32 = 3;

/// Rarer words than this are no names of drugs or genes but pieces.
const RARE_CHARS_MIN: usize = 5;

/// How many times in a thousand a member of a family is of the next octave: 2^-1.3, so that 2.0 times as many texts have
/// 1.4 times as many words, as real ones do.
const NEXT_OCTAVE: usize = 400;

/// Octaves of a family.
const OCTAVES: u32 = 40;

/// The words of a text and where they stand: runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(char::is_alphanumeric)?;
        let length = text[start..].find(|ch: char| !ch.is_alphanumeric());
        rest = length.map_or(text.len(), |length| start + length);
        Some((start, &text[start..rest]))
    })
}

/// A word without regard to case, as a number.
pub(super) fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Takes keys that are hashes for what they are.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// In how many documents each word is.
#[derive(Default)]
pub(super) struct WordCounts(HashMap<u64, (u32, u32), BuildHasherDefault<Hashed>>);

impl WordCounts {
    /// Counts the words of document number `document`; documents come in order, from 1.
    pub(super) fn add(&mut self, document: u32, text: &str) {
        for (_, word) in words(text) {
            let (count, last) = self.0.entry(hash(word)).or_default();
            if *last != document {
                (*count, *last) = (*count + 1, document);
            }
        }
    }

    pub(super) fn of(&self, word: &str) -> u32 {
        self.0.get(&hash(word)).map_or(0, |(count, _)| *count)
    }

    /// Whether a word stands for a family of words.
    pub(super) fn is_rare(&self, word: &str) -> bool {
        word.len() >= RARE_CHARS_MIN
            && word.is_ascii()
            && word.bytes().any(|byte| byte.is_ascii_alphabetic())
            && self.of(word) <= RARE_MAX
    }
}

/// Writes a number like this one: its size stays, its last digits do not. Years, levels of significance and numbers
/// of one digit stay.
pub(super) fn number(out: &mut Vec<u8>, digits: &[u8], random: &mut Random) {
    let is_year = digits.len() == 4 && (digits.starts_with(b"19") || digits.starts_with(b"20"));
    if digits.len() < 2 || is_year || digits.starts_with(b"0.0") || random.below(3) == 0 {
        return out.extend_from_slice(digits);
    }
    out.push(digits[0]);
    let mut bits = random.bits();
    for &digit in &digits[1..] {
        out.push(if digit.is_ascii_digit() { b'0' + (bits % 10) as u8 } else { digit });
        bits /= 10;
    }
}

/// Writes a member of the family of a rare word; `other` is another rare word, chosen by a number.
pub(super) fn rare<'a>(
    out: &mut Vec<u8>,
    word: &'a [u8],
    random: &mut Random,
    other: impl Fn(u64) -> &'a [u8],
) {
    let mut octave = 0;
    while octave < OCTAVES && random.below(1000) < NEXT_OCTAVE {
        octave += 1;
    }
    if octave == 0 {
        return out.extend_from_slice(word);
    }
    let member = (1 << octave) + random.below(1 << octave) as u64;
    let family = std::str::from_utf8(word).map_or(0, hash);
    let mut random = random_of(family, 0, member);
    if word.iter().any(u8::is_ascii_digit) {
        let digit = |byte: &u8| match byte {
            b'0'..=b'9' => b'0' + random.below(10) as u8,
            byte => *byte,
        };
        return out.extend(word.iter().map(digit));
    }
    let half = |word: &[u8]| word.len().div_ceil(2);
    out.extend_from_slice(&word[..half(word)]);
    let tail = other(random.bits());
    let tail = &tail[half(tail)..];
    // The families of one head are as many as there are tails, times the letters between.
    if octave > 12 {
        out.push(b'a' + random.below(26) as u8);
    }
    out.extend(tail.iter().map(u8::to_ascii_lowercase));
}
