//! Search options to a filter.

use std::str::FromStr;

use medvec::search::{FieldTest, Filter};

use crate::args::Filters;
use crate::failure::{Failure, Result};

/// Years, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct YearRange {
    /// First year.
    pub(crate) from: u32,
    /// Last year.
    pub(crate) to: u32,
}

impl FromStr for YearRange {
    type Err = String;

    /// Reads `2019`, `2015:2020`, `2015:` or `:2020`.
    fn from_str(text: &str) -> std::result::Result<YearRange, String> {
        let year = |part: &str, open: u32| match part.trim() {
            "" => Ok(open),
            part => part
                .parse::<u32>()
                .ok()
                .filter(|year| *year <= 9999)
                .ok_or_else(|| format!("`{part}` is not a year")),
        };
        let (from, to) = match text.split_once(':') {
            Some((from, to)) if from.trim().is_empty() && to.trim().is_empty() => {
                return Err("give a year, or a range like 2015:2020".into());
            }
            Some((from, to)) => (year(from, 0)?, year(to, 9999)?),
            None if text.trim().is_empty() => {
                return Err("give a year, or a range like 2015:2020".into());
            }
            None => (year(text, 0)?, year(text, 0)?),
        };
        if from > to {
            return Err(format!("the range ends before it starts; write {to}:{from}"));
        }
        Ok(YearRange { from, to })
    }
}

impl Filters {
    /// All conditions together.
    pub(crate) fn to_filter(&self) -> Result<Filter> {
        let mut filter = Filter::All;
        for name in &self.mesh {
            filter = filter.and(Filter::mesh(name));
        }
        for name in &self.major {
            filter = filter.and(Filter::major(name));
        }
        if let Some(years) = self.year {
            filter = filter.and(Filter::years(years.from, years.to));
        }
        for name in &self.journal {
            filter = filter.and(Filter::Journal(name.clone()));
        }
        for code in &self.language {
            filter = filter.and(Filter::Language(code.clone()));
        }
        for name in &self.publication_type {
            filter = filter.and(Filter::PublicationType(name.clone()));
        }
        if self.has_abstract {
            filter = filter.and(Filter::HasAbstract);
        }
        for condition in &self.field {
            filter = filter.and(field_filter(condition)?);
        }
        Ok(filter)
    }
}

/// `name=value` or `name=from:to`. A value that reads as a number matches strings and numbers, as
/// the type of the field is not known here.
fn field_filter(condition: &str) -> Result<Filter> {
    let (name, value) =
        condition.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            Failure::usage(format!("--field {condition}: write NAME=VALUE or NAME=FROM:TO"))
        })?;
    let test = |test: FieldTest| Filter::Field { name: name.to_owned(), test };
    let mut any = vec![test(FieldTest::Is(value.to_owned()))];
    let (from, to) = value.split_once(':').unwrap_or((value, value));
    if from.is_empty() && to.is_empty() {
        return Ok(any.remove(0));
    }
    let integer = |part: &str, open: i64| match part {
        "" => Some(open),
        part => part.parse::<i64>().ok(),
    };
    let float = |part: &str, open: f64| match part {
        "" => Some(open),
        part => part.parse::<f64>().ok().filter(|number| !number.is_nan()),
    };
    if let (Some(from), Some(to)) = (float(from, f64::NEG_INFINITY), float(to, f64::INFINITY)) {
        any.push(test(FieldTest::Float { from, to }));
        // Whole numbers inside the range; exact where both ends are whole already.
        any.push(test(FieldTest::Integer { from: from.ceil() as i64, to: to.floor() as i64 }));
    }
    if let (Some(from), Some(to)) = (integer(from, i64::MIN), integer(to, i64::MAX)) {
        any.pop();
        any.push(test(FieldTest::Integer { from, to }));
    }
    Ok(if any.len() == 1 { any.remove(0) } else { Filter::Or(any) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years(text: &str) -> std::result::Result<(u32, u32), String> {
        text.parse().map(|range: YearRange| (range.from, range.to))
    }

    #[test]
    fn year_ranges_may_be_open() {
        assert_eq!(years("2019"), Ok((2019, 2019)));
        assert_eq!(years("2015:2020"), Ok((2015, 2020)));
        assert_eq!(years("2015:"), Ok((2015, 9999)));
        assert_eq!(years(":2020"), Ok((0, 2020)));
        assert!(years("2020:2015").unwrap_err().contains("2015:2020"));
        assert!(years(":").is_err() && years("").is_err());
        assert!(years("twenty").unwrap_err().contains("not a year"));
        assert!(years("99999").is_err());
    }

    #[test]
    fn no_option_is_no_condition() {
        assert_eq!(Filters::default().to_filter().unwrap(), Filter::All);
    }

    #[test]
    fn options_must_all_hold() {
        let filters = Filters {
            mesh: vec!["Aspirin".into(), "Humans".into()],
            year: Some(YearRange { from: 2010, to: 2012 }),
            ..Filters::default()
        };
        let expected = Filter::And(vec![
            Filter::mesh("Aspirin"),
            Filter::mesh("Humans"),
            Filter::years(2010, 2012),
        ]);
        assert_eq!(filters.to_filter().unwrap(), expected);
    }

    #[test]
    fn field_values_match_by_what_they_look_like() {
        let is =
            |value: &str| Filter::Field { name: "site".into(), test: FieldTest::Is(value.into()) };
        assert_eq!(field_filter("site=Berlin").unwrap(), is("Berlin"));
        assert_eq!(field_filter("site=a=b").unwrap(), is("a=b"));
        assert_eq!(field_filter("site=:").unwrap(), is(":"));
        let Filter::Or(any) = &field_filter("site=5:9").unwrap() else { panic!("one test only") };
        let integer = FieldTest::Integer { from: 5, to: 9 };
        assert!(any.contains(&Filter::Field { name: "site".into(), test: integer }));
        let Filter::Or(any) = &field_filter("site=0.5:2.5").unwrap() else { panic!("one test") };
        let integer = FieldTest::Integer { from: 1, to: 2 };
        assert!(any.contains(&Filter::Field { name: "site".into(), test: integer }));
        assert!(field_filter("site").is_err() && field_filter("=x").is_err());
    }
}
