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
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::numbers::NumberRange;
use super::text::{Pattern, TextFilter};
use crate::date::Day;
use crate::format::terms::TermField;
use crate::ids::Key;

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
pub(super) enum Step {
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
    /// Rows that were found before.
    Known(Arc<KnownRows>),
}

/// Rows of each segment of a snapshot, in its order.
pub(super) type KnownRows = Vec<RoaringBitmap>;

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

    /// A step by its number; `None` behind the last.
    pub(super) fn step(&self, number: usize) -> Option<&Step> {
        self.steps.get(number)
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
}
