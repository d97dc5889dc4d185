//! One error type for the whole library: each variant names what was expected and what was found.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::ids::{Fingerprint, Generation, Key};

pub use crate::rules::Rule;

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong. The message says what is wrong, where, and what to do;
/// [`Error::code`] names the kind for programs.
///
/// ```
/// use medvec::Error;
///
/// let error = Error::encoder("my-model", "out of memory");
/// assert_eq!(error.code(), "encoder");
/// assert_eq!(error.to_string(), "encoder my-model: out of memory");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation.
    #[error("cannot {operation} {path}: {source}")]
    #[non_exhaustive]
    Io {
        /// What was attempted, as a verb: "open", "sync".
        operation: &'static str,
        /// File or directory.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A stored file breaks a rule of the format.
    #[error("{file} is damaged at byte {offset}: {detail} [{rule}]")]
    #[non_exhaustive]
    Corrupt {
        /// File name inside the database directory.
        file: String,
        /// Byte offset in the file where the rule is broken (0 when it concerns the whole file).
        offset: u64,
        /// The rule of `format-spec/13-validation.md`.
        rule: Rule,
        /// Expected and found.
        detail: String,
    },
    /// The database was written by a newer version or needs a feature this build lacks.
    #[error("{file} needs {needs}, this build has {has}; update medvec to open it")]
    #[non_exhaustive]
    Unsupported {
        /// File name inside the database directory.
        file: String,
        /// What the file asks for.
        needs: String,
        /// What this build has.
        has: String,
    },
    /// No database at this place.
    #[error("{} is not a medvec database (no manifest found); create one with `medvec import`", path.display())]
    #[non_exhaustive]
    NotFound {
        /// The directory.
        path: PathBuf,
    },
    /// A database stands where a new one was to be created.
    #[error("{} already holds a medvec database", path.display())]
    #[non_exhaustive]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Another writer has the database.
    #[error("{path} is locked: {holder}")]
    #[non_exhaustive]
    Locked {
        /// The lock file.
        path: String,
        /// Whose writer it is.
        holder: LockHolder,
    },
    /// The directory, the lock or the files under a writer were moved, replaced or removed while it
    /// worked; nothing was published.
    #[error(
        "{path} is not as this writer left it: {detail}; nothing was published: find out what changed it, then open it again"
    )]
    #[non_exhaustive]
    Replaced {
        /// The directory.
        path: String,
        /// What is not as it was.
        detail: String,
    },
    /// The database was opened for reading only, or its directory cannot be written.
    #[error("{path} is read-only: {detail}")]
    #[non_exhaustive]
    ReadOnly {
        /// The directory.
        path: String,
        /// Why.
        detail: String,
    },
    /// Another writer published this generation; nothing was overwritten.
    #[error(
        "generation {generation} already exists: another writer published it; nothing was overwritten"
    )]
    #[non_exhaustive]
    Conflict {
        /// The generation that was about to be published.
        generation: Generation,
    },
    /// Maintenance needs more memory than is allowed, or than there is; it was not started.
    #[error("{work} needs about {} MB of memory, {}", .needed_bytes.div_ceil(1_000_000), allowed(*.limit_bytes))]
    #[non_exhaustive]
    Memory {
        /// What was asked for: "merging segments".
        work: &'static str,
        /// What it would take, estimated.
        needed_bytes: u64,
        /// [`crate::db::WriterOptions::memory_bytes_max`]; `None`: the system refused it.
        limit_bytes: Option<u64>,
    },
    /// A repair cannot be undone.
    #[error("the repair of {path} cannot be undone: {detail}")]
    #[non_exhaustive]
    Undo {
        /// The directory.
        path: String,
        /// Why.
        detail: String,
    },
    /// A database cannot be copied to this place.
    #[error("cannot copy the database to {path}: {detail}")]
    #[non_exhaustive]
    Destination {
        /// The directory.
        path: String,
        /// What is there, and what to do.
        detail: String,
    },
    /// The commit became visible but its durability could not be confirmed.
    #[error(
        "generation {generation} was published but not confirmed durable ({source}); reopen the database to see which state holds"
    )]
    #[non_exhaustive]
    CommitUnknown {
        /// The published generation.
        generation: Generation,
        /// What failed after publication.
        source: Box<Error>,
    },
    /// An earlier failure made the writer unusable; committed data are safe.
    #[error("this writer stopped after an earlier failure ({reason}); drop it and open a new one")]
    #[non_exhaustive]
    Poisoned {
        /// The first failure.
        reason: String,
    },
    /// The database was embedded by one encoder, the caller brought another.
    #[error(
        "this database was embedded by {stored_name} ({stored}), not by {given_name} ({given}); vectors of different encoders cannot be compared"
    )]
    #[non_exhaustive]
    EncoderMismatch {
        /// Name of the stored encoder.
        stored_name: String,
        /// Its fingerprint.
        stored: Fingerprint,
        /// Name of the caller's encoder.
        given_name: String,
        /// Its fingerprint.
        given: Fingerprint,
    },
    /// A vector, or an array of vectors or of an index, that cannot be used.
    #[error("vector of {subject}: {detail}")]
    #[non_exhaustive]
    Vector {
        /// The document's key, or "query".
        subject: String,
        /// Expected and found.
        detail: String,
    },
    /// A document that breaks a limit or lacks something required.
    #[error("document {key}: {detail}")]
    #[non_exhaustive]
    InvalidDocument {
        /// Its key.
        key: Key,
        /// Expected and found.
        detail: String,
    },
    /// A query or filter that cannot be answered.
    #[error("query: {detail}")]
    #[non_exhaustive]
    InvalidQuery {
        /// What is wrong and what would be right.
        detail: String,
    },
    /// A search strategy that is malformed, or that cannot be answered as it stands.
    #[error("line {line}, column {column}: {detail} [{rule}]\n{diagram}")]
    #[non_exhaustive]
    Strategy {
        /// Bytes before the place in the strategy's text.
        offset: usize,
        /// The place's line, from 1.
        line: usize,
        /// The place's character in its line, from 1.
        column: usize,
        /// What is broken, as a stable name for programs.
        rule: &'static str,
        /// What is wrong and what would be right.
        detail: String,
        /// The place in its surroundings, with carets below it.
        diagram: String,
    },
    /// A filter names something that no document of the database has and no vocabulary knows.
    #[error("unknown {kind} `{name}`{}", hint(.suggestions, .detail))]
    #[non_exhaustive]
    UnknownName {
        /// What the name is of.
        kind: NameKind,
        /// As the filter has it.
        name: String,
        /// Names that resemble it, likeliest first, as the database spells them.
        suggestions: Vec<String>,
        /// What else helps, such as the fields that there are; may be empty.
        detail: String,
    },
    /// A source file that cannot be read as what it claims to be.
    #[error("{file}, {place}: {detail}")]
    #[non_exhaustive]
    Input {
        /// The source file.
        file: String,
        /// Line, byte or record in it.
        place: String,
        /// Expected and found.
        detail: String,
    },
    /// A model folder that cannot be used.
    #[error("encoder {name}: {detail}")]
    #[non_exhaustive]
    Encoder {
        /// Folder or name.
        name: String,
        /// Expected and found.
        detail: String,
    },
    /// The caller cancelled the call.
    #[error("cancelled")]
    Cancelled,
    /// The call's deadline passed.
    #[error("deadline exceeded")]
    DeadlineExceeded,
}

/// The end of the message of [`Error::Memory`].
fn allowed(limit_bytes: Option<u64>) -> String {
    match limit_bytes {
        Some(limit) => format!("and {} MB are allowed", limit / 1_000_000),
        None => "and the system does not give that much".into(),
    }
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockHolder {
    /// A [`crate::db::Writer`] of this process.
    ThisProcess,
    /// Another process.
    AnotherProcess,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LockHolder::ThisProcess => {
                "this process already writes to this database; use that writer, or drop it first"
            }
            LockHolder::AnotherProcess => {
                "another process is writing to this database; try again when it is done"
            }
        })
    }
}

/// What a name in a filter is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameKind {
    /// A MeSH heading.
    MeshHeading,
    /// A MeSH subheading.
    Subheading,
    /// A chemical or supplementary concept.
    Substance,
    /// A pharmacological action.
    PharmacologicalAction,
    /// A journal.
    Journal,
    /// A language.
    Language,
    /// A publication type.
    PublicationType,
    /// A free field.
    Field,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameKind::MeshHeading => "MeSH heading",
            NameKind::Subheading => "MeSH subheading",
            NameKind::Substance => "substance",
            NameKind::PharmacologicalAction => "pharmacological action",
            NameKind::Journal => "journal",
            NameKind::Language => "language",
            NameKind::PublicationType => "publication type",
            NameKind::Field => "field",
        })
    }
}

/// ` (did you mean ...?); detail`.
fn hint(suggestions: &[String], detail: &str) -> String {
    let mut text = match suggestions {
        [] => " (no name in this database resembles it)".to_owned(),
        names => format!(" (did you mean {}?)", quoted(names)),
    };
    if !detail.is_empty() {
        text.push_str("; ");
        text.push_str(detail);
    }
    text
}

/// Names in backquotes: `` `a`, `b` or `c` ``.
pub(crate) fn quoted(names: &[String]) -> String {
    let mut text = String::new();
    for (place, name) in names.iter().enumerate() {
        text.push_str(match place {
            0 => "",
            _ if place + 1 == names.len() => " or ",
            _ => ", ",
        });
        text.push('`');
        text.push_str(name);
        text.push('`');
    }
    text
}

impl Error {
    /// An [`Error::Io`].
    pub fn io(operation: &'static str, path: impl Into<String>, source: io::Error) -> Error {
        Error::Io { operation, path: path.into(), source }
    }

    /// An [`Error::Corrupt`].
    pub fn corrupt(
        file: impl Into<String>,
        offset: u64,
        rule: Rule,
        detail: impl Into<String>,
    ) -> Error {
        Error::Corrupt { file: file.into(), offset, rule, detail: detail.into() }
    }

    /// The same, and of which database a damaged file is, where there are several.
    pub(crate) fn within(self, place: &std::path::Path) -> Error {
        match self {
            Error::Corrupt { file, offset, rule, detail } => Error::Corrupt {
                file: place.join(file).display().to_string(),
                offset,
                rule,
                detail,
            },
            other => other,
        }
    }

    /// An [`Error::Encoder`], for implementations of [`Encoder`](crate::encoder::Encoder).
    pub fn encoder(name: impl Into<String>, detail: impl Into<String>) -> Error {
        Error::Encoder { name: name.into(), detail: detail.into() }
    }

    /// An [`Error::Input`], for readers of source files.
    pub fn input(
        file: impl Into<String>,
        place: impl Into<String>,
        detail: impl Into<String>,
    ) -> Error {
        Error::Input { file: file.into(), place: place.into(), detail: detail.into() }
    }

    /// The kind of error, as a stable name for programs and other languages: a code never changes its
    /// meaning and is never given to another kind. New kinds may come.
    ///
    /// | code | variant |
    /// |---|---|
    /// | `io` | [`Error::Io`] |
    /// | `corrupt` | [`Error::Corrupt`] |
    /// | `unsupported` | [`Error::Unsupported`] |
    /// | `not_found` | [`Error::NotFound`] |
    /// | `exists` | [`Error::Exists`] |
    /// | `locked` | [`Error::Locked`] |
    /// | `replaced` | [`Error::Replaced`] |
    /// | `read_only` | [`Error::ReadOnly`] |
    /// | `conflict` | [`Error::Conflict`] |
    /// | `memory` | [`Error::Memory`] |
    /// | `undo` | [`Error::Undo`] |
    /// | `destination` | [`Error::Destination`] |
    /// | `commit_unknown` | [`Error::CommitUnknown`] |
    /// | `poisoned` | [`Error::Poisoned`] |
    /// | `encoder_mismatch` | [`Error::EncoderMismatch`] |
    /// | `vector` | [`Error::Vector`] |
    /// | `invalid_document` | [`Error::InvalidDocument`] |
    /// | `invalid_query` | [`Error::InvalidQuery`] |
    /// | `strategy` | [`Error::Strategy`] |
    /// | `unknown_name` | [`Error::UnknownName`] |
    /// | `input` | [`Error::Input`] |
    /// | `encoder` | [`Error::Encoder`] |
    /// | `cancelled` | [`Error::Cancelled`] |
    /// | `deadline_exceeded` | [`Error::DeadlineExceeded`] |
    pub fn code(&self) -> &'static str {
        match self {
            Error::Io { .. } => "io",
            Error::Corrupt { .. } => "corrupt",
            Error::Unsupported { .. } => "unsupported",
            Error::NotFound { .. } => "not_found",
            Error::Exists { .. } => "exists",
            Error::Locked { .. } => "locked",
            Error::Replaced { .. } => "replaced",
            Error::ReadOnly { .. } => "read_only",
            Error::Conflict { .. } => "conflict",
            Error::Memory { .. } => "memory",
            Error::Undo { .. } => "undo",
            Error::Destination { .. } => "destination",
            Error::CommitUnknown { .. } => "commit_unknown",
            Error::Poisoned { .. } => "poisoned",
            Error::EncoderMismatch { .. } => "encoder_mismatch",
            Error::Vector { .. } => "vector",
            Error::InvalidDocument { .. } => "invalid_document",
            Error::InvalidQuery { .. } => "invalid_query",
            Error::Strategy { .. } => "strategy",
            Error::UnknownName { .. } => "unknown_name",
            Error::Input { .. } => "input",
            Error::Encoder { .. } => "encoder",
            Error::Cancelled => "cancelled",
            Error::DeadlineExceeded => "deadline_exceeded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code that was ever given, with an error of its kind. Add to it; change nothing.
    fn codes() -> Vec<(Error, &'static str)> {
        let text = String::new;
        let (path, generation) = (PathBuf::new(), Generation(1));
        let io = || Error::io("open", "", io::ErrorKind::NotFound.into());
        let (stored, given) = (Fingerprint([0; 32]), Fingerprint([1; 32]));
        vec![
            (io(), "io"),
            (Error::corrupt("", 0, Rule::Magic, ""), "corrupt"),
            (Error::Unsupported { file: text(), needs: text(), has: text() }, "unsupported"),
            (Error::NotFound { path: path.clone() }, "not_found"),
            (Error::Exists { path }, "exists"),
            (Error::Locked { path: text(), holder: LockHolder::ThisProcess }, "locked"),
            (Error::Replaced { path: text(), detail: text() }, "replaced"),
            (Error::ReadOnly { path: text(), detail: text() }, "read_only"),
            (Error::Conflict { generation }, "conflict"),
            (Error::Memory { work: "", needed_bytes: 1, limit_bytes: None }, "memory"),
            (Error::Undo { path: text(), detail: text() }, "undo"),
            (Error::Destination { path: text(), detail: text() }, "destination"),
            (Error::CommitUnknown { generation, source: Box::new(io()) }, "commit_unknown"),
            (Error::Poisoned { reason: text() }, "poisoned"),
            (
                Error::EncoderMismatch { stored_name: text(), stored, given_name: text(), given },
                "encoder_mismatch",
            ),
            (Error::Vector { subject: text(), detail: text() }, "vector"),
            (Error::InvalidDocument { key: Key::pmid(1), detail: text() }, "invalid_document"),
            (Error::InvalidQuery { detail: text() }, "invalid_query"),
            (
                Error::Strategy {
                    offset: 0,
                    line: 1,
                    column: 1,
                    rule: "",
                    detail: text(),
                    diagram: text(),
                },
                "strategy",
            ),
            (
                Error::UnknownName {
                    kind: NameKind::Field,
                    name: text(),
                    suggestions: Vec::new(),
                    detail: text(),
                },
                "unknown_name",
            ),
            (Error::input("", "", ""), "input"),
            (Error::encoder("", ""), "encoder"),
            (Error::Cancelled, "cancelled"),
            (Error::DeadlineExceeded, "deadline_exceeded"),
        ]
    }

    #[test]
    fn codes_are_those_that_they_always_were() {
        let codes = codes();
        for (error, code) in &codes {
            assert_eq!(error.code(), *code);
        }
        let mut kinds: Vec<_> =
            codes.iter().map(|(error, _)| std::mem::discriminant(error)).collect();
        kinds.dedup();
        let mut names: Vec<&str> = codes.iter().map(|(_, code)| *code).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(
            (kinds.len(), names.len()),
            (codes.len(), codes.len()),
            "one code for each kind"
        );
        let (_, body) = include_str!("error.rs").split_once("pub fn code(&self)").expect("code");
        let (body, _) = body.split_once("#[cfg(test)]").expect("these tests");
        assert_eq!(body.matches("=> \"").count(), codes.len(), "a new kind is missing above");
    }
}
