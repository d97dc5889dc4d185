//! Keys as words or lines that mean the same key wherever a key is typed, piped or imported.
//!
//! A text that could mean something else, `7` or `PMID 7` for instance, stands in quotes as a JSON string, and
//! what stands in quotes is never a PMID.

use crate::export::json::{escaped, is_harmful};
use crate::ids::Key;
use crate::ingest::id_text;

/// A key as [`find_keys`](super::find_keys) reads it back, whatever else the database holds: as it is, or as a JSON
/// string where a text would be read as PMIDs, without its blanks or quotes, or would not stay on its line.
///
/// ```
/// use medvec::{Key, session::key_line};
///
/// assert_eq!(key_line(&Key::pmid(7)), "7");
/// assert_eq!(key_line(&Key::from("note-1")), "note-1");
/// assert_eq!(key_line(&Key::Text("7".into())), "\"7\"");
/// ```
pub fn key_line(key: &Key) -> String {
    let Key::Text(text) = key else { return key.to_string() };
    let is_plain = id_text(key).is_some()
        && !text.starts_with('"')
        && !text.contains(is_unsafe)
        && pmids_in(text).is_none_or(|pmids| pmids.is_empty());
    match is_plain {
        true => text.clone(),
        false => escaped(serde_json::Value::from(text.as_str()).to_string()),
    }
}

fn is_unsafe(ch: char) -> bool {
    // The noncharacter stands for styles on the way to a terminal.
    is_harmful(ch) || matches!(ch, '\n' | '\t' | '\u{fdd0}')
}

/// The PMIDs that a text means, between blanks, commas or semicolons, each maybe behind `PMID`; `None` where a part
/// is not one.
pub(super) fn pmids_in(text: &str) -> Option<Vec<Key>> {
    parts(text).map(pmid).collect()
}

/// Parts of a text without their labels.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|ch: char| ch.is_whitespace() || ch == ',' || ch == ';');
    parts.map(without_label).filter(|part| !part.is_empty())
}

/// Drops `PMID`, `PMID:` or `PMID-` before a number; a label alone is nothing.
fn without_label(text: &str) -> &str {
    let (Some(start), Some(rest)) = (text.get(..4), text.get(4..)) else { return text };
    let bare = rest.trim_start_matches(['s', 'S']).trim_start_matches([':', '-', '#']);
    let is_label = start.eq_ignore_ascii_case("pmid")
        && (bare.is_empty() || bare.starts_with(|ch: char| ch.is_ascii_digit()));
    if is_label { bare } else { text }
}

pub(super) fn pmid(text: &str) -> Option<Key> {
    Some(Key::parse(text)).filter(|key| matches!(key, Key::Pmid(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::quoted_key;

    #[test]
    fn what_could_be_another_key_stands_in_quotes() {
        for plain in ["note-1", "007", "10.1/x y", "pmid-map", "PMID", "caf\u{e9}", "4294967296"] {
            assert_eq!(key_line(&Key::Text(plain.into())), plain);
        }
        for text in [
            "7",
            "PMID 7",
            "pmid:7",
            "7, 8",
            "7;8",
            "1.0",
            "'x'",
            "\"q\"",
            "\"",
            " x",
            "a\nb",
            "a\tb",
            "\u{1b}[31m",
            "\u{202e}x",
            "\u{fdd0}",
        ] {
            let key = Key::Text(text.into());
            let line = key_line(&key);
            assert!(line.starts_with('"') && !line.contains(is_unsafe), "{line:?}");
            assert_eq!(quoted_key(&line), Some(key));
        }
    }
}
