//! Publication dates: from the source's words to an interval of days.
//!
//! PubMed gives a year, month and day, or a season, or free words (`MedlineDate`): `1998 Dec-1999
//! Jan`, `1978 Jul-Aug`, `2000 Spring`, `1947-1948`. The words are kept as they are. The interval
//! holds every day they can mean: a month is all its days, a season three months; winter, which
//! lies at either end of a year, is the whole year. Words without a year leave the interval at
//! zero, which no filter matches.

use std::borrow::Cow;

use crate::date::{Day, PublicationDate};

/// The parts of a date element; empty where the source has none.
#[derive(Debug, Default)]
pub(super) struct DateParts<'a> {
    pub(super) year: Cow<'a, str>,
    pub(super) month: Cow<'a, str>,
    pub(super) day: Cow<'a, str>,
    pub(super) season: Cow<'a, str>,
    pub(super) medline: Cow<'a, str>,
}

impl DateParts<'_> {
    /// The first day it can mean; `None` without a year.
    pub(super) fn first_day(&self) -> Option<Day> {
        self.moment().interval().map(|(first, _)| first)
    }

    /// The words and the interval; `None` when there is nothing at all.
    pub(super) fn publication_date(&self) -> Option<PublicationDate> {
        if !self.medline.is_empty() {
            return Some(parse_words(&self.medline));
        }
        let words = [&self.year, &self.month, &self.season, &self.day];
        let mut verbatim = String::new();
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            if !verbatim.is_empty() {
                verbatim.push(' ');
            }
            verbatim.push_str(word);
        }
        if verbatim.is_empty() {
            return None;
        }
        Some(with_interval(verbatim, self.moment().interval()))
    }

    fn moment(&self) -> Moment {
        let mut moment = Moment { year: year(&self.year), ..Moment::default() };
        moment.months = month(&self.month).or_else(|| season(&self.season));
        // Some records hold a season or a range of months where the month belongs.
        if moment.months.is_none() && !self.month.is_empty() {
            moment.months = season(&self.month);
        }
        moment.day = self.day.parse().ok().filter(|day| (1..=31).contains(day));
        moment
    }
}

/// Reads a date as people write it: `2019-03-05`, `2019-03`, `2019`, or the words of a
/// `MedlineDate`.
pub(super) fn parse_date(text: &str) -> PublicationDate {
    let text = text.trim();
    match iso(text) {
        Some(moment) => with_interval(text.to_owned(), moment.interval()),
        None => parse_words(text),
    }
}

fn with_interval(verbatim: String, interval: Option<(Day, Day)>) -> PublicationDate {
    let (first, last) = interval.unwrap_or_default();
    PublicationDate { verbatim, first, last }
}

/// One end of a date: as much as its words say.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    year: Option<u32>,
    /// First and last month.
    months: Option<(u32, u32)>,
    day: Option<u32>,
}

impl Moment {
    fn interval(self) -> Option<(Day, Day)> {
        let year = self.year?;
        let (first, last) = self.months.unwrap_or((1, 12));
        let day = self.day.filter(|_| first == last);
        let last_day = day.unwrap_or(31).min(days_of_month(year, last));
        Some((
            Day::new(year, first, day.unwrap_or(1).min(last_day)),
            Day::new(year, last, last_day),
        ))
    }

    /// Takes in one word; `false` when it says nothing about a date.
    fn add(&mut self, word: &str) -> bool {
        if let Some(year) = year(word) {
            self.year = Some(year);
        } else if let Some(months) = month_name(word).or_else(|| season(word)) {
            self.months = Some(months);
        } else if let Some(day) = word.parse().ok().filter(|day| (1..=31).contains(day)) {
            self.day = Some(day);
        } else {
            return false;
        }
        true
    }
}

/// The words of a `MedlineDate`: two moments around a dash or a stroke, or one. What the second
/// leaves out (`1978 Jul-Aug`, `1998 Dec 14-20`, `1983-84`) it takes from the first.
fn parse_words(text: &str) -> PublicationDate {
    let mut parts =
        text.split(['-', '/', '\u{2013}']).map(str::trim).filter(|part| !part.is_empty());
    let left_text = parts.next().unwrap_or_default();
    let right_text = parts.next_back();
    let left = moment(left_text);
    let Some(right_text) = right_text else {
        return with_interval(text.to_owned(), left.interval());
    };
    let right = moment(right_text);
    let interval = range(left, right, short_year(right_text));
    with_interval(text.to_owned(), interval)
}

fn range(left: Moment, right: Moment, short_year: Option<u32>) -> Option<(Day, Day)> {
    let (mut from, mut to) = (left, right);
    from.year = left.year.or(right.year);
    if let (None, None, Some(short)) = (right.year, left.months, short_year) {
        // `1983-84`: the second year without its century.
        let year = from.year?;
        to = Moment { year: Some(year.max(year / 100 * 100 + short)), ..Moment::default() };
    }
    let inherits_year = to.year.is_none();
    to.year = to.year.or(from.year);
    if to.months.is_none() && to.day.is_some() {
        to.months = from.months;
    }
    let (first, _) = from.interval()?;
    let (_, mut last) = to.interval()?;
    if last < first && inherits_year {
        // `1999 Dec-Jan` reaches into the next year.
        to.year = to.year.map(|year| year + 1);
        last = to.interval()?.1;
    }
    Some((first.min(last), first.max(last)))
}

fn moment(text: &str) -> Moment {
    let mut moment = Moment::default();
    for word in text.split([' ', ',', '.', ';']).filter(|word| !word.is_empty()) {
        moment.add(word);
    }
    moment
}

fn short_year(text: &str) -> Option<u32> {
    if text.len() == 2 { text.parse().ok() } else { None }
}

fn iso(text: &str) -> Option<Moment> {
    let mut parts = text.split('T').next()?.split('-');
    let mut moment = Moment { year: Some(year(parts.next()?)?), ..Moment::default() };
    if let Some(part) = parts.next() {
        moment.months = Some(month_number(part).filter(|_| part.len() == 2)?);
    }
    if let Some(part) = parts.next() {
        moment.day = Some(part.parse().ok().filter(|day| (1..=31).contains(day))?);
    }
    if parts.next().is_some() { None } else { Some(moment) }
}

fn year(word: &str) -> Option<u32> {
    if word.len() != 4 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|&year| year >= 1000)
}

fn month(word: &str) -> Option<(u32, u32)> {
    month_number(word).or_else(|| month_name(word))
}

fn month_number(word: &str) -> Option<(u32, u32)> {
    let number = word.parse().ok().filter(|number| (1..=12).contains(number))?;
    Some((number, number))
}

fn month_name(word: &str) -> Option<(u32, u32)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if word.len() < 3 {
        return None;
    }
    let begins =
        |month: &&str| month.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    let number = u32::try_from(MONTHS.iter().position(begins)?).ok()? + 1;
    Some((number, number))
}

fn season(word: &str) -> Option<(u32, u32)> {
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("spring") {
        Some((3, 5))
    } else if is("summer") {
        Some((6, 8))
    } else if is("fall") || is("autumn") {
        Some((9, 11))
    } else if is("winter") {
        Some((1, 12))
    } else {
        None
    }
}

fn days_of_month(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> (u32, u32) {
        let date = parse_words(text);
        assert_eq!(date.verbatim, text);
        (date.first.0, date.last.0)
    }

    #[test]
    fn medline_dates_become_intervals() {
        for (text, first, last) in [
            ("1998 Dec-1999 Jan", 19_981_201, 19_990_131),
            ("1978 Jul-Aug", 19_780_701, 19_780_831),
            ("1978 Sep-OCT", 19_780_901, 19_781_031),
            ("1998 Spring", 19_980_301, 19_980_531),
            ("1998 Winter", 19_980_101, 19_981_231),
            ("1947-1948", 19_470_101, 19_481_231),
            ("1983-84", 19_830_101, 19_841_231),
            ("2019 Sep/Oct", 20_190_901, 20_191_031),
            ("2019 Feb - Apr", 20_190_201, 20_190_430),
            ("1998 Dec 14-20", 19_981_214, 19_981_220),
            ("2000 Dec 28-2001 Jan 3", 20_001_228, 20_010_103),
            ("1999 Dec-Jan", 19_991_201, 20_000_131),
            ("Jul-Aug 1999", 19_990_701, 19_990_831),
            ("1999 Jan-Feb-Mar", 19_990_101, 19_990_331),
            ("1976-1977 Winter", 19_760_101, 19_771_231),
            ("2000 Spring-Summer", 20_000_301, 20_000_831),
            ("1996 Feb", 19_960_201, 19_960_229),
            ("1st Quarter 2000", 20_000_101, 20_001_231),
            ("no year at all", 0, 0),
            ("-", 0, 0),
        ] {
            assert_eq!(words(text), (first, last), "{text}");
        }
    }

    #[test]
    fn parts_become_intervals() {
        let date = |year, month, day, season| {
            let parts = DateParts {
                year: Cow::Borrowed(year),
                month: Cow::Borrowed(month),
                day: Cow::Borrowed(day),
                season: Cow::Borrowed(season),
                medline: Cow::Borrowed(""),
            };
            parts.publication_date().map(|date| (date.verbatim, date.first.0, date.last.0))
        };
        let some = |words: &str, first, last| Some((words.to_owned(), first, last));
        assert_eq!(date("2019", "Mar", "5", ""), some("2019 Mar 5", 20_190_305, 20_190_305));
        assert_eq!(date("2019", "02", "", ""), some("2019 02", 20_190_201, 20_190_228));
        assert_eq!(date("2001", "", "", "Fall"), some("2001 Fall", 20_010_901, 20_011_130));
        assert_eq!(date("2019", "Feb", "31", ""), some("2019 Feb 31", 20_190_228, 20_190_228));
        assert_eq!(date("2019", "Frimaire", "", ""), some("2019 Frimaire", 20_190_101, 20_191_231));
        assert_eq!(date("", "", "", ""), None);
    }

    #[test]
    fn free_dates_are_iso_or_words() {
        for (text, first, last) in [
            ("2019-03-05", 20_190_305, 20_190_305),
            ("2019-03-05T10:00:00Z", 20_190_305, 20_190_305),
            ("2020-02", 20_200_201, 20_200_229),
            ("2011", 20_110_101, 20_111_231),
            ("2019 Mar 5", 20_190_305, 20_190_305),
            ("2019-13", 20_190_101, 20_191_231),
        ] {
            let date = parse_date(text);
            assert_eq!((date.first.0, date.last.0), (first, last), "{text}");
        }
    }
}
