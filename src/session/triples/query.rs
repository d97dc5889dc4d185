//! Queries and what is positive for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::citations::cited;
use super::sample::keep;
use crate::control::Control;
use crate::db::Snapshot;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::eval::collection::medcpt::ClickLog;
use crate::ids::Key;
use crate::session::evaluate::Task;

/// A document that answers a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positive {
    /// Its key.
    pub key: Key,
    /// Grade or number of clicks: at least 1.
    pub weight: u64,
}

/// A query to train with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrainingQuery {
    /// Its id, unique among the queries.
    pub id: String,
    /// Its text.
    pub text: String,
    /// The document that is the query.
    pub document: Option<Key>,
    /// Documents that answer it, the greatest weight first.
    pub positives: Vec<Positive>,
    /// Documents that are no negatives, positives among them or not.
    pub relevant: BTreeSet<Key>,
    /// Whether the documents that share a major heading with the query document are positive.
    pub(super) shares_headings: bool,
}

impl TrainingQuery {
    /// A query with its positives.
    pub fn new(id: impl Into<String>, text: impl Into<String>, positives: Vec<Positive>) -> Self {
        let relevant = positives.iter().map(|positive| positive.key.clone()).collect();
        let (id, text) = (id.into(), text.into());
        let mut query = TrainingQuery { id, text, positives, relevant, ..Self::default() };
        query.positives.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.key.cmp(&b.key)));
        query
    }

    /// The queries of a benchmark. Documents of the grade `level` (1 at least) or more are positive, and none of a grade
    /// above 0 is ever a negative.
    pub fn of_task(task: &Task, level: i64) -> Vec<TrainingQuery> {
        let level = level.max(1);
        let mut queries = Vec::with_capacity(task.queries.len());
        for query in &task.queries {
            let grades = task.judgements.query(&query.id);
            let judged = || grades.into_iter().flatten().filter(|(_, grade)| **grade > 0);
            let positive = |(document, grade): (&String, &i64)| Positive {
                key: Key::parse(document),
                weight: grade.unsigned_abs(),
            };
            let positives = judged().filter(|(_, grade)| **grade >= level).map(positive);
            let mut made =
                TrainingQuery::new(query.id.as_str(), query.text.as_str(), positives.collect());
            made.relevant.extend(judged().map(|(document, _)| Key::parse(document)));
            queries.push(made);
        }
        queries
    }

    /// The queries of a folder with MedCPT's click log ([`ClickLog`]), in byte
    /// order of their ids: what was clicked is positive. Memory: all queries and clicks.
    ///
    /// # Errors
    /// [`Error::Input`] for files that are not such a log.
    pub fn of_clicks(folder: &Path) -> Result<Vec<TrainingQuery>> {
        let mut queries: BTreeMap<String, (String, BTreeMap<Key, u64>)> = BTreeMap::new();
        for click in ClickLog::open(folder).map_err(Error::from)? {
            let click = click.map_err(Error::from)?;
            let (_, clicks) =
                queries.entry(click.query_id).or_insert_with(|| (click.query, BTreeMap::new()));
            let count = clicks.entry(Key::parse(&click.pmid)).or_default();
            *count = count.saturating_add(click.clicks);
        }
        let made = |(id, (text, clicks)): (String, (String, BTreeMap<Key, u64>))| {
            let positives = clicks.into_iter().map(|(key, weight)| Positive { key, weight });
            TrainingQuery::new(id, text, positives.collect())
        };
        Ok(queries.into_iter().map(made).collect())
    }

    /// Every document with a title that cites others by PMID: its title is the query, and what it cites is positive. Cost:
    /// reads every document. Memory: titles and citations of all.
    ///
    /// # Errors
    /// [`Error::Corrupt`]; those of the control.
    pub fn of_citations(snapshot: &Snapshot, control: &Control) -> Result<Vec<TrainingQuery>> {
        documents(snapshot, control, |document| {
            let cited = cited(document);
            let positives = cited.into_iter().map(|key| Positive { key, weight: 1 });
            let positives: Vec<Positive> = positives.collect();
            (!positives.is_empty()).then(|| TrainingQuery::new("", "", positives))
        })
    }

    /// Every document with a title and a major heading: its title is the query, and the documents that share a major heading
    /// with it are positive, those first that rank highest. Cost: reads every document. Memory: titles.
    ///
    /// # Errors
    /// As [`TrainingQuery::of_citations`].
    pub fn of_headings(snapshot: &Snapshot, control: &Control) -> Result<Vec<TrainingQuery>> {
        documents(snapshot, control, |document| {
            let has_major = document.mesh.iter().any(|heading| heading.is_major());
            has_major.then(|| TrainingQuery { shares_headings: true, ..TrainingQuery::default() })
        })
    }

    /// Keeps at most so many queries, chosen by the seed and their ids alone.
    pub fn sample(queries: &mut Vec<TrainingQuery>, count: usize, seed: u64) {
        keep(queries, count, seed, |query| query.id.clone());
    }
}

/// The queries that are documents, in the order of keys.
fn documents(
    snapshot: &Snapshot,
    control: &Control,
    query_of: impl Fn(&Document) -> Option<TrainingQuery>,
) -> Result<Vec<TrainingQuery>> {
    let total = snapshot.len();
    let mut queries: Vec<TrainingQuery> = Vec::new();
    for (done, document) in (0u64..).zip(snapshot.documents()) {
        if done.is_multiple_of(256) {
            control.check()?;
            control.report("reading", "documents", done, total);
        }
        let document = document?;
        let title = document.encoder_input().title;
        if title.is_empty() {
            continue;
        }
        if let Some(query) = query_of(&document) {
            let (id, document) = (document.key.to_string(), Some(document.key));
            queries.push(TrainingQuery { id, text: title, document, ..query });
        }
    }
    queries.sort_by(|a, b| a.document.cmp(&b.document));
    Ok(queries)
}
