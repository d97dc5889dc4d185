//! What a strategy means and finds, as JSON: what `medvec count` and `medvec strategy` print with `--format json`.

use serde_json::{Value, json};

use crate::query::{Caution, Strategy};
use crate::search::{TranslatedClause, TranslatedLine, TranslatedStrategy};

/// Every line with its query and count, every term with its translation and count, and the cautions.
pub fn to_json(strategy: &Strategy, meant: &TranslatedStrategy) -> Value {
    json!({
        "documents": meant.documents(),
        "lines": meant.lines.iter().map(line).collect::<Vec<_>>(),
        "cautions": strategy.cautions().iter().map(caution).collect::<Vec<_>>(),
    })
}

fn line(line: &TranslatedLine) -> Value {
    json!({
        "name": line.name,
        "title": line.title,
        "query": line.query,
        "documents": line.documents,
        "terms": line.clauses.iter().map(term).collect::<Vec<_>>(),
    })
}

fn term(clause: &TranslatedClause) -> Value {
    let headings = clause.headings.iter().map(|heading| {
        json!({"ui": heading.ui, "name": heading.name, "descriptors": heading.descriptors})
    });
    json!({
        "text": clause.text,
        "offset": clause.span.start,
        "translation": clause.translation,
        "documents": clause.documents,
        "headings": headings.collect::<Vec<_>>(),
        "notes": clause.notes.iter().map(|note| json!({"code": note.code(), "text": note.to_string()})).collect::<Vec<_>>(),
    })
}

fn caution(caution: &Caution) -> Value {
    json!({
        "code": caution.kind.code(),
        "text": caution.detail,
        "offset": caution.place.offset,
        "line": caution.place.line,
        "column": caution.place.column,
    })
}
