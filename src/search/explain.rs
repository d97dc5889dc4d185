//! How a search was done.

use std::collections::HashSet;
use std::time::Duration;

use crate::ids::{Key, SegmentId};

/// How a search was done.
#[derive(Clone, Debug, Default)]
pub struct Explain {
    /// How the index was searched; `None` when every matching document was scored.
    pub index: Option<IndexExplain>,
    /// Why the index was not used; `None` when it was, and when no vectors were searched.
    pub exact: Option<WhyExact>,
    /// The words that documents were ranked by; empty when they were not.
    pub words: Vec<WordExplain>,
    /// How the rankings of words and vectors were joined; `None` when they were not.
    pub fused: Option<FusedExplain>,
    /// What the query was expanded with; `None` when it was not.
    pub expansion: Option<ExpansionExplain>,
    /// One entry per segment.
    pub segments: Vec<SegmentExplain>,
    /// Time for filters.
    pub filter_time: Duration,
    /// Time for everything.
    pub total_time: Duration,
}

impl Explain {
    /// The words of the query itself, without those that it was expanded with.
    pub fn own_words(&self) -> impl Iterator<Item = &WordExplain> {
        let added = self.expansion.iter().flat_map(|expansion| &expansion.added);
        let added: HashSet<&str> = added.map(|added| &*added.stem).collect();
        self.words.iter().filter(move |word| !added.contains(&*word.stem))
    }
}

/// Why every matching document was scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyExact {
    /// The query asked for it.
    Asked,
    /// The query asked for nothing else and it is quick: see [`Accuracy::Auto`](super::Accuracy::Auto).
    Quick,
    /// The index would have cost more for the recall.
    Cheaper,
    /// No matching document is indexed.
    NotIndexed,
    /// The recall of the index was not measured.
    NotMeasured,
    /// The recall is greater than any that was measured.
    BeyondMeasured,
}

/// How one segment was searched.
#[derive(Clone, Debug)]
pub struct SegmentExplain {
    /// The segment.
    pub segment: SegmentId,
    /// Its rows, deleted ones included.
    pub rows: u64,
    /// Live rows that pass the filter.
    pub matched: u64,
    /// Rows that were scored exactly, unless the index chose them.
    pub scanned: u64,
    /// What was chosen.
    pub plan: Plan,
}

/// The ways to search a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plan {
    /// No row matches.
    Skip,
    /// Every row is scored.
    ExactScan,
    /// Only matching rows are scored.
    ExactScanOfMatches,
    /// The nearest lists of the index are scanned, and the best rows of all segments with one scored
    /// exactly.
    Index,
    /// As [`Plan::Index`], among lists with matching rows.
    IndexOfMatches,
    /// Matching rows are listed by date, key or a field; vectors are read only for the scores of hits.
    List,
    /// Matching rows are counted; none is read.
    Count,
    /// The posting lists of the query's words are walked through.
    Words,
}

/// A word of a query that documents are ranked by.
#[derive(Clone, Debug, PartialEq)]
pub struct WordExplain {
    /// Its stem; all forms of it count.
    pub stem: String,
    /// Live documents that have it.
    pub documents: u64,
    /// How much it counts: the rarer, the more.
    pub weight: f32,
}

/// What a query was expanded with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpansionExplain {
    /// The documents whose words were added, the best first.
    pub documents: Vec<Key>,
    /// The documents that the vector was moved to, the best first.
    pub vector_documents: Vec<Key>,
    /// Terms that the query does not have itself, by weight; its own count more where these documents have them, too.
    pub added: Vec<AddedTerm>,
}

impl ExpansionExplain {
    /// With what the search says of the added terms, the heaviest first.
    pub(super) fn weighted(mut self, words: &[WordExplain]) -> ExpansionExplain {
        for added in &mut self.added {
            if let Some(word) = words.iter().find(|word| word.stem == added.stem) {
                (added.documents, added.weight) = (word.documents, word.weight);
            }
        }
        self.added.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.stem.cmp(&b.stem)));
        self
    }
}

/// A term that a query was expanded with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddedTerm {
    /// Its stem; all forms of it count.
    pub stem: String,
    /// Live documents that have it.
    pub documents: u64,
    /// How much it counts.
    pub weight: f32,
    /// Which of [`ExpansionExplain::documents`] have it in title or abstract.
    pub from: Vec<Key>,
}

/// How two rankings were joined.
#[derive(Clone, Debug, PartialEq)]
pub struct FusedExplain {
    /// Documents that were scored by both.
    pub candidates: usize,
    /// The greatest score of the words.
    pub best_words: f32,
    /// The greatest score of the vectors; `None` when no match has one.
    pub best_vector: Option<f32>,
    /// The mean score of the vectors of all documents; 0 when the fusion does not need it.
    pub mean: f32,
}

/// How the index was searched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexExplain {
    /// Recall that was asked for; `None` when the effort was given.
    pub recall: Option<f32>,
    /// Recall that was measured for this effort when the index was made.
    pub estimated_recall: Option<f32>,
    /// Whether that is an estimate: no real queries were at hand, and rows were moved to where queries lie.
    pub is_estimate: bool,
    /// Share of queries that find fewer than 8 of their 10 nearest documents at this recall when there is no
    /// filter; `None` where it was not measured.
    pub low_share: Option<f32>,
    /// Lists of the codebook.
    pub lists: u32,
    /// Lists to scan, for an average query.
    pub probes: u32,
    /// Rows to score exactly.
    pub candidates: u32,
    /// Lists that were scanned: more than `probes` when those held too few matches, and three to thirteen
    /// eighths of them, as the query is worth, when the whole database is searched for up to ten documents and
    /// `probes` are at least 128.
    pub lists_scanned: u32,
    /// Whether the copies in these lists were scanned, too: where at least half of all rows pass and that is cheaper.
    pub copies: bool,
    /// Rows, and copies of rows, whose codes were read.
    pub rows_scanned: u64,
    /// Rows that were scored exactly.
    pub rows_scored: u64,
    /// Expected price of the index, in nanoseconds.
    pub index_ns: f64,
    /// Expected price of scoring every match.
    pub exact_ns: f64,
}

impl IndexExplain {
    /// Counts in the search of another index: segments of another codebook, or of another database.
    pub(super) fn add(&mut self, other: &IndexExplain) {
        let both = |one: Option<f32>, other: Option<f32>, of: fn(f32, f32) -> f32| match one {
            Some(one) => Some(other.map_or(one, |other| of(one, other))),
            None => other,
        };
        // What can be promised for all is what the worst one promises.
        self.estimated_recall = both(self.estimated_recall, other.estimated_recall, f32::min);
        self.low_share = both(self.low_share, other.low_share, f32::max);
        self.is_estimate |= other.is_estimate;
        self.lists = self.lists.saturating_add(other.lists);
        self.probes = self.probes.saturating_add(other.probes);
        self.candidates = self.candidates.saturating_add(other.candidates);
        self.lists_scanned = self.lists_scanned.saturating_add(other.lists_scanned);
        self.copies |= other.copies;
        self.rows_scanned += other.rows_scanned;
        self.rows_scored += other.rows_scored;
        self.index_ns += other.index_ns;
        self.exact_ns += other.exact_ns;
    }
}
