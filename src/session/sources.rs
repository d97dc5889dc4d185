//! Looks into the sources of an import before anything is written.

use std::path::{Path, PathBuf};

use super::error::{SessionError, SessionResult};
use crate::encoder::Metric;
use crate::error::Error;
use crate::ingest::{ImportSource, Opened, Source, SourceHints};

/// Sources that can be read, and the vectors that they bring.
pub(super) struct Checked {
    pub(super) sources: Vec<ImportSource>,
    /// Vectors as the first source brings them, one that holds nothing else before one of documents.
    pub(super) brought: Option<Brought>,
    /// The first source that holds vectors and no documents.
    pub(super) vector_file: Option<PathBuf>,
    /// What made the vectors, where the name of a source tells.
    pub(super) known_origin: Option<(&'static str, Metric)>,
}

/// Vectors as a source brings them.
pub(super) struct Brought {
    /// The source.
    pub(super) name: String,
    pub(super) dimension: usize,
    /// Whether it holds vectors only, and no documents.
    pub(super) is_file: bool,
    pub(super) known_origin: Option<(&'static str, Metric)>,
}

impl Checked {
    /// Files of documents without vectors, which are opened when they are read: what is wrong with one
    /// does not keep the import from those before it.
    pub(super) fn documents(paths: impl IntoIterator<Item = PathBuf>) -> Checked {
        Checked {
            sources: paths.into_iter().map(ImportSource::Path).collect(),
            brought: None,
            vector_file: None,
            known_origin: None,
        }
    }
}

/// Opens every source once. Vectors stay open, since their whole list of ids has been read; documents
/// are closed again, since there may be more of them than a process may have open.
///
/// With `looks_inside`, the first document of each source is read for its vector. With `keep_going`, a file that cannot
/// be read is left to the import, which reports it, unless no other can be read.
///
/// # Errors
/// [`SessionError::SourceIsDirectory`]; as [`Opened::open`].
pub(super) fn check(
    sources: Vec<ImportSource>,
    hints: &SourceHints,
    looks_inside: bool,
    keep_going: bool,
) -> SessionResult<Checked> {
    let mut checked = Checked {
        sources: Vec::with_capacity(sources.len()),
        brought: None,
        vector_file: None,
        known_origin: None,
    };
    let (mut broken, count) = (None, sources.len());
    let mut broken_count = 0;
    for source in sources {
        let path = match source {
            ImportSource::Path(path) => path,
            ImportSource::Opened(mut opened) => {
                match &mut opened {
                    Opened::Documents(source) if looks_inside && checked.brought.is_none() => {
                        checked.brought = first_vector(source);
                    }
                    Opened::Documents(_) => {}
                    Opened::Vectors(vectors) => {
                        let path = vectors.path().to_owned();
                        checked.see(&path, Brought::in_file(&opened));
                    }
                }
                checked.sources.push(ImportSource::Opened(opened));
                continue;
            }
        };
        if path.is_dir() {
            return Err(SessionError::SourceIsDirectory { path });
        }
        // What a pipe gives now would be missing later; a path that leads nowhere is an error at once.
        let is_there = std::fs::metadata(&path)
            .map_err(|source| Error::io("open", path.display().to_string(), source));
        if is_there.as_ref().is_ok_and(|metadata| !metadata.is_file()) {
            checked.sources.push(ImportSource::Path(path));
            continue;
        }
        let opened = match is_there.and_then(|_| Opened::open(&path, hints)) {
            Err(error @ (Error::Input { .. } | Error::Io { .. })) if keep_going => {
                broken = broken.or(Some(error));
                broken_count += 1;
                checked.sources.push(ImportSource::Path(path));
                continue;
            }
            opened => opened?,
        };
        match opened {
            Opened::Documents(mut source) => {
                if looks_inside && checked.brought.is_none() {
                    checked.brought = first_vector(&mut source);
                }
                checked.sources.push(ImportSource::Path(path));
            }
            opened => {
                checked.see(&path, Brought::in_file(&opened));
                checked.sources.push(ImportSource::Opened(opened));
            }
        }
    }
    match broken {
        Some(error) if broken_count == count => Err(error.into()),
        _ => Ok(checked),
    }
}

impl Checked {
    fn see(&mut self, path: &Path, brought: Option<Brought>) {
        let Some(brought) = brought else { return };
        self.known_origin = self.known_origin.or(brought.known_origin);
        if self.vector_file.is_none() {
            self.vector_file = Some(path.to_owned());
            self.brought = Some(brought);
        }
    }
}

impl Brought {
    fn in_file(opened: &Opened) -> Option<Brought> {
        let Opened::Vectors(source) = opened else { return None };
        Some(Brought {
            name: source.name().to_owned(),
            dimension: source.dimension(),
            is_file: true,
            known_origin: source.known_origin(),
        })
    }
}

/// The vector of the first document; `None` where it has none, or cannot be read, which is the import's
/// to report.
fn first_vector(source: &mut Source) -> Option<Brought> {
    let dimension = source.next_dimension()?;
    let name = source.name().to_owned();
    Some(Brought { name, dimension, is_file: false, known_origin: None })
}
