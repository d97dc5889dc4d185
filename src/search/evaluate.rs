//! The rows of one segment that pass a program.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::program::{Condition, Joint, Program, Step, Waived};
use super::remembered::{Costly, RememberedRows};
use super::row_set::{RowSet, all_but, all_rows};
use super::rows::{days, keyed, numbers, posting};
use super::text;
use crate::error::Result;
use crate::segment::Segment;

/// Terms of a condition from which on its rows are remembered.
const MANY_TERMS: usize = 16;

/// Evaluates a program in one segment.
pub(super) struct Evaluation<'a> {
    pub(super) segment: &'a Segment,
    pub(super) program: &'a Program,
    /// The places of [`Program::terms`] in the segment.
    pub(super) places: &'a [Option<u32>],
    pub(super) remembered: &'a RememberedRows,
}

impl Evaluation<'_> {
    /// The rows that pass, deleted ones included.
    ///
    /// Cost: one posting or sorted column per condition; date ranges scan two columns of 4 bytes per row; words
    /// and many terms read theirs unless they are remembered. Memory: the rows of each open group, and groups of one kind inside each other are
    /// one.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn rows(&self, waived: Waived) -> Result<RoaringBitmap> {
        let (program, segment) = (self.program, self.segment);
        let mut open: Vec<Open> = Vec::new();
        let mut next = 0;
        loop {
            let mut part = match (program.step(next), open.last_mut()) {
                (Some(Step::Group { joint, end }), _) => {
                    open.push(Open { end: *end, gathered: Gathered::new(*joint, segment) });
                    next += 1;
                    continue;
                }
                (
                    Some(Step::Condition(condition)),
                    Some(Open { gathered: Gathered::Or(found), .. }),
                ) => {
                    self.add(condition, waived, found)?;
                    None
                }
                (Some(Step::Condition(condition)), _) => Some(self.condition(condition, waived)?),
                // Only the empty program, for every group has a part.
                (None, _) => Some(all_rows(segment)),
            };
            next += 1;
            // Hands the rows to the group that they are part of and, where that is the last part, the group's
            // rows to the one around it.
            loop {
                let Some(group) = open.last_mut() else { return Ok(part.unwrap_or_default()) };
                if let Some(rows) = part.take() {
                    group.gathered.add(rows, segment);
                }
                if next < group.end && !group.gathered.is_decided() {
                    break;
                }
                next = group.end;
                part = open.pop().map(|group| group.gathered.finish());
            }
        }
    }

    fn condition(&self, condition: &Condition, waived: Waived) -> Result<RoaringBitmap> {
        let segment = self.segment;
        Ok(match condition {
            Condition::Everything => all_rows(segment),
            Condition::Days { .. } if waived == Waived::Dates => all_rows(segment),
            Condition::Headings(_) if waived == Waived::Headings => all_rows(segment),
            Condition::Nothing => RoaringBitmap::new(),
            Condition::Terms(_) | Condition::Headings(_) | Condition::Words(..) => {
                let mut found = RowSet::new(segment.rows());
                self.add(condition, waived, &mut found)?;
                found.finish()
            }
            Condition::Days { from, to } => days(segment, *from, *to)?,
            Condition::Keys(keys) => keyed(segment, keys)?,
            Condition::Numbers { field, range } => numbers(segment, field, range)?,
        })
    }

    /// Adds the rows of a condition to those of others.
    fn add(&self, condition: &Condition, waived: Waived, found: &mut RowSet) -> Result<()> {
        match condition {
            Condition::Headings(_) if waived == Waived::Headings => {
                found.add_bitmap(&all_rows(self.segment));
            }
            Condition::Terms(range) | Condition::Headings(range) => {
                let places = self.places.get(range.clone()).unwrap_or_default();
                let places: Vec<u32> = places.iter().copied().flatten().collect();
                if places.len() < MANY_TERMS {
                    return posting(self.segment, &places, found);
                }
                let find = |rows: &mut RowSet| posting(self.segment, &places, rows);
                found.add_bitmap(&*self.costly(Costly::Terms(places.clone()), find)?);
            }
            Condition::Words(filter, pattern) => {
                let find = |rows: &mut RowSet| {
                    text::matching(self.segment, filter, pattern, &mut |some| rows.add(some))
                };
                found.add_bitmap(&*self.costly(Costly::Words(filter.clone()), find)?);
            }
            _ => found.add_bitmap(&self.condition(condition, waived)?),
        }
        Ok(())
    }

    /// The rows of a condition: remembered, or found.
    fn costly(
        &self,
        condition: Costly,
        find: impl FnOnce(&mut RowSet) -> Result<()>,
    ) -> Result<Arc<RoaringBitmap>> {
        self.remembered.of(self.segment, condition, || {
            let mut rows = RowSet::new(self.segment.rows());
            find(&mut rows)?;
            Ok(rows.finish())
        })
    }
}

/// A group of which some parts are evaluated.
struct Open {
    end: usize,
    gathered: Gathered,
}

/// The rows of the parts of a group, joined.
enum Gathered {
    And(Option<RoaringBitmap>),
    Or(RowSet),
    Not(RoaringBitmap),
}

impl Gathered {
    fn new(joint: Joint, segment: &Segment) -> Gathered {
        match joint {
            Joint::And => Gathered::And(None),
            Joint::Or => Gathered::Or(RowSet::new(segment.rows())),
            Joint::Not => Gathered::Not(RoaringBitmap::new()),
        }
    }

    /// Takes in the rows of a part.
    fn add(&mut self, part: RoaringBitmap, segment: &Segment) {
        match self {
            Gathered::And(Some(rows)) => *rows &= part,
            Gathered::And(rows) => *rows = Some(part),
            Gathered::Or(rows) => rows.add_bitmap(&part),
            Gathered::Not(rows) => *rows = all_but(segment, &part),
        }
    }

    /// Whether no further part can change the rows.
    fn is_decided(&self) -> bool {
        matches!(self, Gathered::And(Some(rows)) if rows.is_empty())
    }

    fn finish(self) -> RoaringBitmap {
        match self {
            Gathered::And(rows) => rows.unwrap_or_default(),
            Gathered::Or(rows) => rows.finish(),
            Gathered::Not(rows) => rows,
        }
    }
}
