//! What is asked for.

use super::filter::Filter;
use crate::control::Control;
use crate::encoder::{Encoder, Fingerprint, call};
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
    pub(super) accuracy: Accuracy,
    pub(super) allow_unknown: bool,
}

/// How near to the exact answer a search must come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Accuracy {
    /// Every matching document is scored as long as that is quick; beyond, a recall of 0.95. Quick are
    /// 2.5 ms of one core by the planner's prices: about 128,000 documents of 384 dimensions in 8 bits, 32,000
    /// in single precision.
    #[default]
    Auto,
    /// The share of the true nearest documents to find, on average over queries, above 0 and at most
    /// 1; the effort follows from what was measured when the index was made. Beyond what was measured,
    /// without measurements, and for 1, the search is exact.
    Recall(f32),
    /// Every matching document is scored.
    Exact,
    /// For experts: this much of the index.
    Effort {
        /// Lists to scan, the nearest first; with a filter, among those with matching rows.
        probes: u32,
        /// Rows to score exactly, those of the best estimates first; at least the hits wanted.
        candidates: u32,
    },
}

impl Accuracy {
    /// # Errors
    /// [`Error::InvalidQuery`] for a recall that is not above 0 and at most 1, or an effort of nothing.
    pub(super) fn validate(self) -> Result<()> {
        let detail = match self {
            Accuracy::Recall(recall) if !(recall > 0.0 && recall <= 1.0) => {
                format!("recall {recall} is not a share above 0 and at most 1")
            }
            Accuracy::Effort { probes: 0, .. } => "0 lists to scan; give at least 1".into(),
            _ => return Ok(()),
        };
        Err(Error::InvalidQuery { detail })
    }
}

impl Query {
    fn new(vector: Option<Vec<f32>>, encoder: Option<(String, Fingerprint)>) -> Query {
        Query {
            vector,
            encoder,
            k: 10,
            filter: Filter::All,
            control: Control::default(),
            accuracy: Accuracy::default(),
            allow_unknown: false,
        }
    }

    /// Searches with a vector of the caller's own making.
    pub fn vector(vector: Vec<f32>) -> Query {
        Query::new(Some(vector), None)
    }

    /// Embeds a question. The encoder's fingerprint is compared with the database's at search.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for an empty text and for one that has no vector, and whatever the
    /// encoder reports.
    pub fn embed(encoder: &dyn Encoder, text: &str) -> Result<Query> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::InvalidQuery {
                detail: "the question is empty; give words to search for, or only filters".into(),
            });
        }
        let vector = call::queries(encoder, &[text])?.pop().flatten();
        let spec = encoder.spec();
        let vector = vector.ok_or_else(|| Error::InvalidQuery {
            detail: format!(
                "the encoder {} knows no word of {text:?}; use other words, or search with filters \
                 only",
                spec.name
            ),
        })?;
        Ok(Query::new(Some(vector), Some((spec.name.clone(), spec.fingerprint()))))
    }

    /// Lists what a filter matches, newest first.
    pub fn matching(filter: Filter) -> Query {
        Query::new(None, None).filter(filter)
    }

    /// Hits wanted, 10 by default; 0 only counts the documents that pass the filter.
    pub fn k(mut self, k: usize) -> Query {
        self.k = k;
        self
    }

    /// Only documents that pass.
    pub fn filter(mut self, filter: Filter) -> Query {
        self.filter = filter;
        self
    }

    /// Takes a name in the filter that nobody knows for one that no document has: it matches nothing, and
    /// [`SearchResult::notes`](super::SearchResult::notes) says so. Without this, a name that is neither in
    /// the database nor known otherwise is [`Error::UnknownName`], because it is more likely misspelt. For
    /// programs that filter by names of their own, which a database may not have yet.
    #[must_use]
    pub fn allow_unknown_names(mut self) -> Query {
        self.allow_unknown = true;
        self
    }

    /// Wants this share of the true nearest documents, on average. See [`Accuracy::Recall`]; without it
    /// [`Accuracy::Auto`] holds.
    pub fn recall(self, recall: f32) -> Query {
        self.accuracy(Accuracy::Recall(recall))
    }

    /// Scores every matching document.
    pub fn exact(self) -> Query {
        self.accuracy(Accuracy::Exact)
    }

    /// Says how near to the exact answer the search must come.
    pub fn accuracy(mut self, accuracy: Accuracy) -> Query {
        self.accuracy = accuracy;
        self
    }

    /// Deadline and cancel token.
    pub fn control(mut self, control: Control) -> Query {
        self.control = control;
        self
    }
}
