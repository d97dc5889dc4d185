//! Which words of a title or sentence are words of the query.

use std::collections::HashSet;
use std::ops::Range;

use crate::text::{Analyzer, is_stop_word, stem};

/// The stems of a query that are worth marking.
pub(super) struct Terms(HashSet<String>);

impl Terms {
    /// The words of this query.
    pub(super) fn of(query: &str) -> Terms {
        let mut terms = HashSet::new();
        Analyzer::default().analyze(query, |token| {
            if !is_stop_word(token.term) {
                terms.insert(stem(token.term).into_owned());
            }
        });
        Terms(terms)
    }

    /// Where a text has one of them, in any of its forms: ranges of bytes, in order and apart.
    pub(super) fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        Analyzer::default().analyze(text, |token| {
            if !is_stop_word(token.term) && self.0.contains(&*stem(token.term)) {
                spans.push(token.span);
            }
        });
        // A chain such as `IL-6` comes as its parts and in one piece.
        spans.sort_by_key(|span| (span.start, span.end));
        spans.dedup_by(|next, last| {
            let is_same = next.start < last.end;
            if is_same {
                last.end = last.end.max(next.end);
            }
            is_same
        });
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked<'a>(query: &str, text: &'a str) -> Vec<&'a str> {
        Terms::of(query).spans(text).into_iter().map(|span| &text[span]).collect()
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
