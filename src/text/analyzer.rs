//! Tokens, their positions, and the joined forms of compound names.
//!
//! A *part* is a run of letters and digits. Parts with a single joiner (`- / ' . , +`) between neighbours make a
//! *chain*. Each part takes the next position. A chain that looks like a name also yields its parts in one piece, at
//! the position of its first part:
//!
//! ```text
//! text       I L - 6   r e c e p t o r
//! position     0   1   2
//! parts       il   6   receptor
//! joined      il6
//! ```

use std::mem;
use std::ops::Range;

use super::fold::fold;
use super::letters::{is_digit, is_letter, is_letter_or_digit};

/// The longest term in bytes of UTF-8; a longer word is cut at the last character that fits.
pub const TERM_BYTES_MAX: usize = 64;

/// A chain with more parts is an enumeration, not a name, and has no joined form.
const JOINED_PARTS_MAX: usize = 4;

/// A part of up to this many letters makes its chain a name: `T-cell`, `e-cadherin`.
const ABBREVIATION_LETTERS: usize = 2;

/// Whether a token stands in the text by itself or was made of neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// A run of letters and digits. There is exactly one per position.
    Part,
    /// A chain in one piece (`il6`), or a part with the `+` behind it (`cd4+`).
    Joined,
}

/// One term of a text, as [`Analyzer::analyze`] reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The folded term, 1 to [`TERM_BYTES_MAX`] bytes.
    pub term: &'a str,
    /// Counts the parts before this one. Joined forms share the position of their first part.
    pub position: u32,
    /// The bytes of the text that the term came from, on character boundaries.
    pub span: Range<usize>,
    /// Part or joined form.
    pub form: TokenForm,
}

/// Splits texts into terms. It keeps its buffers from one text to the next.
///
/// ```
/// use medvec::text::Analyzer;
///
/// let mut terms = Vec::new();
/// Analyzer::default().analyze("IL-6 and β-catenin", |token| terms.push(token.term.to_owned()));
/// assert_eq!(terms, ["il", "il6", "6", "and", "beta", "catenin"]);
/// ```
#[derive(Debug, Default)]
pub struct Analyzer {
    chain: Chain,
}

impl Analyzer {
    /// Calls `visit` with every token of `text`, in order of position; of one position, the part comes first.
    ///
    /// Time and memory are linear in the length of the text. Positions end at `u32::MAX`, where they stay.
    pub fn analyze(&mut self, text: &str, mut visit: impl FnMut(Token<'_>)) {
        let mut position = 0;
        self.chain.clear();
        for (start, source) in text.char_indices() {
            let span = start..start + source.len_utf8();
            let mut visible = false;
            fold(source, |folded| {
                visible = true;
                if !self.chain.accept(folded, &span) {
                    self.chain.report(&mut position, &mut visit);
                    self.chain.clear();
                    self.chain.accept(folded, &span);
                }
            });
            if !visible {
                self.chain.extend(span.end);
            }
        }
        self.chain.report(&mut position, &mut visit);
        self.chain.clear();
    }
}

/// The chain that is being read.
#[derive(Debug, Default)]
struct Chain {
    /// The parts one behind the other, without joiners: the joined form.
    letters: String,
    parts: Vec<Part>,
    state: State,
    /// A part and its `+`, while it is reported.
    with_plus: String,
}

/// What the last character was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    InPart,
    BehindJoiner,
}

#[derive(Debug)]
struct Part {
    letters: Range<usize>,
    span: Range<usize>,
    /// The end of the `+` directly behind the part.
    plus: Option<usize>,
}

impl Chain {
    fn clear(&mut self) {
        self.letters.clear();
        self.parts.clear();
        self.state = State::Empty;
    }

    /// Takes `folded` in; `false` if the chain ends before it. An empty chain takes everything: what cannot
    /// start a chain leaves it empty.
    fn accept(&mut self, folded: char, span: &Range<usize>) -> bool {
        if is_letter_or_digit(folded) {
            match (self.state, self.parts.last_mut()) {
                (State::InPart, Some(part)) => part.span.end = span.end,
                _ => self.parts.push(Part {
                    letters: self.letters.len()..self.letters.len(),
                    span: span.clone(),
                    plus: None,
                }),
            }
            self.letters.push(folded);
            if let Some(part) = self.parts.last_mut() {
                part.letters.end = self.letters.len();
            }
            self.state = State::InPart;
            return true;
        }
        if self.state == State::InPart && matches!(folded, '-' | '/' | '\'' | '.' | ',' | '+') {
            if let Some(part) = self.parts.last_mut().filter(|_| folded == '+') {
                part.plus = Some(span.end);
            }
            self.state = State::BehindJoiner;
            return true;
        }
        self.state == State::Empty
    }

    /// Counts an invisible character, such as the accent behind its letter, to the part before it.
    fn extend(&mut self, end: usize) {
        if let Some(part) = self.parts.last_mut().filter(|_| self.state == State::InPart) {
            part.span.end = end;
        }
    }

    fn report(&mut self, position: &mut u32, visit: &mut impl FnMut(Token<'_>)) {
        let joined = self.joined_span();
        let mut with_plus = mem::take(&mut self.with_plus);
        for (index, part) in self.parts.iter().enumerate() {
            let letters = &self.letters[part.letters.clone()];
            let token = |term, span, form| Token { term, position: *position, span, form };
            visit(token(cut(letters), part.span.clone(), TokenForm::Part));
            if let Some(end) = part.plus.filter(|_| is_marker(letters)) {
                with_plus.clear();
                with_plus.push_str(letters);
                with_plus.push('+');
                visit(token(&with_plus, part.span.start..end, TokenForm::Joined));
            }
            if let Some(span) = joined.clone().filter(|_| index == 0) {
                visit(token(&self.letters, span, TokenForm::Joined));
            }
            *position = position.saturating_add(1);
        }
        self.with_plus = with_plus;
    }

    /// Where the joined form stands, if the chain has one. Numbers alone never join: `12.5` is not `125`.
    fn joined_span(&self) -> Option<Range<usize>> {
        let [first, .., last] = self.parts.as_slice() else { return None };
        let short = |part: &Part| is_short(&self.letters[part.letters.clone()]);
        let is_name = self.parts.len() <= JOINED_PARTS_MAX
            && self.letters.len() <= TERM_BYTES_MAX
            && self.letters.chars().any(is_letter)
            && (self.letters.chars().any(is_digit) || self.parts.iter().any(short));
        is_name.then_some(first.span.start..last.span.end)
    }
}

/// Whether a `+` behind the part belongs to a name: `CD4+`, `Ca2+`, `Na+`; not `5+` or `mice+`.
fn is_marker(letters: &str) -> bool {
    letters.len() < TERM_BYTES_MAX
        && letters.chars().any(is_letter)
        && (letters.chars().any(is_digit) || is_short(letters))
}

fn is_short(letters: &str) -> bool {
    letters.chars().nth(ABBREVIATION_LETTERS).is_none()
}

/// As much of `letters` as a term may hold.
pub(crate) fn cut(letters: &str) -> &str {
    let mut end = letters.len().min(TERM_BYTES_MAX);
    while !letters.is_char_boundary(end) {
        end -= 1;
    }
    &letters[..end]
}
