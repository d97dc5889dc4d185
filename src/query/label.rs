//! The number at the beginning of a line: `1.`, `#1`, `1`, `1a)`.

use super::tree::Operator;

/// What names a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// `1`, `1a`, `A`.
    pub(super) name: String,
    /// Its number; 0 where it is a letter.
    pub(super) number: u32,
    /// Whether a `#` before it or one of `. ) :` behind it marks it: without, it may be the query's first word.
    pub(super) marked: bool,
    /// Its bytes, spaces behind it included.
    pub(super) bytes: usize,
}

impl Label {
    /// The number at the beginning of `line`, if there is one.
    pub(super) fn read(line: &str) -> Option<Label> {
        let text = line.strip_prefix('#').unwrap_or(line);
        let name = text.split(|ch: char| !ch.is_ascii_alphanumeric()).next()?;
        let digits = name.trim_end_matches(|ch: char| ch.is_ascii_lowercase());
        let number =
            digits.parse().ok().filter(|_| digits.len() <= 4 && name.len() <= digits.len() + 1)?;
        let rest = text.get(name.len()..)?;
        let punctuated = rest.starts_with(['.', ')', ':']);
        let rest = if punctuated { rest.get(1..)? } else { rest };
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            return None;
        }
        let rest = rest.trim_start();
        let hashed = text.len() < line.len();
        let word = rest.split(|ch: char| !ch.is_alphanumeric()).next().unwrap_or_default();
        let joins = Operator::named(word).is_some() || rest.starts_with(['&', '|']);
        // `#1` and `#1 AND #2` are queries.
        if !punctuated && (joins || (hashed && rest.is_empty())) {
            return None;
        }
        let bytes = line.len() - rest.len();
        Some(Label { name: name.to_owned(), number, marked: hashed || punctuated, bytes })
    }

    /// The letter at the beginning of `line`: `#A. ` or, unless it is a word's first letter, `A. `.
    pub(super) fn letter(line: &str) -> Option<Label> {
        let text = line.strip_prefix('#').unwrap_or(line);
        let (name, rest) = text.split_once('.')?;
        let one = name.len() == 1 && name.bytes().all(|byte| byte.is_ascii_uppercase());
        let rest = Some(rest).filter(|rest| one && rest.starts_with(char::is_whitespace))?;
        let bytes = line.len() - rest.trim_start().len();
        let marked = text.len() < line.len();
        Some(Label { name: name.to_owned(), number: 0, marked, bytes })
    }

    /// Whether it can come after a line of this number: 3 or 2b after 2 or 2a.
    pub(super) fn follows(&self, number: u32) -> bool {
        self.number == number + 1
            || (self.number == number && self.name.ends_with(|ch: char| ch.is_alphabetic()))
    }

    /// Whether a word may name a line.
    pub(super) fn is_name(word: &str) -> bool {
        let digits = word.trim_end_matches(|ch: char| ch.is_ascii_lowercase());
        let numbered = (1..=4).contains(&digits.len())
            && word.len() <= digits.len() + 1
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        numbered || (word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_with_numbers() {
        for (line, name, marked, rest) in [
            ("1. asthma", "1", true, "asthma"),
            ("#12 asthma", "12", true, "asthma"),
            ("#2. asthma", "2", true, "asthma"),
            ("3) asthma", "3", true, "asthma"),
            ("1a", "1a", false, ""),
            ("2\tasthma", "2", false, "asthma"),
            ("1.", "1", true, ""),
        ] {
            let label = Label::read(line).expect(line);
            assert_eq!(
                (label.name.as_str(), label.marked, &line[label.bytes..]),
                (name, marked, rest)
            );
        }
        let queries = [
            "#1",
            "#1 AND #2",
            "1 or 2",
            "#1 & #2",
            "2-deoxyglucose",
            "1.5 mg",
            "12345. x",
            "1ab x",
            "asthma",
            "",
            "#",
        ];
        for line in queries {
            assert_eq!(Label::read(line), None, "{line}");
        }
        assert_eq!(Label::letter("A. 1 and 2").map(|label| label.bytes), Some(3));
        let letter = |line| Label::letter(line).map(|label| (label.marked, label.bytes));
        assert_eq!((letter("#A. x"), letter("B. cereus")), (Some((true, 4)), Some((false, 3))));
        assert_eq!(Label::letter("AB. 1"), None);
    }

    #[test]
    fn numbers_follow_each_other() {
        let label = |line| Label::read(line).expect(line);
        assert!(label("2 x").follows(1) && label("2a x").follows(1) && label("2b x").follows(2));
        assert!(!label("2 x").follows(2) && !label("3 x").follows(1) && !label("2 x").follows(5));
        assert!(Label::is_name("1") && Label::is_name("12b") && Label::is_name("A"));
        assert!(
            !Label::is_name("")
                && !Label::is_name("a")
                && !Label::is_name("AB")
                && !Label::is_name("12345")
        );
    }
}
