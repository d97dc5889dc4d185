//! What mining hands on.

use super::kind::NegativeKind;
use crate::document::{AbstractSection, Document};
use crate::encoder::EncoderInput;
use crate::ids::Key;

/// What of a document is its passage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassageText {
    /// Title and abstract, joined by a space as BEIR does.
    #[default]
    Full,
    /// The abstract.
    Abstract,
    /// The title.
    Title,
}

/// A document as trainers get it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Passage {
    /// Its key; `text of query` and an id for a text that came with its query.
    pub key: Key,
    /// The text; never empty.
    pub text: String,
    /// Its title.
    pub title: String,
    /// Its abstract.
    pub abstract_text: String,
    /// Grade or number of clicks; 0 for negatives.
    pub weight: u64,
    /// Similarity by MeSH, from 0 to 1; see [`heading_set_similarity`](super::heading_set_similarity).
    pub similarity: Option<f64>,
}

/// A negative.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MinedNegative {
    /// Where it comes from.
    pub kind: NegativeKind,
    /// The name of that in files: `bm25`, `dense` or `hybrid` for ranks, `mesh-branch`, `two-hop`, `given`.
    pub name: &'static str,
    /// The document.
    pub passage: Passage,
}

/// A query with what was found for it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MinedQuery {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Documents that answer it, the greatest weight first.
    pub positives: Vec<Passage>,
    /// Documents that do not.
    pub negatives: Vec<MinedNegative>,
}

/// A text that came with a query as the document that it could be, and its passage.
pub(super) fn outside(query: &str, text: &str) -> (Document, Option<Passage>) {
    let mut document = Document::new(Key::Text(format!("text of query {query}")));
    document.abstract_sections =
        vec![AbstractSection { text: text.to_owned(), ..AbstractSection::default() }];
    let passage = Passage::of(&document, PassageText::Full);
    (document, passage)
}

impl Passage {
    /// The passage of a document; `None` without a text.
    pub(super) fn of(document: &Document, what: PassageText) -> Option<Passage> {
        let EncoderInput { title, text: abstract_text } = document.encoder_input();
        let text = match what {
            PassageText::Title => title.clone(),
            PassageText::Abstract => abstract_text.clone(),
            PassageText::Full if title.is_empty() => abstract_text.clone(),
            PassageText::Full if abstract_text.is_empty() => title.clone(),
            PassageText::Full => format!("{title} {abstract_text}"),
        };
        let key = document.key.clone();
        (!text.is_empty()).then_some(Passage {
            key,
            text,
            title,
            abstract_text,
            weight: 0,
            similarity: None,
        })
    }
}
