//! Why a term cannot be answered.

use crate::error::Error;

/// A term that is well formed and has no answer, or a failure to read.
#[derive(Debug)]
pub(super) enum Refused {
    /// `rule` names the reason for programs.
    Term { rule: &'static str, detail: String },
    /// The database cannot be read.
    Failure(Error),
}

/// The fields of this term are not searched here.
pub(super) const NOT_SEARCHABLE: &str = "not_searchable";

impl Refused {
    pub(super) fn not_searchable(detail: impl Into<String>) -> Refused {
        Refused::Term { rule: NOT_SEARCHABLE, detail: detail.into() }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        match error {
            Error::InvalidQuery { detail } => Refused::Term { rule: "invalid_query", detail },
            Error::UnknownName { .. } => {
                Refused::Term { rule: "unknown_name", detail: error.to_string() }
            }
            error => Refused::Failure(error),
        }
    }
}
