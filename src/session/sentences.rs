//! The sentence of an abstract that answers best.

use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput};
use crate::error::Result;
use crate::search::WordExplain;
use crate::text::{Analyzer, stem};

/// Sentences of one document that are compared; the longest abstracts have about a hundred.
const SENTENCES_MAX: usize = 60;
/// Shorter pieces are headings or stray punctuation.
const SENTENCE_CHARS_MIN: usize = 20;

/// Abbreviations that end with a period inside a sentence, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "al", "approx", "ca", "cf", "dr", "e.g", "eq", "et", "etc", "fig", "i.e", "i.v", "inc", "ltd",
    "mr", "mrs", "ms", "no", "p.o", "prof", "ref", "resp", "s.c", "sp", "spp", "st", "subsp", "vs",
];

/// Cuts a text into sentences: at `.`, `!` or `?` (and closing quotes or brackets) before white
/// space and a letter, digit or bracket that can start a sentence; not after common abbreviations,
/// single initials or inside numbers.
fn split(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, mark) in text.char_indices() {
        if !matches!(mark, '.' | '!' | '?') || at < start {
            continue;
        }
        let after = &text[at + mark.len_utf8()..];
        let closing = after.len()
            - after.trim_start_matches([')', ']', '"', '\'', '\u{201d}', '\u{2019}']).len();
        let rest = &after[closing..];
        let next = rest.trim_start();
        if next.is_empty() || next.len() == rest.len() || !starts_sentence(next) {
            continue;
        }
        if mark == '.' && closing == 0 && ends_with_abbreviation(&text[start..at]) {
            continue;
        }
        let end = at + mark.len_utf8() + closing;
        push(&mut sentences, &text[start..end]);
        start = text.len() - next.len();
    }
    push(&mut sentences, &text[start..]);
    sentences
}

fn push<'a>(sentences: &mut Vec<&'a str>, piece: &'a str) {
    let piece = piece.trim();
    if !piece.is_empty() {
        sentences.push(piece);
    }
}

fn starts_sentence(next: &str) -> bool {
    let opening = ['(', '[', '"', '\'', '\u{201c}', '\u{2018}'];
    let first = next.trim_start_matches(opening).chars().next();
    first.is_some_and(|ch| ch.is_uppercase() || ch.is_ascii_digit() || !ch.is_ascii())
}

fn ends_with_abbreviation(before: &str) -> bool {
    let word = before.rsplit([' ', '(', '[', '\u{a0}']).next().unwrap_or_default();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// What sentences are compared with.
pub(super) struct SentenceRanking<'a> {
    /// Embeds sentences; without one only words count.
    pub(super) encoder: Option<&'a dyn Encoder>,
    /// What was searched for.
    pub(super) text: &'a str,
    /// Its words, with what each counts; empty where documents were ranked by vectors alone.
    pub(super) words: &'a [WordExplain],
}

/// The weight of embeddings beside words, as in [`Fusion`](crate::search::Fusion).
const VECTOR_WEIGHT: f32 = 0.8;

impl SentenceRanking<'_> {
    /// For each text the sentence that answers best: by the cosine of its embedding over the best one of the text, and
    /// by the share of the words that it has. `None` for a text without sentences. All texts are embedded in
    /// one batch.
    pub(super) fn best(&self, texts: &[String], control: &Control) -> Result<Vec<Option<String>>> {
        let sentences: Vec<Vec<&str>> = texts.iter().map(|text| candidates(text)).collect();
        if self.encoder.is_none() && self.words.is_empty() {
            return Ok(vec![None; texts.len()]);
        }
        let cosines = self.cosines(&sentences, control)?;
        let mut cosines = cosines.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
        let best = sentences.iter().map(|candidates| {
            let cosines = cosines.next().unwrap_or_default();
            let top = cosines.iter().copied().fold(0.0f32, f32::max);
            let mut best: Option<(f32, &str)> = None;
            for (place, sentence) in candidates.iter().enumerate() {
                let cosine = cosines.get(place).copied().unwrap_or_default();
                let relative = if top > 0.0 { cosine / top } else { cosine };
                let score = VECTOR_WEIGHT * relative + self.share(sentence);
                if best.is_none_or(|(top, _)| score > top) {
                    best = Some((score, sentence));
                }
            }
            best.map(|(_, sentence)| sentence.to_owned())
        });
        Ok(best.collect())
    }

    /// The cosine of each sentence with the text; nothing without an encoder.
    fn cosines(&self, sentences: &[Vec<&str>], control: &Control) -> Result<Vec<Vec<f32>>> {
        let Some(encoder) = self.encoder else { return Ok(Vec::new()) };
        let inputs: Vec<EncoderInput> = sentences
            .iter()
            .flatten()
            .map(|sentence| EncoderInput { title: String::new(), text: (*sentence).to_owned() })
            .collect();
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let query = encoder.encode_queries(&[self.text])?;
        let vectors = encoder.encode_documents_under(&inputs, control)?;
        let mut rows = vectors.chunks(query.len().max(1));
        let of_text = |candidates: &Vec<&str>| {
            rows.by_ref().take(candidates.len()).map(|row| cosine(&query, row)).collect()
        };
        Ok(sentences.iter().map(of_text).collect())
    }

    /// The weight of the words that a sentence has, as a share of that of all.
    fn share(&self, sentence: &str) -> f32 {
        let all: f32 = self.words.iter().map(|word| word.weight).sum();
        if all <= 0.0 {
            return 0.0;
        }
        let mut found = vec![false; self.words.len()];
        Analyzer::default().analyze(sentence, |token| {
            let stem = stem(token.term);
            if let Ok(place) = self.words.binary_search_by(|word| (*word.stem).cmp(&stem))
                && let Some(found) = found.get_mut(place)
            {
                *found = true;
            }
        });
        let weights = self.words.iter().zip(found).filter(|(_, found)| *found);
        weights.map(|(word, _)| word.weight).sum::<f32>() / all
    }
}

fn candidates(text: &str) -> Vec<&str> {
    let mut sentences = split(text);
    sentences.truncate(SENTENCES_MAX);
    let long = |sentence: &&str| sentence.chars().count() >= SENTENCE_CHARS_MIN;
    if sentences.iter().any(long) {
        sentences.retain(long);
    }
    sentences
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot: f32 = left.iter().zip(right).map(|(a, b)| a * b).sum();
    let norm = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>().sqrt();
    let product = norm(left) * norm(right);
    if product > 0.0 { dot / product } else { f32::NEG_INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_the_next_one_starts() {
        let text = "Aspirin was given. Did it help? Yes (P<0.05). 12 patients died!";
        assert_eq!(
            split(text),
            ["Aspirin was given.", "Did it help?", "Yes (P<0.05).", "12 patients died!"]
        );
    }

    #[test]
    fn abbreviations_initials_and_numbers_do_not_end_a_sentence() {
        for text in [
            "Smith et al. Lancet reported this.",
            "A dose of 0.5 mg vs. 10 mg was given.",
            "Isolates of E. Coli and S. Aureus grew.",
            "We used drugs, e.g. Aspirin, at p.o. 5 mg.",
            "levels rose (approx. 3 fold) at once.",
        ] {
            assert_eq!(split(text), [text]);
        }
    }

    #[test]
    fn quotes_and_brackets_stay_with_their_sentence() {
        assert_eq!(split("He said \"stop.\" Then left."), ["He said \"stop.\"", "Then left."]);
        assert_eq!(
            split("(It rose.) \u{201c}Why?\u{201d} Nobody knows"),
            ["(It rose.)", "\u{201c}Why?\u{201d}", "Nobody knows"]
        );
    }

    #[test]
    fn nothing_and_odd_text_are_harmless() {
        assert!(split("").is_empty());
        assert!(split("   ").is_empty());
        assert_eq!(split("..."), ["..."]);
        assert_eq!(split("\u{3a9}. \u{3b2}. x"), ["\u{3a9}. \u{3b2}. x"].to_vec());
    }

    #[test]
    fn every_letter_is_kept_in_order() {
        let text = "One (a.b). Two!  Three? \u{c4}rzte vs. Pfleger. 4.5 mg. ";
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(letters(&split(text).join(" ")), letters(text));
    }
}
