//! A pattern as a name of an author: names are indexed in one piece.

use std::borrow::Cow;

use super::word::{STAR, WordPattern};
use crate::format::lexical::LexicalField;
use crate::limits::WILDCARD_PREFIX_MIN;
use crate::text::{TERM_BYTES_MAX, cut, fold_name};

/// What may follow the initials of a name, as PubMed writes it; the index has names without it.
const SUFFIXES: &[&str] =
    &["jr", "sr", "1st", "2nd", "3rd", "4th", "5th", "6th", "ii", "iii", "iv"];

/// A name of an author, word by word: a `*` stands for letters of one word, at the end of the name for all that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamePattern {
    /// The words of a full name.
    full: Vec<WordPattern>,
    /// Those of a name with initials, which are one word.
    short: Vec<WordPattern>,
    /// The beginning of a longer name than the index holds.
    long: Option<String>,
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
        let start = name.split(STAR).next().unwrap_or_default();
        let long = (start.len() > TERM_BYTES_MAX).then(|| cut(start).to_owned());
        let name = without_suffix(&name);
        let words = |name: &str| {
            name.split(' ').filter(|word| !word.is_empty()).map(WordPattern::new).collect()
        };
        NamePattern {
            full: words(name),
            short: words(&joined_initials(name)),
            long,
            is_truncated: name.ends_with(STAR),
            is_exact,
        }
    }

    /// A full name of which any of the last words may be the family name: `wong julia s` of `julia s wong`. A family name
    /// has as many letters before its `*` as any word.
    pub(super) fn in_natural_order(&self) -> impl Iterator<Item = NamePattern> {
        let count = if self.long.is_some() { 1 } else { self.full.len() };
        (1..count).rev().filter_map(|given| {
            let mut name = self.clone();
            name.full.rotate_left(given);
            let (first, last) = (name.full.first()?, name.full.last()?);
            name.is_truncated = last.is_truncated();
            let letters = first.prefix().chars().count();
            (matches!(first, WordPattern::Exact(_)) || letters >= WILDCARD_PREFIX_MIN)
                .then_some(name)
        })
    }

    fn words(&self, field: LexicalField) -> &[WordPattern] {
        if field == LexicalField::FullAuthor { &self.full } else { &self.short }
    }

    /// What every name of a field that matches begins with.
    pub(super) fn prefix(&self, field: LexicalField) -> String {
        if let Some(long) = &self.long {
            return long.clone();
        }
        let mut prefix = String::new();
        let words = self.words(field);
        for (place, word) in words.iter().enumerate() {
            if place > 0 {
                prefix.push(' ');
            }
            let start = word.prefix();
            if place > 0 && place + 1 == words.len() && field != LexicalField::FullAuthor {
                // Initials may be indexed one by one.
                prefix.extend(start.chars().next());
            } else {
                prefix.push_str(start);
            }
            if matches!(word, WordPattern::Wild(_)) {
                break;
            }
        }
        prefix
    }

    /// Whether an indexed name is meant. Given names and initials may be left out or cut unless the name was quoted.
    pub(super) fn matches(&self, field: LexicalField, name: &str) -> bool {
        if let Some(long) = &self.long {
            return name == long;
        }
        let is_full = field == LexicalField::FullAuthor;
        let name = if is_full { Cow::Borrowed(name) } else { joined_initials(name) };
        let Some((last, before)) = self.words(field).split_last() else { return false };
        let mut found = name.split(' ');
        if !before.iter().all(|word| found.next().is_some_and(|found| word.matches(found))) {
            return false;
        }
        let Some(word) = found.next() else { return false };
        let following = found.count();
        // Behind a family name alone only initials follow, which are one word; given names are any number.
        let goes_on = following == 0 || (!self.is_exact && (is_full || following == 1));
        if last.matches(word) {
            return self.is_truncated || goes_on;
        }
        let WordPattern::Exact(cut) = last else { return false };
        if self.is_exact || before.is_empty() || !word.starts_with(cut.as_str()) {
            return false;
        }
        // Some of the initials, `smith j` of `smith ja`, or the initial of a given name, `smith j` of `smith john a`.
        if is_full { cut.chars().nth(1).is_none() } else { following == 0 }
    }
}

/// A folded name without the `jr` behind its initials or given names.
fn without_suffix(name: &str) -> &str {
    let (rest, last) = name.rsplit_once(' ').unwrap_or((name, ""));
    if rest.contains(' ') && SUFFIXES.contains(&last) { rest } else { name }
}

/// A name whose initials stand in one piece: `lee am` of `lee a m`.
fn joined_initials(name: &str) -> Cow<'_, str> {
    let words: Vec<&str> = name.split(' ').collect();
    let single = |word: &&&str| word.chars().nth(1).is_none();
    let initials = words.iter().skip(1).rev().take_while(single).count();
    match words.split_at_checked(words.len() - initials) {
        Some((family, initials)) if initials.len() > 1 => {
            Cow::Owned(format!("{} {}", family.join(" "), initials.concat()))
        }
        _ => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(pattern: &str) -> NamePattern {
        let marked = pattern.replace('*', STAR.encode_utf8(&mut [0; 4]));
        NamePattern::new(&marked, pattern.starts_with('"'))
    }

    fn matches(field: LexicalField, pattern: &str, name: &str) -> bool {
        wanted(pattern).matches(field, name)
    }

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
            assert_eq!(matches(LexicalField::Author, pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn initials_are_one_word_however_they_are_written() {
        for name in ["lee am", "lee a m"] {
            for pattern in ["lee", "lee a", "lee am", "Lee A-M", "lee a.m.", "\"lee am\""] {
                let wanted = wanted(pattern);
                assert!(wanted.matches(LexicalField::Author, name), "{pattern} {name}");
                assert!(name.starts_with(&wanted.prefix(LexicalField::Author)), "{pattern}");
            }
            for pattern in ["lee m", "lee ab", "\"lee a\"", "\"lee\""] {
                assert!(!matches(LexicalField::Author, pattern, name), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn names_longer_than_the_index_holds_are_told_by_their_beginning() {
        let group =
            "Italian Working Group on Paediatric Anti-N-methyl-D-aspartate Receptor Encephalitis";
        let folded = "italian working group on paediatric anti n methyl d aspartate re";
        for pattern in [group, &format!("\"{group}\""), &format!("{}*", &group[..80])] {
            let wanted = wanted(pattern);
            assert!(wanted.matches(LexicalField::Author, folded), "{pattern}");
            assert!(folded.starts_with(&wanted.prefix(LexicalField::Author)), "{pattern}");
            assert!(!wanted.matches(LexicalField::Author, &folded[..60]), "{pattern}");
        }
        assert!(!matches(LexicalField::Author, &group.replace("Paed", "Ped"), folded));
    }

    #[test]
    fn suffixes_behind_initials_are_passed_over() {
        for (pattern, name, expected) in [
            ("O'Brien JC Jr", "obrien jc", true),
            ("o'brien j c 3rd", "obrien jc", true),
            ("\"obrien jc jr\"", "obrien jc", true),
            ("smith jr", "smith jr", true),
            ("smith jr", "smith ja", false),
            ("smith jr", "smith j", false),
        ] {
            assert_eq!(matches(LexicalField::Author, pattern, name), expected, "{pattern} {name}");
        }
        assert!(matches(LexicalField::FullAuthor, "lattin grant jr", "lattin grant"));
    }

    #[test]
    fn full_names_may_be_in_natural_order() {
        for (pattern, name, expected) in [
            ("julia s wong", "wong julia s", true),
            ("Julia Wong", "wong julia s", true),
            ("\"Julia Wong\"", "wong julia s", false),
            ("Hans Peter van der Berg", "van der berg hans peter", true),
            ("juli* wong", "wong julia", true),
            ("julia wong", "wongsa julia", false),
            ("wong", "wong julia", false),
        ] {
            let full = LexicalField::FullAuthor;
            let mut names = wanted(pattern).in_natural_order().collect::<Vec<_>>().into_iter();
            let found = names
                .any(|wanted| wanted.matches(full, name) && name.starts_with(&wanted.prefix(full)));
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }

    #[test]
    fn given_names_may_be_left_out_but_not_cut() {
        for (pattern, name, expected) in [
            ("smith", "smith john a", true),
            ("smith", "smithson john", false),
            ("smith john", "smith john", true),
            ("smith john", "smith john a", true),
            ("smith john", "smith johnathan", false),
            ("smith john p", "smith john peter b", true),
            ("smith j", "smith johnathan peter", true),
            ("s", "smith john", false),
            ("smith john*", "smith johnathan peter", true),
            ("\"smith john\"", "smith john a", false),
            ("van der berg", "van der berg hans peter", true),
            ("lee a m", "lee am", false),
        ] {
            let found = matches(LexicalField::FullAuthor, pattern, name);
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }
}
