//! What is asked for.

use super::filter::Filter;
use super::sort::{Sort, SortOrder};
use super::terms::WeightedTerms;
use crate::control::Control;
use crate::document::Document;
use crate::encoder::{Encoder, Fingerprint, call};
use crate::error::{Error, Result};
use crate::limits::{EXPANSION_DOCUMENTS_MAX, QUERY_WORDS_MAX};

/// A search: the k documents nearest to a vector, among those that pass a filter. Without a vector
/// it lists matching documents, newest first.
///
/// Start with [`Query::vector`], [`Query::text`], [`Query::embed`] or [`Query::matching`], and add to it:
///
/// ```
/// use medvec::search::{Filter, Query, Sort, SortOrder};
///
/// let second_page = Query::matching(Filter::mesh("Asthma") & Filter::years(2015, 2020))
///     .sort(Sort::Date, SortOrder::Ascending)
///     .offset(20)
///     .k(20);
/// let nearest = Query::vector(vec![0.6, 0.8]).filter(Filter::HasAbstract).recall(0.99);
/// # let _ = (second_page, nearest);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Query {
    pub(super) text: Option<String>,
    pub(super) terms: Option<WeightedTerms>,
    pub(super) vector: Option<Vec<f32>>,
    pub(super) encoder: Option<(String, Fingerprint)>,
    pub(super) k: usize,
    pub(super) offset: usize,
    pub(super) count_only: bool,
    pub(super) sort: Option<(Sort, SortOrder)>,
    pub(super) filter: Filter,
    pub(super) control: Control,
    pub(super) accuracy: Accuracy,
    pub(super) mode: Mode,
    pub(super) fusion: Fusion,
    pub(super) expansion: Option<Expansion>,
    pub(super) allow_unknown: bool,
}

/// How near to the exact answer a search must come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Accuracy {
    /// Every matching document is scored if that is quick; otherwise a recall of 0.95. Quick means
    /// 2.5 ms of one core by the planner's prices: about 128,000 documents of 384 dimensions in 8 bits, 32,000
    /// in single precision.
    #[default]
    Auto,
    /// The share of the true nearest documents to find, on average over queries, above 0 and at most
    /// 1; the effort follows from what was measured when the index was made. Above the greatest recall that
    /// was measured, without measurements, and for 1, the search is exact.
    Recall(f32),
    /// Every matching document is scored.
    Exact,
    /// For experts: an explicit effort.
    Effort {
        /// Lists to scan, the nearest first; with a filter, among those with matching rows.
        probes: u32,
        /// Rows to score exactly, the best estimates first; at least the hits wanted.
        candidates: u32,
    },
}

/// What documents are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// By both words and vectors, as far as the query and the database have them: [`Mode::Hybrid`] for a text with its
    /// vector, [`Mode::Lexical`] for a text alone, [`Mode::Dense`] for a vector alone, and in a database without a lexical
    /// index.
    #[default]
    Auto,
    /// By vectors alone.
    Dense,
    /// By the words of the query's text alone, with BM25. Documents without any of them are not found.
    Lexical,
    /// By both: see [`Fusion`].
    Hybrid,
}

/// How the rankings of words and vectors become one. Each document among the first of either has both of its scores.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fusion {
    /// Scores relative to what the query could reach: BM25 over the geometric mean of the best score and the sum of the
    /// words' weights, plus the vector's score over the best one, both less the mean over all documents.
    Relative {
        /// The weight of the vectors; that of the words is 1.
        vector_weight: f32,
    },
    /// Reciprocal ranks: the sum of 1 / (k + rank) (Cormack, Clarke and Buettcher, 2009).
    Ranks {
        /// How little the first places count more than those behind; 60 is usual.
        k: u32,
    },
    /// Scores relative to their theoretical bounds, BM25 from 0 to the sum of the words' weights, cosines from -1 to 1.
    Sum {
        /// The weight of the vectors, from 0 to 1; that of the words is the rest.
        vector_weight: f32,
    },
}

impl Default for Fusion {
    /// [`Fusion::Relative`] with a weight of 0.8, which was not tuned and is flat from 0.6 to 1.
    fn default() -> Fusion {
        Fusion::Relative { vector_weight: 0.8 }
    }
}

impl Fusion {
    /// # Errors
    /// [`Error::InvalidQuery`] for a weight that is not a number from 0 up, or above 1 in a [`Fusion::Sum`].
    pub(super) fn validate(self) -> Result<()> {
        let (weight, most) = match self {
            Fusion::Relative { vector_weight } => (vector_weight, f32::MAX),
            Fusion::Sum { vector_weight } => (vector_weight, 1.0),
            Fusion::Ranks { .. } => return Ok(()),
        };
        if (0.0..=most).contains(&weight) {
            return Ok(());
        }
        Err(Error::InvalidQuery { detail: format!("{weight} is not a weight of vectors") })
    }
}

/// How a query is expanded by the documents that it finds: see [`Query::expand`].
///
/// ```
/// # use medvec::Expansion;
/// let mut expansion = Expansion::default();
/// expansion.terms = 20;
/// expansion.query_weight = 0.5;
/// # let _ = expansion;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expansion {
    /// How many of the best documents words are taken from; with 0, and in [`Mode::Dense`], no words are added.
    pub documents: usize,
    /// Words that are taken from them, at most, those counted in that the query has itself.
    pub terms: usize,
    /// The share of the query's own words in all weights, from 0 to 1.
    pub query_weight: f32,
    /// How many of the best documents the query's vector is moved to, those without a vector left out; with 0, and in
    /// [`Mode::Lexical`], it stays.
    pub vector_documents: usize,
    /// The share of the query's own vector, from 0 to 1.
    pub query_vector_weight: f32,
}

impl Default for Expansion {
    /// 10 words of the 3 best documents beside 0.7 of the query's own, and 0.6 of its vector beside those of 5.
    fn default() -> Expansion {
        Expansion {
            documents: 3,
            terms: 10,
            query_weight: 0.7,
            vector_documents: 5,
            query_vector_weight: 0.6,
        }
    }
}

impl Expansion {
    /// # Errors
    /// [`Error::InvalidQuery`] for a share that is not from 0 to 1, and for too many documents or words.
    pub(super) fn validate(self) -> Result<()> {
        let detail = match self {
            Expansion { query_weight: share, .. }
            | Expansion { query_vector_weight: share, .. }
                if !(0.0..=1.0).contains(&share) =>
            {
                format!("{share} is not a share of the query, from 0 to 1")
            }
            Expansion { documents, vector_documents, .. }
                if documents.max(vector_documents) > EXPANSION_DOCUMENTS_MAX =>
            {
                format!(
                    "{} documents to expand the query with, at most {EXPANSION_DOCUMENTS_MAX} are possible",
                    documents.max(vector_documents)
                )
            }
            Expansion { terms, .. } if terms > QUERY_WORDS_MAX => format!(
                "{terms} words to expand the query with, at most {QUERY_WORDS_MAX} can be ranked by"
            ),
            _ => return Ok(()),
        };
        Err(Error::InvalidQuery { detail })
    }

    /// Hits that the first pass must have.
    pub(super) fn reach(&self) -> usize {
        self.documents.max(self.vector_documents)
    }
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
    fn new() -> Query {
        Query {
            text: None,
            terms: None,
            vector: None,
            encoder: None,
            k: 10,
            offset: 0,
            count_only: false,
            sort: None,
            filter: Filter::All,
            control: Control::default(),
            accuracy: Accuracy::default(),
            mode: Mode::default(),
            fusion: Fusion::default(),
            expansion: None,
            allow_unknown: false,
        }
    }

    /// Searches with a vector of the caller's own making.
    #[must_use]
    pub fn vector(vector: Vec<f32>) -> Query {
        Query::new().with_vector(vector)
    }

    /// Searches for the words of a text and, once it has a vector ([`Query::embedded_by`]), for its meaning as well.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Query {
        Query { text: Some(text.into()), ..Query::new() }
    }

    /// Searches for documents with the words of these, in place of a text: the 25 most telling words of the liked documents'
    /// titles and abstracts, by frequency and rarity, less a quarter of those of the unliked ones (Rocchio, "Relevance
    /// feedback in information retrieval", 1971). A filter must keep the documents themselves out of the hits.
    ///
    /// ```
    /// use medvec::{Document, Filter, Key, Query};
    ///
    /// let mut liked = Document::new(Key::pmid(1));
    /// liked.title = "Aspirin and colorectal cancer".into();
    /// let query = Query::like(&[liked], &[]).filter(!Filter::Keys(vec![Key::pmid(1)]));
    /// # let _ = query;
    /// ```
    ///
    /// Cost: linear in the documents' words, and a search in the dictionary per different word and segment.
    #[must_use]
    pub fn like(liked: &[Document], unliked: &[Document]) -> Query {
        Query { terms: Some(WeightedTerms::like(liked, unliked)), ..Query::new() }
    }

    /// Searches for a text with the vector that an encoder makes of it: `Query::text(text)`, then
    /// [`Query::embedded_by`].
    ///
    /// # Errors
    /// As [`Query::embedded_by`].
    pub fn embed(encoder: &dyn Encoder, text: &str) -> Result<Query> {
        Query::text(text).embedded_by(encoder)
    }

    /// Lists what a filter matches, newest first.
    #[must_use]
    pub fn matching(filter: Filter) -> Query {
        Query::new().filter(filter)
    }

    /// Makes the vector of the query's text. At search the encoder's fingerprint is compared with the
    /// database's.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for a query without a text, for an empty text, and for one that has no
    /// vector; whatever the encoder reports.
    pub fn embedded_by(mut self, encoder: &dyn Encoder) -> Result<Query> {
        let text = self.text.as_deref().unwrap_or_default().trim();
        if text.is_empty() {
            return Err(Error::InvalidQuery {
                detail: "the query has no text; give words to search for, or only filters".into(),
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
        self.vector = Some(vector);
        self.encoder = Some((spec.name.clone(), spec.fingerprint()));
        Ok(self)
    }

    /// Searches with this vector, which the caller made; a text that the query has is kept.
    #[must_use]
    pub fn with_vector(mut self, vector: Vec<f32>) -> Query {
        self.vector = Some(vector);
        self.encoder = None;
        self
    }

    /// Hits wanted, 10 by default; 0 only counts the documents that pass the filter.
    #[must_use]
    pub fn k(mut self, k: usize) -> Query {
        self.k = k;
        self
    }

    /// Leaves out this many of the first hits, for pages: the pages of an exact search are the parts of one
    /// long list. A search through the index puts in the effort for offset + k hits, so that a later page
    /// can differ at its edges from one long list. Behind the first hundred of a hybrid search, scores start anew wherever both
    /// rankings are looked at twice as deep. Offset and k together may be
    /// [`HITS_MAX`](crate::limits::HITS_MAX) at most.
    #[must_use]
    pub fn offset(mut self, offset: usize) -> Query {
        self.offset = offset;
        self
    }

    /// Only counts the documents that pass the filter: exactly, and without reading one.
    #[must_use]
    pub fn count_only(mut self) -> Query {
        self.count_only = true;
        self
    }

    /// Orders hits by something else than the best score or, without a vector, than the newest date. With a
    /// vector, hits have its scores in any order, and only documents with a vector are hits.
    #[must_use]
    pub fn sort(mut self, sort: Sort, order: SortOrder) -> Query {
        self.sort = Some((sort, order));
        self
    }

    /// Only documents that pass this filter are hits.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Query {
        self.filter = filter;
        self
    }

    /// Treats an unknown name in the filter as one that no document has: it matches nothing, and
    /// [`SearchResult::notes`](super::SearchResult::notes) says so. Without this, a name that is neither in
    /// the database nor known otherwise is [`Error::UnknownName`], because it is more likely misspelt. For
    /// programs that filter by names of their own, which a database may not have yet.
    #[must_use]
    pub fn allow_unknown_names(mut self) -> Query {
        self.allow_unknown = true;
        self
    }

    /// Asks for this share of the true nearest documents, on average. See [`Accuracy::Recall`]; the default is
    /// [`Accuracy::Auto`].
    #[must_use]
    pub fn recall(self, recall: f32) -> Query {
        self.accuracy(Accuracy::Recall(recall))
    }

    /// Scores every matching document.
    #[must_use]
    pub fn exact(self) -> Query {
        self.accuracy(Accuracy::Exact)
    }

    /// What documents are ranked by.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Query {
        self.mode = mode;
        self
    }

    /// How a hybrid search joins its rankings.
    #[must_use]
    pub fn fusion(mut self, fusion: Fusion) -> Query {
        self.fusion = fusion;
        self
    }

    /// Searches twice: the best documents of the first pass expand the query for the second (pseudo-relevance feedback).
    ///
    /// Words that the best documents share are added to the query's own (RM3: Lavrenko and Croft, 2001; Abdul-Jaleel et
    /// al., 2004), and its vector is moved to theirs (Rocchio, 1971), each as far as the [`Mode`] ranks by it. Both passes
    /// keep to the filter. Without hits in the first pass the query stays as it is.
    ///
    /// It is worth it for words and for both; vectors alone usually lose by it (`benches/README.md`).
    ///
    /// Cost: that of two searches, and of reading the best documents.
    #[must_use]
    pub fn expand(mut self, expansion: Expansion) -> Query {
        self.expansion = Some(expansion);
        self
    }

    /// How near to the exact answer the search must come.
    #[must_use]
    pub fn accuracy(mut self, accuracy: Accuracy) -> Query {
        self.accuracy = accuracy;
        self
    }

    /// Deadline and cancel token.
    #[must_use]
    pub fn control(mut self, control: Control) -> Query {
        self.control = control;
        self
    }

    /// Hits up to the end of the page.
    pub(super) fn reach(&self) -> usize {
        self.offset.saturating_add(self.k)
    }

    /// Whether more than the number of matches is wanted.
    pub(super) fn wants_hits(&self) -> bool {
        self.k > 0 && !self.count_only
    }
}
