//! JSON values, their types checked.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::document::{Field, FieldValue};
use crate::ingest::raw::Fault;
use crate::limits::DIMENSION_MAX;

/// The members of an object in order, and its vector.
pub(in crate::ingest) struct Members {
    pub(in crate::ingest) members: Vec<(String, Value)>,
    pub(in crate::ingest) vector: Option<Vec<f32>>,
}

/// Reads an object; `null` members are left out.
///
/// # Errors
/// A [`Fault`] for bad JSON, for a member named twice, and for an invalid vector.
pub(in crate::ingest) fn members(bytes: &[u8]) -> Result<Members, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let members = reader.deserialize_map(MembersVisitor).and_then(|members| {
        reader.end()?;
        Ok(members)
    });
    let members = members.map_err(|error| json_fault(bytes, &error))?;
    if members.members.iter().any(|(_, value)| has_huge_float(value))
        && let Some(digits) = long_integer(bytes)
    {
        return Err(too_long(digits));
    }
    Ok(members)
}

/// Whether a value holds a float beyond the integers of 64 bits: it may have been written as one.
fn has_huge_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() && number.as_f64().is_some_and(|float| float.abs() >= 9.2e18)
        }
        Value::Array(values) => values.iter().any(has_huge_float),
        Value::Object(members) => members.values().any(has_huge_float),
        _ => false,
    }
}

/// The first number of JSON that is written as an integer of more than 18 digits and fits no 64
/// bits: the reader of JSON rounds it.
fn long_integer(bytes: &[u8]) -> Option<&str> {
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let rest = bytes.get(place..)?;
        let length = match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let is_number =
                    |b: &u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = rest.iter().position(|b| !is_number(b)).unwrap_or(rest.len());
                let number = std::str::from_utf8(rest.get(..length)?).ok()?;
                let is_integer = !number.contains(['.', 'e', 'E']);
                let fits = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
                if is_integer && !fits {
                    return Some(number);
                }
                length
            }
            _ => 1,
        };
        place += length.max(1);
    }
    None
}

/// Bytes of the string that begins here, with its quotes.
fn string_length(bytes: &[u8]) -> usize {
    let mut is_escaped = false;
    for (place, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn too_long(digits: &str) -> Fault {
    Fault::whole(format!(
        "the integer {digits:.40} does not fit a signed integer of 64 bits; write it as a string"
    ))
}

/// Turns a JSON error into a fault; says so when the trouble is a number that JSON does not have.
fn json_fault(bytes: &[u8], error: &serde_json::Error) -> Fault {
    let mut detail = error.to_string();
    let column = error.column();
    // A record is one line to the reader of JSON, so its own line number says nothing.
    if let Some(place) = detail.rfind(" at line ") {
        detail.truncate(place);
    }
    let before = bytes.get(column.saturating_sub(1)..).unwrap_or_default();
    if ["NaN", "Infinity", "-Infinity"].iter().any(|name| before.starts_with(name.as_bytes()))
        || before.starts_with(b"I") && bytes.get(column.saturating_sub(2)) == Some(&b'-')
    {
        detail = "NaN and Infinity are no numbers in JSON".into();
    }
    if column > 0 {
        detail = format!("column {column}: {detail}");
    }
    Fault { offset: column as u64, detail }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut found = Members { members: Vec::new(), vector: None };
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(de::Error::custom(format!("`{name}` is given twice")));
            }
            if matches!(name.as_str(), "vector" | "embedding") {
                let vector = map.next_value_seed(VectorSeed)?;
                if vector.is_some() && found.vector.is_some() {
                    return Err(de::Error::custom("both `vector` and `embedding` are given"));
                }
                found.vector = vector.or(found.vector);
                continue;
            }
            let value = map.next_value::<Value>()?;
            if !value.is_null() {
                found.members.push((name, value));
            }
        }
        Ok(found)
    }
}

struct VectorSeed;

impl<'de> DeserializeSeed<'de> for VectorSeed {
    type Value = Option<Vec<f32>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for VectorSeed {
    type Value = Option<Vec<f32>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers as `vector`")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut vector = Vec::new();
        while let Some(number) = seq.next_element::<f64>()? {
            if vector.len() == DIMENSION_MAX {
                let detail = format!("`vector` has more than {DIMENSION_MAX} numbers");
                return Err(de::Error::custom(detail));
            }
            let number = number as f32;
            if !number.is_finite() {
                let detail = format!("`vector`[{}] is not a finite number", vector.len());
                return Err(de::Error::custom(detail));
            }
            vector.push(number);
        }
        if vector.is_empty() {
            return Err(de::Error::custom("`vector` is empty"));
        }
        Ok(Some(vector))
    }
}

/// What a value is, in a few words.
pub(in crate::ingest) fn brief(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => {
            let start: String = text.chars().take(40).collect();
            format!("the string `{start}`")
        }
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

/// A [`Fault`] for a member of the wrong type.
pub(in crate::ingest) fn wrong(name: &str, expected: &str, value: &Value) -> Fault {
    Fault::whole(format!("`{name}` must be {expected}, found {}", brief(value)))
}

/// A string; an integer is taken as its digits.
pub(in crate::ingest) fn text(name: &str, value: Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        other => Err(wrong(name, "a string", &other)),
    }
}

/// A text, or a list of its sentences, which are joined by blanks.
pub(in crate::ingest) fn joined(name: &str, value: Value) -> Result<String, Fault> {
    match value {
        Value::Array(_) => Ok(texts(name, value)?.join(" ")),
        other => text(name, other),
    }
}

/// A list.
pub(in crate::ingest) fn list(name: &str, value: Value) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(wrong(name, "a list", &other)),
    }
}

/// A list of strings.
pub(in crate::ingest) fn texts(name: &str, value: Value) -> Result<Vec<String>, Fault> {
    list(name, value)?.into_iter().map(|value| text(name, value)).collect()
}

/// An object.
pub(in crate::ingest) fn object(
    name: &str,
    value: Value,
) -> Result<serde_json::Map<String, Value>, Fault> {
    match value {
        Value::Object(members) => Ok(members),
        other => Err(wrong(name, "an object", &other)),
    }
}

/// Takes a string member out of an object; empty when it is not there.
pub(in crate::ingest) fn take_text(
    members: &mut serde_json::Map<String, Value>,
    name: &str,
) -> Result<String, Fault> {
    members.remove(name).map_or_else(|| Ok(String::new()), |value| text(name, value))
}

/// Fails for a member that nobody took: it would be lost.
pub(in crate::ingest) fn none_left(
    name: &str,
    members: &serde_json::Map<String, Value>,
    known: &[&str],
) -> Result<(), Fault> {
    match members.iter().find(|(_, value)| !value.is_null()) {
        None => Ok(()),
        Some((other, _)) => Err(Fault::whole(format!(
            "`{name}` has an unknown member `{other}`; expected {}",
            known.join(", ")
        ))),
    }
}

/// Adds a free field of the value's type; `null` adds none.
pub(in crate::ingest) fn free_field(
    fields: &mut Vec<Field>,
    name: String,
    value: Value,
) -> Result<(), Fault> {
    let value = match value {
        Value::Null => return Ok(()),
        Value::String(text) => FieldValue::String(text),
        Value::Bool(value) => FieldValue::String(value.to_string()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => FieldValue::Integer(integer),
            (None, _) if number.is_u64() => return Err(too_long(&number.to_string())),
            (None, Some(float)) if float.is_finite() => FieldValue::Float(float),
            _ => return Err(Fault::whole(format!("`{name}` is not a finite number"))),
        },
        Value::Array(values) => FieldValue::List(
            values
                .into_iter()
                .map(|value| match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                })
                .collect(),
        ),
        object @ Value::Object(_) => FieldValue::String(object.to_string()),
    };
    fields.push(Field { name, value });
    Ok(())
}
