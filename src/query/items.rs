//! From tokens to terms: which words belong together, and to which tag.

use std::ops::Range;

use super::build::Item;
use super::caution::{CautionKind, Cautions};
use super::clause::{Clause, ClauseKind, QueryTerm, RecordProperty};
use super::date::DateTerm;
use super::field::SearchField;
use super::foreign;
use super::syntax_error::{Fault, SyntaxRule};
use super::tag::FieldTag;
use super::token::{Token, TokenKind};
use super::tree::Operator;
use super::typed::TypedTest;
use super::words;
use crate::limits::WILDCARDS_MAX;

/// The items of a query. `line` gives the place of an earlier line by its name.
pub(super) fn items(
    mut tokens: Vec<Token<'_>>,
    line: impl Fn(&str) -> Option<usize>,
    cautions: &mut Cautions,
) -> Result<Vec<Item>, Fault> {
    lower_case_operators(&mut tokens, cautions);
    let mut reader = Reader { line, run: Vec::new(), found: Vec::new(), wildcards: 0, cautions };
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = reader.read(token, after)?;
    }
    reader.flush()?;
    bare_numbers(&reader.found, &reader.line, reader.cautions);
    Ok(reader.found)
}

/// Makes lower-case `and`, `or` and `not` operators where they cannot be words of a phrase: behind a tag, a quotation or a
/// closing bracket, and before an opening bracket or a quotation. Elsewhere they stay words.
fn lower_case_operators(tokens: &mut [Token<'_>], cautions: &mut Cautions) {
    use TokenKind::{Close, Open, Quoted, Reference, Tag, Typed, Word};
    for at in 0..tokens.len() {
        let kind = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|token| token.kind);
        let (before, after) = (kind(at.checked_sub(1)), kind(Some(at + 1)));
        let Some(token) = tokens.get_mut(at).filter(|token| token.kind == Word) else { continue };
        let Some(operator) = Operator::named(token.text) else { continue };
        let ends = matches!(before, Some(Tag | Close | Quoted | Reference | Typed));
        let begins = matches!(after, Some(Open | Quoted | Reference | Typed));
        let between = matches!(before, Some(Word)) || ends;
        let term_behind = begins || matches!(after, Some(Word));
        if between && term_behind && (ends || begins) {
            token.kind = TokenKind::Operator(operator);
            let detail = format!(
                "`{}` is read as the operator {operator}; PubMed asks for capitals",
                token.text
            );
            cautions.add(CautionKind::LowerCaseOperator, token.span.clone(), detail);
        } else if between && term_behind && operator != Operator::And {
            let detail =
                format!("`{}` is a word here; for the operator write {operator}", token.text);
            cautions.add(CautionKind::OperatorAsWord, token.span.clone(), detail);
        }
    }
}

/// Warns of a term that is only the number of a line, among references to lines.
fn bare_numbers(items: &[Item], line: impl Fn(&str) -> Option<usize>, cautions: &mut Cautions) {
    let refers =
        |item: &Item| matches!(item, Item::Clause(Clause { kind: ClauseKind::Line { .. }, .. }));
    if !items.iter().any(refers) {
        return;
    }
    for item in items {
        if let Item::Clause(Clause { kind: ClauseKind::Term(term), span }) = item
            && term.tag.is_none()
            && !term.quoted
            && line(&term.text).is_some()
        {
            let detail =
                format!("`{0}` is searched as a word; for line {0} write `#{0}`", term.text);
            cautions.add(CautionKind::BareNumber, span.clone(), detail);
        }
    }
}

struct Reader<'c, 't, L> {
    line: L,
    /// Words, free fields and colons that no tag has claimed yet.
    run: Vec<Token<'t>>,
    found: Vec<Item>,
    wildcards: usize,
    cautions: &'c mut Cautions,
}

impl<'t, L: Fn(&str) -> Option<usize>> Reader<'_, 't, L> {
    /// Takes a token, and those of `rest` that belong to it; what is left.
    fn read<'a>(
        &mut self,
        token: &Token<'t>,
        rest: &'a [Token<'t>],
    ) -> Result<&'a [Token<'t>], Fault> {
        let span = token.span.clone();
        let item = match token.kind {
            TokenKind::Word | TokenKind::Typed | TokenKind::Colon => {
                self.run.push(token.clone());
                return Ok(rest);
            }
            TokenKind::Tag => {
                let run = std::mem::take(&mut self.run);
                return self.tagged(&run, token, rest);
            }
            TokenKind::Quoted => {
                self.flush()?;
                return self.quoted(token, rest);
            }
            TokenKind::Open => Item::Open(span),
            TokenKind::Close => Item::Close(span),
            TokenKind::Operator(operator) => Item::Operator(operator, span),
            TokenKind::Reference => {
                let detail = || {
                    format!(
                        "no line before this one has the name {}; `#` stands for a line's number",
                        token.text
                    )
                };
                let unknown = || Fault::new(SyntaxRule::UnknownLine, span.clone(), detail());
                let index = (self.line)(token.text).ok_or_else(unknown)?;
                Item::Clause(Clause {
                    kind: ClauseKind::Line { name: token.text.to_owned(), index },
                    span,
                })
            }
        };
        self.flush()?;
        self.found.push(item);
        Ok(rest)
    }

    fn push(&mut self, kind: ClauseKind, span: Range<usize>) {
        self.found.push(Item::Clause(Clause { kind, span }));
    }

    fn push_term(
        &mut self,
        text: String,
        quoted: bool,
        tag: Option<FieldTag>,
        span: Range<usize>,
    ) -> Result<(), Fault> {
        self.wildcards += text.matches('*').count();
        if self.wildcards > WILDCARDS_MAX {
            let detail =
                format!("more than {WILDCARDS_MAX} wildcards in one query; split it into lines");
            return Err(Fault::new(SyntaxRule::TooManyWildcards, span, detail));
        }
        if let Some(tag) = tag {
            if tag.proximity.is_some() && text.contains('*') {
                let detail = "a wildcard inside a proximity search, for which PubMed drops the proximity: write the words out";
                return Err(Fault::new(SyntaxRule::Proximity, span, detail));
            }
            if let Some(between) = tag.proximity {
                words::check_span(&text, between, &span)?;
            }
            if tag.field.is_own() {
                let detail = format!("PubMed has no {}; here it searches the abstract", tag.field);
                self.cautions.add(CautionKind::OwnField, span.clone(), detail);
            }
        }
        self.push(ClauseKind::Term(QueryTerm { text, quoted, tag }), span);
        Ok(())
    }

    /// Quoted words, with the tag behind them if there is one.
    fn quoted<'a>(
        &mut self,
        token: &Token<'t>,
        rest: &'a [Token<'t>],
    ) -> Result<&'a [Token<'t>], Fault> {
        match rest.split_first() {
            Some((tag, after)) if tag.kind == TokenKind::Tag => {
                self.tagged(std::slice::from_ref(token), tag, after)
            }
            Some((colon, after)) if colon.kind == TokenKind::Colon => {
                let embase = after.first().and_then(|word| foreign::after_colon(word.text));
                let (rule, detail) = match embase {
                    Some(detail) => (SyntaxRule::ForeignSyntax, detail),
                    None => (SyntaxRule::Date, RANGE_TAGS.to_owned()),
                };
                Err(Fault::new(rule, colon.span.clone(), detail))
            }
            _ => {
                let text = words::quoted(token, self.cautions)?;
                self.push_term(text, true, None, token.span.clone())?;
                Ok(rest)
            }
        }
    }

    /// The words `run` under a tag.
    fn tagged<'a>(
        &mut self,
        run: &[Token<'t>],
        tag: &Token<'t>,
        rest: &'a [Token<'t>],
    ) -> Result<&'a [Token<'t>], Fault> {
        let parsed = FieldTag::parse(tag.text)
            .map_err(|(rule, detail)| Fault::new(rule, tag.span.clone(), detail))?;
        let Some(first) = run.first() else { return Err(self.without_term(tag)) };
        let span = first.span.start..tag.span.end;
        if let Some(typed) = run.iter().find(|token| token.kind == TokenKind::Typed) {
            let detail =
                foreign::after_colon(typed.text.split(':').next_back().unwrap_or_default());
            let rule =
                if detail.is_some() { SyntaxRule::ForeignSyntax } else { SyntaxRule::TypedField };
            let detail = detail.unwrap_or_else(|| {
                format!("`{}` is a field with its value and takes no tag; for words, write a space for the colon", typed.text)
            });
            return Err(Fault::new(rule, typed.span.clone(), detail));
        }
        if parsed.field.is_date() {
            return self.dated(run, parsed.field, span, rest);
        }
        if let Some(colon) = rest.first().filter(|token| token.kind == TokenKind::Colon) {
            return Err(Fault::new(SyntaxRule::Date, colon.span.clone(), words::RANGE_DATES));
        }
        if let ([token], None) = (run, parsed.proximity)
            && matches!(
                parsed.field,
                SearchField::All | SearchField::TextWord | SearchField::Subset
            )
            && let Some(property) = RecordProperty::named(token.text)
        {
            self.push(ClauseKind::Property(property), span);
            return Ok(rest);
        }
        if first.kind == TokenKind::Quoted {
            let text = words::quoted(first, self.cautions)?;
            self.push_term(text, true, Some(parsed), span)?;
        } else {
            let text = words::tagged(run, parsed.field, self.cautions)?;
            self.push_term(text, false, Some(parsed), span)?;
        }
        Ok(rest)
    }

    fn without_term(&self, tag: &Token<'_>) -> Fault {
        let (rule, detail) = match self.found.last() {
            Some(Item::Close(_)) => (
                SyntaxRule::MisplacedTag,
                "a tag behind brackets: write it behind each term inside them",
            ),
            Some(Item::Clause(_)) => (
                SyntaxRule::MisplacedTag,
                "this tag follows a tag, a line or a field; a term has one tag",
            ),
            _ => (SyntaxRule::EmptyTerm, "there is no term before this tag"),
        };
        Fault::new(rule, tag.span.clone(), detail)
    }

    /// A date or a range under a date's tag; both ends of a range may have tags.
    fn dated<'a>(
        &mut self,
        run: &[Token<'t>],
        field: SearchField,
        span: Range<usize>,
        rest: &'a [Token<'t>],
    ) -> Result<&'a [Token<'t>], Fault> {
        let fault = |detail: String| Fault::new(SyntaxRule::Date, span.clone(), detail);
        let text: Vec<&str> = run.iter().map(word_or_colon).collect();
        let term = DateTerm::parse(&text.join(" ")).map_err(fault)?;
        let Some((colon, after)) =
            rest.split_first().filter(|(next, _)| next.kind == TokenKind::Colon)
        else {
            self.push(ClauseKind::Date { field, term }, span);
            return Ok(rest);
        };
        let (DateTerm::On(from), [date, tag, after @ ..]) = (term, after) else {
            return Err(Fault::new(SyntaxRule::Date, colon.span.clone(), RANGE_TAGS));
        };
        let tagged =
            tag.kind == TokenKind::Tag && FieldTag::parse(tag.text).ok() == Some(field.into());
        let to = DateTerm::parse(date.text).map_err(fault)?;
        let DateTerm::On(to) = to else {
            return Err(Fault::new(SyntaxRule::Date, date.span.clone(), RANGE_TAGS));
        };
        if !tagged {
            return Err(Fault::new(SyntaxRule::Date, tag.span.clone(), RANGE_TAGS));
        }
        let term = DateTerm::between(from, to).map_err(fault)?;
        self.push(ClauseKind::Date { field, term }, span.start..tag.span.end);
        Ok(after)
    }

    /// The words that no tag has claimed: free fields and properties stand alone, other words stay together.
    fn flush(&mut self) -> Result<(), Fault> {
        let run = std::mem::take(&mut self.run);
        words::refuse_untagged(&run)?;
        let mut together: Vec<&Token<'_>> = Vec::new();
        for token in &run {
            let kind = match token.kind {
                TokenKind::Colon => continue,
                TokenKind::Typed => typed(token)?,
                _ => match RecordProperty::named(token.text) {
                    Some(property) => ClauseKind::Property(property),
                    None => {
                        together.push(token);
                        continue;
                    }
                },
            };
            self.untagged(&mut together)?;
            self.push(kind, token.span.clone());
        }
        self.untagged(&mut together)
    }

    fn untagged(&mut self, together: &mut Vec<&Token<'_>>) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (together.first(), together.last()) else { return Ok(()) };
        let span = first.span.start..last.span.end;
        for year in together.iter().filter(|token| is_year(token.text)) {
            let detail = format!(
                "`{0}` is searched as a word; for the date of publication write `{0}[dp]`",
                year.text
            );
            self.cautions.add(CautionKind::BareYear, year.span.clone(), detail);
        }
        let text: Vec<&str> = together.drain(..).map(|token| token.text).collect();
        self.push_term(text.join(" "), false, None, span)
    }
}

const RANGE_TAGS: &str = "a range is two dates and one tag, `2015:2018[dp]`, or two with the same tag, \
                          `\"2015\"[dp] : \"2018\"[dp]`";

fn word_or_colon<'t>(token: &Token<'t>) -> &'t str {
    if token.kind == TokenKind::Colon { ":" } else { token.text }
}

/// Whether a word is likely a year of publication.
fn is_year(word: &str) -> bool {
    word.len() == 4
        && (word.starts_with("19") || word.starts_with("20"))
        && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A free field with its value.
fn typed(token: &Token<'_>) -> Result<ClauseKind, Fault> {
    let (name, value) = token.text.split_once(':').unwrap_or((token.text, ""));
    if let Some(detail) = foreign::after_colon(value) {
        return Err(Fault::new(SyntaxRule::ForeignSyntax, token.span.clone(), detail));
    }
    let test = TypedTest::parse(value)
        .map_err(|detail| Fault::new(SyntaxRule::TypedField, token.span.clone(), detail))?;
    Ok(ClauseKind::Typed { name: name.to_owned(), test })
}
