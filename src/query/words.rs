//! The text of a term, from its tokens.

use std::ops::Range;

use super::caution::{CautionKind, Cautions};
use super::chars::has_content;
use super::field::SearchField;
use super::syntax_error::{Fault, SyntaxRule};
use super::token::{Token, TokenKind, check_wildcard};
use crate::limits::NEAR_WORDS_MAX;

/// Why a field that is not a date's has no range.
pub(super) const RANGE_DATES: &str =
    "ranges are for dates, such as `2015:2018[dp]`; this tag's field has none";

/// The words of a quotation, one space between each two, without stray wildcards.
pub(super) fn quoted(token: &Token<'_>, cautions: &mut Cautions) -> Result<String, Fault> {
    let mut text = String::with_capacity(token.text.len());
    for word in token.text.split_whitespace() {
        let mut kept = String::with_capacity(word.len());
        let (mut start, mut is_checked) = (0, false);
        for ch in word.chars() {
            if ch != '*' || is_checked {
                kept.push(ch);
                continue;
            }
            let before = kept.get(start..).unwrap_or_default();
            if has_content(before) {
                check_wildcard(before, token.span.clone())?;
                is_checked = true;
                kept.push(ch);
            } else {
                let detail = "`*` with no character before it is read as a space, as PubMed does";
                cautions.add(CautionKind::StrayWildcard, token.span.clone(), detail);
                kept.push(' ');
                start = kept.len();
            }
        }
        text.push(' ');
        text.push_str(&kept);
    }
    if !has_content(&text) {
        let detail = "there is no letter or digit in these quotation marks";
        return Err(Fault::new(SyntaxRule::EmptyTerm, token.span.clone(), detail));
    }
    Ok(super::chars::squeeze(&text))
}

/// The unquoted words before a tag. Ovid's `exp` is left out before a heading, which explodes anyway.
pub(super) fn tagged(
    run: &[Token<'_>],
    field: SearchField,
    cautions: &mut Cautions,
) -> Result<String, Fault> {
    if field.is_number()
        && let Some((span, _)) = number_range(run)
    {
        return Err(Fault::new(SyntaxRule::Date, span, RANGE_DATES));
    }
    let mut words: Vec<&Token<'_>> =
        run.iter().filter(|token| token.kind == TokenKind::Word).collect();
    let exploded = words.iter().take(words.len().saturating_sub(1));
    let exploded = exploded.take_while(|word| word.text.eq_ignore_ascii_case("exp")).count();
    for word in words.drain(..if field.is_heading() { exploded } else { 0 }) {
        let detail =
            format!("`{}` is Ovid's explosion and left out: {field} explodes by itself", word.text);
        cautions.add(CautionKind::RedundantExplode, word.span.clone(), detail);
    }
    let text: Vec<&str> = words.iter().map(|token| token.text).collect();
    match run.first() {
        Some(first) if text.is_empty() => {
            let detail = "there is no term before this tag";
            Err(Fault::new(SyntaxRule::EmptyTerm, first.span.clone(), detail))
        }
        _ => Ok(text.join(" ")),
    }
}

/// Refuses more words between those of a text than the index can tell.
pub(super) fn check_span(text: &str, between: u32, span: &Range<usize>) -> Result<(), Fault> {
    let words =
        text.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty()).count();
    let most = (NEAR_WORDS_MAX as usize).saturating_sub(words);
    if between as usize <= most {
        return Ok(());
    }
    let detail = if words >= NEAR_WORDS_MAX as usize {
        format!("a proximity search of {words} words; it takes at most {NEAR_WORDS_MAX}")
    } else {
        format!("{words} words may have at most {most} others between them here: write `~{most}`")
    };
    Err(Fault::new(SyntaxRule::Proximity, span.clone(), detail))
}

/// Refuses words without a tag that are a range of numbers.
pub(super) fn refuse_untagged(run: &[Token<'_>]) -> Result<(), Fault> {
    let Some((span, range)) = number_range(run) else { return Ok(()) };
    let detail = format!("a range needs the tag of a date: `{range}[dp]` for dates of publication");
    Err(Fault::new(SyntaxRule::Date, span, detail))
}

/// The first range of numbers, `2015:2018`, with its place.
fn number_range(run: &[Token<'_>]) -> Option<(Range<usize>, String)> {
    let is_number = |token: &Token<'_>| token.text.starts_with(|ch: char| ch.is_ascii_digit());
    run.windows(3).find_map(|three| match three {
        [from, colon, to] if colon.kind == TokenKind::Colon && is_number(from) && is_number(to) => {
            Some((from.span.start..to.span.end, format!("{}:{}", from.text, to.text)))
        }
        _ => None,
    })
}
