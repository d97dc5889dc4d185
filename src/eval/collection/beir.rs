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
use super::error::InputError;
use super::files::{Folder, choose};
use super::layout::Layout;
use super::options::CollectionOptions;
use super::qrels;
use super::query::TestQuery;
use super::records::Records;
use super::set::Collection;

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
    qrels::read_table(&judgements, &mut draft)?;
    draft.finish(path, Layout::Beir, Some(split), corpus.into_iter().collect())
}
