//! SciFact in its original release.
//!
//! ```text
//! corpus.jsonl             {"doc_id": 4983, "title": "...", "abstract": ["..."], "structured": false}
//! claims_{split}.jsonl     {"id": 263, "claim": "...", "evidence": {"11328820": [{"sentences": [7], "label":
//!                          "CONTRADICT"}]}, "cited_doc_ids": [11328820, 14853989]}
//! ```
//!
//! Relevant is what the claim's source cites (`cited_doc_ids`). BEIR's SciFact does the same: its test set is
//! the dev split, all 300 claims with 339 judgements, though 112 of these claims have no evidence. With
//! [`SciFactRelevance::Evidence`] only documents with evidence count, and claims without evidence are
//! dropped. The default split is `dev`, since `test` has neither.
//!
//! Source: allenai/scifact, `doc/data.md`; Wadden et al., "Fact or Fiction" (2020), table 2; BEIR's
//! `qrels/test.tsv`.

use std::path::Path;

use serde_json::Value;

use super::draft::Draft;
use super::files::{Folder, choose};
use super::layout::Layout;
use super::options::{CollectionOptions, SciFactRelevance};
use super::query::TestQuery;
use super::record::Record;
use super::records::Records;
use super::set::Collection;
use crate::eval::input::{InputError, json};

pub(super) fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
    let folder = Folder::open(path)?;
    let splits = folder.splits("claims_", ".jsonl")?;
    let (split, claims) = choose(path, options.split.as_deref(), &["dev"], splits)?;
    let corpus = folder.file("corpus.jsonl")?.map(Path::to_owned);
    let mut draft = Draft::default();
    let wanted = |name: &str| matches!(name, "id" | "claim" | "evidence" | "cited_doc_ids");
    for record in Records::open(&claims, wanted)? {
        let record = record?;
        let wrong = |detail| record.place.error(detail);
        let id = record.id(&["id"])?;
        let query = TestQuery::new(id.as_str(), record.need_text(&["claim"])?);
        draft.query(query, &record.place).map_err(wrong)?;
        for document in relevant(&record, options.scifact_relevance).map_err(wrong)? {
            draft.judge(&id, &document, 1, &record.place).map_err(wrong)?;
        }
    }
    draft.finish(path, Layout::SciFact, Some(split), corpus.into_iter().collect())
}

fn relevant(record: &Record, relevance: SciFactRelevance) -> Result<Vec<String>, String> {
    match relevance {
        SciFactRelevance::Cited => match record.get(&["cited_doc_ids"]) {
            None => Ok(Vec::new()),
            Some(Value::Array(ids)) => {
                let id = |value| json::id(value).ok_or_else(|| format!("{value} is not an id"));
                ids.iter().map(id).collect()
            }
            Some(_) => Err("`cited_doc_ids` is not a list".to_owned()),
        },
        SciFactRelevance::Evidence => match record.get(&["evidence"]) {
            None => Ok(Vec::new()),
            Some(Value::Object(evidence)) => Ok(evidence.keys().cloned().collect()),
            Some(_) => Err("`evidence` is not an object".to_owned()),
        },
    }
}
