//! Documents that a condition on dates leaves out because they have none.

use roaring::RoaringBitmap;

use super::program::{Dates, Program};
use crate::error::Result;
use crate::format::rows::rows;
use crate::segment::Segment;

/// Live rows without a date that do not pass a filter and would if every condition on dates held.
///
/// Cost: nothing for a filter without such a condition. Otherwise a pass over a column of 4 bytes per row
/// and, if rows without a date exist, the filter once more and a walk over the rows that it leaves out.
pub(super) fn count(
    segment: &Segment,
    deleted: &RoaringBitmap,
    program: &Program,
    places: &[Option<u32>],
    passing: Option<&RoaringBitmap>,
) -> Result<u64> {
    let Some(passing) = passing.filter(|_| program.has_dates()) else { return Ok(0) };
    let (_, last) = segment.dates()?;
    if !last.contains(&0) {
        return Ok(0);
    }
    let left_out = program.rows(segment, places, Dates::Ignored)? - deleted - passing;
    let is_undated = |row: &u32| last.get(*row as usize) == Some(&0);
    Ok(rows(&left_out).filter(is_undated).count() as u64)
}
