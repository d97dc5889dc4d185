//! Document keys from the command line or standard input.

use std::io::BufRead;

use crate::failure::{Failure, Result};

/// What was typed: arguments, and for `-` the lines of `input`. Empty ones are skipped;
/// [`medvec::session::find_keys`] says what the others mean.
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
            add(line.trim().to_owned());
        }
    }
    Ok(texts)
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
    fn bytes_that_are_no_text_are_an_error() {
        let failure = read(&["-".to_owned()], &b"12\n\xff\xfe\n"[..]).unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
