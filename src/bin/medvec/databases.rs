//! The databases that a command reads, one or several as one.

use std::path::PathBuf;

use medvec::Database;
use medvec::session::{Session, SessionOptions};

use crate::args::Databases;
use crate::failure::Result;
use crate::shell::quoted;

impl Databases {
    /// Opens them, for a command that needs no encoder.
    pub(crate) fn open(&self) -> Result<Database> {
        Ok(Database::open_many(&self.paths())?)
    }

    /// Opens them with the encoder of their vectors.
    pub(crate) fn session(&self, options: SessionOptions) -> Result<Session> {
        Ok(Session::open_many(&self.paths(), options)?)
    }

    /// As they are typed.
    pub(crate) fn typed(&self) -> String {
        let typed: Vec<String> =
            self.paths().iter().map(|path| quoted(&path.to_string_lossy())).collect();
        typed.join(" --also ")
    }

    fn paths(&self) -> Vec<&PathBuf> {
        std::iter::once(&self.database).chain(&self.also).collect()
    }
}
