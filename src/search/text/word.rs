//! A word of a pattern, with or without wildcards.

/// A letter that texts do not use. It stands for `*` while a pattern is folded, which drops `*`.
pub(super) const STAR: char = '\u{a66e}';

/// A word with or without wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WordPattern {
    Exact(String),
    /// What stands before, between and behind the wildcards.
    Wild(Vec<String>),
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

    /// Whether it ends with a wildcard.
    pub(super) fn is_truncated(&self) -> bool {
        matches!(self, WordPattern::Wild(pieces) if pieces.last().is_some_and(String::is_empty))
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
            let marked = pattern.replace('*', STAR.encode_utf8(&mut [0; 4]));
            assert_eq!(WordPattern::new(&marked).matches(word), expected, "{pattern} {word}");
        }
    }
}
