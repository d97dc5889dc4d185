//! Changes to documents, and their outcome.

use crate::document::Document;
use crate::ids::Revision;

/// A document to be written.
#[derive(Clone, Debug)]
pub struct Change {
    /// The document; it replaces the one with the same key.
    pub document: Document,
    /// Where it stands in its source; `None` wins over whatever is there.
    pub revision: Option<Revision>,
    /// Its vector; `None` keeps that of the same text, if there is one, else has the writer's encoder
    /// make one.
    pub vector: Option<Vec<f32>>,
}

impl Change {
    /// A document from nowhere in particular, to be embedded by the writer's encoder.
    pub fn new(document: Document) -> Change {
        Change { document, revision: None, vector: None }
    }
}

/// The vector of a document that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewVector<'a> {
    pub(crate) numbers: &'a [f32],
    /// Whether somebody gave it, so that it takes the place of any other. What the encoder makes of a text, or made
    /// before, yields to a vector that the document was given meanwhile.
    pub(crate) is_given: bool,
}

/// The outcome of a batch of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// New keys.
    pub added: u64,
    /// Documents that replaced another.
    pub replaced: u64,
    /// Documents that were there already, or older than what is there.
    pub unchanged: u64,
    /// Vectors that were computed now.
    pub encoded: u64,
    /// Vectors taken from the replaced document, whose text is the same.
    pub reused: u64,
    /// Documents stored without a vector because the encoder has none for their text.
    pub without_vector: u64,
}

impl std::ops::AddAssign for Applied {
    fn add_assign(&mut self, other: Applied) {
        self.added += other.added;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
        self.encoded += other.encoded;
        self.reused += other.reused;
        self.without_vector += other.without_vector;
    }
}
