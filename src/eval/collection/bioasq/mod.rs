//! BioASQ task B: questions with documents and answers, the scores of phase A, and its submission.
//!
//! ```json
//! {"questions": [{"id": "5e...", "type": "yesno", "body": "Is ...?",
//!   "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/12345678"],
//!   "snippets": [{"document": "http://...", "text": "...", "beginSection": "abstract", ...}],
//!   "exact_answer": "yes", "ideal_answer": ["..."]}]}
//! ```
//!
//! Training sets, gold test batches and test sets (no documents) have this form. A folder of such files is
//! read in the order of names. Documents are in PubMed, so there is no corpus here: they are asked of a
//! database. A document that is not in PubMed (PMC articles in early years) is counted. Test sets keep
//! all their queries, because they have no judgements.
//!
//! Sources: participants-area.bioasq.org, "Task 13b", section "JSON format of the datasets";
//! BioASQ/Evaluation-Measures, `Task1bData.java`.

mod open;
mod question;
mod read;
mod score;
mod snippets;
mod submission;

pub(super) use open::open;
pub use question::Question;
pub use read::each_question;
pub use score::{BioAsqScores, DOCUMENTS_MAX, EPSILON, QuestionScores, average_precision, score};
pub use snippets::score_snippets;
pub use submission::write_submission;

#[cfg(test)]
mod tests;
