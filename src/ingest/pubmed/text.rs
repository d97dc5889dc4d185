//! Text as a reader of the journal would see it.

use std::borrow::Cow;

/// Joins the pieces of an element's text: runs of white space become one blank, the ends are
/// trimmed, and nothing is put where mark-up was (`H<sub>2</sub>O` is `H2O`). Non-breaking and
/// other typographic spaces stay as they are. Text that needs no change is borrowed.
#[derive(Default)]
pub(super) struct TextBuilder<'a> {
    text: Cow<'a, str>,
}

impl<'a> TextBuilder<'a> {
    /// Adds a piece; white space between the parts of a formula (`in_math`) has no meaning.
    pub(super) fn push(&mut self, part: &'a str, in_math: bool) {
        if in_math && part.trim_ascii().is_empty() {
            return;
        }
        let is_plain = is_plain(part);
        if self.text.is_empty() && is_plain {
            self.text = Cow::Borrowed(part.trim_ascii_start());
            return;
        }
        let text = self.text.to_mut();
        if is_plain {
            let starts_clean = text.is_empty() || text.ends_with(' ');
            text.push_str(if starts_clean { part.trim_ascii_start() } else { part });
            return;
        }
        for ch in part.chars() {
            push_char(text, ch);
        }
    }

    /// Adds a character.
    pub(super) fn push_char(&mut self, ch: char) {
        push_char(self.text.to_mut(), ch);
    }

    /// The text.
    pub(super) fn finish(self) -> Cow<'a, str> {
        match self.text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii_end()),
            Cow::Owned(mut text) => {
                text.truncate(text.trim_ascii_end().len());
                Cow::Owned(text)
            }
        }
    }
}

fn push_char(text: &mut String, ch: char) {
    if !ch.is_ascii_whitespace() {
        text.push(ch);
    } else if !text.is_empty() && !text.ends_with(' ') {
        text.push(' ');
    }
}

/// Whether all white space of a piece is single blanks; no other control character is looked at
/// closely. One pass that compiles to vector instructions: every text of a record goes through it.
fn is_plain(part: &str) -> bool {
    let bytes = part.as_bytes();
    let next = bytes.get(1..).unwrap_or_default();
    let found = bytes.iter().zip(next).fold(false, |found, (&byte, &next)| {
        found | (byte < b' ') | ((byte == b' ') & (next == b' '))
    });
    !found && bytes.last().is_none_or(|&last| last >= b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(parts: &[&'static str]) -> String {
        let mut text = TextBuilder::default();
        for part in parts {
            text.push(part, false);
        }
        text.finish().into_owned()
    }

    #[test]
    fn collapses_white_space_and_trims() {
        assert_eq!(join(&["  one\n  two", " ", " three  "]), "one two three");
        assert_eq!(join(&["\n\t"]), "");
    }

    #[test]
    fn puts_nothing_between_pieces() {
        assert_eq!(join(&["CO", "2", " uptake"]), "CO2 uptake");
    }

    #[test]
    fn borrows_what_needs_no_change() {
        let mut text = TextBuilder::default();
        text.push(" plain text ", false);
        assert!(matches!(text.finish(), Cow::Borrowed("plain text")));
    }
}
