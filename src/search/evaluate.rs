//! The rows of one segment that pass a program.

use std::ops::Range;

use roaring::RoaringBitmap;

use super::ahead::Ahead;
use super::program::{Condition, Joint, Program, Step, Waived};
use super::remembered::{Costly, RememberedRows};
use super::row_set::{Found, RowSet, all_but, all_rows};
use super::rows::{days, keyed, numbers};
use super::text;
use crate::error::Result;
use crate::segment::Segment;

/// Terms of a condition from which on their rows are joined as plain bits, and remembered: an explosion has hundreds.
const MANY_TERMS: usize = 16;

/// Rows of a segment from which on it is worth threads: below, a word takes as long as to start one.
const ROWS_MIN: u32 = 1 << 15;

/// Evaluates a program in one segment.
pub(super) struct Evaluation<'a> {
    pub(super) segment: &'a Segment,
    /// Its number among those that the program is for.
    pub(super) number: usize,
    pub(super) program: &'a Program,
    /// The places of [`Program::terms`] in the segment.
    pub(super) places: &'a [Option<u32>],
    pub(super) remembered: &'a RememberedRows,
}

impl Evaluation<'_> {
    /// The rows that pass, deleted ones included.
    ///
    /// Cost: one posting or sorted column per condition; unless they are remembered, date ranges scan two columns of 4 bytes
    /// per row, and words and many terms read theirs, many of them on all cores. Memory: one bitmap and one set per open
    /// group, and groups of one kind inside each other are one.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn rows(&self, waived: Waived) -> Result<RoaringBitmap> {
        let mut open: Vec<Open> = Vec::new();
        let mut ahead = Ahead::new(self.segment.rows());
        let mut next = 0;
        loop {
            let mut rows = match self.program.step(next) {
                Some(Step::Group { joint, end }) => {
                    open.push(Open { joint: *joint, end: *end, rows: None, set: None });
                    next += 1;
                    continue;
                }
                Some(Step::Condition(condition)) => {
                    self.find(next, condition, waived, &mut ahead)?
                }
                // Only the empty program, for every group has a part.
                None => Found::Bitmap(all_rows(self.segment)),
            };
            next += 1;
            // Hands the rows to the group that they are part of and, where that is the last part, the group's
            // rows to the one around it.
            loop {
                let Some(group) = open.last_mut() else { return Ok(rows.into_bitmap()) };
                group.add(rows, self.segment);
                if next < group.end && !group.is_decided() {
                    break;
                }
                next = group.end;
                rows = Found::Bitmap(group.finish());
                open.pop();
            }
        }
    }

    /// The rows of the condition at a step: found with others on all cores, if many of the next ones are costly.
    fn find(
        &self,
        step: usize,
        condition: &Condition,
        waived: Waived,
        ahead: &mut Ahead,
    ) -> Result<Found> {
        let is_costly = |condition: &_| self.is_costly(condition, waived);
        let find = |condition: &_| self.condition(condition, waived);
        let is_large = self.segment.rows() >= ROWS_MIN;
        let found = is_large.then(|| ahead.take(step, self.program, is_costly, find)).flatten();
        found.unwrap_or_else(|| self.condition(condition, waived))
    }

    /// Whether the rows of a condition take long to find, and are not remembered.
    fn is_costly(&self, condition: &Condition, waived: Waived) -> bool {
        let condition = match condition {
            Condition::Words(filter, _) => Costly::Words(filter.clone()),
            Condition::Headings(_) if waived == Waived::Headings => return false,
            Condition::Days { .. } if waived == Waived::Dates => return false,
            Condition::Days { from, to } => Costly::Days(*from, *to),
            Condition::Terms(range) | Condition::Headings(range) => {
                let places = self.places_of(range);
                if places.len() < MANY_TERMS {
                    return false;
                }
                Costly::Terms(places)
            }
            _ => return false,
        };
        !self.remembered.has(&condition)
    }

    /// The places of terms that the segment has.
    fn places_of(&self, terms: &Range<usize>) -> Vec<u32> {
        let places = self.places.get(terms.clone()).unwrap_or_default();
        places.iter().copied().flatten().collect()
    }

    /// The rows of one condition.
    ///
    /// # Errors
    /// As [`Evaluation::rows`].
    fn condition(&self, condition: &Condition, waived: Waived) -> Result<Found> {
        let segment = self.segment;
        let rows = match condition {
            Condition::Everything => all_rows(segment),
            Condition::Days { .. } if waived == Waived::Dates => all_rows(segment),
            Condition::Headings(_) if waived == Waived::Headings => all_rows(segment),
            Condition::Nothing => RoaringBitmap::new(),
            Condition::Terms(range) | Condition::Headings(range) => {
                return self.terms(self.places_of(range));
            }
            Condition::Words(filter, pattern) => {
                return self.costly(Costly::Words(filter.clone()), |found| {
                    text::matching(segment, filter, pattern, &mut |rows| found.add(rows))
                });
            }
            Condition::Days { from, to } => {
                let find = || days(segment, *from, *to);
                return self.remembered.of(segment, Costly::Days(*from, *to), find).map(Found::Set);
            }
            Condition::Keys(keys) => keyed(segment, keys)?,
            Condition::Numbers { field, range } => numbers(segment, field, range)?,
            Condition::Known(rows) => rows.get(self.number).cloned().unwrap_or_default(),
        };
        Ok(Found::Bitmap(rows))
    }

    /// Rows that have any of some terms, by the terms' places.
    fn terms(&self, places: Vec<u32>) -> Result<Found> {
        if places.len() >= MANY_TERMS {
            return self.costly(Costly::Terms(places.clone()), |found| {
                let mut visit = |rows: &[u32]| found.add(rows);
                places.iter().try_for_each(|place| self.segment.visit_posting(*place, &mut visit))
            });
        }
        let mut found = RoaringBitmap::new();
        for place in places {
            found |= self.segment.posting_at(place)?;
        }
        Ok(Found::Bitmap(found))
    }

    /// The rows of a condition: remembered, or found.
    fn costly(
        &self,
        condition: Costly,
        find: impl FnOnce(&mut RowSet) -> Result<()>,
    ) -> Result<Found> {
        let rows = self.remembered.of(self.segment, condition, || {
            let mut rows = RowSet::new(self.segment.rows());
            find(&mut rows)?;
            Ok(rows.finished())
        })?;
        Ok(Found::Set(rows))
    }
}

/// A group of which some parts are evaluated.
struct Open {
    joint: Joint,
    end: usize,
    rows: Option<RoaringBitmap>,
    /// Sets that are joined by OR: a long strategy has hundreds.
    set: Option<RowSet>,
}

impl Open {
    /// Takes in the rows of a part.
    fn add(&mut self, part: Found, segment: &Segment) {
        let part = match (part, self.joint) {
            (Found::Set(part), Joint::Or) => {
                return self.set.get_or_insert_with(|| RowSet::new(segment.rows())).join(&part);
            }
            (part, _) => part.into_bitmap(),
        };
        match (&mut self.rows, self.joint) {
            (_, Joint::Not) => self.rows = Some(all_but(segment, &part)),
            (None, _) => self.rows = Some(part),
            (Some(rows), Joint::And) => *rows &= part,
            (Some(rows), Joint::Or) => *rows |= part,
        }
    }

    /// Whether no further part can change the rows.
    fn is_decided(&self) -> bool {
        self.joint == Joint::And && self.rows.as_ref().is_some_and(RoaringBitmap::is_empty)
    }

    /// The rows of all parts.
    fn finish(&mut self) -> RoaringBitmap {
        let rows = self.rows.take().unwrap_or_default();
        match self.set.take() {
            Some(set) => rows | set.finished().to_bitmap(),
            None => rows,
        }
    }
}
