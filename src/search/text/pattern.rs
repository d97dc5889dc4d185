//! A pattern of words, taken apart as documents are.
//!
//! A chain such as `IL-6` is found as its parts side by side, and as the one word `IL6`.

use super::authors::NamePattern;
use crate::error::{Error, Result};
use crate::limits::WILDCARD_PREFIX_MIN;
use crate::text::{Analyzer, TokenForm};

/// A letter that texts do not use. It stands for `*` while a pattern is folded, which drops `*`.
pub(super) const STAR: char = '\u{a66e}';

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

/// A word with or without wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WordPattern {
    Exact(String),
    /// What stands before, between and behind the wildcards.
    Wild(Vec<String>),
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
        let mut units: Vec<Unit> = Vec::new();
        let mut last_end = None;
        let mut short = None;
        Analyzer::default().analyze(&marked, |token| {
            let word = word_pattern(token.term);
            if let Err(prefix) = &word {
                short.get_or_insert_with(|| prefix.clone());
            }
            let Ok(word) = word else { return };
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
        if let Some(prefix) = short {
            return Err(Error::InvalidQuery {
                detail: format!(
                    "`*` in {pattern:?} stands after {:?}; it needs at least {WILDCARD_PREFIX_MIN} characters \
                     before it",
                    prefix
                ),
            });
        }
        if units.is_empty() {
            return Err(Error::InvalidQuery { detail: format!("there is no word in {pattern:?}") });
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

/// A word of a marked pattern; what stands before the first `*` if that is too short.
fn word_pattern(term: &str) -> std::result::Result<WordPattern, String> {
    let word = WordPattern::new(term);
    match &word {
        WordPattern::Wild(_) if word.prefix().chars().count() < WILDCARD_PREFIX_MIN => {
            Err(word.prefix().to_owned())
        }
        _ => Ok(word),
    }
}

impl WordPattern {
    /// A folded word with [`STAR`] for `*`.
    pub(super) fn new(marked: &str) -> WordPattern {
        if !marked.contains(STAR) {
            return WordPattern::Exact(marked.to_owned());
        }
        let mut pieces: Vec<String> = Vec::new();
        for piece in marked.split(STAR) {
            // Two wildcards side by side are one.
            let is_empty_middle = piece.is_empty() && pieces.last().is_some_and(String::is_empty);
            if !is_empty_middle || pieces.len() == 1 {
                pieces.push(piece.to_owned());
            }
        }
        WordPattern::Wild(pieces)
    }

    /// What every word that matches begins with.
    pub(super) fn prefix(&self) -> &str {
        match self {
            WordPattern::Exact(word) => word,
            WordPattern::Wild(pieces) => pieces.first().map_or("", String::as_str),
        }
    }

    /// Whether a word matches.
    pub(super) fn matches(&self, word: &str) -> bool {
        let pieces = match self {
            WordPattern::Exact(exact) => return exact == word,
            WordPattern::Wild(pieces) => pieces.as_slice(),
        };
        let [first, middle @ .., last] = pieces else { return false };
        let Some(mut rest) = word.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            // The first place is as good as any: what follows only needs as much as possible behind it.
            match rest.find(piece.as_str()) {
                Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wild(pattern: &str) -> WordPattern {
        let pattern = Pattern::new(pattern).unwrap();
        pattern.units[0].parts[0].clone()
    }

    #[test]
    fn wildcards_match_any_letters() {
        for (pattern, word, expected) in [
            ("organi*ation*", "organization", true),
            ("organi*ation*", "organisational", true),
            ("organi*ation*", "organic", false),
            ("tumo*", "tumours", true),
            ("tumo*", "tumo", true),
            ("tumo**", "tumor", true),
            ("coli*is", "colitis", true),
            ("coli*is", "coliform", false),
            ("abcd*d", "abcd", false),
            ("abcd*d", "abcdd", true),
        ] {
            assert_eq!(wild(pattern).matches(word), expected, "{pattern} {word}");
        }
    }

    #[test]
    fn short_prefixes_and_empty_patterns_are_refused() {
        for pattern in ["cat*", "*", "a b cde*", "\"\"", "  ", "-", "*itis"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
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
