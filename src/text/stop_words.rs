//! PubMed's stop words: "Stopwords" in NLM's PubMed user guide.

/// In ascending order, for the binary search.
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

/// Whether `term`, as the analyzer spells it, is one of PubMed's stop words.
#[must_use]
pub fn is_stop_word(term: &str) -> bool {
    STOP_WORDS.binary_search(&term).is_ok()
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
        assert!(["a", "the", "would", "pmid"].into_iter().all(is_stop_word));
        // `not` and `or` are operators of PubMed's language and not on its list.
        assert!(!["il6", "not", "or", "", "The"].into_iter().any(is_stop_word));
    }
}
