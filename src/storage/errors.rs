//! Errors of the operating system, with the operation and the path that they belong to.

use std::io;
use std::path::Path;

use crate::error::Error;

pub(super) fn io_error(operation: &'static str, path: &Path, source: io::Error) -> Error {
    Error::io(operation, path.display().to_string(), source)
}

/// The error of an operation that changes the directory: refusals become [`Error::ReadOnly`].
pub(super) fn modify_error(
    operation: &'static str,
    directory: &Path,
    path: &Path,
    source: io::Error,
) -> Error {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem) {
        let detail = format!("cannot {operation} {}: {source}", path.display());
        return Error::ReadOnly { path: directory.display().to_string(), detail };
    }
    io_error(operation, path, source)
}
