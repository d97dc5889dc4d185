//! The rows of one segment that pass one condition, as bitmaps.

use roaring::RoaringBitmap;

use super::numbers::{NumberRange, integers_between, is_between};
use super::row_set::RowSet;
use crate::date::Day;
use crate::error::Result;
use crate::ids::Key;
use crate::segment::{NumberColumn, Segment};

/// Rows whose date interval overlaps; rows without a date never match. Cost: two columns of 4 bytes per row.
pub(super) fn days(segment: &Segment, from: Day, to: Day) -> Result<RowSet> {
    let (first, last) = segment.dates()?;
    let (from, to) = (from.0, to.0);
    // Without a jump: dates follow no order, so that a processor would guess every other one wrong.
    let passes = |first: u32, last: u32| (last != 0) & (first <= to) & (last >= from);
    let byte = |first: &[u32], last: &[u32]| {
        let mut flags = [0; 8];
        for (flag, (first, last)) in flags.iter_mut().zip(first.iter().zip(last)) {
            *flag = passes(*first, *last).into();
        }
        packed(flags)
    };
    let ((first, first_rest), (last, last_rest)) = (first.as_chunks::<8>(), last.as_chunks::<8>());
    let mut bits: Vec<u8> = Vec::with_capacity(first.len() + 1);
    bits.extend(first.iter().zip(last).map(|(first, last)| byte(first, last)));
    if !first_rest.is_empty() {
        bits.push(byte(first_rest, last_rest));
    }
    Ok(RowSet::of_bits(segment.rows(), bits))
}

/// Eight flags, each 0 or 1, as bits: the product moves flag `i` to bit `56 + i`.
fn packed(flags: [u8; 8]) -> u8 {
    (u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Rows whose number passes.
fn rows_where<T: Copy>(column: &NumberColumn<'_, T>, test: impl Fn(T) -> bool) -> RoaringBitmap {
    let pairs = column.rows.iter().zip(column.values);
    pairs.filter(|(_, value)| test(**value)).map(|(row, _)| *row).collect()
}

/// Rows that have one of these keys.
pub(super) fn keyed(segment: &Segment, keys: &[Key]) -> Result<RoaringBitmap> {
    let mut rows = RoaringBitmap::new();
    for key in keys {
        rows.extend(segment.find(key)?.map(|row| row.0));
    }
    Ok(rows)
}

/// Rows whose number in a free field lies in a range. Cost: a pass over the field's columns.
pub(super) fn numbers(segment: &Segment, name: &str, range: &NumberRange) -> Result<RoaringBitmap> {
    let mut found = RoaringBitmap::new();
    match range {
        NumberRange::Integers { from, to } => {
            if let Some(column) = segment.integers(name)? {
                found |= rows_where(&column, |value| (*from..=*to).contains(&value));
            }
            if let Some(column) = segment.floats(name)? {
                found |= rows_where(&column, |value| is_between(value, *from, *to));
            }
        }
        NumberRange::Floats { from, to } => {
            if let Some(column) = segment.floats(name)? {
                found |= rows_where(&column, |value| (*from..=*to).contains(&value));
            }
            if let Some(column) = segment.integers(name)?
                && let Some((from, to)) = integers_between(*from, *to)
            {
                found |= rows_where(&column, |value| (from..=to).contains(&value));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_packed_in_their_order() {
        for byte in 0..=u8::MAX {
            assert_eq!(packed(std::array::from_fn(|place| byte >> place & 1)), byte);
        }
    }
}
