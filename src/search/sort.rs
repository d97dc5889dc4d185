//! The order of hits.

use std::cmp::Ordering;

/// What hits are ordered by. Equal ones are in the order of their keys.
///
/// The order also decides which documents are hits: `Date` gives the first k of all matching documents by
/// date, whatever their scores.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sort {
    /// The score of the vector; needs a query with one.
    Score,
    /// The first day that the publication date can mean.
    Date,
    /// The key: PMIDs by number, then the other keys by their bytes.
    Key,
    /// The name of the first author, whatever its case, accents and punctuation. Reads every matching document.
    FirstAuthor,
    /// The abbreviation or title of the journal, likewise, without a leading article. Reads every matching document.
    Journal,
    /// A free field: numbers by value, then strings by their bytes. A list counts by the value that comes
    /// first in the order asked for.
    Field(String),
}

/// The direction of a [`Sort`]. Documents without a date or without the field are last in either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

impl SortOrder {
    /// The order of two values as the direction has it.
    pub(super) fn of<T: Ord>(self, a: &T, b: &T) -> Ordering {
        match self {
            SortOrder::Ascending => a.cmp(b),
            SortOrder::Descending => b.cmp(a),
        }
    }

    /// The order of two values that may be missing; missing ones are last.
    pub(super) fn of_options<T: Ord>(self, a: &Option<T>, b: &Option<T>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.of(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}
