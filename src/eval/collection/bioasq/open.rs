//! Questions as a collection.

use std::path::{Path, PathBuf};

use super::super::draft::Draft;
use super::super::files::Folder;
use super::super::layout::Layout;
use super::super::options::CollectionOptions;
use super::super::query::TestQuery;
use super::super::set::Collection;
use super::question::Question;
use super::read;
use crate::eval::input::InputError;
use crate::eval::qrels::JudgementFormat;

pub(in super::super) fn open(
    path: &Path,
    options: &CollectionOptions,
) -> Result<Collection, InputError> {
    let files: Vec<PathBuf> = match path.is_dir() {
        false => vec![path.to_owned()],
        true => {
            let folder = Folder::open(path)?;
            let files = folder.files().filter(|(name, _)| name.ends_with(".json"));
            files.map(|(_, path)| path.to_owned()).collect()
        }
    };
    let mut draft = Draft::default();
    for file in &files {
        read::questions(file, |place, question| {
            let Question { id, body, kind, documents, snippet_documents, .. } = question;
            draft.query(TestQuery { kind, ..TestQuery::new(id.as_str(), body) }, place)?;
            for _ in &question.other_documents {
                draft.skipped.add("documents that are not in PubMed", place);
            }
            let snippets = snippet_documents.iter().filter(|_| options.include_snippets);
            let more = snippets.filter(|pmid| !documents.contains(pmid));
            let own = documents.iter().chain(more).filter(|_| options.judgements.is_none());
            for pmid in own {
                draft.judge(&id, pmid, 1, place)?;
            }
            draft.answer(&id, question.answer);
            Ok(())
        })?;
    }
    if let Some(judgements) = &options.judgements {
        draft.judge_file(judgements, JudgementFormat::Trec)?;
    }
    draft.finish(path, Layout::BioAsq, None, Vec::new())
}
