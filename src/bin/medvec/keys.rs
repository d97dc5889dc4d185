//! Document keys from the command line or standard input.

use std::io::BufRead;

use medvec::Key;

use crate::failure::{Failure, Result};

/// The keys that are meant: arguments, and for `-` the lines of `input`. Empty lines are skipped,
/// `PMID: 123` and `PMID 123` mean 123.
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
            keys.extend(parse(&line));
        }
    }
    Ok(keys)
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
    fn bytes_that_are_no_text_are_an_error() {
        let failure = read(&["-".to_owned()], &b"12\n\xff\xfe\n"[..]).unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
