//! What is wrong with an input, and where.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A file that is not what its layout says.
///
/// It displays as `FILE, PLACE: DETAIL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The file or folder, as it was opened.
    pub file: String,
    /// Where in it: `line 12`, `row 3`, `entry 5`, `whole file`, `folder`.
    pub place: String,
    /// The rule that is broken, and what was found instead.
    pub detail: String,
}

impl InputError {
    pub(crate) fn new(
        file: impl Into<String>,
        place: impl Into<String>,
        detail: impl Into<String>,
    ) -> InputError {
        InputError { file: file.into(), place: place.into(), detail: detail.into() }
    }

    pub(crate) fn folder(path: &Path, detail: impl Into<String>) -> InputError {
        InputError::new(path.display().to_string(), "folder", detail)
    }

    pub(crate) fn file(path: &Path, detail: impl Into<String>) -> InputError {
        InputError::new(path.display().to_string(), "whole file", detail)
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}, {}: {}", self.file, self.place, self.detail)
    }
}

impl Error for InputError {}

impl From<InputError> for crate::error::Error {
    fn from(InputError { file, place, detail }: InputError) -> crate::error::Error {
        crate::error::Error::input(file, place, detail)
    }
}

/// The next item of an iterator that ends after an error, which its field says.
pub(crate) fn until_error<I, T>(
    iterator: &mut I,
    is_over: fn(&mut I) -> &mut bool,
    read: fn(&mut I) -> Result<Option<T>, InputError>,
) -> Option<Result<T, InputError>> {
    if *is_over(iterator) {
        return None;
    }
    let read = read(iterator).transpose();
    *is_over(iterator) = !matches!(read, Some(Ok(_)));
    read
}

/// Where a record stands; put in words only when needed.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    /// What the format counts: `line`, `row`, `entry`.
    pub(crate) word: &'static str,
    pub(crate) number: u64,
}

impl Place {
    pub(crate) fn error(&self, detail: impl Into<String>) -> InputError {
        InputError::new(&*self.file, format!("{} {}", self.word, self.number), detail)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}, {} {}", self.file, self.word, self.number)
    }
}
