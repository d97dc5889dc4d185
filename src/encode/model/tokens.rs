//! What a network reads.

/// One input as the network sees it: both lists have the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Rows of the word embedding table.
    pub ids: Vec<u32>,
    /// Segment of each token: 0 for a text or the first of a pair, 1 for the second.
    pub type_ids: Vec<u32>,
}
