//! Numbers, whole or not, and ranges of them, compared exactly: no integer is rounded to a float.

use std::cmp::Ordering;

/// 2^63, the first float above every `i64`; its negative is the least `i64`.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// A range of numbers; integers and floats of documents are compared with either.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NumberRange {
    /// Between whole numbers, both included.
    Integers {
        /// Least value.
        from: i64,
        /// Greatest value.
        to: i64,
    },
    /// Between any numbers, both included.
    Floats {
        /// Least value.
        from: f64,
        /// Greatest value.
        to: f64,
    },
}

/// A number of a free field. Numbers are ordered by value, whatever their type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Integer(i64),
    Float(f64),
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => a.cmp(b),
            // The sum with zero makes both zeros one.
            (Number::Float(a), Number::Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Number::Integer(a), Number::Float(b)) => compare(*a, *b),
            (Number::Float(a), Number::Integer(b)) => compare(*b, *a).reverse(),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

/// The exact order of an integer and a float; NaN is where `total_cmp` has it, beyond all others.
fn compare(integer: i64, float: f64) -> Ordering {
    if float.is_nan() {
        return if float.is_sign_positive() { Ordering::Less } else { Ordering::Greater };
    }
    if float >= BEYOND {
        return Ordering::Less;
    }
    if float < -BEYOND {
        return Ordering::Greater;
    }
    // Exact: the whole part fits.
    let whole = float.trunc();
    integer.cmp(&(whole as i64)).then_with(|| 0.0f64.total_cmp(&(float - whole + 0.0)))
}

/// The integers between two floats, both included; `None` when there is none.
pub(super) fn integers_between(from: f64, to: f64) -> Option<(i64, i64)> {
    let (from, to) = (from.ceil(), to.floor());
    // `as` is exact inside these bounds and stops at the ends of `i64` for infinities.
    if !(from <= to && from < BEYOND && to >= -BEYOND) {
        return None;
    }
    Some((from as i64, to as i64))
}

/// Whether a float lies between two integers, both included.
pub(super) fn is_between(value: f64, from: i64, to: i64) -> bool {
    let (floor, ceil) = (value.floor(), value.ceil());
    let not_less = floor >= BEYOND || (floor >= -BEYOND && floor as i64 >= from);
    let not_greater = ceil < -BEYOND || (ceil < BEYOND && ceil as i64 <= to);
    not_less && not_greater && !value.is_nan()
}

/// A number or a range of numbers as typed: `12`, `0.5:2`, `5:`, `:9`; both ends are included.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Typed {
    /// A range, which integers are given for when both ends are whole.
    Range(NumberRange),
    /// The range ends before it starts.
    Reversed,
    /// Not a number.
    NotANumber,
}

/// Reads a number or a range of numbers.
pub(super) fn typed(text: &str) -> Typed {
    let text = text.trim();
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() && to.is_empty() {
        return Typed::NotANumber;
    }
    let range = match (integer(from, i64::MIN), integer(to, i64::MAX)) {
        (Some(from), Some(to)) => NumberRange::Integers { from, to },
        _ => match (float(from, f64::NEG_INFINITY), float(to, f64::INFINITY)) {
            (Some(from), Some(to)) => NumberRange::Floats { from, to },
            _ => return Typed::NotANumber,
        },
    };
    match range {
        NumberRange::Integers { from, to } if from > to => Typed::Reversed,
        NumberRange::Floats { from, to } if from > to => Typed::Reversed,
        range => Typed::Range(range),
    }
}

fn integer(text: &str, open: i64) -> Option<i64> {
    if text.is_empty() { Some(open) } else { text.parse().ok() }
}

/// A finite number in digits: `inf` and `nan` are words.
fn float(text: &str, open: f64) -> Option<f64> {
    if text.is_empty() {
        return Some(open);
    }
    let digits = text.trim_start_matches(['+', '-', '.']);
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.filter(|_| digits.starts_with(|ch: char| ch.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_ranges_may_be_open_and_keep_every_digit() {
        let whole = |from, to| Typed::Range(NumberRange::Integers { from, to });
        let real = |from, to| Typed::Range(NumberRange::Floats { from, to });
        for (text, expected) in [
            ("12", whole(12, 12)),
            (" 5 : 9 ", whole(5, 9)),
            ("5:", whole(5, i64::MAX)),
            (":-9", whole(i64::MIN, -9)),
            ("9223372036854775807", whole(i64::MAX, i64::MAX)),
            ("9223372036854775808", real(BEYOND, BEYOND)),
            ("0.5:2", real(0.5, 2.0)),
            ("1e3", real(1000.0, 1000.0)),
            (".5:", real(0.5, f64::INFINITY)),
            ("9:5", Typed::Reversed),
            ("0.2:0.1", Typed::Reversed),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
        for text in ["", ":", " : ", "x", "5:x", "inf", "nan", "NaN:5", "1:2:3", "1e999", "five"] {
            assert_eq!(typed(text), Typed::NotANumber, "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_integers_are_compared_exactly() {
        assert_eq!(integers_between(f64::NEG_INFINITY, f64::INFINITY), Some((i64::MIN, i64::MAX)));
        assert_eq!(integers_between(BEYOND, f64::INFINITY), None);
        assert_eq!(integers_between(f64::NEG_INFINITY, -BEYOND * 2.0), None);
        assert_eq!(integers_between(0.1, 0.9), None);
        assert_eq!(integers_between(0.5, 2.5), Some((1, 2)));
        assert!(!is_between(BEYOND, 0, i64::MAX) && is_between(-BEYOND, i64::MIN, 0));
        assert!(is_between(2.5, 2, 3) && !is_between(3.5, 2, 3) && !is_between(1.5, 2, 3));
        assert!(!is_between(f64::NAN, i64::MIN, i64::MAX));
    }

    #[test]
    fn numbers_of_both_types_have_one_order() {
        let ascending = [
            Number::Float(f64::NEG_INFINITY),
            Number::Float(-BEYOND * 2.0),
            Number::Integer(i64::MIN),
            Number::Integer(-2),
            Number::Float(-1.5),
            Number::Integer(-1),
            Number::Float(-0.25),
            Number::Integer(0),
            Number::Float(0.25),
            Number::Integer(1),
            Number::Integer((1 << 53) + 1),
            Number::Float(9_007_199_254_740_994.0),
            Number::Integer(i64::MAX),
            Number::Float(BEYOND),
            Number::Float(f64::INFINITY),
            Number::Float(f64::NAN),
        ];
        for (place, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(a.cmp(b), place.cmp(&other), "{a:?} {b:?}");
            }
        }
        assert_eq!(Number::Integer(0), Number::Float(-0.0));
        assert_eq!(Number::Float(0.0), Number::Float(-0.0));
        assert_eq!(Number::Integer(i64::MIN), Number::Float(-BEYOND));
    }

    proptest! {
        #[test]
        fn small_numbers_are_compared_as_floats_are(
            value in -64i32..64, from in -20i64..20, to in -20i64..20
        ) {
            let value = f64::from(value) / 4.0;
            let expected = (from as f64..=to as f64).contains(&value);
            prop_assert_eq!(is_between(value, from, to), expected);
            let whole = value.floor() as i64;
            let (low, high) = (from as f64 - 0.25, to as f64 + 0.25);
            let inside = integers_between(low, high)
                .is_some_and(|(from, to)| (from..=to).contains(&whole));
            prop_assert_eq!(inside, (low..=high).contains(&(whole as f64)));
        }
    }
}
