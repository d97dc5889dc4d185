//! Names of authors, which are indexed in one piece.

use super::TextField;
use super::pattern::{STAR, WordPattern};
use crate::text::fold_name;

/// A name of an author, word by word: a `*` stands for letters of one word, at the end of the name for all that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamePattern {
    words: Vec<WordPattern>,
    /// Whether it ends with `*`.
    is_truncated: bool,
    /// Whether it was in double quotes: initials are then as given.
    is_exact: bool,
}

impl NamePattern {
    /// A name with [`STAR`] for `*`.
    pub(super) fn new(marked: &str, is_exact: bool) -> NamePattern {
        let mut name = String::new();
        fold_name(&[marked], &mut name);
        let words = name.split(' ').filter(|word| !word.is_empty()).map(WordPattern::new);
        NamePattern { words: words.collect(), is_truncated: name.ends_with(STAR), is_exact }
    }

    /// What every name that matches begins with.
    pub(super) fn prefix(&self) -> String {
        let mut prefix = String::new();
        for word in &self.words {
            if !prefix.is_empty() {
                prefix.push(' ');
            }
            prefix.push_str(word.prefix());
            if matches!(word, WordPattern::Wild(_)) {
                break;
            }
        }
        prefix
    }

    /// Whether an indexed name is meant. Initials may be left out or cut unless the name was quoted.
    pub(super) fn matches(&self, name: &str) -> bool {
        let Some((last, before)) = self.words.split_last() else { return false };
        let mut found = name.split(' ');
        if !before.iter().all(|word| found.next().is_some_and(|found| word.matches(found))) {
            return false;
        }
        let Some(initials) = found.next() else { return false };
        let following = found.count();
        if last.matches(initials) {
            // Behind a family name alone only initials follow.
            return self.is_truncated || following == 0 || (following == 1 && !self.is_exact);
        }
        // Some of the initials: `smith j` of `smith ja`; but no family name goes on.
        let is_cut = matches!(last, WordPattern::Exact(cut) if initials.starts_with(cut.as_str()));
        is_cut && !self.is_exact && !before.is_empty() && following == 0
    }
}

/// Whether a position in the field of authors belongs to a field: twice the place, plus 1 for the last.
pub(super) fn is_at(field: TextField, position: u32) -> bool {
    match field {
        TextField::FirstAuthor => position < 2,
        TextField::LastAuthor => position % 2 == 1,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;

    #[test]
    fn initials_may_be_left_out() {
        for (pattern, name, expected) in [
            ("Smith", "smith ja", true),
            ("Smith", "smithson j", false),
            ("Smith", "smith jones a", false),
            ("Smith J", "smith ja", true),
            ("Smith J", "smith j", true),
            ("Smith JB", "smith ja", false),
            ("\"Smith J\"", "smith ja", false),
            ("\"Smith J\"", "smith j", true),
            ("smiths*", "smithson j", true),
            ("smiths* j", "smithson ja", true),
            ("smiths* j", "smithson b", false),
            ("\"smiths* j\"", "smithson ja", false),
            ("johns*n", "johnson ab", true),
            ("johns*n", "johnstone n", false),
            ("smit* jones", "smithson a jones", false),
            ("O'Brien J", "obrien jp", true),
            ("van der berg", "van der berg j", true),
            ("van der b", "van der berg j", false),
            ("M\u{fc}ller-Lyer F", "muller lyer fc", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).unwrap().name.matches(name),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
