//! The database of a command that needs no encoder.

use std::path::Path;

use medvec::Database;

use crate::failure::Result;

/// Opens an existing database.
pub(super) fn open(path: &Path) -> Result<Database> {
    Ok(Database::open(path)?)
}
