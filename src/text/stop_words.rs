//! PubMed's stop words: "Stopwords" in NLM's PubMed user guide.

/// In ascending order.
#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    "a", "about", "again", "all", "almost", "also", "although", "always", "among", "an", "and", "another", "any",
    "are", "as", "at",
    "be", "because", "been", "before", "being", "between", "both", "but", "by",
    "can", "could",
    "did", "do", "does", "done", "due", "during",
    "each", "either", "enough", "especially", "etc",
    "for", "found", "from", "further",
    "had", "has", "have", "having", "here", "how", "however",
    "i", "if", "in", "into", "is", "it", "its", "itself",
    "just",
    "kg", "km",
    "made", "mainly", "make", "may", "mg", "might", "ml", "mm", "most", "mostly", "must",
    "nearly", "neither", "no", "nor",
    "obtained", "of", "often", "on", "our", "overall",
    "perhaps", "pmid",
    "quite",
    "rather", "really", "regarding",
    "seem", "seen", "several", "should", "show", "showed", "shown", "shows", "significantly", "since", "so", "some",
    "such",
    "than", "that", "the", "their", "theirs", "them", "then", "there", "therefore", "these", "they", "this", "those",
    "through", "thus", "to",
    "upon", "use", "used", "using",
    "various", "very",
    "was", "we", "were", "what", "when", "which", "while", "with", "within", "without", "would",
];

/// The stop words that begin with a letter: where they stand in the list, and bit `n` for those of `n` bytes.
#[derive(Clone, Copy)]
struct Initial {
    start: usize,
    end: usize,
    lengths: u32,
}

const INITIALS: [Initial; 128] = {
    let (mut initials, mut at) = ([Initial { start: 0, end: 0, lengths: 0 }; 128], 0);
    while at < STOP_WORDS.len() {
        let word = STOP_WORDS[at].as_bytes();
        let initial = &mut initials[word[0] as usize];
        if initial.end == 0 {
            initial.start = at;
        }
        at += 1;
        initial.end = at;
        initial.lengths |= 1 << word.len();
    }
    initials
};

/// Whether `term`, as the analyzer spells it, is one of PubMed's stop words. A third of all words are, and most of the
/// others are told by their first letter and length.
#[must_use]
pub fn is_stop_word(term: &str) -> bool {
    let initial = term.bytes().next().and_then(|first| INITIALS.get(usize::from(first)));
    initial.is_some_and(|Initial { start, end, lengths }| {
        lengths.unbounded_shr(term.len() as u32) & 1 == 1
            && STOP_WORDS[*start..*end].contains(&term)
    })
}

#[cfg(test)]
mod tests {
    use super::{STOP_WORDS, is_stop_word};

    #[test]
    fn the_list_ascends() {
        assert!(STOP_WORDS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn articles_stop_and_names_do_not() {
        assert!(STOP_WORDS.iter().copied().all(is_stop_word));
        // `not` and `or` are operators of PubMed's language and not on its list.
        assert!(!["il6", "not", "or", "", "The", "\u{e9}tude"].into_iter().any(is_stop_word));
        let long = "a".repeat(33 + "a".len());
        assert!(!is_stop_word(&long) && !is_stop_word("significantlx"));
    }
}
