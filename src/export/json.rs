//! JSON in which every character that a terminal might obey is escaped. JSON allows most of them as they
//! are, in strings only, so the value is the same.

use std::io::{self, Write};

use serde::Serialize;

pub use crate::ingest::jsonl::to_json as document;

/// Writes one value over several lines.
///
/// # Errors
/// Those of the writer, and of a value that cannot be written as JSON.
pub fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", escaped(serde_json::to_string_pretty(value)?))
}

/// Writes one value on one line.
///
/// # Errors
/// As [`write()`].
pub fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", escaped(serde_json::to_string(value)?))
}

/// Whether a terminal might obey a character, or show what follows in another order or line. Line feeds
/// and tabs are harmless.
pub fn is_harmful(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{2028}' | '\u{2029}' => true,
        c => c.is_control(),
    }
}

/// JSON with these characters escaped.
pub fn escaped(json: String) -> String {
    // A noncharacter stands for styles on the way to a terminal: no text may bring it along.
    let is_escaped = |c: char| is_harmful(c) || c == '\u{fdd0}';
    if !json.contains(is_escaped) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        match is_escaped(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_the_value_stays() {
        let title = "a\u{1b}[31m\u{9b}1m\u{7f}\u{202e}\u{2066}\u{2028}\u{fdd0}\u{e9}\n";
        let mut out = Vec::new();
        write(&mut out, &json!({ "title": title })).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains(is_harmful) && !text.contains('\u{fdd0}'), "{text:?}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["title"], title);
    }

    #[test]
    fn a_line_is_one_line() {
        let mut out = Vec::new();
        write_line(&mut out, &json!({"a": ["b\n", 1]})).unwrap();
        assert_eq!(out, b"{\"a\":[\"b\\n\",1]}\n");
    }
}
