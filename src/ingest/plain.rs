//! Text that must stand on one line.

use std::borrow::Cow;

/// A text without control characters and line separators, runs of white space as one blank, none at its ends.
/// White space outside of ASCII, as the no-break space, stays.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let is_plain = !text.contains("  ")
        && !text.contains(is_break)
        && !text.starts_with(' ')
        && !text.ends_with(' ');
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(|ch| ch == ' ' || is_break(ch)).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    Cow::Owned(line)
}

fn is_break(ch: char) -> bool {
    ch.is_control() || matches!(ch, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_become_blanks() {
        assert_eq!(one_line("a b"), "a b");
        assert_eq!(one_line(" a \t\r\n b\u{1b}c\u{2028}"), "a b c");
        assert_eq!(one_line("a\u{a0} b"), "a\u{a0} b");
        assert_eq!(one_line(" \n"), "");
    }
}
