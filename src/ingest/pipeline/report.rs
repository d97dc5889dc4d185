//! How far an import is, and what it did.

use std::path::PathBuf;

use crate::error::Error;
use crate::ids::Generation;

/// Bad records that a report keeps word for word.
const SKIPPED_MAX: usize = 100;

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading, embedding and writing.
    Importing,
    /// Making it durable.
    Committing,
    /// Merging and indexing what was imported.
    Improving,
}

/// How far an import is.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// What it is doing.
    pub stage: Stage,
    /// Name of the file at hand.
    pub file: &'a str,
    /// Records of all files so far.
    pub records: u64,
    /// Bytes of all files read so far, packed as they are; files passed over count.
    pub bytes: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// Documents that are new.
    pub added: u64,
    /// Documents that replaced an older one.
    pub replaced: u64,
    /// Documents that were there already, or newer.
    pub unchanged: u64,
    /// Deletions read; not all concern a document that is there.
    pub deletes: u64,
    /// Vectors that came without a document, and were given to one or made one.
    pub vectors: u64,
    /// Documents that the [`Selection`](super::Selection) left out.
    pub left_out: u64,
    /// Texts embedded.
    pub encoded: u64,
    /// Embeddings reused.
    pub reused: u64,
    /// Documents stored without a vector because the encoder has none for their text.
    pub without_vector: u64,
    /// Rows left out because another row of their file has their id; see [`crate::ingest::Source::duplicates`].
    pub duplicates: u64,
    /// Records that were passed over.
    pub skipped: u64,
    /// The first hundred of them.
    pub skipped_records: Vec<Error>,
    /// Files whose stream broke, with what was read before the break kept.
    pub broken_files: Vec<Error>,
    /// Files read to their end.
    pub files: u64,
    /// Files passed over because they had been imported before.
    pub files_known: u64,
    /// Files imported again because they have changed since.
    pub files_changed: u64,
    /// Files that are not sources, and why; see [`select`](super::select).
    pub others: Vec<(PathBuf, String)>,
    /// The committed state.
    pub generation: Option<Generation>,
}

impl ImportReport {
    pub(super) fn skip(&mut self, error: Error) {
        self.skipped += 1;
        if self.skipped_records.len() < SKIPPED_MAX {
            self.skipped_records.push(error);
        }
    }
}
