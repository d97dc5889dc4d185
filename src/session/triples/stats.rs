//! What was mined, and what was left out.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts of one run of [`Miner::mine`](super::Miner::mine).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MineStats {
    /// Queries.
    pub queries: u64,
    /// Queries with at least one positive in the database.
    pub with_positives: u64,
    /// Queries without one, for which nothing was mined.
    pub without_positives: u64,
    /// Positives that were used.
    pub positives: u64,
    /// Positives that are not in the database.
    pub positives_missing: u64,
    /// Positives without a text.
    pub positives_without_text: u64,
    /// Negatives.
    pub negatives: u64,
    /// Negatives by where they come from.
    pub negatives_by_kind: BTreeMap<String, u64>,
    /// How many queries with positives got so many negatives.
    pub negatives_per_query: BTreeMap<usize, u64>,
    /// Candidates that did not become negatives.
    pub dropped: DroppedNegatives,
}

/// Candidates that did not become negatives, by the first reason that applied. Candidates behind the last negative of a query are
/// not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DroppedNegatives {
    /// Known to be relevant.
    pub relevant: u64,
    /// The query document itself.
    pub query_document: u64,
    /// A score was to be limited, and the candidate or all positives have none.
    pub without_score: u64,
    /// Scored above the highest score.
    pub max_score: u64,
    /// Scored too near to the lowest positive.
    pub margin: u64,
    /// No text.
    pub without_text: u64,
    /// The same work as the query document, a positive or an earlier negative.
    pub duplicates: u64,
    /// Scored too high by the cross-encoder.
    pub reranker: u64,
}

impl MineStats {
    /// Adds the counts of another part.
    pub(super) fn add(&mut self, part: &MineStats) {
        self.queries += part.queries;
        self.with_positives += part.with_positives;
        self.without_positives += part.without_positives;
        self.positives += part.positives;
        self.positives_missing += part.positives_missing;
        self.positives_without_text += part.positives_without_text;
        self.negatives += part.negatives;
        for (kind, count) in &part.negatives_by_kind {
            *self.negatives_by_kind.entry(kind.clone()).or_default() += count;
        }
        for (negatives, count) in &part.negatives_per_query {
            *self.negatives_per_query.entry(*negatives).or_default() += count;
        }
        let (all, own) = (&mut self.dropped, &part.dropped);
        all.relevant += own.relevant;
        all.query_document += own.query_document;
        all.without_score += own.without_score;
        all.max_score += own.max_score;
        all.margin += own.margin;
        all.without_text += own.without_text;
        all.duplicates += own.duplicates;
        all.reranker += own.reranker;
    }
}
