//! Publication dates: from the source's words to an interval of days.
//!
//! PubMed gives a year, month and day, or a season, or free words (`MedlineDate`): `1998 Dec-1999
//! Jan`, `1978 Jul-Aug`, `1977-1978 Fall-Winter`, `1989 1st Quart`. The words are kept as they are.
//! The interval holds every day they can mean: a month is all its days, a season three months of the
//! northern year. The winter of one year, which lies at either end of it, is the whole year; that of
//! two (`1976-1977 Winter`) is December to February. A day that its month does not have is the whole
//! month, a word that nobody knows the whole year. Words without a year leave the interval at zero,
//! which no filter matches.

mod months;
mod range;
mod words;

use std::borrow::Cow;

use crate::date::{Day, PublicationDate};
use months::days_of_month;

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
        self.interval().map(|(first, _)| first)
    }

    /// The words and the interval; `None` when there is nothing at all.
    pub(super) fn publication_date(&self) -> Option<PublicationDate> {
        if !self.medline.is_empty() {
            return Some(parse_words(&self.medline));
        }
        let verbatim = self.verbatim();
        (!verbatim.is_empty()).then(|| with_interval(verbatim, self.interval()))
    }

    fn verbatim(&self) -> String {
        let words = [&self.year, &self.month, &self.season, &self.day];
        let mut verbatim = String::new();
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            if !verbatim.is_empty() {
                verbatim.push(' ');
            }
            verbatim.push_str(word);
        }
        verbatim
    }

    fn interval(&self) -> Option<(Day, Day)> {
        let month = month_number(&self.month).or_else(|| words::month(&self.month.to_lowercase()));
        match (year(&self.year), month) {
            // Nearly all dates.
            (Some(year), Some(month)) => Some(exact(year, month, self.day.parse().ok())),
            // Some records hold a season or a range of months where the month belongs. A day of
            // no month says nothing.
            (Some(_), None) => {
                let words = [&*self.year, &*self.month, &*self.season].join(" ");
                range::interval(&words)
            }
            (None, _) => range::interval(&self.verbatim()),
        }
    }
}

/// Reads a date as people write it: `2019-03-05`, `2019-03`, `20190305`, `2019`, or the words of a
/// `MedlineDate`.
pub(super) fn parse_date(text: &str) -> PublicationDate {
    let text = text.trim();
    match iso(text) {
        Some(interval) => with_interval(text.to_owned(), Some(interval)),
        None => parse_words(text),
    }
}

/// Reads a date beside which a year is given, which counts where the date has none: `Mar 15` of 2019.
pub(super) fn parse_date_of(text: &str, year: &str) -> PublicationDate {
    let is_known = |date: &PublicationDate| date.first.0 > 0;
    let date = parse_date(if text.trim().is_empty() { year } else { text });
    if is_known(&date) {
        return date;
    }
    let with_year = parse_date(&format!("{year} {text}"));
    [with_year, parse_date(year)].into_iter().find(is_known).unwrap_or(date)
}

/// Reads the words of a `MedlineDate`.
fn parse_words(text: &str) -> PublicationDate {
    let interval = year_month_day(text).or_else(|| range::interval(text));
    with_interval(text.to_owned(), interval)
}

fn with_interval(verbatim: String, interval: Option<(Day, Day)>) -> PublicationDate {
    let (first, last) = interval.unwrap_or_default();
    PublicationDate { verbatim, first, last }
}

/// What an interval of days is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Day,
    Month,
    Year,
    /// A season, a range, or anything else.
    Other,
}

/// What the days that a date can mean are together.
pub(crate) fn span(date: &PublicationDate) -> Span {
    let (first, last) = (date.first, date.last);
    let (year, month) = (first.year(), first.month());
    match () {
        () if first == last => Span::Day,
        () if (first, last) == exact(year, month, None) => Span::Month,
        () if (first, last) == (Day::new(year, 1, 1), Day::new(year, 12, 31)) => Span::Year,
        () => Span::Other,
    }
}

/// A day, or the whole month when it has no such day.
fn exact(year: u32, month: u32, day: Option<u32>) -> (Day, Day) {
    let end = days_of_month(year, month);
    match day.filter(|day| (1..=end).contains(day)) {
        Some(day) => (Day::new(year, month, day), Day::new(year, month, day)),
        None => (Day::new(year, month, 1), Day::new(year, month, end)),
    }
}

/// `2019-03-05`, `2019-03`, `20190305`, a time of day behind it.
fn iso(text: &str) -> Option<(Day, Day)> {
    let date = text.split(['T', ' ']).next()?;
    if date.len() < text.len() && !text.contains(':') {
        return None;
    }
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        let month = month_number(date.get(4..6)?)?;
        return Some(exact(year(date.get(..4)?)?, month, date.get(6..)?.parse().ok()));
    }
    let (head, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-').map_or((rest, None), |(month, day)| (month, Some(day)));
    let day = match day {
        None => None,
        Some(day) => Some(day.parse::<u32>().ok()?),
    };
    let month = month_number(month).filter(|_| month.len() == 2)?;
    Some(exact(year(head)?, month, day))
}

/// `1999/1/5`, `1999-01-05`.
fn year_month_day(text: &str) -> Option<(Day, Day)> {
    let parts: Vec<&str> = text.split(['-', '/']).map(str::trim).collect();
    let [year_text, month, day] = parts.as_slice() else { return None };
    Some(exact(year(year_text)?, month_number(month)?, Some(day.parse().ok()?)))
}

fn year(word: &str) -> Option<u32> {
    if word.len() != 4 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|&year| year >= 1000)
}

fn month_number(word: &str) -> Option<u32> {
    let is_number = matches!(word.len(), 1 | 2) && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|number| is_number && (1..=12).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_beside_a_date_counts_where_the_date_has_none() {
        for (date, year, verbatim, first) in [
            ("Mar 15", "2019", "2019 Mar 15", 20_190_315),
            ("MAR", "2019", "2019 MAR", 20_190_301),
            ("2018 Dec", "2019", "2018 Dec", 20_181_201),
            ("", "2019", "2019", 20_190_101),
            ("soon", "2019", "2019 soon", 20_190_101),
            ("Mar 15", "", "Mar 15", 0),
            ("Mar 15", "soon", "Mar 15", 0),
        ] {
            let read = parse_date_of(date, year);
            assert_eq!((&*read.verbatim, read.first.0), (verbatim, first), "{date} {year}");
        }
    }

    /// Words of a `MedlineDate`, the first and the last day that they mean. Most are NLM's own.
    const WORDS: &[(&str, u32, u32)] = &[
        // One year.
        ("1998", 19_980_101, 19_981_231),
        ("1996 Feb", 19_960_201, 19_960_229),
        ("1978 Jul-Aug", 19_780_701, 19_780_831),
        ("1978 Sep-OCT", 19_780_901, 19_781_031),
        ("1978 Oct-Dec", 19_781_001, 19_781_231),
        ("2019 Sep/Oct", 20_190_901, 20_191_031),
        ("2019 Feb - Apr", 20_190_201, 20_190_430),
        ("2019 September/October", 20_190_901, 20_191_031),
        ("2019 Sept. and Oct.", 20_190_901, 20_191_031),
        ("1999 Jan-Feb-Mar", 19_990_101, 19_990_331),
        ("Jul-Aug 1999", 19_990_701, 19_990_831),
        ("January 1999", 19_990_101, 19_990_131),
        ("1984 Mai-Juin", 19_840_501, 19_840_630),
        ("2003 Dic", 20_031_201, 20_031_231),
        // Days.
        ("1998 Dec 14", 19_981_214, 19_981_214),
        ("14 Dec 1998", 19_981_214, 19_981_214),
        ("December 14th, 1998", 19_981_214, 19_981_214),
        ("1998 Dec 14-20", 19_981_214, 19_981_220),
        ("1998 Dec 14-Jan 3", 19_981_214, 19_990_103),
        ("1-15 Jul 2002", 20_020_701, 20_020_715),
        ("15 Jul-1 Aug 2002", 20_020_715, 20_020_801),
        ("2000 Dec 28-2001 Jan 3", 20_001_228, 20_010_103),
        ("2008 Dec 28-2009 Jan 3", 20_081_228, 20_090_103),
        ("2001 Feb 30", 20_010_201, 20_010_228),
        ("2001 Feb 25-30", 20_010_225, 20_010_228),
        ("2001 Mar 45", 20_010_301, 20_010_331),
        ("1999/1/5", 19_990_105, 19_990_105),
        ("1999-01-05", 19_990_105, 19_990_105),
        ("2019 02", 20_190_201, 20_190_228),
        ("2019 02 05", 20_190_205, 20_190_205),
        // Seasons and parts of a year.
        ("1998 Spring", 19_980_301, 19_980_531),
        ("1998 Winter", 19_980_101, 19_981_231),
        ("Winter 1975", 19_750_101, 19_751_231),
        ("Autumn 1975", 19_750_901, 19_751_130),
        ("2000 Spring-Summer", 20_000_301, 20_000_831),
        ("1978 Fall-Winter", 19_780_901, 19_790_228),
        ("1978 Winter-Spring", 19_780_101, 19_780_531),
        ("1989 1st Quart", 19_890_101, 19_890_331),
        ("1989 3d Quart", 19_890_701, 19_890_930),
        ("1989 1st-2nd Quart", 19_890_101, 19_890_630),
        ("2020 Fourth-Quarter", 20_201_001, 20_201_231),
        ("1st Quarter 2000", 20_000_101, 20_000_331),
        ("2000 Q2", 20_000_401, 20_000_630),
        ("2000 Quarter 4", 20_001_001, 20_001_231),
        ("1990 2nd Half", 19_900_701, 19_901_231),
        ("1990 2nd Trimest", 19_900_401, 19_900_831),
        // Two years.
        ("1947-1948", 19_470_101, 19_481_231),
        ("2015/2016", 20_150_101, 20_161_231),
        ("1983-84", 19_830_101, 19_841_231),
        ("1976-77", 19_760_101, 19_771_231),
        ("1976-7", 19_760_101, 19_771_231),
        ("1999-00", 19_990_101, 20_001_231),
        ("2003-04", 20_030_101, 20_041_231),
        ("1999/05", 19_990_501, 19_990_531),
        ("1998 Dec-1999 Jan", 19_981_201, 19_990_131),
        ("1998 Dec-99 Jan", 19_981_201, 19_990_131),
        ("1998 Dec-1999", 19_981_201, 19_991_231),
        ("1998-1999 Jan", 19_980_101, 19_990_131),
        ("1999 Dec-Jan", 19_991_201, 20_000_131),
        ("Dec-Jan 1999", 19_981_201, 19_990_131),
        ("Dec 1998-Jan 1999", 19_981_201, 19_990_131),
        ("1975-1976 Dec-Jan", 19_751_201, 19_760_131),
        ("Dec-Jan 1975-1976", 19_751_201, 19_760_131),
        ("1977-1978 Nov-Feb", 19_771_101, 19_780_228),
        ("1977-1978 Fall-Winter", 19_770_901, 19_780_228),
        ("1977-1978 Winter-Spring", 19_771_201, 19_780_531),
        ("1976-1977 Winter", 19_761_201, 19_770_228),
        ("1976-77 Winter", 19_761_201, 19_770_228),
        ("1983/84 Winter", 19_831_201, 19_840_229),
        ("2001-02 Winter", 20_011_201, 20_020_228),
        ("Winter 1975-1976", 19_751_201, 19_760_229),
        ("Winter 1975/76", 19_751_201, 19_760_229),
        ("Fall 1975-Spring 1976", 19_750_901, 19_760_531),
        ("1975 Autumn-1976 Winter", 19_750_901, 19_761_231),
        // Years of which not all is known.
        ("198u", 19_800_101, 19_891_231),
        ("19uu", 19_000_101, 19_991_231),
        ("19--", 19_000_101, 19_991_231),
        ("197-?", 19_700_101, 19_791_231),
        ("1980s", 19_800_101, 19_891_231),
        ("[c1950]", 19_500_101, 19_501_231),
        // Words that say nothing: the end that they stand for may be anywhere in the year.
        ("2020 Jan-Frebuary", 20_200_101, 20_201_231),
        ("2020 Supplement-Jun", 20_200_101, 20_200_630),
        ("1998 Nov-Dec Suppl", 19_981_101, 19_981_231),
        ("Mid-1998", 19_980_101, 19_981_231),
        ("1998 Mid-Year", 19_980_101, 19_981_231),
        ("1999-1998", 19_980_101, 19_991_231),
        ("no year at all", 0, 0),
        ("Jan 5", 0, 0),
        ("0099", 0, 0),
        ("-", 0, 0),
        ("", 0, 0),
    ];

    #[test]
    fn medline_dates_become_intervals() {
        for (text, first, last) in WORDS {
            let date = parse_words(text);
            assert_eq!((date.first.0, date.last.0), (*first, *last), "{text}");
            assert_eq!(date.verbatim, *text);
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
        assert_eq!(date("2001", "", "", "Jul-Oct"), some("2001 Jul-Oct", 20_010_701, 20_011_031));
        assert_eq!(date("2001", "Jan-Feb", "", ""), some("2001 Jan-Feb", 20_010_101, 20_010_228));
        assert_eq!(date("2019", "Feb", "31", ""), some("2019 Feb 31", 20_190_201, 20_190_228));
        assert_eq!(date("2019", "", "5", ""), some("2019 5", 20_190_101, 20_191_231));
        assert_eq!(
            date("2019", "Frimaire", "5", ""),
            some("2019 Frimaire 5", 20_190_101, 20_191_231)
        );
        assert_eq!(date("2019-2020", "", "", ""), some("2019-2020", 20_190_101, 20_201_231));
        assert_eq!(date("", "", "", ""), None);
    }

    #[test]
    fn free_dates_are_iso_or_words() {
        for (text, first, last) in [
            ("2019-03-05", 20_190_305, 20_190_305),
            ("2019-03-05T10:00:00Z", 20_190_305, 20_190_305),
            ("2019-03-05 10:00:00", 20_190_305, 20_190_305),
            ("20190305", 20_190_305, 20_190_305),
            ("2020-02", 20_200_201, 20_200_229),
            ("2020-02-31", 20_200_201, 20_200_229),
            ("2011", 20_110_101, 20_111_231),
            ("2019 Mar 5", 20_190_305, 20_190_305),
            ("2019-13", 20_190_101, 20_191_231),
        ] {
            let date = parse_date(text);
            assert_eq!((date.first.0, date.last.0), (first, last), "{text}");
        }
    }

    proptest::proptest! {
        /// No text is too odd, and no interval runs backwards.
        #[test]
        fn intervals_are_in_order(text in "([0-9]{1,4}|Jan|Dec|Winter|Fall|1st|Quart|[-/ ,u?]|x){0,9}") {
            let date = parse_date(&text);
            proptest::prop_assert!(date.first <= date.last, "{date:?}");
        }
    }
}
