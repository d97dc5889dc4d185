//! From a text to its queries: line breaks, numbers, headings, comments.
//!
//! ```text
//! // a comment                                a line is joined to the one before it if that one has an open
//! 1. asthma[mh] OR                            bracket or ends with an operator, or if it begins with one
//!    wheez*[tiab]                             -> query 1
//! 2. Population: adults                       plain words with a number, then a line without: a heading
//! adult[mh]                                   -> query 2
//! #1 AND #2                                   -> query 3
//! ```

use std::collections::HashSet;
use std::ops::Range;

use super::caution::{CautionKind, Cautions};
use super::chars::{is_invisible, line_break};
use super::label::Label;
use super::syntax_error::{Fault, SyntaxRule};
use super::token::{Token, TokenKind, tokens};
use super::tree::Operator;
use crate::limits::LINE_NUMBER_MAX;

/// One query of a strategy: its name and tokens.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub(super) name: String,
    /// The heading above it.
    pub(super) title: Option<String>,
    pub(super) tokens: Vec<Token<'t>>,
    /// Its bytes in the text, without its number.
    pub(super) span: Range<usize>,
}

/// A line that may still be a heading or belong to its neighbour.
#[derive(Debug)]
struct Draft<'t> {
    label: Option<Label>,
    tokens: Vec<Token<'t>>,
    span: Range<usize>,
}

/// The queries of a text, at least one; each has a token.
pub(super) fn entries<'t>(text: &'t str, cautions: &mut Cautions) -> Result<Vec<Entry<'t>>, Fault> {
    let lines = lines(text);
    let numbered = is_numbered(text, &lines);
    let drafts = drafts(text, &lines, numbered, cautions)?;
    let mut named = Named { numbered, several: drafts.len() > 1, ..Named::default() };
    let mut drafts = drafts.into_iter().peekable();
    while let Some(draft) = drafts.next() {
        named.add(text, draft, drafts.peek(), cautions)?;
    }
    named.finish(text)
}

/// The lines that are neither blank nor comments, without the spaces around them.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for whole in text.split_inclusive(line_break(text)) {
        let line = whole.trim_start_matches(|ch: char| ch.is_whitespace() || is_invisible(ch));
        let from = start + whole.len() - line.len();
        let line = line.trim_end();
        let comment = line.starts_with("//")
            || line.starts_with(';')
            || line.strip_prefix('#').is_some_and(|rest| rest.starts_with(char::is_whitespace));
        if !line.is_empty() && !comment {
            found.push(from..from + line.len());
        }
        start += whole.len();
    }
    found
}

/// Whether lines begin with numbers: the first one does, and looks like no query that begins with a number.
fn is_numbered(text: &str, lines: &[Range<usize>]) -> bool {
    let label = |line: &Range<usize>| Label::read(text.get(line.clone()).unwrap_or_default());
    let mut labels = lines.iter().map(label);
    match labels.next().flatten() {
        Some(first) if first.marked => true,
        Some(first) => {
            first.number == 1 && labels.flatten().any(|label| label.follows(first.number))
        }
        None => false,
    }
}

fn drafts<'t>(
    text: &'t str,
    lines: &[Range<usize>],
    numbered: bool,
    cautions: &mut Cautions,
) -> Result<Vec<Draft<'t>>, Fault> {
    let mut drafts: Vec<Draft<'t>> = Vec::new();
    let mut open = 0usize;
    let mut before = 0;
    for line in lines {
        let whole = text.get(line.clone()).unwrap_or_default();
        let letter = Label::letter(whole).filter(|_| numbered);
        let label = letter.clone().filter(|letter| letter.marked).or_else(|| {
            Label::read(whole).filter(|label| {
                numbered && (drafts.is_empty() || label.marked || label.follows(before))
            })
        });
        let start = line.start + label.as_ref().map_or(0, |label| label.bytes);
        let mut found = tokens(text, start..line.end, cautions)?;
        let label = match letter {
            // `A. 1 AND 2`: a bare letter is taken for a name only before a combination of lines.
            Some(letter) if !letter.marked && found.get(1..).is_some_and(looks_combined) => {
                found.remove(0);
                Some(letter)
            }
            _ => label,
        };
        if let Some(number) = label.as_ref().map(|label| label.number).filter(|number| *number > 0)
        {
            before = number;
        }
        let start = line.start + label.as_ref().map_or(0, |label| label.bytes);
        let joined = drafts.last_mut().filter(|last| {
            label.is_none() && (open > 0 || ends_open(&last.tokens) || begins_open(&found))
        });
        open = if joined.is_some() { open } else { 0 };
        for token in &found {
            match token.kind {
                TokenKind::Open => open += 1,
                TokenKind::Close => open = open.saturating_sub(1),
                _ => {}
            }
        }
        match joined {
            Some(last) => {
                last.tokens.append(&mut found);
                last.span.end = line.end;
            }
            None => drafts.push(Draft { label, tokens: found, span: start..line.end }),
        }
    }
    Ok(drafts)
}

fn ends_open(tokens: &[Token<'_>]) -> bool {
    tokens.last().is_some_and(|token| matches!(token.kind, TokenKind::Operator(_)))
}

fn begins_open(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|token| matches!(token.kind, TokenKind::Operator(_)))
}

/// Whether these are names of lines, operators and brackets only, by their form alone.
fn looks_combined(tokens: &[Token<'_>]) -> bool {
    is_combination(tokens, Label::is_name)
}

/// Whether these are operators, brackets and names that `known` accepts.
fn is_combination(tokens: &[Token<'_>], known: impl Fn(&str) -> bool) -> bool {
    let mut names = 0;
    tokens.iter().all(|token| match token.kind {
        TokenKind::Open | TokenKind::Close | TokenKind::Operator(_) | TokenKind::Colon => true,
        TokenKind::Reference => {
            names += 1;
            true
        }
        TokenKind::Word if known(token.text) => {
            names += 1;
            true
        }
        TokenKind::Word => Operator::named(token.text).is_some(),
        _ => false,
    }) && names > 0
}

/// Whether these are words outside quotation marks, perhaps in brackets, and nothing else.
fn is_plain(tokens: &[Token<'_>]) -> bool {
    use TokenKind::{Close, Colon, Open, Word};
    let plain = |token: &Token<'_>| {
        matches!(token.kind, Open | Close | Colon | Word) && !token.text.contains('*')
    };
    tokens.iter().all(plain)
}

/// The queries that have their names.
#[derive(Debug, Default)]
struct Named<'t> {
    numbered: bool,
    several: bool,
    entries: Vec<Entry<'t>>,
    names: HashSet<String>,
    greatest: u32,
    /// The heading of the next query.
    title: Option<String>,
    /// A number whose query is on the next line.
    waiting: Option<(Label, Range<usize>)>,
}

impl<'t> Named<'t> {
    fn add(
        &mut self,
        text: &str,
        mut draft: Draft<'t>,
        next: Option<&Draft<'t>>,
        cautions: &mut Cautions,
    ) -> Result<(), Fault> {
        self.title_before_combination(text, &mut draft);
        let combined =
            self.several && is_combination(&draft.tokens, |name| self.names.contains(name));
        if combined {
            references(&mut draft.tokens, cautions);
        }
        if !self.numbered {
            return self.push(None, draft);
        }
        let bare = draft.tokens.is_empty();
        if let Some(label) = draft.label.take() {
            self.refuse_waiting()?;
            let heads = next.is_some_and(|next| match &next.label {
                None => !is_plain(&next.tokens) && !looks_combined(&next.tokens),
                Some(_) => next.tokens.is_empty(),
            });
            if bare {
                self.waiting = Some((label, draft.span));
            } else if is_plain(&draft.tokens) && !combined && heads {
                self.heading(text, draft.span.clone(), cautions);
                if next.is_some_and(|next| next.label.is_none()) {
                    self.waiting = Some((label, draft.span));
                }
            } else {
                return self.push(Some(label), draft);
            }
            return Ok(());
        }
        if let Some((label, _)) = self.waiting.take() {
            return self.push(Some(label), draft);
        }
        if combined {
            return self.push(None, draft);
        }
        if is_plain(&draft.tokens) {
            self.heading(text, draft.span, cautions);
            return Ok(());
        }
        let detail = "this line has no number while others have one: number it, or begin it with an operator to \
                      continue the line before it";
        Err(Fault::new(SyntaxRule::LineNumber, draft.span, detail))
    }

    /// `Final: #1 OR #2`: the words before the colon are the query's heading.
    fn title_before_combination(&mut self, text: &str, draft: &mut Draft<'t>) {
        let Some(colon) = draft.tokens.iter().position(|token| token.kind == TokenKind::Colon)
        else {
            return;
        };
        let (words, rest) = draft.tokens.split_at(colon);
        let title = !words.is_empty() && words.iter().all(|token| token.kind == TokenKind::Word);
        let named = |name: &str| self.names.contains(name);
        if title && self.several && rest.get(1..).is_some_and(|rest| is_combination(rest, named)) {
            let from = draft.span.start;
            let to = rest.first().map_or(from, |token| token.span.start);
            self.title = text.get(from..to).map(|title| title.trim().to_owned());
            draft.tokens.drain(..=colon);
            draft.span.start = to + 1;
        }
    }

    fn heading(&mut self, text: &str, span: Range<usize>, cautions: &mut Cautions) {
        self.title = text.get(span.clone()).map(str::to_owned);
        let detail = "this line is taken for a heading and not searched; to search for its words, tag them or give them \
                      a number of their own";
        cautions.add(CautionKind::Heading, span, detail);
    }

    fn push(&mut self, label: Option<Label>, draft: Draft<'t>) -> Result<(), Fault> {
        let number = label.as_ref().map_or(self.greatest + 1, |label| label.number);
        let name = label.map_or_else(|| number.to_string(), |label| label.name);
        self.greatest = self.greatest.max(number);
        if self.greatest > LINE_NUMBER_MAX {
            let detail = format!("a strategy has {LINE_NUMBER_MAX} lines at most");
            return Err(Fault::new(SyntaxRule::TooLong, draft.span, detail));
        }
        if !self.names.insert(name.clone()) {
            let detail = format!("an earlier line has the number {name}, too");
            return Err(Fault::new(SyntaxRule::LineNumber, draft.span, detail));
        }
        let Draft { tokens, span, .. } = draft;
        self.entries.push(Entry { name, title: self.title.take(), tokens, span });
        Ok(())
    }

    fn refuse_waiting(&mut self) -> Result<(), Fault> {
        match self.waiting.take() {
            Some((label, span)) => {
                let detail = format!("line {} has no query", label.name);
                Err(Fault::new(SyntaxRule::Empty, span, detail))
            }
            None => Ok(()),
        }
    }

    fn finish(mut self, text: &str) -> Result<Vec<Entry<'t>>, Fault> {
        self.refuse_waiting()?;
        if self.entries.is_empty() {
            return Err(Fault::new(SyntaxRule::Empty, 0..text.len(), "nothing to search for"));
        }
        Ok(self.entries)
    }
}

/// Makes names of lines references and words operators.
fn references(tokens: &mut Vec<Token<'_>>, cautions: &mut Cautions) {
    tokens.retain(|token| token.kind != TokenKind::Colon);
    for token in tokens {
        if token.kind != TokenKind::Word {
            continue;
        }
        if let Some(operator) = Operator::named(token.text) {
            token.kind = TokenKind::Operator(operator);
            let detail = format!("`{}` is read as {operator}; write it in capitals", token.text);
            cautions.add(CautionKind::LowerCaseOperator, token.span.clone(), detail);
        } else {
            token.kind = TokenKind::Reference;
            let detail = format!("`{0}` is read as line {0}; write `#{0}`", token.text);
            cautions.add(CautionKind::BareReference, token.span.clone(), detail);
        }
    }
}
