//! The fields, the meta record, and the code of lengths.

use super::super::layout::layout;
use super::shape::FormCoding;

/// The version of this chapter that is written.
pub const VERSION: u32 = 4;

/// How the lists of a version of the chapter code forms; `None` for a version that is ignored: its sections can be made again.
pub fn form_coding(version: u32) -> Option<FormCoding> {
    match version {
        3 => Some(FormCoding::Occurrences),
        VERSION => Some(FormCoding::Rows),
        _ => None,
    }
}

/// What a word stands in. The numbers are those of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LexicalField {
    /// Title, abstract, other abstracts and keywords: ranked, with the forms of a stem in one list.
    Text = 0,
    /// Names of authors and groups as PubMed's index has them (`smith ja`). The position is twice the place among
    /// the authors, plus 1 for the last.
    Author = 1,
    /// Full names of authors (`smith john a`), with positions as [`LexicalField::Author`].
    FullAuthor = 2,
    /// Words of affiliations.
    Affiliation = 3,
    /// Words of the journal's title and abbreviation.
    Journal = 4,
    /// Words of the names of chemicals and supplementary concepts.
    Substance = 5,
    /// Words of MeSH headings, qualifiers and publication types.
    Heading = 6,
}

impl LexicalField {
    /// Every field, in order of its number.
    pub const ALL: [LexicalField; 7] = [
        LexicalField::Text,
        LexicalField::Author,
        LexicalField::FullAuthor,
        LexicalField::Affiliation,
        LexicalField::Journal,
        LexicalField::Substance,
        LexicalField::Heading,
    ];

    /// Whether the words of one stem share a list.
    pub fn is_stemmed(self) -> bool {
        self == LexicalField::Text
    }
}

/// The sections of a lexical index, in the order of their kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexicalSection {
    /// [`LexicalMeta`].
    Meta,
    /// Front-coded keys.
    Terms,
    /// [`super::TermIndexEntry`] per block of keys.
    TermIndex,
    /// Lists, in the order of their heads among the keys.
    Lists,
    /// One [length code](length_code) per row.
    Lengths,
    /// Packed lengths of the parts of each row's text.
    Parts,
    /// Where each block of parts starts, `u64`, and where the last one ends.
    PartIndex,
}

impl LexicalSection {
    /// Every section.
    pub const ALL: [LexicalSection; 7] = [
        LexicalSection::Meta,
        LexicalSection::Terms,
        LexicalSection::TermIndex,
        LexicalSection::Lists,
        LexicalSection::Lengths,
        LexicalSection::Parts,
        LexicalSection::PartIndex,
    ];
}

layout! {
    /// What a lexical index holds.
    pub struct LexicalMeta = 48 {
        /// [`VERSION`].
        version: u32,
        /// [`crate::text::ANALYZER_VERSION`] of the words.
        analyzer: u32,
        /// 1 with positions, 0 without.
        positions: u32,
        /// Lists.
        lists: u32,
        /// Keys: words, and stems that are no words.
        keys: u64,
        /// Sum of the decoded lengths of all rows.
        tokens: u64,
        /// Zero.
        reserved: [16],
    }
}

/// Lengths up to this are exact.
const EXACT_MAX: u32 = 40;

/// The code of a length: exact up to 40, then with four bits behind the leading one, rounded down.
///
/// Codes ascend with lengths, so that a smaller code is a shorter text. Cost: a few instructions.
pub fn length_code(length: u32) -> u8 {
    if length <= EXACT_MAX {
        return length as u8;
    }
    // 41 lies between 2.5 and 2.625 times 16: octave 1, mantissa 4.
    let octave = length.ilog2() - 4;
    let mantissa = length >> octave & 15;
    let code = EXACT_MAX + (octave * 16 + mantissa).saturating_sub(FIRST);
    code.min(255) as u8
}

/// Octave and mantissa of the first code above [`EXACT_MAX`], less one.
const FIRST: u32 = 16 + 4;

/// The length that a code stands for: the least that has it.
pub const fn length_of_code(code: u8) -> u32 {
    let code = code as u32;
    if code <= EXACT_MAX {
        return code;
    }
    let place = code - EXACT_MAX + FIRST;
    let (octave, mantissa) = (place / 16, place % 16);
    (16 + mantissa) << octave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_come_near() {
        let mut last = 0;
        for length in 0..200_000u32 {
            let code = length_code(length);
            assert!(code >= last && code - last <= 1, "{length}: {last} {code}");
            last = code;
            let decoded = length_of_code(code);
            assert!(decoded <= length, "{length} {decoded}");
            assert!(f64::from(length - decoded) <= f64::from(length) / 16.0, "{length} {decoded}");
            assert_eq!(length_code(decoded), code);
            if length <= EXACT_MAX {
                assert_eq!(decoded, length);
            }
        }
        assert_eq!(length_code(u32::MAX), 255);
    }
}
