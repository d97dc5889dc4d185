//! What a term was taken for.

use crate::search::filter::Filter;
use crate::search::note::Note;

/// A heading that a term means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslatedHeading {
    /// Its UI in MeSH.
    pub ui: String,
    /// Its name in MeSH.
    pub name: String,
    /// Headings that are searched for: itself and, if it is exploded, all below it.
    pub descriptors: usize,
}

/// What a term means.
#[derive(Debug)]
pub(super) struct Meant {
    pub(super) filter: Filter,
    /// In PubMed's language, as PubMed's "Search details" would have it.
    pub(super) translation: String,
    pub(super) headings: Vec<TranslatedHeading>,
    pub(super) notes: Vec<Note>,
    /// Names that are searched for besides what the term names, as the filter has them: of what lies below a publication
    /// type, or begins as a heading does. That no document has one of them is not worth a note.
    pub(super) implied: Vec<String>,
}

impl Meant {
    pub(super) fn new(filter: Filter, translation: impl Into<String>) -> Meant {
        Meant {
            filter,
            translation: translation.into(),
            headings: Vec::new(),
            notes: Vec::new(),
            implied: Vec::new(),
        }
    }
}
