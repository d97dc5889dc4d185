//! The values of one side of a pair.

use serde_json::Value;

/// Positives of one record.
const TEXTS_MAX: usize = 10_000;

/// A text, a list of texts, or passages with title and text.
pub(super) fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Object(_) => Ok(vec![passage(value)?]),
        Value::Array(parts) if parts.len() > TEXTS_MAX => {
            Err(format!("more than {TEXTS_MAX} texts"))
        }
        Value::Array(parts) => parts.iter().map(passage).collect(),
        other => Err(format!("expected a text or a list of texts, found {other}")),
    }
}

fn passage(value: &Value) -> Result<String, String> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Object(members) if members.contains_key("text") => {
            Ok(format!("{} {}", part("title"), part("text")).trim().to_owned())
        }
        other => Err(format!("expected a text or a passage with `text`, found {other}")),
    }
}

/// A finite number, also in a string; `None` for an empty cell.
pub(super) fn score(value: &Value) -> Result<Option<f64>, String> {
    let number = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    match number {
        Some(number) if number.is_finite() => Ok(Some(number)),
        _ => Err(format!("the score {value} is not a finite number")),
    }
}

/// `negative`, `hard_negatives`, `neg_3` and the like.
pub(super) fn is_negative(name: &str) -> bool {
    let stem = name.trim_end_matches(|char: char| char.is_ascii_digit());
    let stem = if stem.len() < name.len() { stem.trim_end_matches('_') } else { stem };
    matches!(
        stem,
        "negative" | "negatives" | "neg" | "hard_negative" | "hard_negatives" | "negative_passages"
    )
}
