//! Values of options that are more than words and numbers.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PathBufValueParser, TypedValueParser};

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

/// A name that is more than blanks.
pub(crate) fn name(text: &str) -> std::result::Result<String, String> {
    match text.trim() {
        "" => Err("the name is empty".into()),
        _ => Ok(text.to_owned()),
    }
}

/// What a run calls a query: a column of its lines.
pub(crate) fn topic(text: &str) -> std::result::Result<String, String> {
    match text.is_empty() || text.contains(char::is_whitespace) {
        true => Err("a topic is a column of a run: give a name without white space".into()),
        false => Ok(text.to_owned()),
    }
}

/// The path of a file to write, which need not be Unicode. Nobody wants one that is called `-`.
pub(crate) fn new_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path.as_os_str() == "-" {
        true => Err("`-` does not stand for standard output here: name a file, `./-` if need be"),
        false => Ok(path),
    })
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
    fn shares_and_names_are_checked() {
        assert_eq!((share("0.9"), share("1")), (Ok(0.9), Ok(1.0)));
        for text in ["0", "-1", "1.01", "NaN", "inf", "95%", ""] {
            assert!(share(text).is_err(), "{text}");
        }
        assert!(name(" ").is_err() && name("").is_err());
        assert_eq!(name("Aspirin"), Ok("Aspirin".into()));
    }
}
