//! The rows of one segment that pass one condition, as bitmaps.

use roaring::RoaringBitmap;

use super::numbers::{NumberRange, integers_between, is_between};
use crate::date::Day;
use crate::error::Result;
use crate::format::rows::rows as bitmap_rows;
use crate::ids::Key;
use crate::segment::{NumberColumn, Segment};

/// Every row.
pub(super) fn all_rows(segment: &Segment) -> RoaringBitmap {
    let mut rows = RoaringBitmap::new();
    rows.insert_range(0..segment.rows());
    rows
}

/// Terms from which on their rows are joined as plain bits: an explosion has hundreds, and joining compressed
/// ones copies what was joined before for each.
const MANY_TERMS: usize = 16;

/// Rows that have any of some terms, by the terms' places.
pub(super) fn posting(
    segment: &Segment,
    places: impl Iterator<Item = u32>,
) -> Result<RoaringBitmap> {
    let places: Vec<u32> = places.collect();
    if places.len() < MANY_TERMS {
        let mut found = RoaringBitmap::new();
        for place in places {
            found |= segment.posting_at(place)?;
        }
        return Ok(found);
    }
    let mut bits = vec![0u8; segment.rows().div_ceil(8) as usize];
    for place in places {
        for row in bitmap_rows(&segment.posting_at(place)?) {
            if let Some(byte) = bits.get_mut(row as usize / 8) {
                *byte |= 1 << (row % 8);
            }
        }
    }
    Ok(RoaringBitmap::from_lsb0_bytes(0, &bits))
}

/// Rows whose date interval overlaps; rows without a date never match.
pub(super) fn days(segment: &Segment, from: Day, to: Day) -> Result<RoaringBitmap> {
    let (first, last) = segment.dates()?;
    let rows = first
        .iter()
        .zip(last)
        .zip(0u32..)
        .filter(|((first, last), _)| **last != 0 && **first <= to.0 && **last >= from.0)
        .map(|(_, row)| row);
    Ok(rows.collect())
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
