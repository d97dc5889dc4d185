//! The scores of snippets in phase A, by BioASQ's own rules: characters that two lists of passages share.
//!
//! | score | of one question, with the list S and the gold snippets G |
//! |---|---|
//! | precision, recall, F | shared characters / characters of S, shared / characters of G, their harmonic mean |
//! | average precision | the sum of the precisions of the first r snippets, over every r whose snippet is of a document of G, divided by min(10, \|G\|) |
//!
//! F is the official score of snippets since BioASQ 9. Snippets of one document and section that overlap are one in either
//! list, at the place of the first. Offsets count characters within a section, both ends included; two snippets
//! share characters if both begin in one section and both end in one.
//!
//! BioASQ's rules say that a snippet must overlap with a gold one to count in the average precision; its program asks only
//! for a gold snippet of the document, and all published scores are that program's. So are these.
//!
//! Sources: participants-area.bioasq.org/faq, "Task 9b"; BioASQ/Evaluation-Measures at 8c8e689, `Snippet.java` and
//! `QuestionAnswerEvaluator.java` (`calculatePRForSnippets`, `calculateAveragePrecisionSnippets`, `concatenateSnippets`).

use std::collections::BTreeMap;

use super::super::query::Snippet;
use super::score::{BioAsqScores, DOCUMENTS_MAX, QuestionScores, means};

/// Snippets that a submission may have per question, and that count: as many as documents.
const SNIPPETS_MAX: usize = DOCUMENTS_MAX;

impl Snippet {
    fn size(&self) -> u64 {
        u64::from(self.offsets.1.saturating_sub(self.offsets.0)) + 1
    }

    /// Characters that it shares with a gold snippet. The first section of a full text has been called `0`.
    fn shared(&self, gold: &Snippet) -> u64 {
        let is_old = self.sections.0 == "0" && gold.sections.0 == "abstract";
        if self.document != gold.document || self.sections != gold.sections && !is_old {
            return 0;
        }
        let first = self.offsets.0.max(gold.offsets.0);
        let last = self.offsets.1.min(gold.offsets.1);
        if first > last { 0 } else { u64::from(last - first) + 1 }
    }

    fn overlaps(&self, other: &Snippet) -> bool {
        self.document == other.document
            && self.sections == other.sections
            && self.offsets.0 <= other.offsets.1
            && other.offsets.0 <= self.offsets.1
    }
}

/// The snippets, those that overlap joined.
fn joined(snippets: &[Snippet]) -> Vec<Snippet> {
    let mut joined: Vec<Snippet> = Vec::new();
    for snippet in snippets {
        let mut grown = snippet.clone();
        let mut place = joined.len();
        // What it joins may reach others.
        while let Some(at) = joined.iter().position(|other| other.overlaps(&grown)) {
            let other = joined.remove(at);
            grown.offsets.0 = grown.offsets.0.min(other.offsets.0);
            grown.offsets.1 = grown.offsets.1.max(other.offsets.1);
            place = place.min(at);
        }
        joined.insert(place.min(joined.len()), grown);
    }
    joined
}

fn question_scores(listed: &[Snippet], gold: &[Snippet]) -> QuestionScores {
    let gold = joined(gold);
    let listed = joined(listed.get(..SNIPPETS_MAX).unwrap_or(listed));
    let (mut shared, mut size, mut sum) = (0, 0, 0.0);
    for snippet in &listed {
        shared += gold.iter().map(|other| snippet.shared(other)).sum::<u64>();
        size += snippet.size();
        if gold.iter().any(|other| other.document == snippet.document) {
            sum += shared as f64 / size as f64;
        }
    }
    if shared == 0 {
        return QuestionScores::default();
    }
    let precision = shared as f64 / size as f64;
    let recall = shared as f64 / gold.iter().map(Snippet::size).sum::<u64>() as f64;
    QuestionScores {
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall),
        average_precision: sum / gold.len().min(SNIPPETS_MAX) as f64,
    }
}

/// Scores snippets by question. Means are over the gold questions that have snippets and that the run answers, even with an
/// empty list; `None` if it answers none of them.
pub fn score_snippets(
    gold: &BTreeMap<String, Vec<Snippet>>,
    run: &BTreeMap<String, Vec<Snippet>>,
) -> Option<BioAsqScores> {
    let (mut per_question, mut unanswered) = (BTreeMap::new(), 0);
    for (question, gold) in gold.iter().filter(|(_, gold)| !gold.is_empty()) {
        match run.get(question) {
            Some(listed) => {
                per_question.insert(question.clone(), question_scores(listed, gold));
            }
            None => unanswered += 1,
        }
    }
    means(per_question, unanswered)
}
