//! Breaks text into lines of a terminal's width.

use unicode_width::UnicodeWidthStr;

/// Width assumed where there is no terminal.
const COLUMNS_DEFAULT: usize = 100;
/// Longer lines are hard to read.
const COLUMNS_MAX: usize = 120;
const COLUMNS_MIN: usize = 40;

/// Columns to fill: `COLUMNS` where set, else the terminal's, within 40 to 120.
pub(crate) fn columns() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|text| text.parse::<usize>().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    given.or_else(terminal).unwrap_or(COLUMNS_DEFAULT).clamp(COLUMNS_MIN, COLUMNS_MAX)
}

/// Words of a text in lines of at most `width` columns; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<Vec<&str>> {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.width();
        match lines.last_mut() {
            Some(line) if used + 1 + length <= width => {
                line.push(word);
                used += 1 + length;
            }
            _ => {
                lines.push(vec![word]);
                used = length;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        wrap(text, width).iter().map(|line| line.join(" ")).collect()
    }

    #[test]
    fn lines_are_filled_and_not_overrun() {
        assert_eq!(lines("a bb ccc dddd", 5), ["a bb", "ccc", "dddd"]);
        assert_eq!(lines("a bb  ccc\n dddd", 8), ["a bb ccc", "dddd"]);
    }

    #[test]
    fn a_long_word_stands_alone() {
        assert_eq!(lines("x abcdefgh y", 4), ["x", "abcdefgh", "y"]);
        assert!(lines("", 4).is_empty());
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(
            lines("\u{6f22}\u{5b57} \u{6f22}\u{5b57}", 8),
            ["\u{6f22}\u{5b57}", "\u{6f22}\u{5b57}"]
        );
    }
}
