//! What copying, packing and joining databases did, as JSON.

use serde_json::{Value, json};

use crate::db::{BackupReport, Snapshot};
use crate::session::{ArchiveReport, DeltaReport, MergeReport};

/// What a copy did.
pub fn backup(report: &BackupReport) -> Value {
    json!({
        "generation": report.generation.0,
        "files_copied": report.files_copied,
        "bytes_copied": report.bytes_copied,
        "files_kept": report.files_kept,
        "bytes_kept": report.bytes_kept,
        "replaced_files": report.replaced,
    })
}

/// What a merge did.
pub fn merge(report: &MergeReport) -> Value {
    json!({
        "generation": report.generation.0,
        "created": report.is_new,
        "databases": report.databases,
        "documents": report.documents,
        "added": report.applied.added,
        "replaced": report.applied.replaced,
        "unchanged": report.applied.unchanged,
    })
}

/// What was packed or unpacked.
pub fn archive(report: &ArchiveReport) -> Value {
    json!({
        "generation": report.generation.0,
        "documents": report.documents,
        "files": report.files,
        "bytes": report.bytes,
    })
}

/// A delta that was not written, because the copy is at the newest generation: one of no file.
pub fn no_delta(newest: &Snapshot) -> Value {
    json!({
        "from": newest.generation().0,
        "generation": newest.generation().0,
        "documents": newest.len(),
        "files": 0,
        "bytes": 0,
    })
}

/// What a delta is.
pub fn delta(report: &DeltaReport) -> Value {
    json!({
        "from": report.from.0,
        "generation": report.generation.0,
        "documents": report.documents,
        "files": report.files,
        "bytes": report.bytes,
    })
}
