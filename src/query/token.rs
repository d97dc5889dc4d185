//! From one line of text to tokens.

use std::ops::Range;

use super::caution::{CautionKind, Cautions};
use super::chars::{has_content, is_bracket, is_quote, is_space, is_special};
use super::foreign;
use super::syntax_error::{Fault, SyntaxRule};
use super::tree::Operator;
use crate::limits::WILDCARD_PREFIX_MIN;

/// A piece of a query. Its text is a part of the query's text, without the marks around it.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) text: &'t str,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Open,
    Close,
    Operator(Operator),
    /// A word outside quotation marks.
    Word,
    /// What stands in quotation marks.
    Quoted,
    /// What stands in square brackets.
    Tag,
    Colon,
    /// The name of a line, without its `#`.
    Reference,
    /// A free field with its value: `rating:>3`.
    Typed,
}

/// The tokens of the bytes `line` of `text`, which hold no line break.
pub(super) fn tokens<'t>(
    text: &'t str,
    line: Range<usize>,
    cautions: &mut Cautions,
) -> Result<Vec<Token<'t>>, Fault> {
    let mut lexer = Lexer { text, at: line.start, end: line.end, found: Vec::new(), cautions };
    while lexer.step()? {}
    Ok(lexer.found)
}

struct Lexer<'t, 'c> {
    text: &'t str,
    at: usize,
    end: usize,
    found: Vec<Token<'t>>,
    cautions: &'c mut Cautions,
}

impl<'t> Lexer<'t, '_> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    /// Adds a token of `length` bytes from here, whose text is its bytes `inner`.
    fn push(&mut self, kind: TokenKind, length: usize, inner: Range<usize>) {
        let span = self.at..self.at + length;
        let text = self.rest().get(inner).unwrap_or_default();
        self.found.push(Token { kind, text, span });
        self.at += length;
    }

    /// Reads on; false at the end.
    fn step(&mut self) -> Result<bool, Fault> {
        let rest = self.rest();
        let Some(ch) = rest.chars().next() else { return Ok(false) };
        let length = ch.len_utf8();
        let mark = |kind| (kind, length);
        let (kind, length) = match ch {
            '(' | '（' => mark(TokenKind::Open),
            ')' | '）' => mark(TokenKind::Close),
            ':' | '：' => mark(TokenKind::Colon),
            '&' => mark(TokenKind::Operator(Operator::And)),
            '|' => mark(TokenKind::Operator(Operator::Or)),
            '[' | ']' | '［' | '］' => return self.tag(length).map(|()| true),
            '#' => {
                self.reference();
                return Ok(true);
            }
            _ if is_quote(ch) => return self.quoted().map(|()| true),
            _ if is_space(ch) || ch == '*' => {
                self.space(ch);
                return Ok(true);
            }
            _ => return self.word().map(|()| true),
        };
        self.push(kind, length, 0..length);
        Ok(true)
    }

    /// A character that is taken for a space, with a caution where it looks like a wildcard.
    fn space(&mut self, ch: char) {
        let length = ch.len_utf8();
        let span = self.at..self.at + length;
        let after_word = self
            .found
            .last()
            .is_some_and(|last| last.kind == TokenKind::Word && last.span.end == self.at);
        if ch == '*' {
            let detail = "`*` with no character before it is read as a space, as PubMed does; it stands for \
                          zero or more characters behind four";
            self.cautions.add(CautionKind::StrayWildcard, span, detail);
        } else if matches!(ch, '?' | '$') && after_word {
            let detail = format!(
                "`{ch}` is read as a space, as PubMed does; its one wildcard is `*`, for zero or more characters"
            );
            self.cautions.add(CautionKind::StrayWildcard, span, detail);
        }
        self.at += length;
    }

    /// A tag, whose first bracket has so many bytes.
    fn tag(&mut self, open: usize) -> Result<(), Fault> {
        let rest = self.rest();
        let unbalanced = |detail: &str, at: usize| {
            Err(Fault::new(SyntaxRule::UnbalancedTag, at..at + open, detail))
        };
        if rest.starts_with([']', '］']) {
            return unbalanced("this square bracket closes nothing", self.at);
        }
        let is_square = |ch: char| matches!(ch, '[' | ']' | '［' | '］');
        match rest.char_indices().skip(1).find(|(_, ch)| is_square(*ch)) {
            Some((close, end @ (']' | '］'))) => {
                self.push(TokenKind::Tag, close + end.len_utf8(), open..close);
                Ok(())
            }
            _ => unbalanced("this square bracket is not closed on its line", self.at),
        }
    }

    /// `#1`; a `#` before anything else is a space.
    fn reference(&mut self) {
        let name = self.rest().get(1..).unwrap_or_default();
        let length = name.find(|ch: char| !ch.is_alphanumeric()).unwrap_or(name.len());
        if length == 0 {
            self.at += 1;
        } else {
            self.push(TokenKind::Reference, 1 + length, 1..1 + length);
        }
    }

    fn quoted(&mut self) -> Result<(), Fault> {
        let (length, inner) = self.quotation(0)?;
        self.push(TokenKind::Quoted, length, inner);
        let after = self.rest().strip_prefix('/').unwrap_or_default();
        if after.starts_with(char::is_alphabetic) {
            let detail = "a stroke behind a quotation would be a space: a subheading stands inside the quotation marks, \
                          `\"asthma/drug therapy\"[mh]`";
            return Err(Fault::new(SyntaxRule::MisplacedSubheading, self.at..self.at + 1, detail));
        }
        Ok(())
    }

    /// Length and content of a quotation that begins `skip` bytes from here, both counted from here.
    fn quotation(&mut self, skip: usize) -> Result<(usize, Range<usize>), Fault> {
        let rest = self.rest().get(skip..).unwrap_or_default();
        let mut marks = rest.char_indices().filter(|(_, ch)| is_quote(*ch));
        let (Some((_, open)), Some((at, close))) = (marks.next(), marks.next()) else {
            let span =
                self.at + skip..self.at + skip + rest.chars().next().map_or(0, char::len_utf8);
            let detail = "this quotation mark has no other half on its line";
            return Err(Fault::new(SyntaxRule::UnbalancedQuote, span, detail));
        };
        let length = skip + at + close.len_utf8();
        if open != '"' || close != '"' {
            let detail = "typographic quotation marks are read as straight ones";
            self.cautions.add(CautionKind::CurlyQuotes, self.at..self.at + length, detail);
        }
        Ok((length, skip + open.len_utf8()..skip + at))
    }

    fn word(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        if let Some(value) = typed_value(rest) {
            let length = match rest.get(value..) {
                Some(quoted) if quoted.starts_with(is_quote) => self.quotation(value)?.0,
                _ => typed_end(rest, value),
            };
            self.push(TokenKind::Typed, length, 0..length);
            return Ok(());
        }
        let raw = self.raw_word()?;
        let trimmed = raw.trim_start_matches(['/', ',', '.']);
        let before = raw.len() - trimmed.len();
        let word = trimmed.trim_end_matches(['/', '.']);
        let after = rest.get(raw.len()..).unwrap_or_default();
        if let Some(detail) = foreign::word(raw, word, after) {
            return Err(Fault::new(
                SyntaxRule::ForeignSyntax,
                self.at..self.at + raw.len(),
                detail,
            ));
        }
        if has_content(word) {
            let kind = match word.trim_end_matches(',') {
                "AND" => TokenKind::Operator(Operator::And),
                "OR" => TokenKind::Operator(Operator::Or),
                "NOT" => TokenKind::Operator(Operator::Not),
                _ => TokenKind::Word,
            };
            let span = self.at + before..self.at + before + word.len();
            self.found.push(Token { kind, text: word, span });
        }
        self.at += raw.len();
        Ok(())
    }

    /// The word here, up to a wildcard that has nothing before it; its first wildcard is checked, and so are all.
    fn raw_word(&self) -> Result<&'t str, Fault> {
        let rest = self.rest();
        let (mut content, mut is_checked) = (false, false);
        for (at, ch) in rest.char_indices() {
            let before = rest.get(..at).unwrap_or_default();
            if is_space(ch) || is_special(ch) || (ch == '*' && !content) {
                return Ok(before);
            }
            content |= ch.is_alphanumeric();
            if ch == '*' && !is_checked {
                check_wildcard(before, self.at..self.at + at + 1)?;
                is_checked = true;
            }
        }
        Ok(rest)
    }
}

/// Refuses a wildcard behind `before` of its word, which has a letter or digit, if that is too short from there on.
pub(super) fn check_wildcard(before: &str, span: Range<usize>) -> Result<(), Fault> {
    let before = before.trim_start_matches(|ch: char| !ch.is_alphanumeric());
    let characters = before.chars().count();
    if characters >= WILDCARD_PREFIX_MIN {
        return Ok(());
    }
    let detail = format!(
        "`*` behind fewer than {WILDCARD_PREFIX_MIN} characters: PubMed would search for the word `{}` alone; write it out, \
         or without the `*`",
        before
    );
    Err(Fault::new(SyntaxRule::ShortWildcard, span, detail))
}

/// Where the value begins if `rest` begins with `name:value`, a name of ASCII letters, digits and `_ - .`.
fn typed_value(rest: &str) -> Option<usize> {
    let colon =
        rest.find(|ch: char| !(ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.')))?;
    let starts = rest.starts_with(|ch: char| ch.is_ascii_alphabetic());
    let plain = rest.get(colon..)?.starts_with(':');
    let next = rest.get(colon + 1..)?.chars().next()?;
    let value = is_quote(next) || !(next.is_whitespace() || is_special(next));
    (starts && plain && value).then_some(colon + 1)
}

/// The end of an unquoted value.
fn typed_end(rest: &str, value: usize) -> usize {
    let ends = |ch: char| ch.is_whitespace() || is_quote(ch) || is_bracket(ch);
    rest.get(value..).and_then(|text| text.find(ends)).map_or(rest.len(), |at| value + at)
}
