//! JSON objects, member by member: what nobody asked for is passed over and costs no memory.
//!
//! serde_json stops at 128 levels, so nesting is bounded.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// Whether a member of this name is wanted.
pub(crate) type Wanted = fn(&str) -> bool;

/// The wanted members of an object that is the whole text.
///
/// # Errors
/// The text is not one JSON object, or names a wanted member twice.
pub(crate) fn members(text: &[u8], wanted: Wanted) -> Result<Map<String, Value>, String> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let members = parser.deserialize_map(Members(wanted)).map_err(|error| words(&error))?;
    parser.end().map_err(|error| words(&error))?;
    Ok(members)
}

/// What serde_json says, without the line: the caller knows a better one.
pub(crate) fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    said.strip_suffix(&place).unwrap_or(&said).to_owned()
}

struct Members(Wanted);

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if !(self.0)(&name) {
                access.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = access.next_value::<Value>()?;
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the member `{name}` is there twice")));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}

/// An id as text: ids are strings or integers, and files of one set disagree about which.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A grade: an integer, as a number or in a string; a whole float, which some published sets have.
pub(crate) fn grade(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A float as the integer that it is, while every integer is a float of its own.
pub(crate) fn whole(number: f64) -> Option<i64> {
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= WHOLE_MAX).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wanted_members_are_kept() {
        let read = |text: &str| members(text.as_bytes(), |name| name == "a");
        assert_eq!(read(r#"{"a": 1, "b": [2, {}]}"#).unwrap().len(), 1);
        assert!(read(r#"{"b": 1, "b": 2}"#).unwrap().is_empty());
        assert!(read(r#"{"a": 1, "a": 2}"#).unwrap_err().contains("`a` is there twice"));
        assert!(read("[1]").unwrap_err().contains("expected a JSON object"));
        assert_eq!(read(r#"{"a": 1} x"#).unwrap_err(), "trailing characters");
        assert!(read(r#"{"a": "#).is_err());
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(read(&deep).unwrap_err(), "recursion limit exceeded");
    }

    #[test]
    fn grades_are_integers() {
        for (text, wanted) in [
            ("1", Some(1)),
            ("-2", Some(-2)),
            ("2.0", Some(2)),
            ("\"3\"", Some(3)),
            ("1.5", None),
            ("\"x\"", None),
            ("1e300", None),
            ("null", None),
        ] {
            assert_eq!(grade(&serde_json::from_str(text).unwrap()), wanted, "{text}");
        }
    }
}
