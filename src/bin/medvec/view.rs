//! A hit as it is shown: what every output format draws from.

use medvec::Document;

/// One hit with what is shown of its document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HitView {
    /// 1 for the best.
    pub(crate) rank: usize,
    /// PMID or other key.
    pub(crate) key: String,
    /// Whether the key is a PMID.
    pub(crate) is_pmid: bool,
    /// Similarity; `None` in a list without a question.
    pub(crate) score: Option<f32>,
    /// Title, or empty.
    pub(crate) title: String,
    /// Journal abbreviation, else its title, or empty.
    pub(crate) journal: String,
    /// Year of publication, or empty.
    pub(crate) year: String,
    /// The sentence of the abstract that is nearest to the question.
    pub(crate) sentence: Option<String>,
}

impl HitView {
    /// What is shown of a document.
    pub(crate) fn new(rank: usize, score: Option<f32>, document: &Document) -> HitView {
        HitView {
            rank,
            key: document.key.to_string(),
            is_pmid: matches!(document.key, medvec::Key::Pmid(_)),
            score,
            title: document.display_title().to_owned(),
            journal: journal(document).to_owned(),
            year: year(document),
            sentence: None,
        }
    }
}

/// Journal abbreviation, else its full title.
pub(crate) fn journal(document: &Document) -> &str {
    match document.journal.abbreviation.as_str() {
        "" => &document.journal.title,
        abbreviation => abbreviation,
    }
}

/// Year of publication, a range where the date is one, or empty.
pub(crate) fn year(document: &Document) -> String {
    document.date.as_ref().map_or_else(String::new, |date| {
        let (first, last) = (date.first.year(), date.last.year());
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use medvec::{Day, Key, PublicationDate};

    #[test]
    fn a_bare_document_has_empty_columns() {
        let view = HitView::new(1, None, &Document::new(Key::Text("x".into())));
        assert_eq!((view.key.as_str(), view.is_pmid), ("x", false));
        assert!(view.title.is_empty() && view.journal.is_empty() && view.year.is_empty());
    }

    #[test]
    fn a_date_over_new_year_shows_both_years() {
        let mut document = Document::new(Key::pmid(7));
        let (first, last) = (Day::new(1998, 12, 1), Day::new(1999, 1, 31));
        document.date = Some(PublicationDate { verbatim: "1998 Dec-1999 Jan".into(), first, last });
        document.journal.title = "The Lancet".into();
        let view = HitView::new(1, Some(0.5), &document);
        assert_eq!((view.year.as_str(), view.journal.as_str()), ("1998-1999", "The Lancet"));
    }
}
