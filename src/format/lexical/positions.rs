//! The positions of a list's occurrences, as one stream of bits.

use std::ops::Range;

use super::bits::{BitReader, BitWriter, Look};
use super::decoded::Decoded;
use super::record::length_of_code;
use super::shape::{ListCoding, ListShape};
use super::{Read, broken};

/// The lowest bits of the code of a position in a field that is not ranked.
const OTHER_LOW_BITS: u32 = 3;

/// Counts below this one have their lowest bits in a table.
const TABLE_COUNTS: usize = 8;

/// [`text_low_bits`] by length code and count: a division for each row costs more than reading its positions.
// It is made when the crate is compiled.
#[allow(clippy::indexing_slicing)]
static TABLE: [[u8; TABLE_COUNTS]; 256] = {
    let mut table = [[0; TABLE_COUNTS]; 256];
    let mut length = 0;
    while length < table.len() {
        let mut count = 0;
        while count < TABLE_COUNTS {
            table[length][count] = low_bits_of(length as u8, count as u32) as u8;
            count += 1;
        }
        length += 1;
    }
    table
};

/// The lowest bits of the code of a position in the text of a row, by the code of its length and how often it has the
/// word.
///
/// Words are spread evenly: one that a text of n words has c times is n / (c + 1) words from the next. Half as many as
/// the length counts are stop words, and with a Rice code a parameter somewhat below the mean is best.
const fn low_bits_of(length: u8, count: u32) -> u32 {
    let words = length_of_code(length) as u64 * 3 / 2 / (count as u64 + 1);
    if words == 0 { 0 } else { words.ilog2() }
}

#[inline]
fn text_low_bits(length: u8, count: u32) -> u32 {
    let of_length = TABLE.get(usize::from(length));
    match of_length.and_then(|of_length| of_length.get(count as usize)) {
        Some(low) => u32::from(*low),
        None => low_bits_of(length, count),
    }
}

/// Appends the positions of the rows at some places.
pub(super) fn put_positions(
    list: &Decoded,
    places: Range<usize>,
    is_text: bool,
    coding: ListCoding<'_>,
    out: &mut BitWriter,
) {
    for (place, row) in list.rows.iter().enumerate().take(places.end).skip(places.start) {
        let positions = list.positions.get(list.range(place)).unwrap_or_default();
        let low = text_low_bits(coding.length(*row), positions.len() as u32);
        let mut last = 0;
        for position in positions {
            let delta = position.saturating_sub(last);
            last = *position;
            match is_text {
                true => out.rice(delta, low),
                false => out.golomb(delta, OTHER_LOW_BITS),
            }
        }
    }
}

/// Reads positions, row by row.
pub(super) struct PositionReader<'a, 'b> {
    bits: &'b mut BitReader<'a>,
    look: Look,
    coding: ListCoding<'b>,
    is_text: bool,
}

impl<'a, 'b> PositionReader<'a, 'b> {
    /// Starts before the first row.
    pub(super) fn new(
        bits: &'b mut BitReader<'a>,
        shape: &ListShape,
        coding: ListCoding<'b>,
    ) -> PositionReader<'a, 'b> {
        PositionReader { look: bits.look(), bits, coding, is_text: shape.is_text }
    }

    /// Hands out the positions of the next row, which has `count`.
    #[inline(always)]
    pub(super) fn row(&mut self, row: u32, count: u32, mut each: impl FnMut(u32)) -> Read<()> {
        let mut position = 0u64;
        let mut add = |delta: u32| {
            position += u64::from(delta);
            each(position as u32);
        };
        let read = match self.is_text {
            true => {
                let low = text_low_bits(self.coding.length(row), count);
                self.bits.rices(&mut self.look, low, count, add)
            }
            false => (0..count).try_for_each(|_| self.bits.golomb(OTHER_LOW_BITS).map(&mut add)),
        };
        if read.is_none() || position > u32::MAX.into() {
            let detail = "a position is cut off, or has more than 32 bits";
            return broken(self.bits.at() / 8, detail);
        }
        Ok(())
    }
}
