//! What documents are ordered by as citations are: their first author, their journal.

use crate::document::Document;

/// Last name, initials and suffix of the first author, or the name of a group, in lower case.
pub(super) fn first_author(document: &Document) -> Option<String> {
    let author = document.authors.first()?;
    let given = if author.initials.is_empty() { &author.fore_name } else { &author.initials };
    let name = match author.collective_name.as_str() {
        "" => format!("{} {given} {}", author.last_name, author.suffix),
        group => group.to_owned(),
    };
    sortable(&name)
}

/// Abbreviation or title of the journal, in lower case, without a leading article.
pub(super) fn journal(document: &Document) -> Option<String> {
    let journal = &document.journal;
    let name = if journal.abbreviation.is_empty() { &journal.title } else { &journal.abbreviation };
    let name = sortable(name)?;
    Some(name.strip_prefix("the ").map(str::to_owned).unwrap_or(name))
}

fn sortable(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    (!name.is_empty()).then_some(name)
}
