//! A pattern of words, taken apart as documents are.
//!
//! A chain such as `IL-6` is found as its parts side by side, and as the one word `IL6`.

use super::name::NamePattern;
use super::word::{STAR, WordPattern};
use crate::error::{Error, Result};
use crate::limits::WILDCARD_PREFIX_MIN;
use crate::text::{Analyzer, TokenForm};

/// Words that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::search) struct Pattern {
    /// The words, of which chains are one.
    pub(super) units: Vec<Unit>,
    /// The pattern as a name of an author.
    pub(super) name: NamePattern,
}

/// A word, or the parts of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The parts side by side.
    pub(super) parts: Vec<WordPattern>,
    /// The parts in one piece.
    pub(super) joined: Option<WordPattern>,
}

impl Pattern {
    /// Takes a pattern apart. Double quotes around it only say that a name is exact.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for a pattern without words, and for a `*` after fewer than four characters.
    pub(in crate::search) fn new(pattern: &str) -> Result<Pattern> {
        let trimmed = pattern.trim();
        let inner = trimmed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let text = inner.unwrap_or(trimmed);
        let marked = text.replace('*', STAR.encode_utf8(&mut [0; 4]));
        check_wildcards(text)?;
        // The stars count as letters: they would hide that a chain is a name, or make a name of numbers.
        let plain = units_of(&text.replace('*', ""));
        let units = if text.contains('*') { wild_units(&marked, plain) } else { plain };
        if units.is_empty() {
            return Err(Error::InvalidQuery { detail: format!("there is no word in {pattern:?}") });
        }
        if units.iter().flat_map(|unit| &unit.parts).any(|word| word.prefix().is_empty()) {
            let detail = format!("`*` in {pattern:?} needs a letter or digit directly before it");
            return Err(Error::InvalidQuery { detail });
        }
        let name = NamePattern::new(&marked, inner.is_some());
        Ok(Pattern { units, name })
    }

    /// The parts of all units, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = &WordPattern> {
        self.units.iter().flat_map(|unit| &unit.parts)
    }

    /// Whether it is one word, so that no positions are needed.
    pub(super) fn is_single(&self) -> bool {
        matches!(self.units.as_slice(), [unit] if unit.parts.len() == 1)
    }
}

/// Refuses a `*` behind too few characters of its word, which may be a chain: `x-ray*` has five.
fn check_wildcards(text: &str) -> Result<()> {
    for word in text.split_whitespace() {
        let word = word.trim_start_matches(|ch: char| !ch.is_alphanumeric());
        let Some((before, _)) = word.split_once('*') else { continue };
        if before.chars().count() < WILDCARD_PREFIX_MIN {
            return Err(Error::InvalidQuery {
                detail: format!(
                    "`*` in {text:?} stands after {before:?}; it needs at least {WILDCARD_PREFIX_MIN} characters \
                     before it"
                ),
            });
        }
    }
    Ok(())
}

/// The words and chains of a pattern without wildcards.
fn units_of(text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut last_end = None;
    Analyzer::default().analyze(text, |token| {
        let word = WordPattern::Exact(token.term.to_owned());
        match token.form {
            TokenForm::Joined if token.term.ends_with('+') => {}
            TokenForm::Joined => {
                if let Some(unit) = units.last_mut() {
                    unit.joined = Some(word);
                    // The parts that it is made of end where it ends.
                    last_end = Some(token.span.end);
                }
            }
            TokenForm::Part => match units.last_mut() {
                Some(unit) if last_end.is_some_and(|end| token.span.end <= end) => {
                    unit.parts.push(word);
                }
                _ => units.push(Unit { parts: vec![word], joined: None }),
            },
        }
    });
    units
}

/// The words and chains of a pattern with [`STAR`] for `*`, of which `plain` are those without wildcards.
fn wild_units(marked: &str, plain: Vec<Unit>) -> Vec<Unit> {
    let mut parts: Vec<(WordPattern, String)> = Vec::new();
    Analyzer::default().analyze(marked, |token| {
        if token.form == TokenForm::Part {
            let before = marked.get(..token.span.start).unwrap_or_default();
            let is_possessive =
                before.ends_with(['\'', '\u{2019}']) && token.term.strip_suffix(STAR) == Some("s");
            let mut term = token.term.to_owned();
            // A star beyond what a term may hold was cut off with the letters before it.
            let word = marked.get(token.span).unwrap_or_default();
            if word.contains(STAR) && !term.contains(STAR) {
                term.push(STAR);
            }
            // `alzheimer's*` goes on with no letter, and too many words begin with an `s`.
            let part = if is_possessive { "s" } else { &term };
            parts.push((WordPattern::new(part), term));
        }
    });
    let mut parts = parts.into_iter();
    let mut units: Vec<Unit> = Vec::new();
    for Unit { parts: own, joined } in plain {
        let (own, terms): (Vec<WordPattern>, Vec<String>) = parts.by_ref().take(own.len()).unzip();
        units.push(Unit { parts: own, joined: joined.map(|_| WordPattern::new(&terms.concat())) });
    }
    // A star by itself has no part without wildcards.
    units.extend(parts.map(|(part, _)| Unit { parts: vec![part], joined: None }));
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TERM_BYTES_MAX;

    #[test]
    fn short_prefixes_and_empty_patterns_are_refused() {
        for pattern in [
            "cat*", "*", "a b cde*", "\"\"", "  ", "-", "*itis", "a-b*", "-cat*", "covid-*",
            "abcd *",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn chains_may_end_with_a_wildcard() {
        let wild = |pieces: &[&str]| {
            WordPattern::Wild(pieces.iter().map(|piece| (*piece).to_owned()).collect())
        };
        let exact = |word: &str| WordPattern::Exact(word.to_owned());
        for (pattern, parts, joined) in [
            ("x-ray*", vec![exact("x"), wild(&["ray", ""])], Some(wild(&["xray", ""]))),
            ("follow-up*", vec![exact("follow"), wild(&["up", ""])], Some(wild(&["followup", ""]))),
            ("covid-19*", vec![exact("covid"), wild(&["19", ""])], Some(wild(&["covid19", ""]))),
            ("crohn's*", vec![exact("crohn"), exact("s")], Some(wild(&["crohns", ""]))),
            ("crohn\u{2019}s*", vec![exact("crohn"), exact("s")], Some(wild(&["crohns", ""]))),
            ("12.5*", vec![exact("12")], None),
            ("double-bl*", vec![exact("double")], Some(wild(&["doublebl", ""]))),
            ("double-bli*", vec![exact("double")], None),
        ] {
            let pattern = Pattern::new(pattern).unwrap();
            let [unit, ..] = pattern.units.as_slice() else { panic!("{pattern:?}") };
            assert_eq!(unit.parts.first(), parts.first(), "{pattern:?}");
            assert_eq!(unit.joined, joined, "{pattern:?}");
            if joined.is_some() && parts.len() > 1 {
                assert_eq!(unit.parts, parts, "{pattern:?}");
            }
        }
    }

    #[test]
    fn a_wildcard_behind_a_word_of_the_greatest_length_stays_one() {
        for letters in 60..70 {
            let pattern = Pattern::new(&format!("{}*", "a".repeat(letters))).unwrap();
            let matches = |letters: usize| {
                let word = "a".repeat(letters.min(TERM_BYTES_MAX));
                pattern.words().all(|pattern| pattern.matches(&word))
            };
            assert!(matches(letters) && matches(letters + 1) && matches(letters + 9), "{letters}");
        }
    }

    #[test]
    fn chains_are_one_unit() {
        let pattern = Pattern::new("anti-IL-6 receptor").unwrap();
        let shape: Vec<(usize, bool)> =
            pattern.units.iter().map(|unit| (unit.parts.len(), unit.joined.is_some())).collect();
        assert_eq!(shape, [(3, true), (1, false)]);
        let pattern = Pattern::new("double-blind trial").unwrap();
        assert_eq!(pattern.units.len(), 3);
        assert!(Pattern::new("p53").unwrap().is_single());
    }
}
