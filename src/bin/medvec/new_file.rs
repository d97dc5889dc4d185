//! Files that commands write: whole or not at all, and named in what goes wrong with them.

use std::path::Path;

use medvec::session::NewFile;

use crate::failure::{Failure, Result};

/// Writes a file that must be new.
pub(crate) fn filled<T>(path: &Path, fill: impl FnOnce(&mut NewFile) -> Result<T>) -> Result<T> {
    self::fill(NewFile::create(path)?, fill)
}

/// Writes a file that was begun.
pub(crate) fn fill<T>(
    mut file: NewFile,
    fill: impl FnOnce(&mut NewFile) -> Result<T>,
) -> Result<T> {
    let failed = file.failed();
    let value = fill(&mut file).map_err(|failure| match failure {
        // It was not standard output that could not be written.
        Failure::Output(error) => failed(error).into(),
        other => other,
    })?;
    file.publish()?;
    Ok(value)
}
