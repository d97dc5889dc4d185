//! Document keys from the command line or standard input.

use std::io::BufRead;

use medvec::Key;

use crate::failure::{Failure, Result};
use crate::output::escaped;
use crate::terminal::is_harmful;

/// The keys that are meant: arguments, and for `-` the lines of `input`. Empty lines are skipped,
/// `PMID: 123` and `PMID 123` mean 123, and a line in double quotes is a JSON string ([`line`]).
pub(crate) fn read(arguments: &[String], mut input: impl BufRead) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    for argument in arguments {
        if argument != "-" {
            keys.extend(parse(argument));
            continue;
        }
        for (number, line) in input.by_ref().lines().enumerate() {
            let line = line.map_err(|error| {
                Failure::usage(format!("standard input, line {}: {error}", number + 1))
            })?;
            keys.extend(match quoted(&line) {
                Some(text) => Some(Key::parse(&text)).filter(|_| !text.is_empty()),
                None => parse(&line),
            });
        }
    }
    Ok(keys)
}

/// A key as a line of a list of keys: as it is, or as a JSON string where it would not be read back,
/// as one with a line feed, or one that a terminal might obey.
pub(crate) fn line(key: &str) -> String {
    let reads_back = || {
        let mut read = parse(key);
        read.take_if(|read| read.to_string() == key).is_some()
    };
    if key.starts_with('"') || key.contains(is_unsafe) || !reads_back() {
        return escaped(serde_json::Value::from(key).to_string());
    }
    key.to_owned()
}

fn is_unsafe(c: char) -> bool {
    is_harmful(c) || c == '\n' || c == '\t'
}

/// The key in a line that is a JSON string.
fn quoted(line: &str) -> Option<String> {
    let line = line.trim();
    line.starts_with('"').then(|| serde_json::from_str(line).ok())?
}

fn parse(text: &str) -> Option<Key> {
    let text = text.trim();
    let bare = match text.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("pmid") => {
            text.get(4..).unwrap_or_default().trim_start_matches([':', ' ', '-']).trim()
        }
        _ => text,
    };
    match Key::parse(bare) {
        Key::Pmid(pmid) => Some(Key::Pmid(pmid)),
        Key::Text(_) if text.is_empty() => None,
        Key::Text(_) => Some(Key::parse(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(arguments: &[&str], input: &str) -> Vec<Key> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        read(&arguments, input.as_bytes()).unwrap()
    }

    #[test]
    fn arguments_and_lines_are_taken_in_order() {
        let found = keys(&["7", "-", "doc-1"], "8\r\n\n  PMID: 9 \nPMID-10\n");
        let numbers = [7, 8, 9, 10].map(Key::pmid);
        assert_eq!(found[..4], numbers);
        assert_eq!(found[4], Key::Text("doc-1".into()));
    }

    #[test]
    fn a_key_that_only_starts_like_a_pmid_is_itself() {
        assert_eq!(keys(&["pmid-map"], ""), [Key::Text("pmid-map".into())]);
    }

    #[test]
    fn a_list_of_keys_is_read_back_whatever_they_hold() {
        let odd =
            ["7", "doc-1", "a\nb", "\u{1b}[31m", "\"q\"", " x", "PMID 5", "\u{9b}", "pmid-map"];
        let lines: Vec<String> = odd.iter().map(|key| line(key)).collect();
        assert_eq!(lines[..2], ["7", "doc-1"]);
        assert_eq!(lines[2], "\"a\\nb\"");
        for (key, line) in odd.iter().zip(&lines) {
            assert!(!line.contains(is_unsafe), "{key:?}");
            let read = self::keys(&["-"], &format!("{line}\n"));
            assert_eq!(read, [Key::parse(key)], "{line}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let failure = read(&["-".to_owned()], &b"12\n\xff\xfe\n"[..]).unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
