//! What a search reports besides its hits.

use std::fmt;

use crate::date::Day;
use crate::error::{NameKind, quoted};

/// Something about an answer that the hits do not show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A filter names something that exists, or may exist, and that no document of the database has.
    Absent {
        /// What the name is of.
        kind: NameKind,
        /// As the filter has it.
        name: String,
        /// Names that resemble it, likeliest first; may be empty.
        suggestions: Vec<String>,
    },
    /// No document has this value in a free field of strings.
    AbsentValue {
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// Values that resemble it, likeliest first; may be empty.
        suggestions: Vec<String>,
    },
    /// A name was taken for other ones.
    ReadAs {
        /// What the name is of.
        kind: NameKind,
        /// As the filter has it.
        name: String,
        /// What it was taken for.
        read: Vec<String>,
    },
    /// Documents that pass all but the conditions on dates, and have no date.
    Undated {
        /// How many.
        documents: u64,
    },
    /// Documents that pass all but the conditions on MeSH headings, and have no heading: NLM has not indexed
    /// them yet, or never will.
    Unindexed {
        /// How many.
        documents: u64,
    },
    /// How many documents one condition of a filter matches alone; see
    /// [`Snapshot::why_nothing`](crate::db::Snapshot::why_nothing).
    Alone {
        /// The condition in words.
        condition: String,
        /// Documents that pass it.
        documents: u64,
    },
    /// The days between which all documents of the database are dated.
    DatesBetween {
        /// The first day that any document's date can mean.
        first: Day,
        /// The last.
        last: Day,
    },
}

impl Note {
    /// A name of the variant that never changes, for programs that read what others print.
    pub fn code(&self) -> &'static str {
        match self {
            Note::Absent { .. } => "absent",
            Note::AbsentValue { .. } => "absent-value",
            Note::ReadAs { .. } => "read-as",
            Note::Undated { .. } => "undated",
            Note::Unindexed { .. } => "unindexed",
            Note::Alone { .. } => "alone",
            Note::DatesBetween { .. } => "dates-between",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Absent { kind, name, suggestions } => {
                write!(f, "no document has the {kind} `{name}`{}", DidYouMean(suggestions))
            }
            Note::AbsentValue { field, value, suggestions } => write!(
                f,
                "no document has `{value}` in the field `{field}`{}",
                DidYouMean(suggestions)
            ),
            Note::ReadAs { kind, name, read } => {
                write!(f, "the {kind} `{name}` was read as {}", quoted(read))
            }
            Note::Undated { documents: 1 } => {
                f.write_str("1 document was left out because it has no date")
            }
            Note::Undated { documents } => {
                write!(f, "{documents} documents were left out because they have no date")
            }
            Note::Unindexed { documents: 1 } => {
                f.write_str("1 document was left out because it is not indexed with MeSH")
            }
            Note::Unindexed { documents } => {
                write!(
                    f,
                    "{documents} documents were left out because they are not indexed with MeSH"
                )
            }
            Note::Alone { condition, documents } => {
                let s = if *documents == 1 { "" } else { "s" };
                write!(f, "{condition}: {documents} document{s}")
            }
            Note::DatesBetween { first, last } => {
                write!(f, "the documents of this database are dated from {first} to {last}")
            }
        }
    }
}

struct DidYouMean<'a>(&'a [String]);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            names => write!(f, " (did you mean {}?)", quoted(names)),
        }
    }
}
