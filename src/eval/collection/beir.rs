//! BEIR folders.
//!
//! ```text
//! corpus.jsonl          {"_id": "...", "title": "...", "text": "..."}
//! queries.jsonl         {"_id": "...", "text": "..."}
//! qrels/{split}.tsv     query-id <tab> corpus-id <tab> score
//! ```
//!
//! Where there is no folder `qrels`, a file `qrels.tsv` beside the queries is the only split, `all`.
//! Queries without judgements are dropped, as BEIR's loader does. That loader fails at a judgement of an
//! unknown query; here it is counted.
//!
//! Source: beir-cellar/beir, `beir/datasets/data_loader.py` and its wiki, "Load your custom dataset".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::files::{Folder, choose};
use super::layout::Layout;
use super::options::CollectionOptions;
use super::query::TestQuery;
use super::records::Records;
use super::set::Collection;
use crate::eval::input::InputError;
use crate::eval::qrels::JudgementFormat;

pub(super) fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
    let folder = Folder::open(path)?;
    let queries = folder.need("queries.jsonl")?;
    let corpus = folder.file("corpus.jsonl")?.map(Path::to_owned);
    let splits: BTreeMap<String, PathBuf> =
        match (folder.folder("qrels"), folder.file("qrels.tsv")?) {
            (Some(inside), _) => Folder::open(inside)?.splits("", ".tsv")?,
            (None, Some(file)) => BTreeMap::from([("all".to_owned(), file.to_owned())]),
            (None, None) => BTreeMap::new(),
        };
    let (split, judgements) = choose(path, options.split.as_deref(), &["test"], splits)?;
    let mut draft = Draft::default();
    let mut records = Records::open(queries, |name| matches!(name, "_id" | "text"))?;
    while let Some(record) = records.next().transpose()? {
        let query = TestQuery::new(record.id(&["_id"])?, record.need_text(&["text"])?);
        draft.query(query, &record.place).map_err(|detail| record.place.error(detail))?;
    }
    draft.judge_file(&judgements, JudgementFormat::Beir)?;
    draft.finish(path, Layout::Beir, Some(split), corpus.into_iter().collect())
}

/// Gives the id, the title and the text of each document of a `corpus.jsonl`; a title or text that is missing is empty.
///
/// # Errors
/// Those of [`Records`]; a document without an id; what `take` refuses.
pub(in crate::eval) fn each_text(
    corpus: &Path,
    mut take: impl FnMut(String, String, String) -> Result<(), String>,
) -> Result<(), InputError> {
    for record in Records::open(corpus, |name| matches!(name, "_id" | "title" | "text"))? {
        let record = record?;
        let text = |name| Ok(record.text(&[name])?.unwrap_or_default());
        take(record.id(&["_id"])?, text("title")?, text("text")?)
            .map_err(|detail| record.place.error(detail))?;
    }
    Ok(())
}
