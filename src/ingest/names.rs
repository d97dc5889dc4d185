//! Authors as people write them in one string.

use crate::document::Author;

/// Reads `Last, First Names`, `Last, AB`, `Last AB` or `First Last`; one word is a last name.
pub(super) fn parse_author(text: &str) -> Author {
    let text = text.trim();
    let (last_name, fore_name) = match text.split_once(',') {
        Some((last, given)) if are_initials(given.trim()) => return with_initials(last, given),
        Some((last, first)) => (last.trim(), first.trim()),
        None => match text.rsplit_once(char::is_whitespace) {
            Some((last, initials)) if are_initials(initials) => {
                return with_initials(last, initials);
            }
            Some((first, last)) => (last, first.trim()),
            None => (text, ""),
        },
    };
    let initials: String = fore_name
        .split([' ', '-', '.'])
        .filter_map(|name| name.chars().next())
        .filter(|ch| ch.is_uppercase())
        .collect();
    Author {
        last_name: last_name.to_owned(),
        fore_name: fore_name.to_owned(),
        initials,
        ..Author::default()
    }
}

fn with_initials(last_name: &str, initials: &str) -> Author {
    Author {
        last_name: last_name.trim().to_owned(),
        initials: initials.trim().to_owned(),
        ..Author::default()
    }
}

fn are_initials(word: &str) -> bool {
    (1..=3).contains(&word.chars().count()) && word.chars().all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_forms() {
        let parts = |text: &str| {
            let author = parse_author(text);
            (author.last_name, author.fore_name, author.initials)
        };
        let parts_of = |last: &str, fore: &str, initials: &str| {
            (last.to_owned(), fore.to_owned(), initials.to_owned())
        };
        assert_eq!(parts("van der Berg JK"), parts_of("van der Berg", "", "JK"));
        assert_eq!(parts("van der Berg, JK "), parts_of("van der Berg", "", "JK"));
        assert_eq!(parts("Okafor, A."), parts_of("Okafor", "A.", "A"));
        assert_eq!(parts("Okafor, Ada Maria"), parts_of("Okafor", "Ada Maria", "AM"));
        assert_eq!(parts("Ada Okafor"), parts_of("Okafor", "Ada", "A"));
        assert_eq!(parts("Okafor"), parts_of("Okafor", "", ""));
    }
}
