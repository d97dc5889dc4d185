//! Document keys from the command line or standard input.

use std::io::BufRead;

use medvec::export::json::escaped;

use crate::failure::{Failure, Result};
use crate::terminal::is_harmful;

/// What was typed: arguments, and for `-` the lines of `input`. Empty ones are skipped, and a line
/// in double quotes is a JSON string ([`line`]).
pub(crate) fn read(arguments: &[String], mut input: impl BufRead) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut add = |text: String| {
        if !text.is_empty() {
            texts.push(text);
        }
    };
    for argument in arguments {
        if argument != "-" {
            add(argument.trim().to_owned());
            continue;
        }
        for (number, line) in input.by_ref().lines().enumerate() {
            let line = line.map_err(|error| {
                Failure::usage(format!("standard input, line {}: {error}", number + 1))
            })?;
            add(quoted(&line).unwrap_or_else(|| line.trim().to_owned()));
        }
    }
    Ok(texts)
}

/// A key as a line of a list of keys: as it is, or as a JSON string where it would not be read back,
/// as one with a line feed, or one that a terminal might obey.
pub(crate) fn line(key: &str) -> String {
    let reads_back = !key.is_empty() && key.trim() == key && !key.starts_with('"');
    if key.contains(is_unsafe) || !reads_back {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(arguments: &[&str], input: &str) -> Vec<String> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        read(&arguments, input.as_bytes()).unwrap()
    }

    #[test]
    fn arguments_and_lines_are_taken_in_order() {
        let texts = read_all(&["7", "-", "doc-1"], "8\r\n\n  PMID: 9 \n 9, 10;7\n");
        assert_eq!(texts, ["7", "8", "PMID: 9", "9, 10;7", "doc-1"]);
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
            assert_eq!(read_all(&["-"], &format!("{line}\n")), [*key], "{line}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let failure = read(&["-".to_owned()], &b"12\n\xff\xfe\n"[..]).unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
