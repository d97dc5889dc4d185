//! Predictions and their scores, by PubMedQA's `evaluation.py`.
//!
//! That script wants all questions of the test set and no others, and takes scikit-learn's
//! `accuracy_score` and `f1_score(average="macro")`: the mean of the F1 of every label that occurs in the
//! truth or in the predictions, where an F1 of 0 divided by 0 is 0. A label other than `yes`, `no` and `maybe` would be a
//! miss there, and one more class of the mean; here it is refused with its place, because it is never meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::entries::each_member;
use crate::eval::input::InputError;

/// Labels of PubMedQA.
const LABELS: [&str; 3] = ["yes", "no", "maybe"];

/// Scores of predictions, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct DecisionScores {
    /// Questions.
    pub questions: usize,
    /// Share of questions with the right decision.
    pub accuracy: f64,
    /// Mean F1 of the labels.
    pub macro_f1: f64,
}

/// Reads `{"PMID": "yes"}`: predictions, or `test_ground_truth.json` (also `.gz`, `.zst`).
///
/// # Errors
/// The file is not such an object, a PMID is there twice, or a label is not `yes`, `no` or `maybe`.
pub fn predictions(path: &Path) -> Result<BTreeMap<String, String>, InputError> {
    read(path, |_| true)
}

/// As [`predictions`], for all and only the questions of the truth.
///
/// # Errors
/// Those of [`predictions`]; a question that is not of the truth, with its line; a question without a prediction.
pub fn predictions_for(
    path: &Path,
    truth: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, InputError> {
    let found = read(path, |pmid| truth.contains_key(pmid))?;
    let mut missing = truth.keys().filter(|pmid| !found.contains_key(*pmid));
    match (missing.next(), missing.count()) {
        (None, _) => Ok(found),
        (Some(first), 0) => Err(InputError::file(path, format!("no prediction for {first}"))),
        (Some(first), more) => {
            let detail = format!("no prediction for {first} and {more} other questions");
            Err(InputError::file(path, detail))
        }
    }
}

fn read(
    path: &Path,
    is_asked: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, InputError> {
    let mut found = BTreeMap::new();
    each_member(path, |_, pmid, label: String| {
        if !is_asked(&pmid) {
            return Err(format!("`{pmid}` is not a question of the task"));
        }
        if !LABELS.contains(&label.as_str()) {
            return Err(format!(
                "unknown decision `{label}` of {pmid} (expected {})",
                LABELS.join(", ")
            ));
        }
        match found.insert(pmid.clone(), label) {
            None => Ok(()),
            Some(_) => Err(format!("the PMID {pmid} is there twice")),
        }
    })?;
    Ok(found)
}

/// Scores predictions.
///
/// # Errors
/// The predictions are not of all and only the questions of the truth, or the truth is empty.
pub fn score(
    truth: &BTreeMap<String, String>,
    predictions: &BTreeMap<String, String>,
) -> Result<DecisionScores, String> {
    if truth.is_empty() {
        return Err("no question has a decision".to_owned());
    }
    if let Some(missing) = truth.keys().find(|pmid| !predictions.contains_key(*pmid)) {
        return Err(format!("no prediction for {missing}: all questions must have one"));
    }
    if let Some(other) = predictions.keys().find(|pmid| !truth.contains_key(*pmid)) {
        return Err(format!("a prediction for {other}, which is not a question of this set"));
    }
    let pairs = || truth.values().zip(predictions.values());
    let right = pairs().filter(|(wanted, found)| wanted == found).count();
    let labels: BTreeSet<&String> = truth.values().chain(predictions.values()).collect();
    let f1 = |label: &&String| {
        let count = |test: &dyn Fn(&String, &String) -> bool| {
            pairs().filter(|(wanted, found)| test(wanted, found)).count() as f64
        };
        let hits = count(&|wanted, found| wanted == *label && found == *label);
        let all = count(&|wanted, _| wanted == *label) + count(&|_, found| found == *label);
        if all == 0.0 { 0.0 } else { 2.0 * hits / all }
    };
    Ok(DecisionScores {
        questions: truth.len(),
        accuracy: right as f64 / truth.len() as f64,
        macro_f1: labels.iter().map(f1).sum::<f64>() / labels.len() as f64,
    })
}
