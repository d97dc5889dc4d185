//! What a session is asked.

use super::remark::Remark;
use super::strategies::Strategies;
use crate::control::Control;
use crate::ids::Key;
use crate::search::{
    Accuracy, Expansion, Facet, Filter, Fusion, Mode, Note, Sort, SortOrder, TranslatedStrategy,
};

/// A query to a session: a text, a vector or neither, a filter, and what the answer should hold.
///
/// Without a text and a vector, the documents that pass the filter are listed, newest first.
///
/// ```
/// # use medvec::Filter;
/// # use medvec::session::Request;
/// let request = Request::text("does aspirin prevent tumours")
///     .filter(Filter::years(2010, 2020))
///     .k(5)
///     .sentences()
///     .highlights();
/// assert_eq!(request.k, 5);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// What is searched for, in words. Blanks alone count as no text.
    pub text: Option<String>,
    /// What is searched for, as a vector of the database's encoder. A text beside it is not embedded: it
    /// chooses sentences and highlights, is what a cross-encoder reads, and is ranked by if [`Request::mode`] asks for
    /// words.
    pub vector: Option<Vec<f32>>,
    /// Documents that hits should be like, by their words and their stored vectors, in place of a text or a vector; they
    /// are no hits themselves. A text beside them is not searched for. [`Mode::Auto`] takes what documents have: at least
    /// one of both.
    pub like: Vec<Key>,
    /// Documents that hits should not be like.
    pub unlike: Vec<Key>,
    /// Only documents that pass.
    pub filter: Filter,
    /// Hits wanted; 0 only counts the documents that pass the filter.
    pub k: usize,
    /// Hits to leave out before the first: those of earlier pages.
    pub offset: usize,
    /// The order of hits; the best or the newest first where nothing is said.
    pub sort: Option<(Sort, SortOrder)>,
    /// How near to the exact answer the search must come.
    pub accuracy: Accuracy,
    /// What documents are ranked by. [`Mode::Auto`] ranks a text by words and by its vector, and by words alone where the
    /// database has no vectors or the encoder knows none of the words.
    pub mode: Mode,
    /// How a hybrid search joins its rankings.
    pub fusion: Fusion,
    /// Search twice, the second time with what the best documents of the first have in common: see
    /// [`Query::expand`](crate::search::Query::expand). Needs something to rank by.
    pub expansion: Option<Expansion>,
    /// Take a name in the filter that nobody knows for one that no document has; see
    /// [`Query::allow_unknown_names`](crate::search::Query::allow_unknown_names).
    pub allow_unknown_names: bool,
    /// Sort the best hits, this many or all that are wanted, by the session's cross-encoder, which reads
    /// text and document together. Needs a text.
    pub rerank: Option<usize>,
    /// Find the sentence of each hit's abstract that is nearest to the text.
    pub sentences: bool,
    /// Find the words of the text in titles and sentences.
    pub highlights: bool,
    /// Give each hit its whole document.
    pub documents: bool,
    /// Count the documents that pass by these.
    pub facets: Vec<Facet>,
    /// Most values of each facet to list.
    pub facet_values: usize,
    /// Say how the answer was found.
    pub explain: bool,
    /// Deadline and cancel token.
    pub control: Control,
    /// What was noticed when the filter was made.
    pub(super) remarks: Vec<Remark>,
    /// What translating its strategies noted: of names that no document has, `remarks` has those worth saying.
    pub(super) told: Vec<Note>,
    /// The strategies in the filter.
    pub(super) strategies: Strategies,
}

impl Default for Request {
    /// Lists the ten newest documents.
    fn default() -> Request {
        Request {
            text: None,
            vector: None,
            like: Vec::new(),
            unlike: Vec::new(),
            filter: Filter::All,
            k: 10,
            offset: 0,
            sort: None,
            accuracy: Accuracy::default(),
            mode: Mode::default(),
            fusion: Fusion::default(),
            expansion: None,
            allow_unknown_names: false,
            rerank: None,
            sentences: false,
            highlights: false,
            documents: false,
            facets: Vec::new(),
            facet_values: 10,
            explain: false,
            control: Control::default(),
            remarks: Vec::new(),
            told: Vec::new(),
            strategies: Strategies::default(),
        }
    }
}

impl Request {
    /// Searches for a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Request {
        Request { text: Some(text.into()), ..Request::default() }
    }

    /// Searches with a vector of the database's encoder.
    #[must_use]
    pub fn vector(vector: Vec<f32>) -> Request {
        Request { vector: Some(vector), ..Request::default() }
    }

    /// Searches for more documents like these.
    #[must_use]
    pub fn like(keys: Vec<Key>) -> Request {
        Request { like: keys, ..Request::default() }
    }

    /// Keeps off what these documents are like.
    #[must_use]
    pub fn unlike(self, keys: Vec<Key>) -> Request {
        Request { unlike: keys, ..self }
    }

    /// Lists what a filter matches, newest first.
    #[must_use]
    pub fn matching(filter: Filter) -> Request {
        Request { filter, ..Request::default() }
    }

    /// Only documents that pass.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Request {
        Request { filter, ..self }
    }

    /// Only documents that a strategy finds too. Names in it that no document has are among the remarks of the answer.
    #[must_use]
    pub fn strategy(mut self, meant: &TranslatedStrategy) -> Request {
        let before = std::mem::replace(&mut self.filter, Filter::All);
        self.filter = before.clone().and(meant.filter());
        self.strategies.add(meant, before, &self.filter);
        self.remarks.extend(meant.absent().into_iter().map(|(_, note)| Remark::from(note)));
        let clauses = meant.lines.iter().flat_map(|line| &line.clauses);
        let notes = clauses.flat_map(|clause| clause.notes.iter().chain(&clause.implied));
        self.told.extend(notes.cloned());
        self
    }

    /// Hits wanted; 0 only counts.
    #[must_use]
    pub fn k(self, k: usize) -> Request {
        Request { k, ..self }
    }

    /// Leaves out the hits of earlier pages.
    #[must_use]
    pub fn offset(self, offset: usize) -> Request {
        Request { offset, ..self }
    }

    /// Orders hits otherwise: see [`Query::sort`](crate::search::Query::sort).
    #[must_use]
    pub fn sort(self, sort: Sort, order: SortOrder) -> Request {
        Request { sort: Some((sort, order)), ..self }
    }

    /// Says how near to the exact answer the search must come.
    #[must_use]
    pub fn accuracy(self, accuracy: Accuracy) -> Request {
        Request { accuracy, ..self }
    }

    /// Says what documents are ranked by.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Request {
        Request { mode, ..self }
    }

    /// Says how a hybrid search joins its rankings.
    #[must_use]
    pub fn fusion(self, fusion: Fusion) -> Request {
        Request { fusion, ..self }
    }

    /// Searches twice: see [`Query::expand`](crate::search::Query::expand).
    #[must_use]
    pub fn expand(self, expansion: Expansion) -> Request {
        Request { expansion: Some(expansion), ..self }
    }

    /// Sorts the best `top` hits, or all that are wanted, by the session's cross-encoder.
    #[must_use]
    pub fn rerank(self, top: usize) -> Request {
        Request { rerank: Some(top), ..self }
    }

    /// Finds the best sentence of each hit.
    #[must_use]
    pub fn sentences(self) -> Request {
        Request { sentences: true, ..self }
    }

    /// Finds the words of the text in titles and sentences.
    #[must_use]
    pub fn highlights(self) -> Request {
        Request { highlights: true, ..self }
    }

    /// Gives each hit its whole document.
    #[must_use]
    pub fn documents(self) -> Request {
        Request { documents: true, ..self }
    }

    /// Counts the documents that pass by this.
    #[must_use]
    pub fn facet(mut self, facet: Facet) -> Request {
        self.facets.push(facet);
        self
    }

    /// Says how the answer was found.
    #[must_use]
    pub fn explain(self) -> Request {
        Request { explain: true, ..self }
    }

    /// Deadline and cancel token.
    #[must_use]
    pub fn control(self, control: Control) -> Request {
        Request { control, ..self }
    }

    /// The text without blanks around it; `None` where nothing is left.
    pub(super) fn words(&self) -> Option<&str> {
        self.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether documents stand for a vector.
    pub(super) fn is_by_example(&self) -> bool {
        self.vector.is_none() && !self.like.is_empty()
    }

    /// Whether hits have scores.
    pub(super) fn is_scored(&self) -> bool {
        self.words().is_some() || self.vector.is_some() || self.is_by_example()
    }
}
