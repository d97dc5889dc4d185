//! Reports of evaluations: tables for terminals, Markdown and LaTeX, JSON, and a page with charts.

mod chart;
mod grid;
mod html;
mod table;

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::session::evaluate::TaskReport;

pub use grid::TableStyle;
pub use html::write_page;
pub use table::write_table;

/// Writes the reports as one JSON value. `per_query` adds the values of every query.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, reports: &[TaskReport], per_query: bool) -> io::Result<()> {
    let tasks: Vec<Value> = reports.iter().map(|report| value(report, per_query)).collect();
    super::json::write(out, &json!({ "tasks": tasks }))
}

fn value(report: &TaskReport, per_query: bool) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    let systems = value.get_mut("systems").and_then(Value::as_array_mut);
    for (system, made) in systems.into_iter().flatten().zip(&report.systems) {
        let Some(members) = system.as_object_mut() else { continue };
        let known = members.remove("values").unwrap_or_default();
        let known = known.as_array().cloned().unwrap_or_default();
        let named = report.measures.iter().cloned().zip(known);
        members.insert("measures".to_owned(), Value::Object(named.collect()));
        if per_query {
            let mut queries: Map<String, Value> = Map::new();
            for summary in &made.evaluation.summaries {
                for (query, value) in &summary.per_query {
                    let values = queries.entry(query.clone()).or_insert_with(|| json!({}));
                    if let Some(values) = values.as_object_mut() {
                        values.insert(summary.measure.to_string(), json!(value));
                    }
                }
            }
            members.insert("per_query".to_owned(), Value::Object(queries));
        }
    }
    value
}
