//! A database that is made for an import or a merge.

use std::fs;
use std::path::{Path, PathBuf};

use crate::db::{CreateOptions, Database};
use crate::error::Result;

/// A new database, and what there was before it.
pub(super) struct NewDatabase {
    pub(super) database: Database,
    path: PathBuf,
    /// Whether its directory is new, too.
    is_directory_new: bool,
}

impl NewDatabase {
    /// # Errors
    /// As [`Database::create`].
    pub(super) fn create(path: &Path, options: CreateOptions) -> Result<NewDatabase> {
        let is_directory_new = path.symlink_metadata().is_err();
        let database = Database::create(path, options)?;
        Ok(NewDatabase { database, path: path.to_owned(), is_directory_new })
    }

    /// Removes it after a failure, unless anything was committed: it would keep the encoder of a command that has done
    /// nothing. Best effort: an empty database is in nobody's way.
    pub(super) fn give_up(&self) {
        if self.database.discard_new().is_ok_and(|is_gone| is_gone) && self.is_directory_new {
            // Not if anything is in it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}
