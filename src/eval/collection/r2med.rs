//! R2MED, in the three forms that people have it in.
//!
//! ```text
//! corpus.jsonl, query.jsonl {"id", "text"}, qrels.jsonl {"q_id", "p_id", "score"}      its own files
//! {method}/{model}/query_with_hydoc.jsonl {"id", "text", "hy_doc"}                     beside them
//! corpus/…, query/…, qrels/…                                            Hugging Face, the same columns
//! corpus.jsonl, test_queries.jsonl {"id", "contents"}, qrels.json {qid: {docid: grade}}    ReasonRank
//! ```
//!
//! `qrels.txt`, which the README names, is read as qrels of TREC. R2MED's own code joins a query and its
//! hypothetical document with `[SEP]` for query2doc and gives both to the encoder otherwise; here
//! the text is both with a space between, or the document alone, and the document is the query's
//! `narrative` as well. A chain of thought inside of `hy_doc` is not cut off.
//!
//! Sources: R2MED/R2MED, `README.md` and `src/eval_bench.py`; mteb, `R2MEDRetrieval.py`;
//! 8421BCD/ReasonRank, `utils.py` (`get_topics_qrels_for_r2med`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::draft::Draft;
use super::entries::each_member;
use super::files::Folder;
use super::hub;
use super::layout::Layout;
use super::options::{CollectionOptions, HydeText};
use super::query::TestQuery;
use super::records::Records;
use super::set::Collection;
use crate::eval::input::InputError;
use crate::eval::input::json::grade;
use crate::eval::qrels::JudgementFormat;

pub(super) fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
    let folder = Folder::open(path)?;
    let is_native = folder.has_file("query.jsonl");
    if !is_native && !folder.has_file("test_queries.jsonl") {
        no_hyde(path, options)?;
        return hub::open(path, options, Layout::R2Med);
    }
    if let Some(split) = options.split.as_deref().filter(|split| *split != "test") {
        return Err(InputError::folder(path, format!("no split `{split}` (found test)")));
    }
    let corpus = folder.file("corpus.jsonl")?.map(Path::to_owned);
    let mut draft = Draft::default();
    match (&options.hyde, is_native) {
        (Some(inside), true) => {
            let inside = Folder::open(&path.join(inside))?;
            read_hyde(inside.need("query_with_hydoc.jsonl")?, options.hyde_text, &mut draft)?;
        }
        (None, true) => hub::read_queries(folder.need("query.jsonl")?, &mut draft)?,
        (_, false) => {
            no_hyde(path, options)?;
            let wanted = |name: &str| matches!(name, "id" | "contents");
            for record in Records::open(folder.need("test_queries.jsonl")?, wanted)? {
                let record = record?;
                let query = TestQuery::new(record.id(&["id"])?, record.need_text(&["contents"])?);
                draft.query(query, &record.place).map_err(|detail| record.place.error(detail))?;
            }
        }
    }
    draft.expect_judgements();
    match (is_native, folder.file("qrels.txt")?) {
        (false, _) => read_dictionary(folder.need("qrels.json")?, &mut draft)?,
        (true, Some(text)) if !folder.has_file("qrels.jsonl") => {
            draft.judge_file(text, JudgementFormat::Trec)?
        }
        (true, _) => hub::read_judgements(folder.need("qrels.jsonl")?, &mut draft)?,
    }
    draft.finish(path, Layout::R2Med, Some("test".into()), corpus.into_iter().collect())
}

fn no_hyde(path: &Path, options: &CollectionOptions) -> Result<(), InputError> {
    match &options.hyde {
        None => Ok(()),
        Some(_) => {
            Err(InputError::folder(path, "only R2MED's own files have hypothetical documents"))
        }
    }
}

fn read_hyde(file: &Path, text: HydeText, draft: &mut Draft) -> Result<(), InputError> {
    for record in Records::open(file, |name| matches!(name, "id" | "text" | "hy_doc"))? {
        let record = record?;
        let (question, document) = (record.need_text(&["text"])?, record.need_text(&["hy_doc"])?);
        let text = match text {
            HydeText::Both => format!("{question} {document}"),
            HydeText::Document => document.clone(),
        };
        let mut query = TestQuery::new(record.id(&["id"])?, text);
        query.narrative = Some(document).filter(|document| !document.is_empty());
        draft.query(query, &record.place).map_err(|detail| record.place.error(detail))?;
    }
    Ok(())
}

fn read_dictionary(file: &Path, draft: &mut Draft) -> Result<(), InputError> {
    each_member(file, |place, query, grades: BTreeMap<String, Value>| {
        for (document, value) in grades {
            let grade =
                grade(&value).ok_or_else(|| format!("the grade {value} is not an integer"))?;
            draft.judge(&query, &document, grade, place)?;
        }
        Ok(())
    })
}
