//! Where something stands in a text, and a picture of it for people.

use std::ops::Range;

use super::chars::line_break;

/// Characters of a line that a picture shows on either side of a place: both sides fit a terminal.
const SHOWN_EACH_SIDE: usize = 32;

/// Characters that a picture underlines at most.
const UNDERLINED_MAX: usize = 32;

/// A stretch of a text, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it in the whole text.
    pub offset: usize,
    /// Its line, from 1.
    pub line: usize,
    /// The character of the line at which it begins, from 1.
    pub column: usize,
    /// Its surroundings and, on a second line, carets below it.
    pub diagram: String,
}

impl Place {
    /// The place of the bytes `span` of `text`; bounds beyond the text or inside a character move
    /// back to the nearest one before.
    pub(super) fn of(text: &str, span: Range<usize>) -> Place {
        let start = boundary(text, span.start);
        let end = boundary(text, span.end).max(start);
        let line_break = line_break(text);
        let line_start = text[..start].rfind(line_break).map_or(0, |at| at + 1);
        let line_end = text[start..].find(line_break).map_or(text.len(), |at| start + at);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let before = start - line_start;
        Place {
            offset: start,
            line: 1 + text[..line_start].matches(line_break).count(),
            column: 1 + text[line_start..start].chars().count(),
            diagram: diagram(line, before, end.min(line_end) - line_start),
        }
    }
}

/// The greatest boundary between characters that is not after `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The part of `line` around the bytes `start..end`, and carets below them. One character is one column:
/// below wide characters, carets stand too far left.
fn diagram(line: &str, start: usize, end: usize) -> String {
    let (start, end) = (start.min(line.len()), end.min(line.len()).max(start.min(line.len())));
    let before: Vec<char> = line[..start].chars().collect();
    let from = before.len().saturating_sub(SHOWN_EACH_SIDE);
    let mut shown = String::from(if from > 0 { "... " } else { "" });
    shown.extend(before[from..].iter().map(|ch| plain(*ch)));
    let indent = shown.chars().count();
    let marked = line[start..end].chars().count().clamp(1, UNDERLINED_MAX);
    let mut rest = line[start..].chars();
    shown.extend(rest.by_ref().take(marked + SHOWN_EACH_SIDE).map(plain));
    if rest.next().is_some() {
        shown.push_str(" ...");
    }
    format!("{shown}\n{}{}", " ".repeat(indent), "^".repeat(marked))
}

/// Tabs and other control characters as spaces, so that a character is a column.
fn plain(ch: char) -> char {
    if ch.is_control() { ' ' } else { ch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_line_column_and_carets() {
        let place = Place::of("one\ntwo three", 8..13);
        assert_eq!((place.offset, place.line, place.column), (8, 2, 5));
        assert_eq!(place.diagram, "two three\n    ^^^^^");
        let place = Place::of("a\r\n\tβ-blocker x\r\n", 4..6);
        assert_eq!((place.line, place.column), (2, 2));
        assert_eq!(place.diagram, " β-blocker x\n ^");
        let place = Place::of("one\rtwo three\r", 8..13);
        assert_eq!((place.line, place.column), (2, 5));
        assert_eq!(place.diagram, "two three\n    ^^^^^");
        assert_eq!(Place::of("", 0..0).diagram, "\n^");
        assert_eq!(Place::of("ab", 7..9).column, 3, "beyond the end");
        assert_eq!(Place::of("β", 1..1).column, 1, "inside a character");
    }

    #[test]
    fn long_lines_are_cut_on_both_sides() {
        let text = format!("{}HERE{}", "a".repeat(100), "b".repeat(100));
        let place = Place::of(&text, 100..104);
        let (line, carets) = place.diagram.split_once('\n').expect("two lines");
        assert!(line.starts_with("... a") && line.ends_with("b ..."));
        assert_eq!(line.find("HERE"), carets.find("^^^^"));
        assert_eq!(place.column, 101);
    }
}
