//! WordPiece: text to token ids, as BERT's uncased tokenizers do it.
//!
//! 1. Clean: drop control characters, format characters, U+0000 and U+FFFD; every kind of blank
//!    becomes a space.
//! 2. Put spaces around CJK ideographs.
//! 3. Decompose (NFD) and drop non-spacing marks, so that `naïve` is `naive`; then lower-case.
//! 4. Cut at blanks, and before and after every punctuation character.
//! 5. Cut each word into the longest pieces of the vocabulary, from left to right; a word that
//!    cannot be spelled, or has more than 100 characters, is one `[UNK]`.
//!
//! The ids are those of the `tokenizers` crate (`BertNormalizer`, `BertPreTokenizer`, `WordPiece`),
//! which a test checks on real abstracts and on odd Unicode. ASCII words, nearly all of a biomedical
//! text, take a path with one table look-up a byte.
//!
//! Source: Schuster and Nakajima, "Japanese and Korean voice search" (2012); Devlin et al., "BERT"
//! (2019).

mod vocabulary;

use unicode_categories::UnicodeCategories;
use unicode_normalization::UnicodeNormalization;

use vocabulary::{HASH_START, hash_next};
pub use vocabulary::{TOKENS_MAX, Vocabulary, WORD_CHARS_MAX};

/// A tokenizer: a vocabulary and the rules above.
#[derive(Clone, Debug)]
pub struct WordPiece {
    vocabulary: Vocabulary,
}

impl WordPiece {
    /// The tokenizer of a vocabulary.
    pub fn new(vocabulary: Vocabulary) -> WordPiece {
        WordPiece { vocabulary }
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// As [`WordPiece::encode`], without words that the vocabulary cannot spell.
    pub fn encode_known(&self, text: &str, ids: &mut Vec<u32>) {
        let earlier = ids.len();
        self.encode(text, ids);
        let unknown = self.vocabulary.unknown();
        let mut place = 0;
        ids.retain(|&id| {
            place += 1;
            place <= earlier || id != unknown
        });
    }

    /// Appends the ids of a text's tokens, in order. No special tokens are added.
    ///
    /// Costs about a look-up a token; takes any text.
    pub fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        let mut cutter =
            Cutter { vocabulary: &self.vocabulary, word: Vec::new(), hashes: Vec::new(), ids };
        // An ASCII blank ends a word and stops every interaction of combining characters, so the
        // stretches between blanks are independent of each other.
        for stretch in text.split([' ', '\t', '\n', '\r']) {
            if stretch.is_ascii() {
                cutter.ascii(stretch.as_bytes());
            } else {
                cutter.unicode(stretch);
            }
            cutter.end_word();
        }
    }
}

/// What becomes of an ASCII byte.
#[derive(Clone, Copy)]
enum Class {
    Keep,
    Drop,
    Punctuation,
}

const CLASSES: [Class; 128] = {
    let mut classes = [Class::Keep; 128];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_control() {
            classes[byte] = Class::Drop;
        } else if (byte as u8).is_ascii_punctuation() {
            classes[byte] = Class::Punctuation;
        }
        byte += 1;
    }
    classes
};

/// The word being read, and where its ids go.
struct Cutter<'a> {
    vocabulary: &'a Vocabulary,
    word: Vec<u8>,
    /// Hashes of the prefixes of the piece being looked for.
    hashes: Vec<u64>,
    ids: &'a mut Vec<u32>,
}

impl Cutter<'_> {
    /// Reads ASCII without blanks.
    fn ascii(&mut self, stretch: &[u8]) {
        for &byte in stretch {
            match CLASSES.get(usize::from(byte)) {
                Some(Class::Keep) => self.word.push(byte.to_ascii_lowercase()),
                Some(Class::Punctuation) => self.punctuation(char::from(byte)),
                Some(Class::Drop) | None => {}
            }
        }
    }

    /// Reads any text without ASCII blanks.
    fn unicode(&mut self, stretch: &str) {
        let clean = stretch.chars().filter(|&c| c != '\u{fffd}' && !c.is_other());
        let spaced = clean.flat_map(|c| {
            let blank = is_ideograph(c).then_some(' ');
            blank.into_iter().chain([c]).chain(blank)
        });
        for plain in spaced.nfd().filter(|c| !c.is_mark_nonspacing()) {
            for c in plain.to_lowercase() {
                if c.is_whitespace() {
                    self.end_word();
                } else if c.is_ascii_punctuation() || c.is_punctuation() {
                    self.punctuation(c);
                } else {
                    self.word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }

    /// Ends the word; the character is one of its own.
    fn punctuation(&mut self, c: char) {
        self.end_word();
        self.word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.end_word();
    }

    /// Appends the ids of the word's pieces and starts a new word.
    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let before = self.ids.len();
        if !self.cut_word() {
            self.ids.truncate(before);
            self.ids.push(self.vocabulary.unknown());
        }
        self.word.clear();
    }

    /// Appends ids as far as pieces are found; false when the word cannot be spelled.
    fn cut_word(&mut self) -> bool {
        // Tokens are whole characters, so byte-wise matches end at character boundaries.
        let is_start = |byte: &&u8| (**byte & 0xc0) != 0x80;
        if self.word.len() > WORD_CHARS_MAX
            && self.word.iter().filter(is_start).count() > WORD_CHARS_MAX
        {
            return false;
        }
        let mut rest: &[u8] = &self.word;
        let mut inside = false;
        while !rest.is_empty() {
            self.hashes.clear();
            let mut hash = HASH_START;
            for &byte in rest.iter().take(self.vocabulary.bytes_max(inside)) {
                hash = hash_next(hash, byte);
                self.hashes.push(hash);
            }
            let longest = (1..=self.hashes.len()).rev().find_map(|bytes| {
                let piece = rest.get(..bytes)?;
                let id = self.vocabulary.find(inside, piece, *self.hashes.get(bytes - 1)?)?;
                Some((id, bytes))
            });
            let Some((id, bytes)) = longest else { return false };
            self.ids.push(id);
            rest = rest.get(bytes..).unwrap_or_default();
            inside = true;
        }
        true
    }
}

/// Whether a character is a CJK ideograph; kana and hangul are not.
fn is_ideograph(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x2_0000..=0x2_a6df
            | 0x2_a700..=0x2_b73f
            | 0x2_b740..=0x2_b81f
            | 0x2_b920..=0x2_ceaf
            | 0xf900..=0xfaff
            | 0x2_f800..=0x2_fa1f
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let vocabulary = "[UNK]\nheart\nfail\n##ure\n##s\n.\n-\nβ\nnaive\n口\nu\n##n\n";
        let wordpiece = WordPiece::new(Vocabulary::parse(vocabulary.as_bytes()).unwrap());
        let mut ids = Vec::new();
        wordpiece.encode(text, &mut ids);
        ids.iter()
            .map(|&id| String::from_utf8(wordpiece.vocabulary().token(id).to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn words_are_cut_into_the_longest_pieces() {
        assert_eq!(tokens("Heart failures."), ["heart", "fail", "##ure", "##s", "."]);
        assert_eq!(tokens("heart-failure"), ["heart", "-", "fail", "##ure"]);
        assert_eq!(tokens("hearty heart"), ["[UNK]", "heart"]);
        assert_eq!(tokens(""), [""; 0]);
        assert_eq!(tokens(" \t\r\n\u{3000}"), [""; 0]);
    }

    #[test]
    fn unicode_is_normalised() {
        assert_eq!(tokens("Naïve nai\u{308}ve Β口heart"), ["naive", "naive", "β", "口", "heart"]);
        assert_eq!(tokens("he\u{ad}art\u{a0}he\u{0}art\u{fffd}"), ["heart", "heart"]);
    }

    #[test]
    fn long_words_are_unknown() {
        let word = |chars: usize| format!("u{}", "n".repeat(chars - 1));
        assert_eq!(tokens(&word(WORD_CHARS_MAX)).len(), WORD_CHARS_MAX);
        assert_eq!(tokens(&word(WORD_CHARS_MAX + 1)), ["[UNK]"]);
    }
}
