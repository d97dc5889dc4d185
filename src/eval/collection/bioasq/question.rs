//! A question with what its file says of it.

use super::super::query::{GoldAnswer, QuestionKind};

/// A question as BioASQ has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// Its id, 24 hexadecimal digits in BioASQ's own files.
    pub id: String,
    /// Its text.
    pub body: String,
    /// What kind of answer is wanted.
    pub kind: Option<QuestionKind>,
    /// PMIDs of relevant documents, in the order of the file, without repeats.
    pub documents: Vec<String>,
    /// PMIDs of documents of snippets, in the order of the file, without repeats.
    pub snippet_documents: Vec<String>,
    /// Addresses in `documents` and `snippets` that are not of PubMed.
    pub other_documents: Vec<String>,
    /// The gold answer; empty in test sets.
    pub answer: GoldAnswer,
}
