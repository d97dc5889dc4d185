//! What documents are ordered by as citations are: their first author, their journal.

use crate::document::Document;
use crate::text::fold_name;

/// Last name, initials and suffix of the first author, or the name of a group, folded.
pub(super) fn first_author(document: &Document) -> Option<String> {
    let author = document.authors.first()?;
    let given = if author.initials.is_empty() { &author.fore_name } else { &author.initials };
    let name = match author.collective_name.as_str() {
        "" => format!("{} {given} {}", author.last_name, author.suffix),
        group => group.to_owned(),
    };
    sortable(&name)
}

/// Abbreviation or title of the journal, folded, without a leading article.
pub(super) fn journal(document: &Document) -> Option<String> {
    let journal = &document.journal;
    let name = if journal.abbreviation.is_empty() { &journal.title } else { &journal.abbreviation };
    let name = sortable(name)?;
    Some(name.strip_prefix("the ").map(str::to_owned).unwrap_or(name))
}

fn sortable(name: &str) -> Option<String> {
    let mut folded = String::new();
    fold_name(&[name], &mut folded);
    (!folded.is_empty()).then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Author;
    use crate::ids::Key;

    #[test]
    fn accents_and_punctuation_do_not_count() {
        let names = [
            "\u{c5}ngstr\u{f6}m",
            "azar",
            "de Boer",
            "Debruyne",
            "O'Brien",
            "Obst",
            "\u{d6}zt\u{fc}rk",
        ];
        let sorted: Vec<_> = names
            .into_iter()
            .map(|name| {
                let mut document = Document::new(Key::pmid(1));
                document.authors = vec![Author { last_name: name.into(), ..Author::default() }];
                document.journal.title = format!("The {name}");
                assert_eq!(journal(&document), first_author(&document));
                first_author(&document)
            })
            .collect();
        assert!(sorted.is_sorted() && sorted.iter().all(Option::is_some), "{sorted:?}");
        assert_eq!(sortable(" -."), None);
    }
}
