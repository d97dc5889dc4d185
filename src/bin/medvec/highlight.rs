//! Which words of a sentence are words of the question.

/// Words too common to be worth marking.
const STOP_WORDS: &[&str] = &[
    "a", "after", "an", "and", "are", "as", "at", "be", "been", "between", "by", "can", "could",
    "do", "does", "during", "for", "from", "had", "has", "have", "how", "in", "into", "is", "it",
    "its", "may", "of", "on", "or", "should", "that", "the", "their", "these", "this", "to", "was",
    "were", "what", "when", "which", "who", "why", "will", "with", "would",
];

/// The words of a question that are worth marking.
pub(crate) struct Terms(Vec<String>);

impl Terms {
    /// The words of this question.
    pub(crate) fn of(question: &str) -> Terms {
        let words = question.split(|ch: char| !ch.is_alphanumeric()).map(str::to_lowercase);
        Terms(words.filter(|word| !word.is_empty() && !is_stop_word(word)).collect())
    }

    /// Whether a word, punctuation and all, is one of them or differs in its ending only.
    pub(crate) fn contain(&self, word: &str) -> bool {
        let parts = word.split(|ch: char| !ch.is_alphanumeric()).map(str::to_lowercase);
        parts
            .filter(|part| !part.is_empty() && !is_stop_word(part))
            .any(|part| self.0.iter().any(|term| same_stem(term, &part)))
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

    #[test]
    fn stop_words_are_sorted_for_the_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn endings_do_not_matter_and_other_words_do() {
        let terms = Terms::of("Does aspirin reduce the risk of colorectal cancer?");
        for word in ["Aspirin,", "(cancers)", "risk.", "colorectal", "reduced", "aspirin-treated"] {
            assert!(terms.contain(word), "{word}");
        }
        for word in ["the", "does", "canary", "risotto", "of", "", "--"] {
            assert!(!terms.contain(word), "{word}");
        }
    }

    #[test]
    fn a_question_of_common_words_marks_nothing() {
        assert!(!Terms::of("is it the").contain("the"));
    }
}
