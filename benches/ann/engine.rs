//! medvec behind the same three verbs as every peer: build, open, search.

use std::path::Path;

use medvec::db::{Change, CreateOptions, Database, OptimizeOptions, Snapshot, WriterOptions};
use medvec::document::{Field, FieldValue};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::search::{Accuracy, FieldTest, Filter, Query, SearchResult};
use medvec::{Control, Document, Key, Metric};
use serde_json::{Value, json};

use crate::Result;
use crate::data::{Attribute, AttributeFilter, Npy};
use crate::sweep::Question;

/// Hits wanted: recall is taken at 10.
pub(crate) const HITS: usize = 10;

/// Rows handed to the writer at a time.
const BATCH_ROWS: usize = 1000;

/// How a search trades recall for time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Setting {
    /// What a user asks for: this recall, by calibration.
    Recall(f32),
    /// Lists to scan, and rows to score exactly.
    Effort(u32, u32),
    /// Every row that passes the filter is scored.
    Exact,
}

/// Lists that are scanned, from least to most.
const PROBES: &[u32] = &[
    16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 5120, 6144, 7168,
    8192,
];

/// Rows of a list, about: more lists than there are need not be tried.
const LIST_ROWS: usize = 100;

/// Rows that are scored exactly.
const CANDIDATES: &[u32] = &[40, 80, 160, 320];

/// All settings that are measured for so many rows, or recalls alone, in the order of the report.
pub(crate) fn settings(rows: usize, recalls: bool) -> Vec<Setting> {
    let mut settings: Vec<Setting> =
        [0.80, 0.85, 0.90, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.997, 0.998, 0.999]
            .map(Setting::Recall)
            .into();
    if recalls {
        return settings;
    }
    for candidates in CANDIDATES {
        let probes = PROBES.iter().filter(|probes| **probes as usize <= rows / LIST_ROWS);
        settings.extend(probes.map(|probes| Setting::Effort(*probes, *candidates)));
    }
    settings.push(Setting::Exact);
    settings
}

impl Setting {
    /// As the report names it.
    pub(crate) fn describe(self) -> Value {
        match self {
            Setting::Recall(recall) => {
                json!({"recall": (f64::from(recall) * 1000.0).round() / 1000.0})
            }
            Setting::Effort(probes, candidates) => {
                json!({"probes": probes, "candidates": candidates})
            }
            Setting::Exact => json!({"exact": true}),
        }
    }

    fn apply(self, query: Query) -> Query {
        match self {
            Setting::Recall(recall) => query.recall(recall),
            Setting::Effort(probes, candidates) => {
                query.accuracy(Accuracy::Effort { probes, candidates })
            }
            Setting::Exact => query.exact(),
        }
    }
}

/// Row `number` of the matrix is the document with this key: PMIDs start at 1.
fn key_of(row: usize) -> Result<Key> {
    Ok(Key::pmid(u32::try_from(row + 1)?))
}

fn row_of(key: &Key) -> i64 {
    match key {
        Key::Pmid(pmid) => i64::from(pmid.0) - 1,
        Key::Text(_) => -1,
    }
}

/// Builds a database: a document a row, with the attributes as integer fields, and its index, whose
/// recall is calibrated with questions that are not searched with later.
pub(crate) fn build(
    path: &Path,
    base: &mut Npy,
    attributes: &[Attribute],
    row_type: RowType,
    index: &OptimizeOptions,
) -> Result<()> {
    let config = VectorConfig::new(u32::try_from(base.columns)?, Metric::Cosine, row_type, None);
    let database = Database::create(path, CreateOptions::default().vectors(Some(config)))?;
    let mut writer = database.writer(WriterOptions::default())?;
    let mut row = 0;
    while row < base.rows {
        let count = BATCH_ROWS.min(base.rows - row);
        let vectors = base.read_f32(count)?;
        let mut changes = Vec::with_capacity(count);
        for vector in vectors.chunks_exact(base.columns) {
            let mut document = Document::new(key_of(row)?);
            for attribute in attributes {
                let value = *attribute.values.get(row).ok_or("fewer attributes than rows")?;
                let name = attribute.name.clone();
                document.fields.push(Field { name, value: FieldValue::Integer(value) });
            }
            changes.push(Change { document, revision: None, vector: Some(vector.to_vec()) });
            row += 1;
        }
        writer.apply(changes)?;
    }
    writer.commit()?;
    writer.optimize(index, &Control::default())?;
    Ok(())
}

/// An open database.
pub(crate) struct Engine {
    snapshot: Snapshot,
}

impl Engine {
    pub(crate) fn open(path: &Path) -> Result<Engine> {
        let database = Database::open(path)?;
        Ok(Engine { snapshot: database.snapshot() })
    }

    /// The nearest documents among those that pass the filter.
    pub(crate) fn search(
        &self,
        vector: &[f32],
        setting: &Setting,
        filter: Option<&AttributeFilter>,
    ) -> Result<SearchResult> {
        let mut query = query(vector, setting);
        if let Some(filter) = filter {
            let test = FieldTest::Integer { from: 0, to: filter.bound };
            query = query.filter(Filter::Field { name: filter.attribute.clone(), test });
        }
        Ok(self.snapshot.search(&query)?)
    }

    /// All questions, on so many threads.
    pub(crate) fn search_many(
        &self,
        questions: &[Question],
        setting: &Setting,
        threads: usize,
    ) -> Result<Vec<SearchResult>> {
        let queries: Vec<Query> =
            questions.iter().map(|question| query(&question.vector, setting)).collect();
        Ok(self.snapshot.search_many(&queries, threads)?)
    }
}

fn query(vector: &[f32], setting: &Setting) -> Query {
    setting.apply(Query::vector(vector.to_vec()).k(HITS))
}

/// The rows that were found, best first.
pub(crate) fn rows_of(result: &SearchResult) -> Vec<i64> {
    result.hits.iter().map(|hit| row_of(&hit.key)).collect()
}
