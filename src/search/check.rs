//! Filters that mean nothing in any database: empty names, ranges that end before they start, days
//! that no calendar has.

use super::filter::{FieldTest, Filter};
use crate::date::Day;
use crate::error::{Error, Result};

/// The last year that a date can have.
const YEAR_MAX: u32 = 9999;

/// Looks at every condition of a filter.
///
/// # Errors
/// [`Error::InvalidQuery`] that names the first such condition and says what would be right.
pub(super) fn check(filter: &Filter) -> Result<()> {
    filter.parts().try_for_each(check_condition)
}

/// Looks at one condition; a filter that has parts is right as such.
///
/// # Errors
/// As [`check`].
pub(super) fn check_condition(condition: &Filter) -> Result<()> {
    let invalid = |detail: String| Err(Error::InvalidQuery { detail });
    let named = |what: &str, name: &str| match name.trim() {
        "" => invalid(format!("the name of the {what} is empty")),
        _ => Ok(()),
    };
    match condition {
        Filter::Mesh { term, .. } => named("MeSH heading", term),
        Filter::Subheading { name, .. } => named("MeSH subheading", name),
        Filter::Substance(name) => named("substance", name),
        Filter::PharmacologicalAction { name, .. } => named("pharmacological action", name),
        Filter::Journal(name) => named("journal", name),
        Filter::Language(name) => named("language", name),
        Filter::PublicationType(name) => named("publication type", name),
        Filter::Text(text) => text.check(),
        Filter::Years { from, to } if from > to => {
            invalid(format!("the year range {from}:{to} ends before it starts"))
        }
        Filter::Years { from, .. } if *from > YEAR_MAX => {
            invalid(format!("{from} is not a year: the last one is {YEAR_MAX}"))
        }
        Filter::Dates { from, to } if from > to => {
            invalid(format!("the date range {from}:{to} ends before it starts"))
        }
        Filter::Dates { from, to } => match (wrong_day(*from, Day(0)), wrong_day(*to, Day(1))) {
            (Some(day), _) | (_, Some(day)) => invalid(format!(
                "{} is not a day, written as year * 10,000 + month * 100 + day",
                day.0
            )),
            _ => Ok(()),
        },
        Filter::Field { name, .. } if name.is_empty() => {
            invalid("the name of the field is empty".into())
        }
        Filter::Field { name, test: FieldTest::Integer { from, to } } if from > to => {
            invalid(reversed(name, from, to))
        }
        Filter::Field { name, test: FieldTest::Float { from, to } }
            if from.is_nan() || to.is_nan() =>
        {
            invalid(format!("the range of field `{name}` is not a number"))
        }
        Filter::Field { name, test: FieldTest::Float { from, to } } if from > to => {
            invalid(reversed(name, from, to))
        }
        _ => Ok(()),
    }
}

/// A message for a range of a field that ends before it starts.
fn reversed(name: &str, from: impl std::fmt::Display, to: impl std::fmt::Display) -> String {
    format!("the range {from}:{to} of field `{name}` ends before it starts; write {to}:{from}")
}

/// A day that no calendar has. `open` is one that stands for "since ever"; days after year 9999 are
/// "for ever".
fn wrong_day(day: Day, open: Day) -> Option<Day> {
    let is_day = (1..=12).contains(&day.month()) && (1..=31).contains(&day.day());
    let is_open = day == open || day.year() > YEAR_MAX;
    (!is_day && !is_open).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(filter: Filter) -> String {
        match check(&filter) {
            Err(Error::InvalidQuery { detail }) => detail,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_means_nothing_is_refused_wherever_it_stands() {
        let field = |test| Filter::Field { name: "n".into(), test };
        for (filter, words) in [
            (Filter::mesh(" "), "MeSH heading"),
            (Filter::major(""), "MeSH heading"),
            (Filter::subheading(" "), "MeSH subheading is empty"),
            (Filter::Substance(String::new()), "substance is empty"),
            (Filter::pharmacological_action(""), "pharmacological action is empty"),
            (Filter::Journal("\t".into()), "journal is empty"),
            (Filter::Language(String::new()), "language is empty"),
            (Filter::PublicationType(" ".into()), "publication type is empty"),
            (Filter::years(10_000, 20_000), "10000 is not a year"),
            (Filter::Dates { from: Day(2020), to: Day(20_211_231) }, "2020 is not a day"),
            (Filter::Dates { from: Day(0), to: Day(20_201_399) }, "20201399 is not a day"),
            (field(FieldTest::Integer { from: 5, to: 3 }), "write 3:5"),
            (field(FieldTest::Float { from: 0.5, to: 0.25 }), "write 0.25:0.5"),
            (
                Filter::Field { name: String::new(), test: FieldTest::Is("x".into()) },
                "field is empty",
            ),
        ] {
            let found = detail(filter.clone());
            assert!(found.contains(words), "{filter:?}: {found}");
            let nested = Filter::Or(vec![
                Filter::All,
                Filter::Not(Box::new(Filter::And(vec![Filter::HasAbstract, filter.clone()]))),
            ]);
            assert!(detail(nested).contains(words), "{filter:?} in others");
        }
    }

    #[test]
    fn open_ranges_are_legal() {
        for filter in [
            Filter::years(0, u32::MAX),
            Filter::years(2020, 2020),
            Filter::Dates { from: Day(0), to: Day(u32::MAX) },
            Filter::Dates { from: Day::new(2020, 1, 1), to: Day::new(2020, 2, 31) },
            Filter::And(vec![]),
            Filter::Keys(vec![]),
        ] {
            assert!(check(&filter).is_ok(), "{filter:?}");
        }
    }
}
