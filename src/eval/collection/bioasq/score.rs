//! The scores of documents in phase A, by BioASQ's own rules.
//!
//! | score | of one question, with the list L and the relevant documents R |
//! |---|---|
//! | precision, recall, F | \|L ∩ R\| / \|L\|, \|L ∩ R\| / \|R\|, their harmonic mean |
//! | average precision | the sum of the precisions at the ranks of relevant documents, divided by min(10, \|R\|) |
//!
//! MAP is the official score of documents. The divisor is min(10, \|R\|) since BioASQ 8 (10 before, |R|
//! in BioASQ 1 and 2). GMAP is the geometric mean with 0.00001 added to each. Means are over the gold
//! questions that the run answers, even with an empty list; questions without relevant documents are left
//! out (since BioASQ 9; task B has none).
//!
//! Sources: participants-area.bioasq.org/faq, "Task 8b"; BioASQ/Evaluation-Measures at 8c8e689,
//! `QuestionAnswerEvaluator.java` (`calculatePRF`, `calculateAveragePrecision`) and
//! `EvaluatorTask1b.java` (`MapDocuments`, `GMapDocuments`).

use std::collections::{BTreeMap, HashSet};

use crate::eval::measures::Judgements;

/// Documents that a submission may have per question, and that count.
pub const DOCUMENTS_MAX: usize = 10;

/// What BioASQ adds to each average precision before it takes the logarithm.
pub const EPSILON: f64 = 0.00001;

/// Scores of one question, each from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QuestionScores {
    /// Relevant documents among those listed; of snippets, characters.
    pub precision: f64,
    /// Listed documents among those that are relevant; of snippets, characters.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// As [`average_precision`], or as snippets have it.
    pub average_precision: f64,
}

/// Scores of a run's documents or snippets, each from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BioAsqScores {
    /// Scores of the questions that the means are over.
    pub per_question: BTreeMap<String, QuestionScores>,
    /// Gold questions that the run does not name: BioASQ leaves them out of the means.
    pub unanswered: usize,
    /// Mean precision.
    pub precision: f64,
    /// Mean recall.
    pub recall: f64,
    /// Mean F: the official score of snippets.
    pub f1: f64,
    /// Mean average precision: the official score of documents.
    pub map: f64,
    /// Geometric mean average precision.
    pub gmap: f64,
}

/// The first ten different documents of a ranking: what a submission may have.
pub(super) fn first_ten<S: AsRef<str>>(ranking: &[S]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let different = ranking.iter().map(AsRef::as_ref).filter(|id| seen.insert(*id));
    different.take(DOCUMENTS_MAX).collect()
}

/// BioASQ's average precision of one ranking: 0 if nothing is relevant. Ranks beyond ten do not count.
pub fn average_precision<S: AsRef<str>>(ranking: &[S], relevant: &HashSet<&str>) -> f64 {
    let (mut hits, mut sum) = (0u32, 0.0);
    for (rank, id) in (1u32..).zip(first_ten(ranking)) {
        if relevant.contains(id) {
            hits += 1;
            sum += f64::from(hits) / f64::from(rank);
        }
    }
    match relevant.len().min(DOCUMENTS_MAX) {
        0 => 0.0,
        divisor => sum / divisor as f64,
    }
}

/// The scores of one list of documents.
fn question_scores<S: AsRef<str>>(ranking: &[S], relevant: &HashSet<&str>) -> QuestionScores {
    let listed = first_ten(ranking);
    let hits = listed.iter().filter(|id| relevant.contains(*id)).count() as f64;
    if hits == 0.0 {
        return QuestionScores::default();
    }
    let (precision, recall) = (hits / listed.len() as f64, hits / relevant.len() as f64);
    QuestionScores {
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall),
        average_precision: average_precision(ranking, relevant),
    }
}

/// Scores a run: ranked PMIDs by question (a grade above 0 is relevant). `None` if the run answers no question that has
/// relevant documents.
pub fn score<S: AsRef<str>>(
    judgements: &Judgements,
    run: &BTreeMap<String, Vec<S>>,
) -> Option<BioAsqScores> {
    let (mut per_question, mut unanswered) = (BTreeMap::new(), 0);
    for (question, grades) in judgements.queries() {
        let graded = grades.iter().filter(|(_, grade)| **grade > 0);
        let relevant: HashSet<&str> = graded.map(|(id, _)| id.as_str()).collect();
        if relevant.is_empty() {
            continue;
        }
        match run.get(question) {
            Some(ranking) => {
                per_question.insert(question.to_owned(), question_scores(ranking, &relevant));
            }
            None => unanswered += 1,
        }
    }
    means(per_question, unanswered)
}

/// The means of some questions; `None` of none.
pub(super) fn means(
    per_question: BTreeMap<String, QuestionScores>,
    unanswered: usize,
) -> Option<BioAsqScores> {
    if per_question.is_empty() {
        return None;
    }
    let mean = |of: fn(&QuestionScores) -> f64| {
        per_question.values().map(of).sum::<f64>() / per_question.len() as f64
    };
    Some(BioAsqScores {
        unanswered,
        precision: mean(|scores| scores.precision),
        recall: mean(|scores| scores.recall),
        f1: mean(|scores| scores.f1),
        map: mean(|scores| scores.average_precision),
        gmap: mean(|scores| (scores.average_precision + EPSILON).ln()).exp(),
        per_question,
    })
}
