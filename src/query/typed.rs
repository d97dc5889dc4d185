//! Free fields: `rating:>3`, `rating:1..5`, `tag:lung`, `tag:"lung cancer"`.

use std::fmt;

use super::chars::{has_content, is_quote, squeeze};
use super::foreign;

/// What the value of a free field must be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TypedTest {
    /// Exactly this text, or this number where the field has numbers.
    Is(String),
    /// A number below this one.
    Below(f64),
    /// A number not above this one.
    AtMost(f64),
    /// A number above this one.
    Above(f64),
    /// A number not below this one.
    AtLeast(f64),
    /// A number in this range, both ends included.
    Between(f64, f64),
}

impl TypedTest {
    /// Reads what follows the colon; an error says what would be right.
    pub(super) fn parse(value: &str) -> Result<TypedTest, String> {
        if value.starts_with(is_quote) {
            let text = squeeze(value.trim_matches(is_quote));
            return if has_content(&text) { Ok(TypedTest::Is(text)) } else { Err(empty()) };
        }
        for (sign, test) in [
            (">=", TypedTest::AtLeast as fn(f64) -> TypedTest),
            ("<=", TypedTest::AtMost),
            (">", TypedTest::Above),
            ("<", TypedTest::Below),
        ] {
            if let Some(rest) = value.strip_prefix(sign) {
                return number(rest).map(test);
            }
        }
        let value = value.strip_prefix('=').unwrap_or(value);
        match value.split_once("..") {
            Some(("", to)) => number(to).map(TypedTest::AtMost),
            Some((from, "")) => number(from).map(TypedTest::AtLeast),
            Some((from, to)) => {
                let (from, to) = (number(from)?, number(to)?);
                let reversed = || format!("the range begins after its end; write {to}..{from}");
                if from <= to { Ok(TypedTest::Between(from, to)) } else { Err(reversed()) }
            }
            None if has_content(value) => Ok(TypedTest::Is(value.to_owned())),
            None => Err(empty()),
        }
    }
}

fn empty() -> String {
    "a field needs a value behind its colon: `tag:lung`, `rating:>3`, `rating:1..5`".to_owned()
}

fn number(text: &str) -> Result<f64, String> {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number: &f64| digits && number.is_finite());
    let number = number.ok_or_else(|| {
        format!("`{text}` is not a number; quote the value to search for it as text")
    })?;
    match text.parse::<i64>() {
        Ok(whole) if i128::from(whole) != number as i128 => Err(format!(
            "`{text}` has more digits than a comparison keeps: it would be read as {number}"
        )),
        _ => Ok(number),
    }
}

impl fmt::Display for TypedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypedTest::Is(text) => {
                let plain = |ch: char| ch.is_alphanumeric() || matches!(ch, '-' | '_');
                let bare = text.chars().all(plain) && foreign::after_colon(text).is_none();
                if bare { f.write_str(text) } else { write!(f, "\"{text}\"") }
            }
            TypedTest::Below(number) => write!(f, "<{number}"),
            TypedTest::AtMost(number) => write!(f, "<={number}"),
            TypedTest::Above(number) => write!(f, ">{number}"),
            TypedTest::AtLeast(number) => write!(f, ">={number}"),
            TypedTest::Between(from, to) => write!(f, "{from}..{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts_comparisons_or_ranges() {
        for (text, test) in [
            ("lung", TypedTest::Is("lung".into())),
            ("\"lung  cancer\"", TypedTest::Is("lung cancer".into())),
            ("\">3\"", TypedTest::Is(">3".into())),
            ("12", TypedTest::Is("12".into())),
            (">3", TypedTest::Above(3.0)),
            (">=-3.5", TypedTest::AtLeast(-3.5)),
            ("<1e300", TypedTest::Below(1e300)),
            ("..5", TypedTest::AtMost(5.0)),
            ("5..", TypedTest::AtLeast(5.0)),
            ("1..5", TypedTest::Between(1.0, 5.0)),
        ] {
            assert_eq!(TypedTest::parse(text).as_ref(), Ok(&test), "{text}");
            assert_eq!(TypedTest::parse(&test.to_string()).as_ref(), Ok(&test), "{test}");
        }
        for exact in ["9007199254740992", "-9223372036854775808", "1e300"] {
            assert!(TypedTest::parse(&format!(">{exact}")).is_ok(), "{exact}");
        }
        let rounded = TypedTest::parse(">=9007199254740993").expect_err("rounded");
        assert!(rounded.contains("read as 9007199254740992"), "{rounded}");
        for text in [
            "",
            "\"\"",
            ">",
            "<9223372036854775807",
            "0..9223372036854775807",
            ">x",
            "5..1",
            "..",
            "a..b",
            ">inf",
            "nan..1",
            "-",
        ] {
            assert!(TypedTest::parse(text).is_err(), "{text}");
        }
    }
}
