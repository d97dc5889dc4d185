//! The words of a document, field by field, for the lexical index.

use crate::document::{AbstractSection, Author, Document};
use crate::format::lexical::{LexicalField, PartLengths};
use crate::limits::NEAR_WORDS_MAX;
use crate::text::{Analyzer, TokenForm, cut, fold_name, is_stop_word};

/// Free positions between two elements of a field, such as keywords or affiliations, which no filter spans.
const ELEMENT_GAP: u32 = NEAR_WORDS_MAX;

/// The words of one document, each with all its positions.
///
/// Memory is one buffer: per word its key, their number and the differences of their positions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// Keys one after the other.
    keys: Vec<u8>,
    /// One past each key, and one past its positions.
    ends: Vec<(u32, u32)>,
    positions: Vec<u32>,
    /// Words of the text that are not stop words, joined forms left out.
    pub(crate) length: u32,
    /// Where the parts of the text end.
    pub(crate) parts: PartLengths,
}

impl Words {
    /// Each distinct word once, by ascending key: the number of its field, the word, and its positions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u32])> {
        let (mut key_start, mut start) = (0, 0);
        self.ends.iter().map(move |(key_end, end)| {
            let key = self.keys.get(key_start as usize..*key_end as usize).unwrap_or_default();
            let positions = self.positions.get(start as usize..*end as usize).unwrap_or_default();
            (key_start, start) = (*key_end, *end);
            (key, positions)
        })
    }
}

/// Takes documents apart. Buffers are used again.
#[derive(Default)]
pub(crate) struct WordReader {
    analyzer: Analyzer,
    /// Keys one after the other.
    keys: Vec<u8>,
    found: Vec<Found>,
    name: String,
}

/// A word where it stands.
struct Found {
    /// The first bytes of its key, for a quick comparison.
    prefix: u64,
    start: u32,
    end: u32,
    position: u32,
}

impl WordReader {
    /// The words of a document. Cost: about 100 ns per word.
    pub(crate) fn read(&mut self, document: &Document) -> Words {
        self.keys.clear();
        self.found.clear();
        let mut words = Words::default();
        self.text(document, &mut words);
        self.names(&document.authors);
        let mut at = 0;
        for affiliation in document.authors.iter().flat_map(|author| &author.affiliations) {
            self.element(LexicalField::Affiliation, affiliation, &mut at);
        }
        let mut at = 0;
        self.element(LexicalField::Journal, &document.journal.title, &mut at);
        self.element(LexicalField::Journal, &document.journal.abbreviation, &mut at);
        let mut at = 0;
        for substance in document.chemicals.iter().chain(&document.supplementary) {
            self.element(LexicalField::Substance, &substance.name, &mut at);
        }
        let mut at = 0;
        for heading in &document.mesh {
            self.element(LexicalField::Heading, &heading.name, &mut at);
            for qualifier in &heading.qualifiers {
                self.element(LexicalField::Heading, &qualifier.name, &mut at);
            }
        }
        for kind in &document.publication_types {
            self.element(LexicalField::Heading, &kind.name, &mut at);
        }
        self.collect(&mut words);
        words
    }

    /// The parts of the text in one space of positions: see [`PartLengths`].
    fn text(&mut self, document: &Document, words: &mut Words) {
        let mut at = 0;
        let title = self.running(&document.title, at, &mut words.length);
        at += title + 1;
        let start = at;
        self.sections(&document.abstract_sections, &mut at, &mut words.length);
        let main = at - start;
        at += 1;
        let start = at;
        for (number, other) in document.other_abstracts.iter().enumerate() {
            at += if number > 0 { ELEMENT_GAP } else { 0 };
            self.sections(&other.sections, &mut at, &mut words.length);
        }
        let other = at - start;
        at += 1;
        for keyword in &document.keywords {
            at += self.running(&keyword.text, at, &mut words.length) + ELEMENT_GAP;
        }
        words.parts = PartLengths([title, main, other]);
    }

    fn sections(&mut self, sections: &[AbstractSection], at: &mut u32, length: &mut u32) {
        for section in sections {
            *at += self.running(&section.label, *at, length);
            *at += self.running(&section.text, *at, length);
        }
    }

    /// Adds a piece of the text from a position on; returns how many positions it takes.
    fn running(&mut self, text: &str, at: u32, length: &mut u32) -> u32 {
        let WordReader { analyzer, keys, found, .. } = self;
        let mut taken = 0;
        analyzer.analyze(text, |token| {
            let is_part = token.form == TokenForm::Part;
            taken += u32::from(is_part);
            *length += u32::from(is_part && !is_stop_word(token.term));
            push(keys, found, LexicalField::Text, token.term, at + token.position);
        });
        taken
    }

    /// Adds one of several elements of a field.
    fn element(&mut self, field: LexicalField, text: &str, at: &mut u32) {
        let WordReader { analyzer, keys, found, .. } = self;
        let mut taken = 0;
        analyzer.analyze(text, |token| {
            taken += u32::from(token.form == TokenForm::Part);
            push(keys, found, field, token.term, *at + token.position);
        });
        if taken > 0 {
            *at += taken + ELEMENT_GAP;
        }
    }

    /// Adds the names of authors as PubMed's index has them.
    fn names(&mut self, authors: &[Author]) {
        let WordReader { keys, found, name, .. } = self;
        let last = authors.len().saturating_sub(1);
        for (number, author) in authors.iter().enumerate() {
            let position = number as u32 * 2 + u32::from(number == last);
            let mut add = |field, parts: [&str; 2]| {
                fold_name(&parts, name);
                if !name.is_empty() {
                    push(keys, found, field, cut(name), position);
                }
            };
            if author.collective_name.is_empty() {
                add(LexicalField::Author, [&author.last_name, &author.initials]);
                add(LexicalField::FullAuthor, [&author.last_name, &author.fore_name]);
            } else {
                add(LexicalField::Author, [&author.collective_name, ""]);
            }
        }
    }

    /// Brings equal words together.
    fn collect(&mut self, words: &mut Words) {
        let keys = &self.keys;
        let key =
            |found: &Found| keys.get(found.start as usize..found.end as usize).unwrap_or_default();
        self.found.sort_unstable_by(|a, b| {
            a.prefix
                .cmp(&b.prefix)
                .then_with(|| key(a).cmp(key(b)))
                .then(a.position.cmp(&b.position))
        });
        words.positions.reserve_exact(self.found.len());
        for same in self.found.chunk_by(|a, b| a.prefix == b.prefix && key(a) == key(b)) {
            words.keys.extend_from_slice(same.first().map(key).unwrap_or_default());
            // A word can stand twice in one place: `a+` in `a++`, say, or a part that is its own joined form.
            let places = same.chunk_by(|a, b| a.position == b.position);
            words
                .positions
                .extend(places.filter_map(|same| same.first()).map(|found| found.position));
            words.ends.push((words.keys.len() as u32, words.positions.len() as u32));
        }
    }
}

fn push(
    keys: &mut Vec<u8>,
    found: &mut Vec<Found>,
    field: LexicalField,
    word: &str,
    position: u32,
) {
    let start = keys.len();
    keys.push(field as u8);
    keys.extend_from_slice(word.as_bytes());
    let mut prefix = [0; 8];
    for (to, from) in prefix.iter_mut().zip(keys.get(start..).unwrap_or_default()) {
        *to = *from;
    }
    let prefix = u64::from_be_bytes(prefix);
    found.push(Found { prefix, start: start as u32, end: keys.len() as u32, position });
}
