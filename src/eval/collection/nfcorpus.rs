//! NFCorpus in its original release.
//!
//! ```text
//! {split}.{kind}.queries     PLAIN-1 <tab> text        kind: all, titles, nontopic-titles, vid-titles, vid-desc
//! {split}.{scale}.qrel       PLAIN-1 0 MED-2421 3      scale: 3-2-1, 2-1-0
//! {split}.docs               MED-118 <tab> text
//! ```
//!
//! The release is tokenised and without stop words; BEIR's copy has the raw texts. By default the
//! queries are the titles and the scale is 3-2-1, as `peers/retrieval.py` has it; the authors' own
//! experiments used 2-1-0.
//!
//! Source: the release's `README.txt`; Boteva et al., "A Full-Text Learning to Rank Dataset for Medical
//! Information Retrieval" (2016).

use std::path::Path;

use super::draft::Draft;
use super::files::{Folder, choose};
use super::layout::Layout;
use super::options::{CollectionOptions, NfCorpusScale};
use super::set::Collection;
use super::trec;
use crate::eval::input::InputError;
use crate::eval::qrels::JudgementFormat;

pub(super) fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
    let folder = Folder::open(path)?;
    let scale = match options.nfcorpus_scale {
        NfCorpusScale::ThreeTwoOne => ".3-2-1.qrel",
        NfCorpusScale::TwoOneZero => ".2-1-0.qrel",
    };
    let splits = folder.splits("", scale)?;
    let (split, judgements) = choose(path, options.split.as_deref(), &["test"], splits)?;
    let queries = format!("{split}.{}.queries", options.nfcorpus_queries.name());
    let mut draft = Draft::default();
    trec::read_tsv(folder.need(&queries)?, &mut draft)?;
    draft.judge_file(&judgements, JudgementFormat::Trec)?;
    let corpus = folder.file(&format!("{split}.docs"))?.map(Path::to_owned);
    draft.finish(path, Layout::NfCorpus, Some(split), corpus.into_iter().collect())
}
