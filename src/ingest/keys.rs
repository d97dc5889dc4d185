//! Ids as people and programs write them.
//!
//! | written | where a PMID is wanted | where any id will do |
//! |---|---|---|
//! | `123`, `" 123 "`, `"'123'"`, `"PMID: 123"` | PMID 123 | PMID 123 |
//! | `123.0`, `1.23e2` (numbers), `"123.0"`, `"1.23e+02"` | PMID 123 | PMID 123 |
//! | `"00123"` | PMID 123 | the text `00123` |
//! | `0`, `-5`, `4294967296` | refused | the text of the number |
//! | `123.2`, `"123.2"` | refused: a version is not part of a PMID | refused as a number; the text |
//! | `"note-1"` | refused | the text `note-1` |
//! | `12345678901234567890123` | refused | refused: no longer exact; write it as a string |
//!
//! A text that would be read as a PMID, or without its blanks or quotes, is written
//! `{"text": " 123"}`.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::jsonl::values;
use super::plain::one_line;
use super::raw::Fault;
use crate::document::Document;
use crate::format::content::hexadecimal;
use crate::ids::{Key, Pmid};

/// Integers up to here are exact as floats: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The PMID in a value that must be one.
///
/// # Errors
/// A [`Fault`] for anything else.
pub(super) fn pmid_value(value: &Value) -> Result<Pmid, Fault> {
    let number = match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| whole(number.as_f64()?).and_then(|number| u64::try_from(number).ok()))
            .and_then(|number| u32::try_from(number).ok())
            .filter(|&number| number > 0),
        Value::String(text) => pmid_text(text),
        _ => None,
    };
    number.map(Pmid).ok_or_else(|| {
        Fault::whole(format!("`pmid` must be a positive integer, found {}", values::brief(value)))
    })
}

/// The PMID that a text means; leading zeros are nothing.
pub(super) fn pmid_text(text: &str) -> Option<u32> {
    let bare = without_prefix(unquoted(text));
    let is_decimal = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    match is_decimal {
        true => bare.parse().ok(),
        false => float_text(bare).or_else(|| exponent(bare)),
    }
    .filter(|&number| number > 0)
}

/// The key in a value that may be any id.
///
/// # Errors
/// A [`Fault`] for what is neither a string nor an integer, and for an empty string.
pub(super) fn id_key(name: &str, value: &Value) -> Result<Key, Fault> {
    let number = match value {
        Value::String(text) => return key_of_text(name, text),
        Value::Object(members) => match (members.len(), members.get("text")) {
            (1, Some(Value::String(text))) => return Ok(Key::Text(text.clone())),
            _ => None,
        },
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Value::Number(number) => number.as_f64().and_then(whole).map(|number| number.to_string()),
        _ => None,
    };
    number.map(|digits| Key::parse(&digits)).ok_or_else(|| {
        Fault::whole(format!(
            "`{name}` must be a string or an integer, found {}",
            values::brief(value)
        ))
    })
}

/// The key in a text that may be any id.
///
/// # Errors
/// A [`Fault`] for an empty one.
pub(super) fn key_of_text(name: &str, text: &str) -> Result<Key, Fault> {
    let bare = unquoted(text);
    if bare.is_empty() {
        return Err(Fault::whole(format!("`{name}` is empty")));
    }
    let key = Key::parse(without_prefix(bare));
    if let Key::Pmid(pmid) = key {
        return Ok(Key::Pmid(pmid));
    }
    let float = float_text(bare).filter(|_| !bare.starts_with('0'));
    Ok(match float {
        Some(number) if number > 0 => Key::pmid(number),
        _ => Key::Text(bare.to_owned()),
    })
}

/// The key that a file about documents means by an id, as an import of the same id makes it: `PMID: 123` and `123.0` are PMID
/// 123. What stands in double quotes is that text, as [`distinct_id`] writes it.
#[cfg(feature = "session")]
pub(crate) fn key_of_id(id: &str) -> Key {
    let imported = || key_of_text("id", id).unwrap_or_else(|_| Key::parse(id));
    quoted_key(id).unwrap_or_else(imported)
}

/// How a key is written as `pmid` or `id`, so that [`id_key`] reads it.
pub(super) fn key_member(key: &Key) -> (&'static str, Value) {
    match key {
        Key::Pmid(pmid) => ("pmid", pmid.0.into()),
        Key::Text(text) => {
            let plain = Value::from(text.as_str());
            let is_read = id_key("id", &plain).is_ok_and(|read| read == *key);
            ("id", if is_read { plain } else { serde_json::json!({ "text": text }) })
        }
    }
}

/// The text that is read as this key wherever an id may be a text; `None` where there is none, as for a text of
/// digits alone.
#[cfg(feature = "session")]
pub(crate) fn id_text(key: &Key) -> Option<String> {
    let text = key.to_string();
    key_of_text("id", &text).is_ok_and(|read| read == *key).then_some(text)
}

/// The id of a key in files whose ids are strings, another one for every key: its text, or a JSON string where that
/// would be a PMID or a JSON string itself.
#[cfg(feature = "session")]
pub(crate) fn distinct_id(key: &Key) -> String {
    match key {
        Key::Text(text) if Key::parse(text) != *key || quoted_key(text).is_some() => {
            Value::from(text.as_str()).to_string()
        }
        _ => key.to_string(),
    }
}

/// A key that is no PMID as a part of a line: as it is, or as a JSON string where it has blanks or breaks that
/// a line loses.
pub(super) fn line_of_key(text: &str) -> String {
    let is_plain = !text.is_empty() && !text.starts_with('"') && one_line(text) == text;
    match is_plain {
        true => text.to_owned(),
        false => {
            let quoted = Value::from(text).to_string();
            let is_odd = |ch: char| one_line(ch.encode_utf8(&mut [0; 4])).is_empty();
            let escape = |ch: char| match is_odd(ch) {
                true => format!("\\u{:04x}", u32::from(ch)),
                false => ch.to_string(),
            };
            quoted.chars().map(escape).collect()
        }
    }
}

/// The inverse of [`line_of_key`]; `None` for an empty one.
pub(super) fn key_of_line(line: &str) -> Option<Key> {
    let text = json_text(line).unwrap_or_else(|| line.to_owned());
    (!text.is_empty()).then_some(Key::Text(text))
}

/// The key that a JSON string is: what stands in quotes is no PMID.
pub(crate) fn quoted_key(line: &str) -> Option<Key> {
    json_text(line).filter(|text| !text.is_empty()).map(Key::Text)
}

fn json_text(line: &str) -> Option<String> {
    line.starts_with('"').then(|| serde_json::from_str(line).ok())?
}

/// A DOI without the address or the label before it.
pub(super) fn bare_doi(text: &str) -> &str {
    let mut doi = text.trim();
    for start in ["https://", "http://", "dx.", "doi.org/", "doi:", "DOI:"] {
        doi = doi.strip_prefix(start).unwrap_or(doi).trim_start();
    }
    doi
}

/// Whether a text has the form of a DOI.
pub(super) fn is_doi(text: &str) -> bool {
    text.strip_prefix("10.").is_some_and(|rest| rest.contains('/') && !rest.contains(' '))
}

/// The key of a document that brings none: its DOI, else 16 digits that its title, its abstract and its first
/// author always give again.
///
/// # Errors
/// A [`Fault`] for a document that has neither a DOI nor text.
pub(super) fn key_of_content(document: &Document) -> Result<Key, Fault> {
    if let Some(doi) = document.id("doi").filter(|doi| is_doi(doi)) {
        return Ok(Key::Text(doi.to_ascii_lowercase()));
    }
    let text = document.encoder_input();
    if text.title.is_empty() && text.text.is_empty() {
        return Err(Fault::whole("the record has no key, no DOI, no title and no abstract"));
    }
    let first = document.authors.first();
    let first = first.map_or("", |author| author.last_name.as_str());
    let mut hash = Sha256::new();
    for part in [text.title.as_str(), &text.text, first] {
        hash.update(part.to_lowercase());
        hash.update([0]);
    }
    let digits = hexadecimal(hash.finalize().get(..8).unwrap_or_default());
    Ok(Key::Text(format!("text-{digits}")))
}

/// An integer that is written as a float and still exact.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

/// Without blanks and one pair of quotes.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote).map(str::trim));
    inside.unwrap_or(text)
}

/// Without `PMID`, `PMID:` and the like before a number.
fn without_prefix(text: &str) -> &str {
    let is_pmid = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("pmid"));
    let rest = text.get(4..).filter(|_| is_pmid).unwrap_or(text);
    let number = rest.trim_start_matches([':', ' ', '-']).trim();
    match is_pmid && number.starts_with(|ch: char| ch.is_ascii_digit()) {
        true => number,
        false => text,
    }
}

/// `123.0` and, as `%e` writes it, `1.23e+02`.
fn float_text(text: &str) -> Option<u32> {
    let (whole, zeros) = match text.split_once('.') {
        Some((whole, zeros)) if !text.contains('e') => (whole, zeros),
        _ if text.contains("e+") => return exponent(text),
        _ => return None,
    };
    let is_whole = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    let is_zero = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
    if is_whole && is_zero { whole.parse().ok() } else { None }
}

/// A number with an exponent that is an integer.
fn exponent(text: &str) -> Option<u32> {
    let is_number = text.starts_with(|ch: char| ch.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+'));
    let number = text.parse::<f64>().ok().filter(|_| is_number).and_then(whole)?;
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let text = |text: &str| Some(Key::Text(text.to_owned()));
        let pmid = |number| Some(Key::pmid(number));
        for (value, as_pmid, as_id) in [
            (json!(123), pmid(123), pmid(123)),
            (json!(123.0), pmid(123), pmid(123)),
            (json!(1.2e7), pmid(12_000_000), pmid(12_000_000)),
            (json!(" 123\t"), pmid(123), pmid(123)),
            (json!("\"123\""), pmid(123), pmid(123)),
            (json!("' 123 '"), pmid(123), pmid(123)),
            (json!("PMID: 123"), pmid(123), pmid(123)),
            (json!("pmid:123"), pmid(123), pmid(123)),
            (json!("123.0"), pmid(123), pmid(123)),
            (json!("1.2345678e+07"), pmid(12_345_678), pmid(12_345_678)),
            (json!("1.2e7"), pmid(12_000_000), text("1.2e7")),
            (json!("00123"), pmid(123), text("00123")),
            (json!(0), None, text("0")),
            (json!(-5), None, text("-5")),
            (json!("0"), None, text("0")),
            (json!(4_294_967_295u64), pmid(u32::MAX), pmid(u32::MAX)),
            (json!(4_294_967_296u64), None, text("4294967296")),
            (json!(u64::MAX), None, text("18446744073709551615")),
            (json!(1e300), None, None),
            (json!(123.2), None, None),
            (json!("123.2"), None, text("123.2")),
            (json!("12e4"), pmid(120_000), text("12e4")),
            (json!("note-1"), None, text("note-1")),
            (json!(" a b "), None, text("a b")),
            (json!("pmid-map"), None, text("pmid-map")),
            (json!({"text": " 123"}), None, text(" 123")),
            (json!({"text": 1}), None, None),
            (json!(""), None, None),
            (json!("\"\""), None, None),
            (json!(true), None, None),
            (json!([1]), None, None),
        ] {
            assert_eq!(pmid_value(&value).ok().map(Key::Pmid), as_pmid, "{value} as a PMID");
            assert_eq!(id_key("id", &value).ok(), as_id, "{value} as an id");
        }
    }

    #[test]
    fn documents_without_a_key_are_called_by_their_doi_or_text() {
        let mut document = Document::new(Key::pmid(1));
        assert!(key_of_content(&document).is_err());
        document.title = "A  Title".into();
        let first = key_of_content(&document).unwrap();
        document.title = "a title".into();
        assert_eq!(key_of_content(&document).unwrap(), first);
        document.title = "another".into();
        assert_ne!(key_of_content(&document).unwrap(), first);
        let value = bare_doi("https://doi.org/10.1000/AbC").to_owned();
        document.ids.push(crate::document::OtherId { kind: "doi".into(), value });
        assert_eq!(key_of_content(&document).unwrap(), Key::Text("10.1000/abc".into()));
    }

    #[test]
    fn every_key_is_written_so_that_it_is_read() {
        for text in [
            "note-1",
            "123",
            " a",
            "a  b",
            "a\u{2028} \u{85}\n",
            "\"",
            "pmid:7",
            "'x'",
            "1.0",
            "00",
            "\u{1b}",
            "a\u{7f}b",
            "{}",
        ] {
            let key = Key::Text(text.into());
            let (name, value) = key_member(&key);
            assert_eq!((name, id_key(name, &value).ok()), ("id", Some(key.clone())));
            assert_eq!(key_of_line(&line_of_key(text)), Some(key));
        }
    }
}
