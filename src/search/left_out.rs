//! Documents that a condition leaves out because they lack what it looks at.

use roaring::RoaringBitmap;

use super::program::{Program, Waived};
use crate::error::Result;
use crate::format::rows::rows;
use crate::format::terms::{FLAG_MESH, TermField};
use crate::segment::Segment;

/// Live rows that do not pass a filter and would if every condition on dates held, and have no date; and the
/// same of MeSH headings.
///
/// Cost: nothing for a filter without such a condition. Otherwise a pass over a column of 4 bytes per row or
/// one posting and, if rows without a date or heading exist, the filter once more.
pub(super) fn count(
    segment: &Segment,
    deleted: &RoaringBitmap,
    program: &Program,
    places: &[Option<u32>],
    passing: Option<&RoaringBitmap>,
) -> Result<[u64; 2]> {
    let Some(passing) = passing else { return Ok([0, 0]) };
    let left_out = |waived| -> Result<RoaringBitmap> {
        Ok(program.rows(segment, places, waived)? - deleted - passing)
    };
    let mut undated = 0;
    if program.has_dates() {
        let (_, last) = segment.dates()?;
        if last.contains(&0) {
            let is_undated = |row: &u32| last.get(*row as usize) == Some(&0);
            undated = rows(&left_out(Waived::Dates)?).filter(is_undated).count() as u64;
        }
    }
    let mut unindexed = 0;
    if program.has_headings() {
        let indexed = segment.posting(TermField::Flag, FLAG_MESH)?.unwrap_or_default();
        if indexed.len() < u64::from(segment.rows()) {
            unindexed = (left_out(Waived::Headings)? - indexed).len();
        }
    }
    Ok([undated, unindexed])
}
