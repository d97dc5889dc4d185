//! Porter2, the English stemmer of the Snowball project, as of Snowball 2.2
//! (<https://snowballstem.org/algorithms/english/stemmer.html>).
//!
//! Terms hold no apostrophe, so the algorithm's step 0, which removes one, is left out. Suffixes are only removed
//! inside two regions: R1 begins behind the first consonant that follows a vowel, and R2 is R1 of R1.
//!
//! ```text
//! b e a u t i f u l
//!           | R1 |    behind `t`
//!               |R2|  behind `f`
//! ```
//!
//! A `y` at the start or behind a vowel is a consonant; it is written `Y` while the steps run.

/// Whole words with stems of their own.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("skis", "ski"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("idly", "idl"),
    ("gently", "gentl"),
    ("ugly", "ugli"),
    ("early", "earli"),
    ("only", "onli"),
    ("singly", "singl"),
    ("news", "news"),
    ("howe", "howe"),
    ("atlas", "atlas"),
    ("cosmos", "cosmos"),
    ("bias", "bias"),
    ("andes", "andes"),
];

/// Words that are finished when their plural `s` is off.
const FINISHED: &[&str] =
    &["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"];

/// Beginnings behind which R1 starts, whatever the vowels say: else `general` and `generate` would share a stem.
const R1_PREFIXES: &[&str] = &["gener", "commun", "arsen"];

/// Step 2: suffix and what replaces it, in R1. A longer suffix stands before each of its own endings.
const DERIVED: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("fulness", "ful"),
    ("iveness", "ive"),
    ("ization", "ize"),
    ("ousness", "ous"),
    ("biliti", "ble"),
    ("lessli", "less"),
    ("tional", "tion"),
    ("alism", "al"),
    ("aliti", "al"),
    ("ation", "ate"),
    ("entli", "ent"),
    ("fulli", "ful"),
    ("iviti", "ive"),
    ("ousli", "ous"),
    ("abli", "able"),
    ("alli", "al"),
    ("anci", "ance"),
    ("ator", "ate"),
    ("enci", "ence"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("ogi", "og"),
    ("li", ""),
];

/// Step 3: suffix and what replaces it, in R1 (`ative`: in R2). Longest first.
const ADJECTIVAL: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("alize", "al"),
    ("ative", ""),
    ("icate", "ic"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ness", ""),
    ("ful", ""),
];

/// Step 4: suffixes that go when they lie in R2. Longest first.
const RESIDUAL: &[&str] = &[
    "ement", "able", "ance", "ence", "ible", "ment", "ant", "ate", "ent", "ion", "ism", "iti",
    "ive", "ize", "ous", "al", "er", "ic",
];

/// The stem of a word of at least three letters `a` to `z`.
pub(super) fn stem(word: &str) -> String {
    if let Some((_, stem)) = EXCEPTIONS.iter().find(|(exception, _)| *exception == word) {
        return (*stem).to_owned();
    }
    let mut word = Word::new(word);
    word.remove_plural();
    if !FINISHED.contains(&word.text.as_str()) {
        word.remove_tense();
        word.respell_y();
        word.remove_derivation();
        word.remove_adjectival();
        word.remove_residual();
        word.remove_final();
    }
    word.text.make_ascii_lowercase();
    word.text
}

struct Word {
    text: String,
    /// Where R1 and R2 begin. Both may lie behind the end once a suffix is off.
    r1: usize,
    r2: usize,
}

impl Word {
    fn new(word: &str) -> Self {
        let mut text = String::with_capacity(word.len() + 1);
        for letter in word.chars() {
            let consonant = letter == 'y' && text.bytes().next_back().is_none_or(is_vowel);
            text.push(if consonant { 'Y' } else { letter });
        }
        let prefix = R1_PREFIXES.iter().find(|prefix| text.starts_with(**prefix));
        let r1 = prefix.map_or_else(|| region(&text, 0), |prefix| prefix.len());
        let r2 = region(&text, r1);
        Self { text, r1, r2 }
    }

    /// Where `suffix` begins if the word ends in it.
    fn suffix(&self, suffix: &str) -> Option<usize> {
        self.text.strip_suffix(suffix).map(str::len)
    }

    fn replace_from(&mut self, at: usize, with: &str) {
        self.text.truncate(at);
        self.text.push_str(with);
    }

    fn byte_before(&self, at: usize) -> Option<u8> {
        self.text.as_bytes()[..at].last().copied()
    }

    fn has_vowel_before(&self, at: usize) -> bool {
        self.text.as_bytes()[..at].iter().copied().any(is_vowel)
    }

    /// Step 1a.
    fn remove_plural(&mut self) {
        if let Some(at) = self.suffix("sses") {
            self.replace_from(at, "ss");
        } else if let Some(at) = self.suffix("ies").or_else(|| self.suffix("ied")) {
            self.replace_from(at, if at > 1 { "i" } else { "ie" });
        } else if self.suffix("us").or_else(|| self.suffix("ss")).is_none()
            && let Some(at) = self.suffix("s")
            && self.has_vowel_before(at.saturating_sub(1))
        {
            self.text.truncate(at);
        }
    }

    /// Step 1b.
    fn remove_tense(&mut self) {
        if let Some(at) = self.suffix("eedly").or_else(|| self.suffix("eed")) {
            if at >= self.r1 {
                self.replace_from(at, "ee");
            }
            return;
        }
        let found = ["ingly", "edly", "ing", "ed"].iter().find_map(|suffix| self.suffix(suffix));
        let Some(at) = found.filter(|&at| self.has_vowel_before(at)) else { return };
        self.text.truncate(at);
        if ["at", "bl", "iz"].iter().any(|ending| self.text.ends_with(ending)) {
            self.text.push('e');
        } else if self.ends_in_double() {
            self.text.pop();
        } else if self.r1 >= at && self.short_syllable_before(at) {
            self.text.push('e');
        }
    }

    fn ends_in_double(&self) -> bool {
        matches!(self.text.as_bytes(), [.., a, b] if a == b && b"bdfgmnprt".contains(b))
    }

    /// Step 1c.
    fn respell_y(&mut self) {
        if let Some(at) = self.suffix("y").or_else(|| self.suffix("Y"))
            && at > 1
            && self.byte_before(at).is_some_and(|byte| !is_vowel(byte))
        {
            self.replace_from(at, "i");
        }
    }

    /// Step 2.
    fn remove_derivation(&mut self) {
        let found = DERIVED
            .iter()
            .find_map(|&(suffix, with)| self.suffix(suffix).map(|at| (suffix, at, with)));
        let Some((suffix, at, with)) = found.filter(|&(_, at, _)| at >= self.r1) else { return };
        let before = self.byte_before(at);
        let allowed = match suffix {
            "ogi" => before == Some(b'l'),
            "li" => before.is_some_and(|byte| b"cdeghkmnrt".contains(&byte)),
            _ => true,
        };
        if allowed {
            self.replace_from(at, with);
        }
    }

    /// Step 3.
    fn remove_adjectival(&mut self) {
        let found = ADJECTIVAL
            .iter()
            .find_map(|&(suffix, with)| self.suffix(suffix).map(|at| (suffix, at, with)));
        let Some((suffix, at, with)) = found else { return };
        let region = if suffix == "ative" { self.r2.max(self.r1) } else { self.r1 };
        if at >= region {
            self.replace_from(at, with);
        }
    }

    /// Step 4.
    fn remove_residual(&mut self) {
        let found = RESIDUAL.iter().find_map(|&suffix| self.suffix(suffix).map(|at| (suffix, at)));
        let Some((suffix, at)) = found.filter(|&(_, at)| at >= self.r2) else { return };
        if suffix != "ion" || matches!(self.byte_before(at), Some(b's' | b't')) {
            self.text.truncate(at);
        }
    }

    /// Step 5.
    fn remove_final(&mut self) {
        if let Some(at) = self.suffix("e") {
            if at >= self.r2 || (at >= self.r1 && !self.short_syllable_before(at)) {
                self.text.truncate(at);
            }
        } else if let Some(at) = self.suffix("l")
            && at >= self.r2
            && self.byte_before(at) == Some(b'l')
        {
            self.text.truncate(at);
        }
    }

    /// Whether the letters before `end` close with a short syllable: consonant, vowel, consonant other than
    /// `w`, `x` and `Y`; or, as the whole of them, vowel, consonant.
    fn short_syllable_before(&self, end: usize) -> bool {
        match &self.text.as_bytes()[..end] {
            [a, b] => is_vowel(*a) && !is_vowel(*b),
            [.., a, b, c] => !is_vowel(*a) && is_vowel(*b) && !is_vowel(*c) && !b"wxY".contains(c),
            _ => false,
        }
    }
}

fn is_vowel(letter: u8) -> bool {
    b"aeiouy".contains(&letter)
}

/// Behind the first consonant that follows a vowel, from `from` on; the end if there is none.
fn region(text: &str, from: usize) -> usize {
    let letters = &text.as_bytes()[from..];
    letters
        .windows(2)
        .position(|pair| is_vowel(pair[0]) && !is_vowel(pair[1]))
        .map_or(text.len(), |place| from + place + 2)
}

#[cfg(test)]
mod tests {
    use super::stem;

    /// Words of PubMed abstracts with the stems that PyStemmer 2.2.0.3 (Snowball's own C code) gives them.
    const REFERENCE: &str = include_str!("porter2.tsv");

    #[test]
    fn stems_are_those_of_snowball() {
        let mut words = 0;
        for line in REFERENCE.lines().filter(|line| !line.starts_with('#')) {
            let (word, expected) = line.split_once('\t').expect("word, tab, stem");
            assert_eq!(stem(word), expected, "{word}");
            words += 1;
        }
        assert!(words > 3_000, "{words} reference words");
    }
}
