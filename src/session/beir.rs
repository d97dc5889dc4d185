//! A database as a benchmark in BEIR's layout.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::SessionResult;
use super::evaluate::Task;
use super::new_files::NewFolder;
use crate::control::Control;
use crate::db::Snapshot;
use crate::error::{Error, Result};
use crate::eval::collection::{Collection, CollectionOptions, TestQuery};
use crate::eval::measures::Judgements;
use crate::export::beir;
use crate::ingest::{id_text, key_of_id};
use crate::search::{Filter, Query};

/// Documents between two reports of progress.
const REPORT_DOCUMENTS: u64 = 256;

/// What goes beside the documents.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BeirSettings {
    /// Topics or a benchmark, in any layout of [`Collection`], with its judgements if it has some.
    pub queries: Option<PathBuf>,
    /// Judgements (qrels of TREC, BEIR or JSON lines), in place of those.
    pub judgements: Option<PathBuf>,
    /// How the queries are read.
    pub collection: CollectionOptions,
}

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedBeir {
    /// Documents; where there are none, nothing was written.
    pub documents: u64,
    /// Queries.
    pub queries: u64,
    /// Judgements.
    pub judgements: u64,
    /// Judged documents that are not among those exported.
    pub judged_elsewhere: u64,
    /// What of queries and judgements was passed over, and how often.
    pub skipped: Vec<(String, u64)>,
}

/// Writes the documents that pass a filter to a new folder, as `corpus.jsonl`; queries as `queries.jsonl` and
/// judgements as `qrels/test.tsv`, where the settings name some. The folder appears whole or not at all.
///
/// It reports its progress to the control's watch. Memory: a block of documents, queries and judgements.
///
/// # Errors
/// [`Error::Io`], also for a folder that exists and for a key that is not read back from a string;
/// [`Error::Input`] as [`Collection::open`], and where no judgement is of a query; as
/// [`Snapshot::documents_matching`].
pub fn export_beir(
    snapshot: &Snapshot,
    filter: Filter,
    settings: &BeirSettings,
    folder: &Path,
    control: &Control,
) -> SessionResult<ExportedBeir> {
    let mut exported = ExportedBeir::default();
    let (queries, judgements) = asked(settings, &mut exported)?;
    let query = Query::matching(filter).control(control.clone());
    let total = snapshot.search(&query.clone().count_only())?.matched;
    if total == 0 {
        return Ok(exported);
    }
    let [corpus_file, queries_file, judgements_file] = beir::FILES;
    let folder = NewFolder::create(folder)?;
    let judged = judgements.queries().flat_map(|(_, documents)| documents.keys());
    let mut judged: HashSet<&str> = judged.map(String::as_str).collect();
    folder.file(corpus_file, |out, failed| {
        for document in snapshot.documents_matching(&query)? {
            if exported.documents.is_multiple_of(REPORT_DOCUMENTS) {
                control.check()?;
                control.report("exporting", "documents", exported.documents, total);
            }
            let document = document?;
            beir::document(out, &document).map_err(failed)?;
            if !judged.is_empty() {
                judged.remove(document.key.to_string().as_str());
            }
            exported.documents += 1;
        }
        control.report("exporting", "documents", total, total);
        Ok(())
    })?;
    exported.judged_elsewhere = judged.len() as u64;
    if settings.queries.is_some() {
        folder.file(queries_file, |out, failed| {
            queries
                .iter()
                .try_for_each(|query| beir::query(out, &query.id, &query.text))
                .map_err(failed)
        })?;
        exported.queries = queries.len() as u64;
    }
    if !judgements.is_empty() {
        exported.judgements = folder.file(judgements_file, |out, failed| {
            beir::judgements(out, &judgements).map_err(failed)
        })?;
    }
    folder.publish()?;
    Ok(exported)
}

/// Queries, and the judgements of these.
fn asked(
    settings: &BeirSettings,
    exported: &mut ExportedBeir,
) -> SessionResult<(Vec<TestQuery>, Judgements)> {
    let Some(path) = &settings.queries else { return Ok(Default::default()) };
    let collection = Collection::open(path, &settings.collection).map_err(Error::from)?;
    let skipped = collection.skipped.iter();
    exported.skipped = skipped.map(|skipped| (skipped.what.to_owned(), skipped.count)).collect();
    let judgements = match &settings.judgements {
        None => collection.judgements.into(),
        Some(file) => of_queries(&collection.queries, file, exported)?,
    };
    Ok((collection.queries, as_exported(&judgements)?))
}

/// Judgements of documents as the corpus will call them: of `7` where the file has `PMID: 7`.
fn as_exported(judgements: &Judgements) -> Result<Judgements> {
    let mut exported = Judgements::default();
    for (query, documents) in judgements.queries() {
        for (id, grade) in documents {
            let name = id_text(&key_of_id(id)).unwrap_or_else(|| id.clone());
            exported.insert(query, &name, *grade).map_err(|violation| {
                Error::input("the judgements", format!("query {query}"), violation.to_string())
            })?;
        }
    }
    Ok(exported)
}

/// The judgements of a file that are of queries here: BEIR's loader fails at others.
fn of_queries(
    queries: &[TestQuery],
    file: &Path,
    exported: &mut ExportedBeir,
) -> Result<Judgements> {
    let all = Task::of_judgements(file)?.judgements;
    let known: HashSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    let (mut kept, mut unknown) = (std::collections::BTreeMap::new(), 0);
    for (query, documents) in all.queries() {
        match known.contains(query) {
            true => drop(kept.insert(query.to_owned(), documents.clone())),
            false => unknown += documents.len() as u64,
        }
    }
    if kept.is_empty() {
        let detail = "no judgement is of a query here: the ids do not match";
        return Err(Error::input(file.display().to_string(), "the whole file", detail));
    }
    if unknown > 0 {
        exported.skipped.push(("judgements of unknown queries".to_owned(), unknown));
    }
    Ok(kept.into())
}
