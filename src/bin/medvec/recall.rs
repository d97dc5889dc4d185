//! What is known of an index's recall, in words.

use medvec::session::{QuestionSource, RecallReport};

use crate::style::counted;

/// What recall was measured with.
pub(crate) fn recall_text(recall: &RecallReport) -> String {
    let questions = u64::from(recall.questions);
    match (recall.source, recall.is_estimate) {
        (Some(QuestionSource::Sample), _) => {
            format!("measured with {}", counted(questions, "biomedical sample question"))
        }
        (_, false) => format!("measured with {}", counted(questions, "question")),
        (_, true) => format!(
            "estimated with {} moved to where queries lie: give `optimize --questions` some of \
             your users'",
            counted(questions, "stored vector")
        ),
    }
}
