//! How a database follows NLM's files.

use crate::session::settings::ImportSettings;

/// How a database follows NLM's files.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SyncSettings {
    /// How citations are imported: the encoder, the rows.
    pub import: ImportSettings,
    /// A query in PubMed's language: only citations that it finds are kept. An empty text keeps all; `None` stays
    /// with what the database was synced with before.
    pub keep: Option<String>,
    /// Read again what was read: for another slice.
    pub reread: bool,
    /// The number of the last file of the newest year's baseline, where the folder does not show it.
    pub baseline_end: Option<u32>,
    /// Citations that a new baseline may delete; by default 1 % of the documents, or 1,000 where that is more.
    pub allow_removals: Option<u64>,
}
