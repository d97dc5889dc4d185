//! Real sentences, and sentences that begin as one, go over into another where both have the same small word, and
//! may go over again: grammar, phrases and vocabulary stay those of the literature, and no passage longer than some
//! ten words comes twice but by chance.

use medvec::kernel::random::Random;

use super::words::{self, WordCounts};
use super::{chance, escaped, pick};

/// Words that texts go over at.
const JOINTS: [&str; 36] = [
    "of", "in", "and", "with", "for", "to", "by", "from", "on", "at", "as", "or", "was", "were",
    "is", "are", "that", "which", "had", "have", "has", "been", "be", "between", "after", "during",
    "than", "the", "a", "an", "this", "these", "we", "not", "using", "but",
];

/// A number; lower kinds are joints.
const NUMBER: u16 = 1_000;

/// A rare word.
const RARE: u16 = 1_001;

/// How many times in a thousand a text goes over at a joint.
const GO_OVER: usize = 420;

/// Bytes after which a sentence goes to its end.
const SENTENCE_BYTES_MAX: usize = 400;

/// Longer sentences are lists or faults of the data.
const SOURCE_BYTES: std::ops::Range<usize> = 25..1_200;

/// A place in a sentence at which something can change.
struct Mark {
    at: u32,
    sentence: u32,
    length: u16,
    kind: u16,
}

struct Sentence {
    start: u32,
    end: u32,
    first_mark: u32,
    end_mark: u32,
}

/// The sentences of one real citation.
#[derive(Clone, Copy, Default)]
struct Parts {
    title: Option<u32>,
    first: u32,
    end: u32,
    first_joint: u32,
    end_joint: u32,
}

/// Every sentence of the real citations, escaped, with its marks.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    sentences: Vec<Sentence>,
    documents: Vec<Parts>,
    /// Marks of the abstract of each document that are joints, by kind.
    joints: Vec<u32>,
    rare: Vec<u32>,
}

/// Sentences of an abstract, without the labels of its sections.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = rest.match_indices(['.', '!', '?']).find(|(at, mark)| {
            let before = rest[..*at].rsplit(' ').next().unwrap_or_default();
            let mut after = rest[at + mark.len()..].chars();
            before.len() > 2
                && after.next() == Some(' ')
                && after.next().is_some_and(|ch| ch.is_uppercase() || ch.is_ascii_digit())
        });
        let end = ends.map_or(rest.len(), |(at, mark)| at + mark.len());
        let sentence = &rest[..end];
        rest = rest[end..].trim_start();
        Some(without_label(sentence))
    })
}

fn without_label(sentence: &str) -> &str {
    match sentence.split_once(": ") {
        Some((label, text)) if label.len() < 40 && label.chars().all(|ch| !ch.is_lowercase()) => {
            text
        }
        _ => sentence,
    }
}

impl Texts {
    /// Takes a citation in, as the next document.
    pub(super) fn push(&mut self, title: &str, abstract_text: &str, counts: &WordCounts) {
        let title = title.trim_end_matches(['.', ' ', ']']).trim_start_matches('[');
        let title = SOURCE_BYTES.contains(&title.len()).then(|| self.sentence(title, counts));
        let first = self.sentences.len() as u32;
        let first_mark = self.marks.len();
        for sentence in split(abstract_text).filter(|text| SOURCE_BYTES.contains(&text.len())) {
            self.sentence(sentence, counts);
        }
        let first_joint = self.joints.len();
        let joint = |mark: &usize| self.marks[*mark].kind < NUMBER;
        self.joints.extend((first_mark..self.marks.len()).filter(joint).map(|mark| mark as u32));
        self.joints[first_joint..].sort_by_key(|mark| self.marks[*mark as usize].kind);
        self.documents.push(Parts {
            title,
            first,
            end: self.sentences.len() as u32,
            first_joint: first_joint as u32,
            end_joint: self.joints.len() as u32,
        });
    }

    fn sentence(&mut self, text: &str, counts: &WordCounts) -> u32 {
        let text = escaped(text);
        let number = self.sentences.len() as u32;
        let (start, first_mark) = (self.bytes.len() as u32, self.marks.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
        let mut done = 0;
        for (at, word) in words::words(&text).filter(|(_, word)| word.len() < 60) {
            if at < done || text[..at].ends_with('&') {
                continue;
            }
            let mut length = word.len();
            let kind = if word.bytes().all(|byte| byte.is_ascii_digit()) {
                let rest = &text.as_bytes()[at + length..];
                if let [b'.', digit, ..] = rest
                    && digit.is_ascii_digit()
                {
                    length += 1 + rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                }
                NUMBER
            } else if let Some(kind) = JOINTS.iter().position(|joint| *joint == word) {
                kind as u16
            } else if counts.is_rare(word) {
                self.rare.push(self.marks.len() as u32);
                RARE
            } else {
                continue;
            };
            done = at + length;
            let at = start + at as u32;
            self.marks.push(Mark { at, sentence: number, length: length as u16, kind });
        }
        let (end, end_mark) = (self.bytes.len() as u32, self.marks.len() as u32);
        self.sentences.push(Sentence { start, end, first_mark, end_mark });
        number
    }

    pub(super) fn documents(&self) -> usize {
        self.documents.len()
    }

    /// Sentences of the abstract of a document.
    pub(super) fn abstract_sentences(&self, document: u32) -> usize {
        let parts = &self.documents[document as usize];
        (parts.end - parts.first) as usize
    }

    pub(super) fn has_title(&self, document: u32) -> bool {
        self.documents[document as usize].title.is_some()
    }

    /// Writes a title of citations that are about the same, without its period.
    pub(super) fn title(&self, out: &mut Vec<u8>, mix: &[u32], random: &mut Random) {
        let titles = || mix.iter().filter_map(|one| self.documents[*one as usize].title);
        let Some(first) = titles().next() else { return };
        let other = |kind: u16, random: &mut Random| {
            let title = titles().nth(random.below(mix.len()))?;
            let sentence = &self.sentences[title as usize];
            let mut marks = sentence.first_mark..sentence.end_mark;
            let is_of_kind = |mark: &u32| self.marks[*mark as usize].kind == kind;
            // From the first alone, titles would get longer and longer.
            if chance(random, 400) { marks.find(is_of_kind) } else { marks.rfind(is_of_kind) }
        };
        self.walk(out, first, random, other);
    }

    /// Writes a sentence for place `place` of `of` in an abstract.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        mix: &[u32],
        (place, of): (usize, usize),
        random: &mut Random,
    ) {
        let parts = |document: &u32| &self.documents[*document as usize];
        let document = *pick(random, mix);
        let there = self.abstract_sentences(document).max(1);
        let nth = ((place * there + random.below(there)) / of.max(1)).min(there - 1);
        let other = |kind: u16, random: &mut Random| {
            let parts = parts(pick(random, mix));
            let joints = &self.joints[parts.first_joint as usize..parts.end_joint as usize];
            let of = |mark: &u32| self.marks[*mark as usize].kind;
            let from = joints.partition_point(|mark| of(mark) < kind);
            let count = joints[from..].iter().take_while(|mark| of(mark) == kind).count();
            (count > 0).then(|| joints[from + random.below(count)])
        };
        self.walk(out, parts(&document).first + nth as u32, random, other);
    }

    /// Writes a sentence from its start, and goes over where `other` has a mark of the same kind.
    fn walk(
        &self,
        out: &mut Vec<u8>,
        mut sentence: u32,
        random: &mut Random,
        other: impl Fn(u16, &mut Random) -> Option<u32>,
    ) {
        let begun = out.len();
        let mut at = self.sentences[sentence as usize].start;
        let mut next = self.sentences[sentence as usize].first_mark;
        while next < self.sentences[sentence as usize].end_mark {
            let mark = &self.marks[next as usize];
            out.extend_from_slice(&self.bytes[at as usize..mark.at as usize]);
            at = mark.at;
            let word = self.word(mark);
            match mark.kind {
                NUMBER => words::number(out, word, random),
                RARE => words::rare(out, word, random, |number| {
                    let rare = self.rare[(number % self.rare.len() as u64) as usize];
                    self.word(&self.marks[rare as usize])
                }),
                kind => {
                    if out.len() - begun < SENTENCE_BYTES_MAX
                        && chance(random, GO_OVER)
                        && let Some(mark) = other(kind, random)
                    {
                        (sentence, next) = (self.marks[mark as usize].sentence, mark);
                    }
                    let mark = &self.marks[next as usize];
                    out.extend_from_slice(self.word(mark));
                    at = mark.at;
                }
            }
            at += u32::from(self.marks[next as usize].length);
            next += 1;
        }
        let end = self.sentences[sentence as usize].end;
        out.extend_from_slice(&self.bytes[at as usize..end as usize]);
    }

    fn word(&self, mark: &Mark) -> &[u8] {
        &self.bytes[mark.at as usize..][..usize::from(mark.length)]
    }
}
