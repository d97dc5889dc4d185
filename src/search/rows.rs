//! The rows of one segment that pass one condition, as bitmaps.

use roaring::RoaringBitmap;

use super::numbers::{NumberRange, integers_between, is_between};
use crate::date::Day;
use crate::error::Result;
use crate::ids::Key;
use crate::segment::{NumberColumn, Segment};

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
