//! What a sync did.

use serde::Serialize;

use super::key::NlmFile;
use crate::ids::Key;
use crate::ingest::pipeline::ImportReport;

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SyncReport {
    /// Files read to their end.
    pub files: u64,
    /// Documents that are new.
    pub added: u64,
    /// Documents that replaced an older one.
    pub replaced: u64,
    /// Records that were there already, or newer.
    pub unchanged: u64,
    /// Deletions read; not all concern a document that is there.
    pub deletes: u64,
    /// Records that the slice left out.
    pub left_out: u64,
    /// Texts embedded.
    pub encoded: u64,
    /// Embeddings kept, because the text of a new record is that of the old.
    pub reused: u64,
    /// Records passed over because they cannot be read.
    pub skipped: u64,
    /// Files given up because they are damaged; the next sync tries them again.
    pub broken: u64,
    /// What is wrong with those: the first hundred records, and every file.
    pub problems: Vec<String>,
    /// What a new baseline does not have any more, and was deleted; `None` where no new year was complete.
    pub removals: Option<SyncRemovals>,
    /// What a new baseline does not have any more, and was not deleted because it is more than may be.
    #[serde(rename = "pending_removals")]
    pub pending: Option<PendingRemovals>,
    /// Numbers that are missing in the series.
    pub missing: Vec<NlmFile>,
}

/// Citations that a new baseline does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyncRemovals {
    /// The two digits of the baseline's year.
    pub year: u32,
    /// How many were deleted.
    pub count: u64,
    /// The first twenty, in order.
    #[serde(serialize_with = "as_texts")]
    pub first: Vec<Key>,
}

/// Citations that a new baseline does not have, and that are still here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PendingRemovals {
    /// The two digits of the baseline's year.
    pub year: u32,
    /// How many they are.
    pub count: u64,
    /// How many may be deleted unasked ([`SyncSettings::allow_removals`](super::SyncSettings::allow_removals)).
    pub allowed: u64,
    /// The first twenty, in order.
    #[serde(serialize_with = "as_texts")]
    pub first: Vec<Key>,
}

impl PendingRemovals {
    /// Whether they are too many, so that a sync fails with
    /// [`SessionError::TooManyRemovals`](crate::session::SessionError::TooManyRemovals).
    pub fn is_refused(&self) -> bool {
        self.count > self.allowed
    }
}

fn as_texts<S: serde::Serializer>(keys: &[Key], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(keys.iter().map(Key::to_string))
}

impl SyncReport {
    /// Whether something new came in.
    pub fn is_news(&self) -> bool {
        self.files > 0 || self.removals.as_ref().is_some_and(|removals| removals.count > 0)
    }

    pub(super) fn take(&mut self, import: &ImportReport) {
        self.files = import.files;
        self.added = import.added;
        self.replaced = import.replaced;
        self.unchanged = import.unchanged;
        self.deletes = import.deletes;
        self.left_out = import.left_out;
        self.encoded = import.encoded;
        self.reused = import.reused;
        self.skipped = import.skipped;
        self.broken = import.broken_files.len() as u64;
        let problems = import.skipped_records.iter().chain(&import.broken_files);
        self.problems = problems.map(ToString::to_string).collect();
    }
}
