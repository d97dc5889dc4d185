//! Retrieval sets of MTEB and MedTEB as they are on Hugging Face.
//!
//! ```text
//! corpus/…, queries/…, qrels/…             shards in Parquet or JSON lines
//! {subset}-corpus/…, {subset}-queries/…    a repository with several sets
//! corpus.jsonl, queries.jsonl, qrels/test.jsonl
//! data/test-00000-of-00001.parquet         the judgements of the config `default`
//! ```
//!
//! | part | configs | columns |
//! |---|---|---|
//! | queries | `queries`, `query` | `_id` or `id`; `text` |
//! | judgements | `qrels`, `default`, `data` | `query-id`, `corpus-id`, `score` (R2MED: `q_id`, `p_id`, `score`) |
//! | documents | `corpus` | not read |
//!
//! `{config}` is a file `{config}.jsonl` or `.parquet`, a folder of shards, or shards
//! `data/{config}-00000-of-00001.parquet`. A split of queries or documents is the one of the
//! judgements, or the only one. Scores may be floats if they are whole. Queries without judgements are
//! dropped, as MTEB does.
//!
//! Source: embeddings-benchmark/mteb, `mteb/abstasks/retrieval_dataset_loaders.py`; the cards of
//! `mteb/CQADupstackAndroidRetrieval-Fa`, `mteb/WebFAQRetrieval` and `if-ir/nfcorpus`.

mod shards;

use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::files::{Folder, choose};
use super::layout::Layout;
use super::options::CollectionOptions;
use super::query::TestQuery;
use super::records::Records;
use super::set::Collection;
use crate::eval::input::InputError;

use shards::Splits;

const QUERY_IDS: [&str; 2] = ["_id", "id"];
const JUDGED_QUERIES: [&str; 2] = ["query-id", "q_id"];
const JUDGED_DOCUMENTS: [&str; 2] = ["corpus-id", "p_id"];

pub(super) fn open(
    path: &Path,
    options: &CollectionOptions,
    layout: Layout,
) -> Result<Collection, InputError> {
    let folder = Folder::open(path)?;
    let subset = subset(&folder, options.subset.as_deref())?;
    let find = |bases: &[&str]| find(&folder, subset.as_deref(), bases);
    let mut judgements = find(&["qrels", "default"])?;
    if judgements.is_empty() {
        judgements = find(&["data"])?;
        // The folder `data` holds everything in some repositories.
        judgements.retain(|split, _| !matches!(split.as_str(), "corpus" | "queries" | "query"));
    }
    let (split, judged) = choose(path, options.split.as_deref(), &["test"], judgements)?;
    let queries = of_split(path, "queries", find(&["queries", "query"])?, &split)?;
    let corpus = match find(&["corpus"])? {
        splits if splits.is_empty() => Vec::new(),
        splits => of_split(path, "documents", splits, &split)?,
    };
    let mut draft = Draft::default();
    for file in &queries {
        read_queries(file, &mut draft)?;
    }
    draft.expect_judgements();
    for file in &judged {
        read_judgements(file, &mut draft)?;
    }
    draft.finish(path, layout, Some(split), corpus)
}

/// Reads queries of JSON lines or Parquet.
///
/// # Errors
/// A record without id or text; as [`Draft::query`].
pub(super) fn read_queries(file: &Path, draft: &mut Draft) -> Result<(), InputError> {
    for record in Records::open(file, |name| matches!(name, "_id" | "id" | "text"))? {
        let record = record?;
        let query = TestQuery::new(record.id(&QUERY_IDS)?, record.need_text(&["text"])?);
        draft.query(query, &record.place).map_err(|detail| record.place.error(detail))?;
    }
    Ok(())
}

/// Reads judgements of JSON lines or Parquet.
///
/// # Errors
/// A record without one of its three values, a score that is not an integer; as [`Draft::judge`].
pub(super) fn read_judgements(file: &Path, draft: &mut Draft) -> Result<(), InputError> {
    let wanted = |name: &str| {
        JUDGED_QUERIES.contains(&name) || JUDGED_DOCUMENTS.contains(&name) || name == "score"
    };
    for record in Records::open(file, wanted)? {
        let record = record?;
        let (query, document) = (record.id(&JUDGED_QUERIES)?, record.id(&JUDGED_DOCUMENTS)?);
        let judged = draft.judge(&query, &document, record.grade(&["score"])?, &record.place);
        judged.map_err(|detail| record.place.error(detail))?;
    }
    Ok(())
}

/// The wanted subset; else the only one of a repository that has no plain configs.
fn subset(folder: &Folder, wanted: Option<&str>) -> Result<Option<String>, InputError> {
    if wanted.is_some() {
        return Ok(wanted.map(str::to_owned));
    }
    if !find(folder, None, &["queries", "query"])?.is_empty() {
        return Ok(None);
    }
    let names = folder.folders().map(|(name, _)| name);
    let mut subsets: Vec<&str> = names
        .filter_map(|name| name.strip_suffix("-queries").or_else(|| name.strip_suffix("-query")))
        .collect();
    subsets.sort_unstable();
    match subsets.as_slice() {
        [] => Err(InputError::folder(&folder.path, "no queries (a file or folder `queries`)")),
        [only] => Ok(Some((*only).to_owned())),
        several => {
            let detail = format!("name a subset, one of {}", several.join(", "));
            Err(InputError::folder(&folder.path, detail))
        }
    }
}

/// The first of these configs that is there; nothing if none is.
fn find(folder: &Folder, subset: Option<&str>, bases: &[&str]) -> Result<Splits, InputError> {
    for base in bases {
        let name = subset.map_or_else(|| (*base).to_owned(), |subset| format!("{subset}-{base}"));
        let splits = shards::of_config(folder, &name)?;
        if !splits.is_empty() {
            return Ok(splits);
        }
    }
    Ok(Splits::new())
}

/// MTEB's rule: the split of this name, else the only one.
fn of_split(
    at: &Path,
    what: &str,
    mut splits: Splits,
    split: &str,
) -> Result<Vec<PathBuf>, InputError> {
    let names = splits.keys().cloned().collect::<Vec<_>>().join(", ");
    let found = match splits.remove(split) {
        Some(found) => Some(found),
        None if splits.len() == 1 => splits.pop_first().map(|(_, found)| found),
        None => None,
    };
    found.ok_or_else(|| {
        InputError::folder(at, format!("no split `{split}` of the {what} (found: {names})"))
    })
}

#[cfg(test)]
mod tests;
