//! What a search returns: hits, the number of matches, notes, and how it was done.

use super::explain::Explain;
use super::note::Note;
use crate::ids::{Key, RowId, SegmentId};

/// One found document.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its key.
    pub key: Key,
    /// Inner product or cosine with the query's vector; 0 if it has none.
    pub score: f32,
    /// The segment that holds it.
    #[doc(hidden)]
    pub segment: SegmentId,
    /// Its row there.
    #[doc(hidden)]
    pub row: RowId,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct SearchResult {
    /// The hits of the page that was asked for, best first or in the [order](super::Query::sort) asked for;
    /// ties by key. Exactly k when at least offset + k searchable documents match.
    pub hits: Vec<Hit>,
    /// Live documents that pass the filter.
    pub matched: u64,
    /// What the hits do not show: names of the filter that no document has, documents that were left out
    /// because they have no date or no MeSH heading.
    pub notes: Vec<Note>,
    /// How it was done.
    pub explain: Explain,
}

impl SearchResult {
    /// Documents that pass all but the filter's conditions on dates, and were left out because they have
    /// no date.
    pub fn undated(&self) -> u64 {
        let undated = self.notes.iter().filter_map(|note| match note {
            Note::Undated { documents } => Some(*documents),
            _ => None,
        });
        undated.sum()
    }

    /// Documents that pass all but the filter's conditions on MeSH headings, and were left out because they
    /// have no heading.
    pub fn unindexed(&self) -> u64 {
        let unindexed = self.notes.iter().filter_map(|note| match note {
            Note::Unindexed { documents } => Some(*documents),
            _ => None,
        });
        unindexed.sum()
    }
}
