//! What is read of a benchmark.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::layout::Layout;
use super::query::{GoldAnswer, Skipped, TestQuery};

/// A benchmark without its documents.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Collection {
    /// The layout that it was read in.
    pub layout: Layout,
    /// The split that was read; `None` in layouts without splits.
    pub split: Option<String>,
    /// The files with the documents, in the order of reading; may be empty.
    pub corpus: Vec<PathBuf>,
    /// The queries, in the order of the file, each with a text and, if there are judgements, with one.
    pub queries: Vec<TestQuery>,
    /// Grades by query and document. Documents may be missing from the corpus.
    pub judgements: BTreeMap<String, BTreeMap<String, i64>>,
    /// Gold answers by query (BioASQ, PubMedQA).
    pub answers: BTreeMap<String, GoldAnswer>,
    /// What was passed over and counted.
    pub skipped: Vec<Skipped>,
}
