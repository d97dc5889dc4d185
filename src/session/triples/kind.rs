//! Kinds of negatives.

/// Where negatives come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NegativeKind {
    /// A window of ranks.
    Rank,
    /// The branch of MeSH around the positives' major headings (all headings, where none is major): documents under the
    /// parent of one of them that have none of them, and none below them. The best by the ranking come first.
    Branch,
    /// What the works that a positive cites cite in turn.
    Citations,
    /// What came with the query ([`TrainingQuery::given`](super::TrainingQuery::given)). It needs not be asked for.
    Given,
}
