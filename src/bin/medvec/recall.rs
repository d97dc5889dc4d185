//! What is known of an index's recall, in words.

use medvec::session::{QuerySource, RecallReport};

use crate::style::counted;

/// What there is to know of an index whose documents have drifted.
pub(crate) const DRIFTED: &str = "documents have drifted from those that the index was trained on: \
    `medvec optimize --retrain` makes searches faster";

/// What recall was measured with.
pub(crate) fn recall_text(recall: &RecallReport) -> String {
    let queries = u64::from(recall.queries);
    match (recall.source, recall.is_estimate) {
        (Some(QuerySource::Sample), _) => {
            format!("measured with {}", counted(queries, "biomedical sample query"))
        }
        (_, false) => format!("measured with {}", counted(queries, "query")),
        (_, true) => format!(
            "estimated with {} moved to where queries lie: give `optimize --queries` some of \
             your users'",
            counted(queries, "stored vector")
        ),
    }
}
