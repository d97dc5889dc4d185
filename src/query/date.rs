//! Dates and ranges of dates, as they stand before a tag.

use std::fmt;

use crate::date::Day;

/// A year, a month or a day: `2015`, `2015/03`, `2015/03/31`. The year 3000 stands for "from then on".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryDate {
    year: u32,
    /// 0: the whole year.
    month: u32,
    /// 0: the whole month.
    day: u32,
}

/// What stands before the tag of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateTerm {
    /// One date.
    On(QueryDate),
    /// A range, both ends included.
    Between(QueryDate, QueryDate),
    /// `last 5 years`, counted back from the day of the search.
    Last(u32, DateUnit),
}

/// What `last N ...` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum DateUnit {
    Days,
    Months,
    Years,
}

impl QueryDate {
    /// The first day that it means.
    pub fn first_day(self) -> Day {
        Day::new(self.year, self.month.max(1), self.day.max(1))
    }

    /// The last day that it means.
    pub fn last_day(self) -> Day {
        let month = if self.month == 0 { 12 } else { self.month };
        let day = if self.day == 0 { days_of(self.year, month) } else { self.day };
        Day::new(self.year, month, day)
    }

    fn parse(text: &str) -> Option<QueryDate> {
        let mut parts = text.trim().split('/');
        let year = number(parts.next()?, 4..=4)?;
        let month = parts.next().map_or(Some(0), |part| number(part, 1..=2).filter(|n| *n > 0))?;
        let day = parts.next().map_or(Some(0), |part| number(part, 1..=2).filter(|n| *n > 0))?;
        let fits = month <= 12 && (day == 0 || day <= days_of(year, month));
        (fits && parts.next().is_none()).then_some(QueryDate { year, month, day })
    }
}

/// A number of so many digits.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let text = text.trim();
    let fits = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

impl DateTerm {
    /// Reads `2015`, `2015/03:2018`, `last 5 years`; an error says what would be right.
    pub(super) fn parse(text: &str) -> Result<DateTerm, String> {
        let malformed = |part: &str| {
            format!(
                "`{}` is not a date; write YYYY, YYYY/MM or YYYY/MM/DD, 3000 for no end, or \"last 5 years\"",
                part.trim()
            )
        };
        if let Some(term) = DateTerm::last(text) {
            return Ok(term);
        }
        let date = |part: &str| QueryDate::parse(part).ok_or_else(|| malformed(part));
        let Some((from, to)) = text.split_once(':') else { return Ok(DateTerm::On(date(text)?)) };
        DateTerm::between(date(from)?, date(to)?)
    }

    /// A range; an error says what would be right.
    pub(super) fn between(from: QueryDate, to: QueryDate) -> Result<DateTerm, String> {
        if from.first_day() > to.last_day() {
            return Err(format!("the range begins after its end; write {to}:{from}"));
        }
        Ok(DateTerm::Between(from, to))
    }

    fn last(text: &str) -> Option<DateTerm> {
        let mut words = text.split_whitespace();
        let starts = words.next()?.eq_ignore_ascii_case("last");
        let count = number(words.next()?, 1..=4)?;
        let unit = match words.next()?.to_ascii_lowercase().as_str() {
            "day" | "days" => DateUnit::Days,
            "month" | "months" => DateUnit::Months,
            "year" | "years" => DateUnit::Years,
            _ => return None,
        };
        (starts && words.next().is_none()).then_some(DateTerm::Last(count, unit))
    }
}

impl fmt::Display for QueryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let QueryDate { year, month, day } = self;
        match (month, day) {
            (0, _) => write!(f, "{year:04}"),
            (_, 0) => write!(f, "{year:04}/{month:02}"),
            _ => write!(f, "{year:04}/{month:02}/{day:02}"),
        }
    }
}

impl fmt::Display for DateTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DateTerm::On(date) => date.fmt(f),
            DateTerm::Between(from, to) => write!(f, "{from}:{to}"),
            DateTerm::Last(count, DateUnit::Days) => write!(f, "\"last {count} days\""),
            DateTerm::Last(count, DateUnit::Months) => write!(f, "\"last {count} months\""),
            DateTerm::Last(count, DateUnit::Years) => write!(f, "\"last {count} years\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_years_months_or_days() {
        for (text, first, last, printed) in [
            ("2016", 20160101, 20161231, "2016"),
            ("2016/2", 20160201, 20160229, "2016/02"),
            (" 2015 / 02 ", 20150201, 20150228, "2015/02"),
            ("1900/2", 19000201, 19000228, "1900/02"),
            ("2000/2", 20000201, 20000229, "2000/02"),
            ("2015/11/30", 20151130, 20151130, "2015/11/30"),
            ("3000", 30000101, 30001231, "3000"),
        ] {
            let date = QueryDate::parse(text).expect(text);
            assert_eq!((date.first_day(), date.last_day()), (Day(first), Day(last)), "{text}");
            assert_eq!(date.to_string(), printed);
        }
        for text in
            ["", "15", "20155", "2015/13", "2015/0", "2015/2/29", "2015/1/1/1", "2015-01", "+201"]
        {
            assert_eq!(QueryDate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn terms_are_dates_ranges_or_spans_until_now() {
        for text in ["2015", "2015/01:2018", "2020/01/01:3000", "2015:2015"] {
            assert_eq!(DateTerm::parse(text).expect(text).to_string(), text);
        }
        let last = DateTerm::parse("LAST 1 year").expect("a span");
        assert_eq!(last, DateTerm::Last(1, DateUnit::Years));
        assert_eq!(last.to_string(), "\"last 1 years\"");
        for text in [
            "2018:2015",
            "2015:",
            ":2015",
            "2015:2016:2017",
            "last years",
            "last 5 weeks",
            "2015:present",
        ] {
            assert!(DateTerm::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            DateTerm::parse("2018:2015"),
            Err("the range begins after its end; write 2015:2018".into())
        );
    }
}
