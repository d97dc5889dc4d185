//! What a system returned for each query.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use crate::eval::input::{InputRule, Violation, check_id, shown};

/// A document of a ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedDocument {
    /// The document's id.
    pub document: String,
    /// The score; greater is better.
    pub score: f64,
}

impl RankedDocument {
    /// A document with its score.
    pub fn new(document: impl Into<String>, score: f64) -> RankedDocument {
        RankedDocument { document: document.into(), score }
    }
}

/// Rankings by query, with a tag that names the system.
///
/// Every ranking is sorted by score and then by document id, both descending; it holds a document at most once, and
/// its scores are finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    tag: String,
    queries: BTreeMap<String, Vec<RankedDocument>>,
}

impl Run {
    /// A run without queries.
    pub fn new(tag: impl Into<String>) -> Run {
        Run { tag: tag.into(), queries: BTreeMap::new() }
    }

    /// Sets the ranking of a query, in any order; an empty one says that nothing was found. It replaces an earlier
    /// ranking of the query.
    ///
    /// # Errors
    /// [`InputRule::Id`] for an empty id, [`InputRule::Score`] for a score that is not finite,
    /// [`InputRule::DuplicateDocument`].
    pub fn insert(
        &mut self,
        query: impl Into<String>,
        documents: Vec<RankedDocument>,
    ) -> Result<(), Violation> {
        let query = query.into();
        check_id("query", &query)?;
        let mut seen = HashSet::with_capacity(documents.len());
        for RankedDocument { document, score } in &documents {
            check_id("document", document)?;
            check_score(*score, &score.to_string())?;
            if !seen.insert(document.as_str()) {
                return Err(duplicate(&query, document));
            }
        }
        self.insert_checked(query, documents);
        Ok(())
    }

    /// [`Run::insert`] of what satisfies its rules.
    pub(super) fn insert_checked(&mut self, query: String, mut documents: Vec<RankedDocument>) {
        sort(&mut documents);
        self.queries.insert(query, documents);
    }

    /// The name of the system.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Rankings, in byte order of the query ids.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = (&str, &[RankedDocument])> {
        self.queries.iter().map(|(query, documents)| (query.as_str(), documents.as_slice()))
    }

    /// The ranking of one query.
    pub fn query(&self, query: &str) -> Option<&[RankedDocument]> {
        self.queries.get(query).map(Vec::as_slice)
    }

    /// Number of queries.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there is no query.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }
}

/// Refuses what cannot be ordered or printed.
pub(super) fn check_score(score: f64, text: &str) -> Result<(), Violation> {
    if score.is_finite() {
        return Ok(());
    }
    Err(Violation::new(InputRule::Score, format!("the score `{}` is not finite", shown(text))))
}

pub(super) fn duplicate(query: &str, document: &str) -> Violation {
    let detail =
        format!("document `{}` is listed twice for query `{}`", shown(document), shown(query));
    Violation::new(InputRule::DuplicateDocument, detail)
}

fn sort(documents: &mut [RankedDocument]) {
    documents.sort_unstable_by(|a, b| {
        // Scores are finite; 0 and -0 are equal, unlike under `total_cmp`.
        let scores = b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal);
        scores.then_with(|| b.document.cmp(&a.document))
    });
}
