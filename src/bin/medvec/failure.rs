//! What the command line says when something goes wrong, and its exit codes.

use std::fmt;
use std::io;

use medvec::Error;
use medvec::session::SessionError;

use crate::refusals;

/// The command line's result.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Something was found, or done.
pub(crate) const EXIT_FOUND: u8 = 0;
/// The command worked and found nothing.
pub(crate) const EXIT_NONE: u8 = 1;
/// The command failed.
pub(crate) const EXIT_ERROR: u8 = 2;
/// The command was stopped by Ctrl-C or a signal.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;

/// What a command is about, as far as advice depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// `import` and `sync` that stop at what cannot be read.
    Import,
    /// `repair`, but not to undo one.
    Repair,
    /// `unpack`.
    Unpack,
    /// Everything else.
    Other,
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library's error.
    Library(Error),
    /// Options that cannot be carried out, in words that say what would be right.
    Usage(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// A [`Failure::Usage`].
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into())
    }

    /// Whether the reader of standard output went away, as `head` does: not an error.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Library(Error::Cancelled) => EXIT_INTERRUPTED,
            _ if self.is_broken_pipe() => EXIT_FOUND,
            _ => EXIT_ERROR,
        }
    }

    /// What to do next, where that is not already in the message.
    pub(crate) fn advice(&self, task: Task) -> Option<&'static str> {
        let Failure::Library(error) = self else { return None };
        Some(match error {
            Error::Corrupt { file, .. } if task == Task::Repair => {
                let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
                return name.starts_with("manifest").then_some(
                    "a repair starts from a manifest, and none can be read: go back to a copy of `medvec backup` or a \
                     file of `medvec pack`, or import the sources again",
                );
            }
            Error::Corrupt { .. } if task == Task::Unpack => {
                "the archive is damaged: copy or fetch it again"
            }
            Error::Corrupt { .. } => {
                "run `medvec repair DB` to see all damage and what can be saved; it changes nothing without --apply"
            }
            Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "what was committed before stays as it is; free some space and run the same command again"
            }
            Error::Io { path, source, .. }
                if source.kind() == io::ErrorKind::NotFound && path == "-" =>
            {
                "`-` does not stand for standard input here: name a file"
            }
            Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the spelling of the path"
            }
            Error::Io { path, source, .. }
                if source.kind() == io::ErrorKind::AlreadyExists && path.ends_with(".partial") =>
            {
                "another run is writing it, or was killed: in that case delete it and run the same command again"
            }
            Error::EncoderMismatch { .. } => {
                "leave out --encoder to use the database's own, or import into a new database"
            }
            Error::Input { .. } if task == Task::Import => {
                "what was committed before stays; --keep-going passes over what cannot be read"
            }
            Error::Poisoned { .. } => {
                "run the same command again; it resumes after the last commit"
            }
            Error::ReadOnly { .. } => {
                "search, get, stats and verify work; to write, copy the database"
            }
            Error::Memory { .. } => {
                "nothing was changed; --memory allows more, where the machine has it"
            }
            Error::Locked { .. } => {
                "search, get, stats and verify work meanwhile; only one command can write at a time"
            }
            Error::Exists { .. } => "choose another directory",
            _ => return None,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(f),
            Failure::Usage(message) => f.write_str(message),
            Failure::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Library(error)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Failure {
        match error {
            SessionError::Library(error) => Failure::Library(error),
            other => Failure::Usage(refusals::words(&other)),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_tell_a_closed_pipe_from_an_error() {
        let pipe = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(pipe.exit_code(), EXIT_FOUND);
        assert_eq!(Failure::from(io::Error::other("x")).exit_code(), EXIT_ERROR);
        assert_eq!(Failure::from(Error::Cancelled).exit_code(), EXIT_INTERRUPTED);
        assert_eq!(Failure::usage("x").exit_code(), EXIT_ERROR);
    }

    #[test]
    fn a_full_disk_comes_with_advice() {
        let full = Error::io("write", "segment-1", io::ErrorKind::StorageFull.into());
        let advice = Failure::from(full).advice(Task::Import);
        // An import has perhaps committed several times.
        let text = advice.expect("there is some");
        assert!(text.contains("free some space") && text.contains("committed before stays"));
    }

    #[test]
    fn only_an_import_is_told_how_to_go_on() {
        let wrong = || Error::input("a", "b", "c");
        let advice = Failure::from(wrong()).advice(Task::Import);
        assert!(advice.is_some_and(|text| text.contains("keep-going")));
        assert_eq!(Failure::from(wrong()).advice(Task::Other), None);
    }
}
