//! Letters and digits, as one version of Unicode has them: those of the standard library change with the compiler, and every
//! build must cut a text into the same words.

use std::sync::OnceLock;

/// Runs of characters beyond ASCII that are letters (`l`), digits (`n`) or both (`b`), in ascending order; made by
/// `examples/build_fold.rs`.
const TABLE: &str = include_str!("letters.tsv");

/// Characters that follow one another and are the same.
struct Run {
    first: u32,
    last: u32,
    is_letter: bool,
    is_digit: bool,
}

/// Whether a character is a part of a word.
pub(super) fn is_letter_or_digit(ch: char) -> bool {
    if ch.is_ascii() { ch.is_ascii_alphanumeric() } else { look_up(ch).is_some() }
}

/// Whether a character is a letter: Unicode's `Alphabetic`.
pub(super) fn is_letter(ch: char) -> bool {
    if ch.is_ascii() {
        ch.is_ascii_alphabetic()
    } else {
        look_up(ch).is_some_and(|run| run.is_letter)
    }
}

/// Whether a character is a digit or another number: Unicode's general categories Nd, Nl and No.
pub(super) fn is_digit(ch: char) -> bool {
    if ch.is_ascii() { ch.is_ascii_digit() } else { look_up(ch).is_some_and(|run| run.is_digit) }
}

fn look_up(ch: char) -> Option<&'static Run> {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    let runs = RUNS.get_or_init(|| {
        TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(run).collect()
    });
    let code = u32::from(ch);
    let place = runs.partition_point(|run| run.last < code);
    runs.get(place).filter(|run| run.first <= code)
}

/// `AA l` or `B2-B3 n`
fn run(line: &str) -> Option<Run> {
    let (codes, kind) = line.split_once(' ')?;
    let (first, last) = codes.split_once('-').unwrap_or((codes, codes));
    let code = |text| u32::from_str_radix(text, 16).ok();
    let (is_letter, is_digit) = (kind != "n", kind != "l");
    Some(Run { first: code(first)?, last: code(last)?, is_letter, is_digit })
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use crate::text::fold::folded;

    /// That of the table, which `format-spec/07-lexical.md` names.
    const VERSION: (u8, u8, u8) = (17, 0, 0);

    #[test]
    fn the_table_is_that_of_one_version_of_unicode() {
        let table = TABLE.lines().next().expect("a line");
        assert_eq!(table, format!("# Unicode {}.{}.{}", VERSION.0, VERSION.1, VERSION.2));
        for ch in '\0'..=char::MAX {
            let own = (is_letter(ch), is_digit(ch));
            assert_eq!(is_letter_or_digit(ch), own.0 || own.1, "{ch:?}");
            let compiled = (ch.is_alphabetic(), ch.is_numeric());
            // What another version has beside this one is not of this table.
            let is_right = match char::UNICODE_VERSION.cmp(&VERSION) {
                Ordering::Equal => own == compiled,
                Ordering::Less => own == compiled || compiled == (false, false),
                Ordering::Greater => own == compiled || own == (false, false),
            };
            assert!(is_right, "{ch:?}: {own:?} here, {compiled:?} there");
        }
    }

    /// What a character becomes is part of every index that is there, whichever compiler and crates made it.
    #[test]
    fn a_change_of_the_rules_needs_a_new_version_of_the_analyzer() {
        let mut sum = 0;
        for ch in '\0'..=char::MAX {
            let line = format!("{} {} {}\n", folded(&ch.to_string()), is_letter(ch), is_digit(ch));
            sum = crc32c::crc32c_append(sum, line.as_bytes());
        }
        assert_eq!((sum, crate::text::ANALYZER_VERSION), (1_390_251_826, 1));
    }
}
