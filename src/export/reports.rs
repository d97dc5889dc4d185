//! What importing, checking, repairing and improving a database did, as JSON. What `sync` and `stats` know, too, has the
//! same name there.

use serde_json::{Value, json};

use super::stats::{mesh_json, recall_json};
use crate::db::{
    CompactReport, MeshStats, OptimizeReport, RepairReport, SegmentRepair, Snapshot, UndoReport,
    VerifyReport,
};
#[cfg(feature = "bert")]
use crate::encode::distill::{DistillOptions, DistillReport};
use crate::ingest::pipeline::ImportReport;
use crate::session::{DatabaseFiles, EmbedOutcome, FileOutline, SessionResult};

/// What an import did.
pub fn import(report: &ImportReport) -> Value {
    let problems = report.skipped_records.iter().chain(&report.broken_files);
    let problems: Vec<String> = problems.map(ToString::to_string).collect();
    let others = report.others.iter().map(|(path, _)| path.to_string_lossy());
    json!({
        "generation": report.generation.map(|generation| generation.0),
        "files": report.files,
        "files_known": report.files_known,
        "files_changed": report.files_changed,
        "added": report.added,
        "replaced": report.replaced,
        "unchanged": report.unchanged,
        "deletes": report.deletes,
        "vectors": report.vectors,
        "left_out": report.left_out,
        "encoded": report.encoded,
        "reused": report.reused,
        "without_vector": report.without_vector,
        "duplicates": report.duplicates,
        "skipped": report.skipped,
        "broken": report.broken_files.len(),
        "problems": problems,
        "others": others.collect::<Vec<_>>(),
    })
}

/// What embedding did; `newest` is the state that it left.
pub fn embed(outcome: &EmbedOutcome, newest: &Snapshot) -> Value {
    let adopted = outcome.adopted.as_ref();
    json!({
        "generation": newest.generation().0,
        "encoded": outcome.embedded,
        "without_vector": outcome.without_vector,
        "pending": outcome.left,
        "adopted": adopted.map(|adopted| {
            json!({"samples": adopted.samples, "cosine": adopted.cosine})
        }),
        "stopped": outcome.stopped.as_ref().map(ToString::to_string),
    })
}

/// What a check of a snapshot looked at.
pub fn verify(report: &VerifyReport, snapshot: &Snapshot) -> Value {
    json!({
        "generation": snapshot.generation().0,
        "documents": report.documents,
        "files": report.files,
        "bytes": report.bytes,
        "superseded": report.superseded,
    })
}

/// What a compaction did; `newest` is the state that it left.
pub fn compact(report: &CompactReport, newest: &Snapshot) -> Value {
    let mut value = json!({"generation": newest.generation().0});
    extend(&mut value, compacted(report));
    extend(&mut value, json!({"recall": report.recall.as_ref().map(recall_json)}));
    value
}

/// What an optimization did; `newest` is the state that it left.
pub fn optimize(report: &OptimizeReport, newest: &Snapshot) -> Value {
    let mut value = json!({
        "generation": newest.generation().0,
        "lists": report.lists,
        "trained_rows": report.trained_rows,
        "drifted": report.has_drifted,
    });
    extend(&mut value, compacted(&report.compact));
    extend(&mut value, json!({"recall": report.recall.as_ref().map(recall_json)}));
    value
}

/// What became of segments. Codes are computed per row: no text is embedded.
fn compacted(report: &CompactReport) -> Value {
    json!({
        "segments_before": report.segments_before,
        "segments_after": report.segments_after,
        "bytes_before": report.bytes_before,
        "bytes_after": report.bytes_after,
        "bytes_freed": report.bytes_freed,
        "merged": report.merged,
        "rows_dropped": report.rows_dropped,
        "rows_indexed": report.encoded,
        "writer_held_seconds": report.writer_held.as_secs_f64(),
    })
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (value, more) {
        members.extend(more);
    }
}

/// What a repair found and did.
pub fn repair(report: &RepairReport) -> Value {
    let named = |(name, problem): &(String, String)| json!({"name": name, "problem": problem});
    let lost = report.lost_generations.iter();
    let lost = lost.map(|(number, problem)| json!({"generation": number, "problem": problem}));
    json!({
        "clean": report.is_clean(),
        "base": report.base,
        "published": report.published,
        "documents": report.documents_kept,
        "lost_generations": lost.collect::<Vec<Value>>(),
        "adopted": report.adopted.iter().map(|id| id.0).collect::<Vec<_>>(),
        "segments": report.segments.iter().map(segment).collect::<Vec<Value>>(),
        "duplicates": report.duplicates,
        "codebooks": report.codebooks.iter().map(named).collect::<Vec<Value>>(),
        "mesh": report.mesh.as_ref().map(named),
        "calibration": report.calibration,
        "unread": report.unread,
        "set_aside": report.set_aside,
        "leftover_files": report.leftover_files,
        "leftover_bytes": report.leftover_bytes,
    })
}

fn segment(segment: &SegmentRepair) -> Value {
    json!({
        "id": segment.id.0,
        "problem": segment.problem,
        "file_intact": segment.is_file_intact,
        "rows": segment.rows,
        "saved": segment.saved,
        "lost": segment.lost,
        "without_vector": segment.without_vector,
        "may_return": segment.may_return,
    })
}

/// What the undoing of a repair did.
pub fn undo(report: &UndoReport) -> Value {
    json!({"undone": report.undone, "restored": report.restored})
}

/// The vocabulary that a database goes by from now on, `None` for the built-in one, and whether it went by another.
pub fn vocabulary(own: Option<MeshStats>, changed: bool) -> Value {
    json!({"mesh": own.map(mesh_json), "changed": changed})
}

/// What distilling an encoder made.
#[cfg(feature = "bert")]
pub fn distill(report: &DistillReport, options: &DistillOptions<'_>) -> Value {
    let retrieval = report.retrieval.iter().map(|found| {
        json!({
            "folder": found.folder.to_string_lossy(),
            "documents": found.documents,
            "ndcg_at_10": found.ndcg,
            "teacher_ndcg_at_10": found.teacher_ndcg,
        })
    });
    json!({
        "file": options.out.to_string_lossy(),
        "bytes": report.bytes,
        "tokens": report.tokens,
        "dimension": options.dimension,
        "documents": report.documents,
        "passages": report.passages,
        "pairs": report.pairs,
        "held_out_cosine": report.held_out_cosine,
        "held_out_correlation": report.held_out_correlation,
        "held_out_neighbours": report.held_out_neighbours,
        "retrieval": retrieval.collect::<Vec<Value>>(),
    })
}

/// The structure of a file.
pub fn file(file: &FileOutline) -> Value {
    let sections = file.sections.iter().map(|section| {
        let (kind, name) = (section.kind, section.name);
        json!({"kind": kind, "name": name, "offset": section.offset, "bytes": section.length})
    });
    json!({
        "name": file.name,
        "kind": file.kind,
        "format": format!("{}.{}", file.version.0, file.version.1),
        "bytes": file.length,
        "blocks": file.blocks,
        "file_id": file.file_id,
        "footer_crc": format!("{:08x}", file.footer_crc),
        "sections": sections.collect::<Vec<Value>>(),
    })
}

/// The structure of every file of a database.
///
/// # Errors
/// As [`DatabaseFiles::outline`].
pub fn files(files: &DatabaseFiles) -> SessionResult<Value> {
    let mut outlines = Vec::new();
    for name in files.names() {
        outlines.push(file(&files.outline(name)?));
    }
    Ok(json!({
        "generation": files.generation().0,
        "database_id": files.database_id(),
        "files": outlines,
        "others": files.others(),
    }))
}
