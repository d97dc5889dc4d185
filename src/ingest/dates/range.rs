//! From the words of a date to the days they can mean.
//!
//! The words between separators are one *moment*: `1998 Dec-1999 Jan` has two. What a moment leaves
//! out it takes from its neighbours: `1978 Jul-Aug`, `1-15 Jul 2002`, `1998 Dec 14-20`. Where two
//! years stand before or behind two months (`1977-1978 Fall-Winter`), the first month is of the first
//! year, the last of the last.

use super::months::days_of_month;
use super::words::{Unit, Word, words};
use crate::date::Day;

/// What is between two separators.
#[derive(Clone, Debug, Default)]
struct Moment {
    years: Option<(u32, u32)>,
    season: Option<Season>,
    /// Smallest and greatest day.
    days: Option<(u32, u32)>,
    /// The first number that may be a year without its century, and its digits.
    number: Option<(u32, usize)>,
    has_unknown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Season {
    Months(u32, u32),
    Winter,
}

impl Season {
    fn months(self) -> (u32, u32) {
        match self {
            Season::Months(first, last) => (first, last),
            Season::Winter => (1, 12),
        }
    }

    fn is_month(self) -> bool {
        matches!(self, Season::Months(first, last) if first == last)
    }
}

/// The first and the last day that a text can mean; `None` when it names no year.
pub(super) fn interval(text: &str) -> Option<(Day, Day)> {
    let mut moments = moments(text);
    short_years(&mut moments);
    let is_known = |moment: &Moment| {
        moment.years.is_some() || moment.season.is_some() || moment.days.is_some()
    };
    let (is_open_first, is_open_last) = (
        moments.first().is_some_and(|moment| !is_known(moment) && moment.has_unknown),
        moments.last().is_some_and(|moment| !is_known(moment) && moment.has_unknown),
    );
    moments.retain(is_known);
    let (first, last) = settle(&mut moments)?;
    // One end is a word that nobody knows (`2020 Jan-Frebuary`): it may be anywhere in its year.
    let first = if is_open_first { Day::new(first.year(), 1, 1) } else { first };
    let last = if is_open_last { Day::new(last.year(), 12, 31) } else { last };
    Some((first, last))
}

/// Gathers words into moments.
fn moments(text: &str) -> Vec<Moment> {
    let words = words(text);
    let unit = words.iter().find_map(|word| match word {
        Word::Unit(unit) => Some(*unit),
        _ => None,
    });
    let mut moments = vec![Moment::default()];
    let mut before = Word::Separator;
    for word in words {
        if word == Word::Separator {
            moments.push(Moment::default());
        } else if let Some(moment) = moments.last_mut() {
            moment.add(word, before, unit);
        }
        before = word;
    }
    moments
}

impl Moment {
    fn add(&mut self, word: Word, before: Word, unit: Option<Unit>) {
        match word {
            Word::Year(first, last) => {
                let (known_first, known_last) = self.years.unwrap_or((first, last));
                self.years = Some((known_first.min(first), known_last.max(last)));
            }
            Word::Months(first, last) => {
                let known = self.season.map(Season::months).unwrap_or((first, last));
                self.season = Some(Season::Months(known.0.min(first), known.1.max(last)));
            }
            Word::Winter => self.season = Some(Season::Winter),
            Word::Ordinal(number) => match unit {
                Some(unit) => self.part(unit, number),
                None => self.day(number),
            },
            Word::Number(number, _) if matches!(before, Word::Unit(_)) => {
                if let Some(unit) = unit {
                    self.part(unit, number);
                }
            }
            // `2019 02`: right behind its year a number is a month.
            Word::Number(number @ 1..=12, _)
                if matches!(before, Word::Year(..)) && self.season.is_none() =>
            {
                self.season = Some(Season::Months(number, number));
            }
            Word::Number(number, digits) => {
                self.number = self.number.or(Some((number, digits)));
                self.day(number);
            }
            Word::Unit(_) | Word::Separator => {}
            Word::Unknown => self.has_unknown = true,
        }
    }

    fn part(&mut self, unit: Unit, number: u32) {
        if let Some((first, last)) = unit.months(number) {
            self.add(Word::Months(first, last), Word::Unknown, None);
        }
    }

    fn day(&mut self, day: u32) {
        if (1..=31).contains(&day) {
            let (first, last) = self.days.unwrap_or((day, day));
            self.days = Some((first.min(day), last.max(day)));
        }
    }

    /// Its first day, when its years are known.
    fn first(&self) -> Option<Day> {
        let (year, _) = self.years?;
        let (month, _) = self.season.map_or((1, 12), Season::months);
        let day = self.exact_days(year).map_or(1, |(first, _)| first);
        Some(Day::new(year, month, day))
    }

    /// Its last day, when its years are known.
    fn last(&self) -> Option<Day> {
        let (_, year) = self.years?;
        let (_, month) = self.season.map_or((1, 12), Season::months);
        let end = days_of_month(year, month);
        let day = self.exact_days(year).map_or(end, |(_, last)| last);
        Some(Day::new(year, month, day))
    }

    /// Its days, where they are days of its one month: `Feb 30` says no more than February.
    fn exact_days(&self, year: u32) -> Option<(u32, u32)> {
        let (month, _) = self.season.filter(|season| season.is_month())?.months();
        self.days.filter(|(_, last)| *last <= days_of_month(year, month))
    }
}

/// Finds years without their century: `1983-84`, `1976-7`, `Winter 1975/76`.
fn short_years(moments: &mut [Moment]) {
    for place in 1..moments.len() {
        let (before, rest) = moments.split_at_mut(place);
        let (Some(before), Some(moment)) = (before.last_mut(), rest.first_mut()) else { continue };
        let (Some((_, year)), None) = (before.years, moment.years) else { continue };
        let Some((number, digits)) = moment.number else { continue };
        // Behind a month, or with one, a number up to 31 is a day.
        let can_be_day = before.season.is_some_and(Season::is_month);
        if number <= 31 && can_be_day {
            continue;
        }
        let span = if digits == 1 { 10 } else { 100 };
        let short = year / span * span + number;
        let short = if short < year { short + span } else { short };
        // `1999/05` is a month rather than six years.
        if short - year <= if number <= 12 { 2 } else { 50 } {
            moment.years = Some((short, short));
            moment.days = None;
        } else if before.season.is_none() && moment.season.is_none() && (1..=12).contains(&number) {
            before.season = Some(Season::Months(number, number));
            moment.days = None;
        }
    }
}

fn settle(moments: &mut [Moment]) -> Option<(Day, Day)> {
    let years: Vec<(u32, u32)> = moments.iter().filter_map(|moment| moment.years).collect();
    let (year_first, year_last) = (years.first()?.0, years.last()?.1);
    let seasons = moments.iter().filter(|moment| moment.season.is_some()).count();
    let is_bare = |moment: Option<&Moment>| {
        moment.is_some_and(|moment| moment.years.is_some() && moment.season.is_none())
    };
    let has_bare_end = is_bare(moments.first()) || is_bare(moments.last());
    if years.len() == 2 && has_bare_end && year_first < year_last {
        if seasons == 1 && year_last == year_first + 1 && has_winter(moments) {
            return Some((Day::new(year_first, 12, 1), end_of(year_last, 2)));
        }
        if seasons >= 2 {
            return factored(moments, year_first, year_last);
        }
    }
    inherit(moments);
    let first = moments.iter().find_map(Moment::first)?;
    let last = moments.iter().rev().find_map(Moment::last)?;
    if first <= last {
        return Some((first, last));
    }
    // The wrong way round: `1999-1998`.
    let first = moments.iter().filter_map(Moment::first).min()?;
    let last = moments.iter().filter_map(Moment::last).max()?;
    Some((first, last))
}

fn has_winter(moments: &[Moment]) -> bool {
    moments.iter().any(|moment| moment.season == Some(Season::Winter))
}

fn end_of(year: u32, month: u32) -> Day {
    Day::new(year, month, days_of_month(year, month))
}

/// `1977-1978 Fall-Winter`, `Dec-Jan 1975-1976`.
fn factored(moments: &[Moment], year_first: u32, year_last: u32) -> Option<(Day, Day)> {
    let mut with_season = moments.iter().filter(|moment| moment.season.is_some());
    let in_year = |moment: &Moment, year| Moment { years: Some((year, year)), ..moment.clone() };
    let first = in_year(with_season.next()?, year_first);
    let last = in_year(with_season.next_back()?, year_last);
    let first = match first.season {
        Some(Season::Winter) => Day::new(year_first, 12, 1),
        _ => first.first()?,
    };
    let last = match last.season {
        Some(Season::Winter) => end_of(year_last, 2),
        _ => last.last()?,
    };
    Some((first.min(last), first.max(last)))
}

/// Gives moments the years and months that they leave out.
fn inherit(moments: &mut [Moment]) {
    // From behind, for what stands before the first year or month: `1-15 Jul 2002`, `Jul-Aug 1999`.
    let mut behind: Option<Moment> = None;
    let first_year = moments.iter().position(|moment| moment.years.is_some()).unwrap_or(0);
    for place in (0..first_year).rev() {
        let later = behind.take().or_else(|| moments.get(place + 1).cloned());
        let (Some(later), Some(moment)) = (later, moments.get_mut(place)) else { continue };
        moment.years = later.years;
        if moment.season.is_none() {
            moment.season = later.season;
        }
        // `Dec-Jan 1999` begins in the year before.
        if let (Some(own), Some(last), Some((first_year, last_year))) =
            (moment.first(), later.last(), moment.years)
            && own > last
        {
            moment.years = Some((first_year - 1, last_year - 1));
        }
        behind = Some(moment.clone());
    }
    for place in first_year + 1..moments.len() {
        let (before, rest) = moments.split_at_mut(place);
        let (Some(before), Some(moment)) = (before.last(), rest.first_mut()) else { continue };
        if moment.season.is_none() && moment.days.is_some() {
            moment.season = before.season;
        }
        if moment.years.is_some() {
            continue;
        }
        moment.years = before.years;
        if moment.season == Some(Season::Winter) && before.season.is_some() {
            // `1978 Fall-Winter` ends in February.
            moment.season = Some(Season::Months(1, 2));
        }
        // `1999 Dec-Jan` reaches into the next year.
        if let (Some(own), Some(first), Some((first_year, last_year))) =
            (moment.last(), before.first(), moment.years)
            && own < first
        {
            moment.years = Some((first_year + 1, last_year + 1));
        }
    }
}
