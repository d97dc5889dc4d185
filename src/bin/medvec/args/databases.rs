//! The databases of commands that only read.

use std::path::PathBuf;

use clap::{ArgAction, Args};

/// One database, or several that are read as one.
#[derive(Debug, Args)]
pub(crate) struct Databases {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Read this database as one with DB; repeat for more. All must have the same encoder, or none. Of documents with one
    /// key, that of the later file of PubMed counts, else that of the database named first.
    #[arg(long, value_name = "DB", action = ArgAction::Append)]
    pub(crate) also: Vec<PathBuf>,
}
