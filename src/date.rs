//! Calendar dates as PubMed gives them: often a year, a month, a season or a range.

use std::fmt;
use std::time::SystemTime;

/// A calendar day, stored as `year * 10_000 + month * 100 + day`; orders by time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// A day from its parts; months and days are clamped to 1..=12 and 1..=31, years to 0..=9999.
    pub fn new(year: u32, month: u32, day: u32) -> Day {
        Day(year.min(9999) * 10_000 + month.clamp(1, 12) * 100 + day.clamp(1, 31))
    }

    /// The inverse of its text, `2019-03-05`; zeros stand for what is not known.
    #[cfg(any(test, feature = "ingest"))]
    pub(crate) fn parse(text: &str) -> Option<Day> {
        let mut parts = text.split('-').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| is_number)
        });
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() || month > 99 || day > 99 {
            return None;
        }
        year.checked_mul(10_000)?.checked_add(month * 100 + day).map(Day)
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

    /// Today in coordinated universal time.
    pub fn today() -> Day {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Day::new(1970, 1, 1).plus_days((since.as_secs() / 86_400) as i64)
    }

    /// So many days later, or earlier for a negative number; within years 0 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Day {
        let number = self.number() + days;
        let era = number.div_euclid(146_097);
        let day = number.rem_euclid(146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = (shifted + 2) % 12 + 1;
        let year = era * 400 + year + i64::from(shifted > 9);
        let of_month = of_year - (153 * shifted + 2) / 5 + 1;
        Day::new(year.clamp(0, 9999) as u32, month as u32, of_month as u32)
    }

    /// Days from another day to this one; negative where this one is earlier.
    #[must_use]
    pub fn days_since(self, other: Day) -> i64 {
        self.number() - other.number()
    }

    /// Days since the first of March of the year 0.
    fn number(self) -> i64 {
        // Years that begin in March end with the leap day, and 400 of them have 146,097 days.
        let shifted = (i64::from(self.month()) + 9) % 12;
        let year = i64::from(self.year()) - i64::from(shifted > 9);
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        year * 365 + leaps + (shifted * 153 + 2) / 5 + i64::from(self.day()) - 1
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written() {
        for day in [Day(0), Day(20190305), Day(20190000), Day(99991231)] {
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
        for text in
            ["", "2019", "2019-03", "2019-03-05-1", "2019-3a-05", "2019-100-01", "-2019-03-05"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        for (from, days, to) in [
            (20240228, 1, 20240229),
            (20230228, 1, 20230301),
            (20000229, 366, 20010301),
            (19000228, 1, 19000301),
            (20241231, 1, 20250101),
            (19700101, 20_000, 20241004),
            (20240101, 0, 20240101),
        ] {
            assert_eq!(Day(from).plus_days(days), Day(to), "{from} {days}");
        }
        let mut day = Day::new(1995, 12, 31);
        for _ in 0..5_000 {
            let next = day.plus_days(1);
            assert!(next > day && next.plus_days(-1) == day, "{day}");
            day = next;
        }
        assert_eq!(day, Day::new(2009, 9, 8));
        assert!(Day::today() > Day::new(2020, 1, 1));
    }
}
