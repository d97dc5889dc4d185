//! Queries and what is positive for them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::citations::cited;
use super::sample::{keep, mixed};
use crate::control::Control;
use crate::db::Snapshot;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::eval::collection::medcpt::ClickLog;
use crate::eval::collection::pairs::Pairs;
use crate::ids::Key;
use crate::ingest::{distinct_id, key_of_id};
use crate::session::evaluate::Task;

/// Documents are read in the order of a sample while they are at most this part of all, less than that in their own order.
const SAMPLE_SHARE: usize = 16;

/// At most so many queries, chosen by the seed and their ids alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuerySample {
    /// Queries.
    pub count: usize,
    /// Where random numbers begin.
    pub seed: u64,
}

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
    /// Texts that answer it and are no documents of the database; they come before those.
    pub texts: Vec<String>,
    /// Texts that were named as negatives; they come before what is mined.
    pub given: Vec<String>,
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
                key: key_of_id(document),
                weight: grade.unsigned_abs(),
            };
            let positives = judged().filter(|(_, grade)| **grade >= level).map(positive);
            let mut made =
                TrainingQuery::new(query.id.as_str(), query.text.as_str(), positives.collect());
            // A document may also be called as it is judged.
            let keys = |id: &String| [key_of_id(id), Key::parse(id)];
            made.relevant.extend(judged().flat_map(|(document, _)| keys(document)));
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
            let count = clicks.entry(key_of_id(&click.pmid)).or_default();
            *count = count.saturating_add(click.clicks);
        }
        let made = |(id, (text, clicks)): (String, (String, BTreeMap<Key, u64>))| {
            let positives = clicks.into_iter().map(|(key, weight)| Positive { key, weight });
            TrainingQuery::new(id, text, positives.collect())
        };
        Ok(queries.into_iter().map(made).collect())
    }

    /// The pairs of a file ([`Pairs`]: BMRetriever's mix, BioLORD's names and definitions): every right text of a left one is
    /// positive, and the negatives of the file come before those that are mined. Ids are numbers from 1, in the order of the file.
    /// Memory: all pairs.
    ///
    /// # Errors
    /// [`Error::Input`] for a file of another kind, and for pairs with a score, which may be low.
    pub fn of_pairs(file: &Path) -> Result<Vec<TrainingQuery>> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut queries: Vec<TrainingQuery> = Vec::new();
        for pair in Pairs::open(file).map_err(Error::from)? {
            let pair = pair.map_err(Error::from)?;
            if pair.score.is_some() {
                let detail = "its pairs have a score, which does not say what is positive";
                return Err(Error::input(file.display().to_string(), "whole file", detail));
            }
            let place = *places.entry(pair.left.clone()).or_insert(queries.len());
            if place == queries.len() {
                queries.push(TrainingQuery::new((place + 1).to_string(), pair.left, Vec::new()));
            }
            if let Some(query) = queries.get_mut(place) {
                query.texts.push(pair.right);
                query.given.extend(pair.negatives);
            }
        }
        Ok(queries)
    }

    /// Every document with a title that cites others by PMID: its title is the query, and what it cites is positive. Cost:
    /// reads every document, or little more than a sample's. Memory: titles and citations of the queries; of a sample, all
    /// keys.
    ///
    /// # Errors
    /// [`Error::Corrupt`]; those of the control.
    pub fn of_citations(
        snapshot: &Snapshot,
        sample: Option<QuerySample>,
        control: &Control,
    ) -> Result<Vec<TrainingQuery>> {
        documents(snapshot, sample, control, |document| {
            let cited = cited(document);
            let positives = cited.into_iter().map(|key| Positive { key, weight: 1 });
            let positives: Vec<Positive> = positives.collect();
            (!positives.is_empty()).then(|| TrainingQuery::new("", "", positives))
        })
    }

    /// Every document with a title and a major heading: its title is the query, and the documents that share a major heading
    /// with it are positive, those first that rank highest. Cost and memory: as [`TrainingQuery::of_citations`].
    ///
    /// # Errors
    /// As [`TrainingQuery::of_citations`].
    pub fn of_headings(
        snapshot: &Snapshot,
        sample: Option<QuerySample>,
        control: &Control,
    ) -> Result<Vec<TrainingQuery>> {
        documents(snapshot, sample, control, |document| {
            let has_major = document.mesh.iter().any(|heading| heading.is_major());
            has_major.then(|| TrainingQuery { shares_headings: true, ..TrainingQuery::default() })
        })
    }

    /// Keeps the queries of a sample.
    pub fn sample(queries: &mut Vec<TrainingQuery>, sample: QuerySample) {
        keep(queries, sample.count, sample.seed, |query| query.id.clone());
    }
}

/// The queries that are documents, in the order of keys.
fn documents(
    snapshot: &Snapshot,
    sample: Option<QuerySample>,
    control: &Control,
    query_of: impl Fn(&Document) -> Option<TrainingQuery>,
) -> Result<Vec<TrainingQuery>> {
    let query_of = |document: Document| {
        let title = document.encoder_input().title;
        if title.is_empty() {
            return None;
        }
        let query = query_of(&document)?;
        let (id, document) = (distinct_id(&document.key), Some(document.key));
        Some(TrainingQuery { id, text: title, document, ..query })
    };
    if let Some(sample) = sample
        && let Some(queries) = sampled(snapshot, sample, control, &query_of)?
    {
        return Ok(queries);
    }
    let total = snapshot.len();
    let mut queries: Vec<TrainingQuery> = Vec::new();
    for (done, document) in (0u64..).zip(snapshot.documents()) {
        if done.is_multiple_of(256) {
            control.check()?;
            control.report("reading", "documents", done, total);
        }
        queries.extend(query_of(document?));
    }
    control.report("reading", "documents", total, total);
    queries.sort_by(|a, b| a.document.cmp(&b.document));
    if let Some(sample) = sample {
        TrainingQuery::sample(&mut queries, sample);
    }
    Ok(queries)
}

/// The queries of a sample without reading every document; `None` where too few of those that were read are queries.
fn sampled(
    snapshot: &Snapshot,
    sample: QuerySample,
    control: &Control,
    query_of: &impl Fn(Document) -> Option<TrainingQuery>,
) -> Result<Option<Vec<TrainingQuery>>> {
    let mut keys: Vec<(u64, Key)> = Vec::new();
    for revision in snapshot.revisions() {
        let (key, _) = revision?;
        keys.push((mixed(sample.seed, &distinct_id(&key)), key));
    }
    // As `keep` chooses.
    keys.sort_unstable();
    let mut queries: Vec<TrainingQuery> = Vec::new();
    for (_, key) in keys.iter().take(keys.len() / SAMPLE_SHARE) {
        control.check()?;
        queries.extend(snapshot.get(key)?.and_then(query_of));
        if queries.len() == sample.count {
            queries.sort_by(|a, b| a.document.cmp(&b.document));
            return Ok(Some(queries));
        }
    }
    Ok(None)
}
