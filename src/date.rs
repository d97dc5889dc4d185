//! Calendar dates as PubMed gives them: often a year, a month, a season or a range.

use std::fmt;

/// A calendar day, stored as `year * 10_000 + month * 100 + day`; orders by time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// A day from its parts; months and days are clamped to 1..=12 and 1..=31, years to 0..=9999.
    pub fn new(year: u32, month: u32, day: u32) -> Day {
        Day(year.min(9999) * 10_000 + month.clamp(1, 12) * 100 + day.clamp(1, 31))
    }

    /// The year.
    pub fn year(self) -> u32 {
        self.0 / 10_000
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u32 {
        self.0 / 100 % 100
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u32 {
        self.0 % 100
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

/// A publication date: the words of the source and the days they can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationDate {
    /// As written: `2019 Mar 5`, `1998 Dec-1999 Jan`, `2001 Spring`.
    pub verbatim: String,
    /// The first day it can mean.
    pub first: Day,
    /// The last day it can mean; not before `first`.
    pub last: Day,
}
