//! A compiled filter: conditions in terms of what segments store, in one list.
//!
//! A filter is a tree of any depth. Its program is the same tree in the order of reading, with each group
//! saying where it ends, so that no walk recurses and a group that is decided is left by one jump:
//!
//! ```text
//! And[a, Or[b, Not[c]], d]     and..7  a  or..6  b  not..6  c  d
//!                              0       1  2      3  4       5  6
//! ```

use std::ops::Range;

use roaring::RoaringBitmap;

use super::numbers::NumberRange;
use super::rows::{all_rows, days, keyed, numbers, posting};
use super::text::{self, Pattern, TextFilter};
use crate::date::Day;
use crate::error::Result;
use crate::format::terms::TermField;
use crate::ids::Key;
use crate::segment::Segment;

/// A filter as segments evaluate it. The same for all segments of a snapshot.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// The terms that conditions name; each segment has a place for every one.
    pub(super) terms: Vec<(TermField, String)>,
    has_dates: bool,
    has_headings: bool,
}

#[derive(Debug, PartialEq)]
enum Step {
    /// Joins the steps that follow, up to `end`.
    Group {
        joint: Joint,
        end: usize,
    },
    Condition(Condition),
}

/// How the parts of a group are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    And,
    Or,
    /// Of one part.
    Not,
}

/// What one condition asks of a row.
#[derive(Debug, PartialEq)]
pub(super) enum Condition {
    Everything,
    Nothing,
    /// Any of these terms, by their numbers in [`Program::terms`].
    Terms(Range<usize>),
    /// The same, of MeSH headings.
    Headings(Range<usize>),
    /// A date that can lie between these days, both included.
    Days {
        from: Day,
        to: Day,
    },
    Keys(Vec<Key>),
    /// Words of the text.
    Words(TextFilter, Pattern),
    /// A number in a free field.
    Numbers {
        field: String,
        range: NumberRange,
    },
}

/// Conditions that every row passes, to count the rows that they alone leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waived {
    Nothing,
    Dates,
    Headings,
}

impl Program {
    /// Starts a group; gives its number for [`Program::close`].
    pub(super) fn open(&mut self, joint: Joint) -> usize {
        self.steps.push(Step::Group { joint, end: 0 });
        self.steps.len() - 1
    }

    /// Ends a group.
    pub(super) fn close(&mut self, group: usize) {
        let here = self.steps.len();
        if let Some(Step::Group { end, .. }) = self.steps.get_mut(group) {
            *end = here;
        }
    }

    /// Adds a condition to the group that is open.
    pub(super) fn push(&mut self, condition: Condition) {
        self.has_dates |= matches!(condition, Condition::Days { .. });
        self.has_headings |= matches!(condition, Condition::Headings(_));
        self.steps.push(Step::Condition(condition));
    }

    /// Whether every row passes without a look at it.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self.steps.as_slice(), [] | [Step::Condition(Condition::Everything)])
    }

    /// Whether a condition looks at dates.
    pub(super) fn has_dates(&self) -> bool {
        self.has_dates
    }

    /// Whether a condition looks at MeSH headings.
    pub(super) fn has_headings(&self) -> bool {
        self.has_headings
    }

    /// The rows of a segment that pass, deleted ones included. `places` are those of
    /// [`Program::terms`] in this segment.
    ///
    /// Cost: one posting or sorted column per condition; date ranges scan two columns of 4 bytes per row.
    /// Memory: one bitmap per open group, and groups of one kind inside each other are one.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn rows(
        &self,
        segment: &Segment,
        places: &[Option<u32>],
        waived: Waived,
    ) -> Result<RoaringBitmap> {
        let mut open: Vec<Open> = Vec::new();
        let mut next = 0;
        loop {
            let mut rows = match self.steps.get(next) {
                Some(Step::Group { joint, end }) => {
                    open.push(Open { joint: *joint, end: *end, rows: None });
                    next += 1;
                    continue;
                }
                Some(Step::Condition(condition)) => condition.rows(segment, places, waived)?,
                // Only the empty program, for every group has a part.
                None => all_rows(segment),
            };
            next += 1;
            // Hands the rows to the group that they are part of and, where that is the last part, the group's
            // rows to the one around it.
            loop {
                let Some(group) = open.last_mut() else { return Ok(rows) };
                group.add(rows, segment);
                if next < group.end && !group.is_decided() {
                    break;
                }
                next = group.end;
                rows = group.rows.take().unwrap_or_default();
                open.pop();
            }
        }
    }
}

/// A group of which some parts are evaluated.
struct Open {
    joint: Joint,
    end: usize,
    rows: Option<RoaringBitmap>,
}

impl Open {
    /// Takes in the rows of a part.
    fn add(&mut self, part: RoaringBitmap, segment: &Segment) {
        match (&mut self.rows, self.joint) {
            (_, Joint::Not) => self.rows = Some(all_rows(segment) - part),
            (None, _) => self.rows = Some(part),
            (Some(rows), Joint::And) => *rows &= part,
            (Some(rows), Joint::Or) => *rows |= part,
        }
    }

    /// Whether no further part can change the rows.
    fn is_decided(&self) -> bool {
        self.joint == Joint::And && self.rows.as_ref().is_some_and(RoaringBitmap::is_empty)
    }
}

impl Condition {
    fn rows(
        &self,
        segment: &Segment,
        places: &[Option<u32>],
        waived: Waived,
    ) -> Result<RoaringBitmap> {
        Ok(match self {
            Condition::Everything => all_rows(segment),
            Condition::Days { .. } if waived == Waived::Dates => all_rows(segment),
            Condition::Headings(_) if waived == Waived::Headings => all_rows(segment),
            Condition::Nothing => RoaringBitmap::new(),
            Condition::Terms(range) | Condition::Headings(range) => {
                let places = places.get(range.clone()).unwrap_or_default();
                posting(segment, places.iter().copied().flatten())?
            }
            Condition::Days { from, to } => days(segment, *from, *to)?,
            Condition::Keys(keys) => keyed(segment, keys)?,
            Condition::Words(filter, pattern) => text::matching(segment, filter, pattern)?,
            Condition::Numbers { field, range } => numbers(segment, field, range)?,
        })
    }
}
