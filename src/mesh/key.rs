//! What spellings of a name have in common.

/// A name's words in lower case with single blanks between them: punctuation means nothing.
pub(super) fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !key.is_empty() {
            key.push(' ');
        }
        key.extend(word.chars().flat_map(char::to_lowercase));
    }
    key
}

/// The key of a name whose parts around its only comma change places: `Arthritis, Rheumatoid` and
/// `Rheumatoid Arthritis` are one. `None` for a name without exactly one comma.
pub(super) fn inverted(name: &str) -> Option<String> {
    let (last, first) = name.split_once(", ")?;
    (!first.contains(',')).then(|| key(&format!("{first} {last}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_punctuation_do_not_matter() {
        assert_eq!(key("  Diabetes Mellitus,\tType 2 "), "diabetes mellitus type 2");
        assert_eq!(key("IL-6"), key("il 6"));
        assert_eq!(key("Sjögren's"), "sjögren s");
        assert_eq!(key("-- , "), "");
    }

    #[test]
    fn one_comma_inverts() {
        assert_eq!(inverted("Arthritis, Rheumatoid").as_deref(), Some("rheumatoid arthritis"));
        assert_eq!(inverted("Arthritis"), None);
        assert_eq!(inverted("a, b, c"), None);
    }
}
