//! Authors as people write them in one string.

use crate::document::Author;

/// Suffixes that stand alone behind a name; NLM writes others as these.
pub(super) const SUFFIXES: [&str; 7] = ["Jr", "Sr", "1st", "2nd", "3rd", "4th", "5th"];

/// Reads `Last, First Names`, `Last, AB`, `Last AB` or `First Last`; one word is a last name.
pub(super) fn parse_author(text: &str) -> Author {
    let text = text.trim();
    if let Some(author) = parse_short_name(text) {
        return author;
    }
    let (last_name, fore_name) = match text.split_once(',') {
        Some((last, given)) if are_initials(given.trim()) => return with_initials(last, given),
        Some((last, first)) => (last.trim(), first.trim()),
        None => match text.rsplit_once(char::is_whitespace) {
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

/// Reads `Last AB` as PubMed and `Last A.B.` as Embase and Scopus write it, perhaps with a suffix behind; `None` for any
/// other name.
pub(crate) fn parse_short_name(text: &str) -> Option<Author> {
    if text.contains(',') {
        return None;
    }
    let (rest, word) = text.trim().rsplit_once(char::is_whitespace)?;
    let suffix = word.trim_end_matches('.');
    if SUFFIXES.contains(&suffix) {
        let author = parse_short_name(rest).filter(|author| author.suffix.is_empty())?;
        return Some(Author { suffix: suffix.to_owned(), ..author });
    }
    let letters: String = word.chars().filter(|ch| !matches!(ch, '.' | '-')).collect();
    let are_known = are_initials(&letters) && (letters == word || word.contains('.'));
    are_known.then(|| with_initials(rest, &letters))
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
        assert_eq!(parts("van der Berg J.-K."), parts_of("van der Berg", "", "JK"));
        assert_eq!(parts("Ada St.-Pierre"), parts_of("St.-Pierre", "Ada", "A"));
    }

    #[test]
    fn short_names_have_initials_and_perhaps_a_suffix() {
        let short = |text: &str| {
            let author = parse_short_name(text)?;
            Some([author.last_name, author.initials, author.suffix].join("|"))
        };
        assert_eq!(short("Dalton WT 3rd").as_deref(), Some("Dalton|WT|3rd"));
        assert_eq!(short("Dalton W.T. Jr.").as_deref(), Some("Dalton|WT|Jr"));
        assert_eq!(short("de la Cruz A.").as_deref(), Some("de la Cruz|A|"));
        for other in ["Okafor", "Ada Okafor", "Okafor, AM", "Okafor Jr", "Okafor A-M", "WHO", ""] {
            assert_eq!(short(other), None, "{other}");
        }
    }
}
