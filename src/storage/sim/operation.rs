//! What the simulated storage remembers.

use crate::storage::Bytes;

/// A logged operation. Files are numbered in order of creation, because names change.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A file got a name.
    Create {
        /// The name.
        name: String,
        /// The file.
        file: usize,
    },
    /// Bytes were appended.
    Write {
        /// The file.
        file: usize,
        /// What was appended.
        bytes: Bytes,
    },
    /// Everything written to the file became durable.
    Sync {
        /// The file.
        file: usize,
    },
    /// A sync failed: what was not durable stays so for good, whatever later syncs report.
    SyncFailed {
        /// The file.
        file: usize,
    },
    /// A file got another name.
    Publish {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A name was removed.
    Remove {
        /// The name.
        name: String,
    },
    /// All names became durable.
    SyncDirectory,
}
