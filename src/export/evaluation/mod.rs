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
        let mut named = Map::new();
        for (list, names) in [("values", &report.measures), ("own_values", &report.own_measures)] {
            if let Some(Value::Array(values)) = members.remove(list) {
                named.extend(names.iter().cloned().zip(values));
            }
        }
        members.insert("measures".to_owned(), Value::Object(named));
        if per_query {
            let mut queries: Map<String, Value> = Map::new();
            let own = report.own_measures.iter().zip(&made.own_values);
            for (measure, values) in report.measures.iter().zip(&made.values).chain(own) {
                for (query, value) in &values.per_query {
                    let values = queries.entry(query.clone()).or_insert_with(|| json!({}));
                    if let Some(values) = values.as_object_mut() {
                        values.insert(measure.clone(), json!(value));
                    }
                }
            }
            members.insert("per_query".to_owned(), Value::Object(queries));
        }
    }
    value
}
