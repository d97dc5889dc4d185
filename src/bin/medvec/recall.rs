//! What is known of an index's recall, in words and as JSON.

use medvec::db::RecallReport;
use medvec::format::manifest::QuestionSource;
use serde_json::{Value, json};

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
            "estimated with {} moved to where questions lie: give `optimize --questions` some of \
             your users'",
            counted(questions, "stored vector")
        ),
    }
}

/// All that is known, for programs.
pub(crate) fn recall_json(recall: &RecallReport) -> Value {
    let source = recall.source.map(|source| match source {
        QuestionSource::Given => "given",
        QuestionSource::Sample => "sample",
        QuestionSource::Moved => "moved",
    });
    let points: Vec<Value> = recall
        .points
        .iter()
        .map(|point| {
            json!({
                "recall": rounded(point.recall),
                "below_8_of_10": point.low_share.map(rounded),
                "probes": point.probes,
                "candidates": point.candidates,
            })
        })
        .collect();
    json!({
        "questions": recall.questions,
        "source": source,
        "estimate": recall.is_estimate,
        "points": points,
    })
}

/// To four digits: a float of single precision has no more to say here.
fn rounded(share: f32) -> f64 {
    (f64::from(share) * 1e4).round() / 1e4
}
