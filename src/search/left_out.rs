//! Documents that a condition leaves out because they lack what it looks at.

use std::sync::OnceLock;

use roaring::RoaringBitmap;

use super::evaluate::Evaluation;
use super::program::{Program, Waived};
use super::row_set::all_but;
use crate::error::Result;
use crate::format::terms::{FLAG_MESH, TermField};
use crate::segment::Segment;

/// Rows of a segment that lack what conditions look at, each found when it is first needed.
#[derive(Default)]
pub(super) struct LackingRows {
    dates: OnceLock<RoaringBitmap>,
    headings: OnceLock<RoaringBitmap>,
}

impl LackingRows {
    /// Rows without a date. Cost: once, a pass over a column of 4 bytes per row.
    fn dates(&self, segment: &Segment) -> Result<&RoaringBitmap> {
        if let Some(known) = self.dates.get() {
            return Ok(known);
        }
        let (_, last) = segment.dates()?;
        let undated = (0u32..).zip(last).filter(|(_, day)| **day == 0).map(|(row, _)| row);
        Ok(self.dates.get_or_init(|| undated.collect()))
    }

    /// Rows without a MeSH heading. Cost: once, a posting.
    fn headings(&self, segment: &Segment) -> Result<&RoaringBitmap> {
        if let Some(known) = self.headings.get() {
            return Ok(known);
        }
        let indexed = segment.posting(TermField::Flag, FLAG_MESH)?.unwrap_or_default();
        Ok(self.headings.get_or_init(|| all_but(segment, &indexed)))
    }
}

/// Those that lack what conditions of one program look at.
pub(super) struct Lacking<'a> {
    dates: Option<&'a RoaringBitmap>,
    headings: Option<&'a RoaringBitmap>,
}

impl<'a> Lacking<'a> {
    /// Nothing for a program without such conditions.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn new(
        rows: &'a LackingRows,
        segment: &Segment,
        program: &Program,
    ) -> Result<Lacking<'a>> {
        let dates = program.has_dates().then(|| rows.dates(segment)).transpose()?;
        let headings = program.has_headings().then(|| rows.headings(segment)).transpose()?;
        let any = |rows: Option<&'a RoaringBitmap>| rows.filter(|rows| !rows.is_empty());
        Ok(Lacking { dates: any(dates), headings: any(headings) })
    }

    /// Live rows that do not pass and would if every condition on dates held, and have no date; and the same of MeSH
    /// headings. Cost: where there are any, the program once more, but for what is remembered.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn left_out(
        &self,
        evaluation: &Evaluation<'_>,
        deleted: &RoaringBitmap,
        passing: &RoaringBitmap,
    ) -> Result<[u64; 2]> {
        let count = |waived, lacking: Option<&RoaringBitmap>| -> Result<u64> {
            let Some(lacking) = lacking else { return Ok(0) };
            let mut left = lacking - passing;
            if !deleted.is_empty() {
                left -= deleted;
            }
            Ok(evaluation.rows(waived)?.intersection_len(&left))
        };
        Ok([count(Waived::Dates, self.dates)?, count(Waived::Headings, self.headings)?])
    }
}
