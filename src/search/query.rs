//! What is asked for.

use super::filter::Filter;
use crate::control::Control;
use crate::encoder::{Encoder, Fingerprint};
use crate::error::{Error, Result};

/// A search: the k documents nearest to a vector, among those that pass a filter. Without a vector
/// it lists matching documents, newest first.
#[derive(Clone, Debug)]
pub struct Query {
    pub(super) vector: Option<Vec<f32>>,
    pub(super) encoder: Option<(String, Fingerprint)>,
    pub(super) k: usize,
    pub(super) filter: Filter,
    pub(super) control: Control,
}

impl Query {
    fn new(vector: Option<Vec<f32>>, encoder: Option<(String, Fingerprint)>) -> Query {
        Query { vector, encoder, k: 10, filter: Filter::All, control: Control::default() }
    }

    /// Searches with a vector of the caller's own making.
    pub fn vector(vector: Vec<f32>) -> Query {
        Query::new(Some(vector), None)
    }

    /// Embeds a question. The encoder's fingerprint is compared with the database's at search.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for an empty text, and whatever the encoder reports.
    pub fn embed(encoder: &dyn Encoder, text: &str) -> Result<Query> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::InvalidQuery {
                detail: "the question is empty; give words to search for, or only filters".into(),
            });
        }
        let vector = encoder.encode_queries(&[text])?;
        let spec = encoder.spec();
        Ok(Query::new(Some(vector), Some((spec.name.clone(), spec.fingerprint()))))
    }

    /// Lists what a filter matches, newest first.
    pub fn matching(filter: Filter) -> Query {
        Query::new(None, None).filter(filter)
    }

    /// Hits wanted; 10 unless told.
    pub fn k(mut self, k: usize) -> Query {
        self.k = k;
        self
    }

    /// Only documents that pass.
    pub fn filter(mut self, filter: Filter) -> Query {
        self.filter = filter;
        self
    }

    /// Deadline and cancel token.
    pub fn control(mut self, control: Control) -> Query {
        self.control = control;
        self
    }
}
