//! How files are imported.

use std::path::PathBuf;
use std::sync::Arc;

use crate::control::Control;
use crate::db::Maintenance;
use crate::db::embedding::CALL_TEXTS;
use crate::db::setters::setters;
use crate::document::Document;
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::Result;
use crate::ingest::table::ColumnMap;
use crate::parallel;

/// Chooses documents by what they say.
pub trait Selection: Send + Sync {
    /// Whether each of some documents is chosen, in their order. The choice must depend on the document alone, not on
    /// its neighbours.
    ///
    /// # Errors
    /// Those of the choice; they end the import.
    fn choose(&self, documents: &[&Document]) -> Result<Vec<bool>>;
}

/// How files are imported.
#[derive(Clone)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Embeds documents that come without a vector; `None` stores those without one.
    pub encoder: Option<Arc<dyn Encoder>>,
    /// Store documents at once, without vectors, and leave embedding to
    /// [`crate::db::Writer::embed_pending`].
    pub defer: bool,
    /// What made the vectors in the files, if there is no encoder to vouch for them; see [`crate::EncoderSpec::of_origin`].
    pub origin: Option<EncoderSpec>,
    /// The list of ids of the only array among the files, where it is not found by its name; see
    /// [`crate::ingest::vectors`].
    pub ids: Option<PathBuf>,
    /// The columns of tables, where their headers have other names than the usual ones; see
    /// [`crate::ingest::table`].
    pub columns: Option<ColumnMap>,
    /// Import files again that were imported before: their records replace those that are stored.
    pub force: bool,
    /// Pass over bad records and broken files instead of stopping.
    pub keep_going: bool,
    /// Commit what came before the bad file or record that ends the import.
    pub keep_before_failure: bool,
    /// Chooses the documents that are kept; `None` keeps all. What an older record of a document's source made
    /// is deleted when a newer record is not chosen.
    pub selection: Option<Arc<dyn Selection>>,
    /// Whether the database is improved beside the import, and that is finished at its end. Segments are merged
    /// beside it in any case.
    pub maintenance: Maintenance,
    /// Texts embedded in one call.
    pub batch: usize,
    /// Records between commits.
    pub commit_every: u64,
    /// Threads that parse; at most 512 are started.
    pub parse_threads: usize,
    /// Threads that embed; at most 512 are started.
    pub encode_threads: usize,
    /// Deadline and cancel token.
    pub control: Control,
}

setters!(ImportOptions {
    encoder: Option<Arc<dyn Encoder>>,
    defer: bool,
    origin: Option<EncoderSpec>,
    ids: Option<PathBuf>,
    columns: Option<ColumnMap>,
    force: bool,
    keep_going: bool,
    keep_before_failure: bool,
    selection: Option<Arc<dyn Selection>>,
    maintenance: Maintenance,
    batch: usize,
    commit_every: u64,
    parse_threads: usize,
    encode_threads: usize,
    control: Control,
});

impl Default for ImportOptions {
    /// No encoder; stop at the first error; 32 texts per call; a commit every 100,000 records; as many
    /// parsing threads as cores, at most 4; as many embedding threads as cores.
    fn default() -> ImportOptions {
        let cores = parallel::cores();
        ImportOptions {
            encoder: None,
            defer: false,
            origin: None,
            ids: None,
            columns: None,
            force: false,
            keep_going: false,
            keep_before_failure: false,
            selection: None,
            maintenance: Maintenance::Off,
            batch: CALL_TEXTS,
            commit_every: 100_000,
            parse_threads: cores.min(4),
            encode_threads: cores,
            control: Control::default(),
        }
    }
}
