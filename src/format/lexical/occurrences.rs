//! The forms and the positions of a list's occurrences, as streams of bits.

use super::bits::{BitReader, BitWriter};
use super::decoded::Decoded;
use super::record::length_of_code;
use super::shape::{ListCoding, ListShape};
use super::{Read, broken};

/// Occurrences of the most frequent form that one number counts: so a list in memory stays in proportion to its bytes.
const RUN_MAX: u32 = 64;

/// The lowest bits of the code of a position in a field that is not ranked.
const OTHER_LOW_BITS: u32 = 3;

/// The lowest bits of the code of a position in the text of a row, by the code of its length and how often it has the
/// word.
///
/// Words are spread evenly: one that a text of n words has c times is n / (c + 1) words from the next. Half as many as
/// the length counts are stop words, and with a Rice code a parameter somewhat below the mean is best.
fn text_low_bits(length: u8, count: u32) -> u32 {
    let words = u64::from(length_of_code(length)) * 3 / 2;
    (words / (u64::from(count) + 1)).max(1).ilog2()
}

/// Appends the forms, most of which are 0: runs of those, and what is between them.
pub(super) fn put_forms(forms: &[u32], out: &mut BitWriter) {
    let mut run = 0;
    for form in forms {
        if *form == 0 {
            run += 1;
            if run == RUN_MAX {
                out.gamma(u64::from(run) + 1);
                run = 0;
            }
        } else {
            out.gamma(u64::from(run) + 1);
            out.gamma((*form).into());
            run = 0;
        }
    }
    if run > 0 {
        out.gamma(u64::from(run) + 1);
    }
}

/// Appends `count` forms of `known`.
pub(super) fn take_forms(
    reader: &mut BitReader<'_>,
    known: u32,
    count: u32,
    forms: &mut Vec<u32>,
) -> Read<()> {
    let mut left = count;
    while left > 0 {
        let run = reader.gamma().and_then(|run| u32::try_from(run - 1).ok());
        let Some(run) = run.filter(|run| *run <= RUN_MAX.min(left)) else {
            return broken(reader.at() / 8, "a run of forms is too long, or cut off");
        };
        forms.resize(forms.len() + run as usize, 0);
        left -= run;
        if run < RUN_MAX && left > 0 {
            let form = reader.gamma().and_then(|form| u32::try_from(form).ok());
            let Some(form) = form.filter(|form| *form < known) else {
                return broken(reader.at() / 8, format!("no form of {known}"));
            };
            forms.push(form);
            left -= 1;
        }
    }
    Ok(())
}

/// Appends the positions of all rows.
pub(super) fn put_positions(
    list: &Decoded,
    is_text: bool,
    coding: ListCoding<'_>,
    out: &mut BitWriter,
) {
    for (place, row) in list.rows.iter().enumerate() {
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

/// Reads the positions of all rows into a list that has rows and ends.
pub(super) fn take_positions(
    reader: &mut BitReader<'_>,
    shape: &ListShape,
    coding: ListCoding<'_>,
    out: &mut Decoded,
) -> Read<()> {
    let Decoded { rows, ends, positions, .. } = out;
    let mut start = 0;
    for (row, end) in rows.iter().zip(ends) {
        let count = *end - start;
        start = *end;
        let low = text_low_bits(coding.length(*row), count);
        let mut position = 0u32;
        for _ in 0..count {
            let delta = match shape.is_text {
                true => reader.rice(low),
                false => reader.golomb(OTHER_LOW_BITS),
            };
            let Some(next) = delta.and_then(|delta| position.checked_add(delta)) else {
                return broken(reader.at() / 8, "a position is cut off, or has more than 32 bits");
            };
            position = next;
            positions.push(position);
        }
    }
    Ok(())
}
