//! What an answer says beside its hits.

use serde::Serialize;

use crate::ids::{Key, Pmid};
use crate::search::{Hint, Note};

/// Something about an answer that its hits do not show.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Remark {
    /// A name of its kind that never changes, for programs.
    pub code: &'static str,
    /// A sentence for people, which speaks of filters and keys and not of options or buttons.
    pub text: String,
    /// The part of the query's text that it is about, for faces that say what to do instead in their own
    /// words.
    #[serde(skip)]
    pub hint: Option<TextHint>,
}

/// A part of a query's text that an encoder reads as words, though it was likely meant otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextHint {
    /// The text is the key of a document.
    Key(Key),
    /// The text is nothing but numbers that may be PMIDs.
    Pmids {
        /// How many numbers.
        count: usize,
        /// Those that are PMIDs of documents here.
        here: Vec<Pmid>,
    },
    /// Anything else.
    Part(Hint),
}

impl Remark {
    /// A remark of a kind.
    pub fn new(code: &'static str, text: impl Into<String>) -> Remark {
        Remark { code, text: text.into(), hint: None }
    }

    pub(super) fn about(code: &'static str, text: impl Into<String>, hint: TextHint) -> Remark {
        Remark { code, text: text.into(), hint: Some(hint) }
    }
}

impl From<&Note> for Remark {
    fn from(note: &Note) -> Remark {
        Remark::new(note.code(), note.to_string())
    }
}
