//! How sources are imported.

use std::num::NonZeroU64;
use std::path::PathBuf;

use super::choice::EncoderChoice;
use crate::encoder::Metric;
use crate::format::manifest::RowType;
use crate::ingest::SourceHints;
use crate::ingest::table::ColumnMap;

/// How sources are imported into a database, which is created if it is not there.
///
/// What is fixed when a database is created must agree with one that is there: encoder, rows, metric and
/// origin.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ImportSettings {
    /// What embeds documents. A new database has the built-in encoder where nothing is named, and none
    /// where its name is [`NO_ENCODER`](super::NO_ENCODER).
    pub encoder: EncoderChoice,
    /// How vectors are stored; int8 in a new database where nothing is said.
    pub rows: Option<RowType>,
    /// What made the vectors that the sources bring, when it is not at hand to be named as encoder: a
    /// name of the caller's choice. Vectors of another origin are refused later.
    pub origin: Option<String>,
    /// How vectors that the sources bring are compared; by cosine, or as their origin has it, where
    /// nothing is said.
    pub metric: Option<Metric>,
    /// The list of ids of the only array among the sources, where it is not found by its name.
    pub ids: Option<PathBuf>,
    /// The columns of tables, where their headers have other names than the usual ones.
    pub columns: Option<ColumnMap>,
    /// Store documents now and embed them later, by [`Session::embed`](super::Session::embed).
    pub defer: bool,
    /// Import again what was imported before and has not changed.
    pub force: bool,
    /// Records between commits: a kill loses no more than these. As [`ImportOptions`] has it where nothing is said.
    ///
    /// [`ImportOptions`]: crate::ingest::pipeline::ImportOptions
    pub commit_every: Option<NonZeroU64>,
    /// Improve the database beside the import, as [`Maintenance::Auto`](crate::db::Maintenance::Auto) does, and
    /// finish that at the end.
    pub maintain: bool,
    /// Pass over records that cannot be read, and report them.
    pub keep_going: bool,
}

impl ImportSettings {
    /// What the sources do not say about themselves.
    pub(super) fn hints(&self) -> SourceHints {
        SourceHints::new(self.ids.clone(), self.columns.clone())
    }
}
