//! PubMedQA's sets: a query per entry, whose only relevant document is the entry's own article.
//!
//! ```json
//! {"21645374": {"QUESTION": "...", "CONTEXTS": ["..."], "LABELS": ["..."], "MESHES": ["..."],
//!   "YEAR": "2011", "final_decision": "yes", "LONG_ANSWER": "..."}}
//! ```
//!
//! The file is the corpus as well: `ingest` reads its entries as documents. With the split `test`, only
//! the questions of `test_ground_truth.json` beside it are asked (500 of PubMedQA's 1,000).
//!
//! Source: pubmedqa/pubmedqa, `README.md`, `data/` and `evaluation.py`.

mod score;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::draft::Draft;
use super::entries::each_member;
use super::files::Folder;
use super::layout::Layout;
use super::options::CollectionOptions;
use super::query::{GoldAnswer, TestQuery};
use super::set::Collection;
use crate::eval::input::InputError;

pub use score::{DecisionScores, predictions, predictions_for, score};

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "QUESTION")]
    question: String,
    final_decision: Option<String>,
    #[serde(rename = "LONG_ANSWER")]
    long_answer: Option<String>,
}

pub(super) fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
    let file = match path.is_dir() {
        false => path.to_owned(),
        true => Folder::open(path)?.need("ori_pqal.json")?.to_owned(),
    };
    let mut asked = match options.split.as_deref() {
        None => None,
        Some("test") => Some(predictions(&beside(&file, "test_ground_truth.json")?)?),
        Some(split) => {
            let detail = format!("no split `{split}` (found test, and all if none is named)");
            return Err(InputError::file(&file, detail));
        }
    };
    let mut draft = Draft::default();
    each_member(&file, |place, pmid, entry: Entry| {
        let is_number = !pmid.is_empty() && pmid.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(format!("`{pmid}` is not a PMID"));
        }
        if asked.as_mut().is_some_and(|asked| asked.remove(&pmid).is_none()) {
            draft.skipped.add("questions of another split", place);
            return Ok(());
        }
        draft.query(TestQuery::new(pmid.as_str(), entry.question), place)?;
        draft.judge(&pmid, &pmid, 1, place)?;
        let exact = entry.final_decision.map(|decision| vec![decision]).into_iter().collect();
        let ideal = entry.long_answer.into_iter().collect();
        draft.answer(&pmid, GoldAnswer { exact, ideal, snippets: Vec::new() });
        Ok(())
    })?;
    if let Some((pmid, _)) = asked.and_then(|mut asked| asked.pop_first()) {
        let detail = format!("{pmid} of test_ground_truth.json is not in it");
        return Err(InputError::file(&file, detail));
    }
    let split = options.split.clone();
    draft.finish(path, Layout::PubMedQa, split, vec![file])
}

fn beside(file: &Path, name: &str) -> Result<PathBuf, InputError> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    Folder::open(parent.unwrap_or(Path::new(".")))?.need(name).map(Path::to_owned)
}

/// The decisions among gold answers, by PMID: what [`score`] compares with.
pub fn decisions(answers: &BTreeMap<String, GoldAnswer>) -> BTreeMap<String, String> {
    let decision = |answer: &GoldAnswer| answer.exact.first()?.first().cloned();
    answers.iter().filter_map(|(pmid, answer)| Some((pmid.clone(), decision(answer)?))).collect()
}

#[cfg(test)]
mod tests;
