//! Names of authors, which are indexed in one piece.

use super::TextField;
use super::pattern::NamePattern;

impl NamePattern {
    /// Whether an indexed name is meant. Initials may be left out or cut unless the name was quoted.
    pub(super) fn matches(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(self.text.as_str()) else { return false };
        if self.is_truncated || rest.is_empty() {
            return true;
        }
        if self.is_exact {
            return false;
        }
        match rest.strip_prefix(' ') {
            // The family name alone: only initials follow.
            Some(initials) => !initials.contains(' '),
            // Some of the initials: `smith j` of `smith ja`; but no family name goes on.
            None => self.text.contains(' ') && !rest.contains(' '),
        }
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
