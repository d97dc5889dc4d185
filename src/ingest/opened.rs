//! A source of either kind, told apart by its first bytes: the only place that asks.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::source::{self, Source};
use super::table::ColumnMap;
use super::vectors::{self, VectorSource};
#[cfg(feature = "parquet")]
use super::{parquet, vectors::Kind};
use crate::error::Result;

/// What files do not say about themselves.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceHints {
    /// The list of ids of an array, where it is not found by its name.
    pub ids: Option<PathBuf>,
    /// The columns of tables, where their headers have other names than the usual ones.
    pub columns: Option<ColumnMap>,
}

impl SourceHints {
    /// Both.
    pub fn new(ids: Option<PathBuf>, columns: Option<ColumnMap>) -> SourceHints {
        SourceHints { ids, columns }
    }
}

/// An open source.
pub enum Opened {
    /// Documents, some perhaps with their vectors.
    Documents(Box<Source>),
    /// Vectors alone, and the ids of the documents they belong to.
    Vectors(Box<VectorSource>),
}

impl Opened {
    /// Opens a file, a pipe or a device.
    ///
    /// Cost: the beginning of the file is read; for an array its whole list of ids.
    ///
    /// # Errors
    /// As [`open`](super::open) and [`vectors::open`]; [`Error::Input`](crate::Error::Input) when a
    /// file's name says that it holds vectors and its bytes do not.
    pub fn open(path: &Path, hints: &SourceHints) -> Result<Opened> {
        let kind = match vectors::kind(path)? {
            #[cfg(feature = "parquet")]
            Some(Kind::Parquet) if parquet::holds_documents(path, &path.display().to_string())? => {
                None
            }
            kind => kind,
        };
        if let Some(kind) = kind {
            let ids = hints.ids.as_deref();
            return Ok(Opened::Vectors(Box::new(vectors::open_kind(kind, path, ids)?)));
        }
        let source = match &hints.columns {
            Some(columns) => source::open_table(path, columns)?,
            None => source::open(path)?,
        };
        Ok(Opened::Documents(Box::new(source)))
    }

    /// Opens any stream of bytes that holds documents; `name` is what messages and the database call it.
    ///
    /// # Errors
    /// As [`open_reader`](super::open_reader).
    pub fn reader(name: &str, reader: impl Read + Send + 'static) -> Result<Opened> {
        Ok(Opened::Documents(Box::new(source::open_reader(name, reader)?)))
    }

    /// As [`Opened::reader`], with what a table does not say about itself.
    ///
    /// # Errors
    /// The same; [`Error::Input`](crate::Error::Input) for a column that the table does not have.
    pub fn stream(
        name: &str,
        reader: impl Read + Send + 'static,
        hints: &SourceHints,
    ) -> Result<Opened> {
        let source = source::open_stream(name, reader, hints.columns.as_ref())?;
        Ok(Opened::Documents(Box::new(source)))
    }

    /// Its file; `None` for pipes, devices and streams, which can be read only once.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Opened::Documents(source) => source.path(),
            Opened::Vectors(source) => Some(source.path()),
        }
    }
}

/// A source to import: opened when its turn comes, or open already.
///
/// A folder of PubMed holds more files than a process may have open, so files of documents are best
/// given by their paths.
pub enum ImportSource {
    /// A file, a pipe or a device.
    Path(PathBuf),
    /// An open source, of which nothing was read.
    Opened(Opened),
}

impl ImportSource {
    /// Opens it, if it is not open.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub(super) fn open(self, hints: &SourceHints) -> Result<Opened> {
        match self {
            ImportSource::Path(path) => Opened::open(&path, hints),
            ImportSource::Opened(opened) => Ok(opened),
        }
    }

    /// Its file or device, if it has one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            ImportSource::Path(path) => Some(path),
            ImportSource::Opened(opened) => opened.path(),
        }
    }
}

impl From<PathBuf> for ImportSource {
    fn from(path: PathBuf) -> ImportSource {
        ImportSource::Path(path)
    }
}

impl From<Opened> for ImportSource {
    fn from(opened: Opened) -> ImportSource {
        ImportSource::Opened(opened)
    }
}
