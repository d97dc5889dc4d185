//! Which words of a title or sentence are words of the query.

use std::ops::Range;

/// Words too common to be worth marking.
const STOP_WORDS: &[&str] = &[
    "a", "after", "an", "and", "are", "as", "at", "be", "been", "between", "by", "can", "could",
    "do", "does", "during", "for", "from", "had", "has", "have", "how", "in", "into", "is", "it",
    "its", "may", "of", "on", "or", "should", "that", "the", "their", "these", "this", "to", "was",
    "were", "what", "when", "which", "who", "why", "will", "with", "would",
];

/// The words of a query that are worth marking.
pub(super) struct Terms(Vec<String>);

impl Terms {
    /// The words of this query.
    pub(super) fn of(query: &str) -> Terms {
        let words = query.split(|ch: char| !ch.is_alphanumeric()).map(str::to_lowercase);
        Terms(words.filter(|word| !word.is_empty() && !is_stop_word(word)).collect())
    }

    /// Where a text has one of them, or a word that differs in its ending only: ranges of bytes, in
    /// order.
    pub(super) fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        let mut start = 0;
        for part in text.split_inclusive(|ch: char| !ch.is_alphanumeric()) {
            let word = part.trim_end_matches(|ch: char| !ch.is_alphanumeric());
            if self.has(&word.to_lowercase()) {
                spans.push(start..start + word.len());
            }
            start += part.len();
        }
        spans
    }

    fn has(&self, word: &str) -> bool {
        let is_marked = !word.is_empty() && !is_stop_word(word);
        is_marked && self.0.iter().any(|term| same_stem(term, word))
    }
}

fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Equal, or equal but for the last two letters of the shorter, with five letters in common.
fn same_stem(left: &str, right: &str) -> bool {
    let shared = left.chars().zip(right.chars()).take_while(|(a, b)| a == b).count();
    let shorter = left.chars().count().min(right.chars().count());
    let longer = left.chars().count().max(right.chars().count());
    left == right
        || (shared >= 5 && shared + 2 >= shorter && longer <= shared + 4)
        || (longer == shorter + 1 && shared == shorter && shorter >= 3 && ends_with_s(left, right))
}

fn ends_with_s(left: &str, right: &str) -> bool {
    let longer = if left.len() > right.len() { left } else { right };
    longer.ends_with('s')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked<'a>(query: &str, text: &'a str) -> Vec<&'a str> {
        Terms::of(query).spans(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn stop_words_are_sorted_for_the_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn endings_do_not_matter_and_other_words_do() {
        let query = "Does aspirin reduce the risk of colorectal cancer?";
        let text = "Aspirin, (cancers) risk. colorectal reduced; aspirin-treated";
        assert_eq!(
            marked(query, text),
            ["Aspirin", "cancers", "risk", "colorectal", "reduced", "aspirin"]
        );
        assert!(marked(query, "the does canary risotto of -- ").is_empty());
    }

    #[test]
    fn spans_are_bytes_of_the_text_whatever_its_letters() {
        assert_eq!(marked("entz\u{fc}ndung", "Die Entz\u{fc}ndung."), ["Entz\u{fc}ndung"]);
        assert_eq!(marked("x", "\u{6f22} x \u{6f22}"), ["x"]);
        assert!(marked("x", "").is_empty());
    }

    #[test]
    fn a_query_of_common_words_marks_nothing() {
        assert!(marked("is it the", "the is it").is_empty());
    }
}
