//! Persons: `FAU - Dalton, William T 3rd` with `AU  - Dalton WT 3rd`.

use crate::document::Author;
use crate::ingest::names::SUFFIXES;

/// `Last, First Names Suffix`; `None` for an author without a name.
pub(super) fn full_name(author: &Author) -> Option<String> {
    let given = joined(&[&author.fore_name, &author.suffix]);
    let name = match given.as_str() {
        "" => author.last_name.clone(),
        given => format!("{}, {given}", author.last_name),
    };
    (!name.is_empty()).then_some(name)
}

/// `Last AB Suffix`.
pub(super) fn short_name(author: &Author) -> String {
    joined(&[&author.last_name, &author.initials, &author.suffix])
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// The author of a full name; the suffix is not told apart yet.
pub(super) fn of_full_name(name: &str) -> Author {
    let (last, given) = name.split_once(',').unwrap_or((name, ""));
    Author {
        last_name: last.trim().to_owned(),
        fore_name: given.trim().to_owned(),
        ..Author::default()
    }
}

/// Adds initials and suffix from the short name. White space of any kind around a part is none of it, as in full names.
pub(super) fn add_short_name(author: &mut Author, name: &str) {
    let name = name.trim();
    let tail = match name.strip_prefix(author.last_name.as_str()) {
        Some(tail) if tail.is_empty() || tail.starts_with(' ') => tail.trim_start(),
        // Other spellings of one name: the last word are the initials.
        _ => name.rsplit_once(' ').map_or("", |(_, tail)| tail),
    };
    let (initials, suffix) = match tail.split_once(' ') {
        Some((initials, suffix)) => (initials, suffix),
        None if SUFFIXES.contains(&tail) => ("", tail),
        None => (tail, ""),
    };
    let (initials, suffix) = (initials.trim(), suffix.trim());
    author.initials = initials.to_owned();
    author.suffix = suffix.to_owned();
    if !suffix.is_empty()
        && let Some(fore) = author.fore_name.strip_suffix(suffix)
        && (fore.is_empty() || fore.ends_with(char::is_whitespace))
    {
        author.fore_name = fore.trim_end().to_owned();
    }
}

/// The author of a short name alone: `Dalton WT 3rd`.
pub(super) fn of_short_name(name: &str) -> Author {
    let mut words: Vec<&str> = name.split(' ').collect();
    let mut author = Author::default();
    if words.len() > 1
        && let Some(suffix) = words.pop_if(|word| SUFFIXES.contains(word))
    {
        author.suffix = suffix.to_owned();
    }
    if words.len() > 1
        && let Some(initials) = words.pop_if(|word| word.chars().all(char::is_uppercase))
    {
        author.initials = initials.to_owned();
    }
    author.last_name = words.join(" ");
    author
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(last: &str, fore: &str, initials: &str, suffix: &str) -> Author {
        Author {
            last_name: last.into(),
            fore_name: fore.into(),
            initials: initials.into(),
            suffix: suffix.into(),
            ..Author::default()
        }
    }

    #[test]
    fn both_names_together_give_every_part() {
        for one in [
            author("Dalton", "William T", "WT", "3rd"),
            author("van der Berg", "Jan", "J", ""),
            author("Okafor", "", "A", ""),
            author("Okafor", "", "", ""),
            author("Smith", "John", "", "Jr"),
            author("Smith", "", "J", "Jr"),
            author("Li", "Li", "L", ""),
        ] {
            let mut read = of_full_name(&full_name(&one).unwrap());
            add_short_name(&mut read, &short_name(&one));
            assert_eq!(read, one);
        }
    }

    /// A suffix between other blanks than ASCII's once grew the given names each time.
    #[test]
    fn blanks_of_any_kind_are_no_part_of_a_suffix() {
        for suffix in ["Jr\u{a0}", "\u{a0}Jr", "\u{2003}Jr\u{a0}"] {
            let mut read = of_full_name(&full_name(&author("Li", "Jo", "J", suffix)).unwrap());
            add_short_name(&mut read, &short_name(&author("Li", "Jo", "J", suffix)));
            assert_eq!(read, author("Li", "Jo", "J", "Jr"), "{suffix:?}");
        }
    }

    #[test]
    fn short_names_alone_are_read_from_their_end() {
        assert_eq!(of_short_name("Dalton WT 3rd"), author("Dalton", "", "WT", "3rd"));
        assert_eq!(of_short_name("van der Berg J"), author("van der Berg", "", "J", ""));
        assert_eq!(of_short_name("WHO"), author("WHO", "", "", ""));
    }
}
