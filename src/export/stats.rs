//! The figures of a database as JSON: what `medvec stats --format json` prints.

use serde_json::{Value, json};

use crate::db::{IndexStats, MeshStats, RecallReport, Snapshot, Stats};
use crate::format::manifest::QuerySource;
use crate::search::FieldInfo;
use crate::session::{metric_name, row_type_name};

/// The figures of a snapshot, with its fields and sources.
pub fn to_json(snapshot: &Snapshot, figures: &Stats, fields: &[FieldInfo]) -> Value {
    let manifest = snapshot.manifest();
    let vectors = manifest.vectors.as_ref().map(|config| {
        json!({
            "dimension": config.dimension,
            "metric": metric_name(config.metric),
            "rows": row_type_name(config.row_type),
            "count": figures.vectors,
            "pending": figures.pending,
            "without_vector": figures.without_vector,
            "encoder": config.encoder.as_ref().map(|spec| json!({
                "name": spec.name,
                "family": spec.family,
                "fingerprint": spec.fingerprint().to_string(),
            })),
        })
    });
    let sections: serde_json::Map<String, Value> = figures
        .sections
        .iter()
        .map(|section| (section.name.to_owned(), json!(section.bytes)))
        .collect();
    let segments: Vec<Value> = figures
        .segments
        .iter()
        .map(|part| {
            json!({"id": part.id.0, "rows": part.rows, "deleted": part.deleted, "bytes": part.bytes})
        })
        .collect();
    let sources: Vec<Value> = manifest
        .sources
        .iter()
        .map(|source| {
            json!({
                "name": source.name,
                "bytes": source.bytes,
                "records": source.records,
                "complete": source.complete,
            })
        })
        .collect();
    let databases: Vec<Value> = snapshot
        .members()
        .iter()
        .map(|member| {
            json!({
                "path": member.location(),
                "generation": member.generation().0,
                "documents": member.len(),
            })
        })
        .collect();
    json!({
        "databases": databases,
        "generation": figures.generation.0,
        "documents": figures.documents,
        "deleted": figures.deleted,
        "vectors": vectors,
        "bytes": figures.bytes,
        "text_bytes": figures.text_bytes,
        "document_bytes": figures.document_bytes,
        "index": figures.index.as_ref().map(index_json),
        "mesh": figures.mesh.map(mesh_json),
        "fields": fields.iter().map(field_json).collect::<Vec<Value>>(),
        "segments": segments,
        "sections": sections,
        "sources": sources,
    })
}

fn index_json(index: &IndexStats) -> Value {
    json!({
        "lists": index.lists,
        "sub_dimension": index.sub_dimension,
        "vectors": index.vectors,
        "copied": index.copied,
        "trained_rows": index.trained_rows,
        "trained_residual": index.trained_residual,
        "residual": index.residual,
        "drifted": index.has_drifted(),
        "bytes_per_vector": index.bytes_per_vector,
        "recall": index.recall.as_ref().map(recall_json),
    })
}

/// A database's own vocabulary.
pub(super) fn mesh_json(mesh: MeshStats) -> Value {
    json!({"year": mesh.year, "records": mesh.records, "bytes": mesh.bytes})
}

fn field_json(field: &FieldInfo) -> Value {
    let types = [
        (field.has_strings, "string"),
        (field.has_integers, "integer"),
        (field.has_floats, "float"),
    ];
    let types: Vec<&str> =
        types.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
    json!({"name": field.name, "types": types})
}

/// What is known of an index's recall.
pub(super) fn recall_json(recall: &RecallReport) -> Value {
    let source = recall.source.map(|source| match source {
        QuerySource::Given => "given",
        QuerySource::Sample => "sample",
        QuerySource::Moved => "moved",
    });
    let points: Vec<Value> = recall
        .points
        .iter()
        .map(|point| {
            json!({
                "recall": rounded(point.recall),
                "below_8_of_10": point.low_share.map(rounded),
                "probes": point.probes,
                "copies": point.copies,
                "candidates": point.candidates,
            })
        })
        .collect();
    json!({
        "questions": recall.queries,
        "source": source,
        "estimate": recall.is_estimate,
        "points": points,
    })
}

/// To four digits: a float of single precision has no more to say here.
fn rounded(share: f32) -> f64 {
    (f64::from(share) * 1e4).round() / 1e4
}
