//! Search options to a filter.

use std::str::FromStr;

use medvec::{FieldTest, Filter};

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
            part => {
                part.parse::<u32>().ok().filter(|year| (1..=9999).contains(year)).ok_or_else(|| {
                    format!("`{part}` is not a year; write 2019, 2015:2020, 2015: or :2020")
                })
            }
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

/// `name=value` or `name=from:to`; what the value means depends on the type of the field, which the
/// database knows.
fn field_filter(condition: &str) -> Result<Filter> {
    let (name, value) =
        condition.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(|| {
            Failure::usage(format!("--field {condition}: write NAME=VALUE or NAME=FROM:TO"))
        })?;
    Ok(Filter::Field { name: name.to_owned(), test: FieldTest::Typed(value.to_owned()) })
}

/// A name that is more than blanks.
pub(crate) fn name(text: &str) -> std::result::Result<String, String> {
    match text.trim() {
        "" => Err("the name is empty".into()),
        _ => Ok(text.to_owned()),
    }
}

/// A share above 0 and at most 1.
pub(crate) fn share(text: &str) -> std::result::Result<f32, String> {
    let share = text.trim().parse::<f32>().ok();
    share
        .filter(|share| *share > 0.0 && *share <= 1.0)
        .ok_or_else(|| "give a share above 0 and at most 1, such as 0.95".into())
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
        for text in ["99999", "0", "0:2000", "-5", "2015-2020", "2015:2016:2017"] {
            assert!(years(text).unwrap_err().contains("not a year"), "{text}");
        }
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
    fn field_values_are_passed_on_as_typed() {
        let typed = |value: &str| Filter::Field {
            name: "site".into(),
            test: FieldTest::Typed(value.into()),
        };
        for value in ["Berlin", "a=b", ":", "5:9", ""] {
            assert_eq!(field_filter(&format!("site={value}")).unwrap(), typed(value));
        }
        assert!(field_filter("site").is_err() && field_filter(" =x").is_err());
    }

    #[test]
    fn shares_and_names_are_checked() {
        assert_eq!((share("0.9"), share("1")), (Ok(0.9), Ok(1.0)));
        for text in ["0", "-1", "1.01", "NaN", "inf", "95%", ""] {
            assert!(share(text).is_err(), "{text}");
        }
        assert!(name(" ").is_err() && name("").is_err());
        assert_eq!(name("Aspirin"), Ok("Aspirin".into()));
    }
}
