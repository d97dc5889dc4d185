//! One query's ranking and judgements, joined: what every measure is computed from.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::measure::{Measure, MeasureKind};
use super::options::{EvaluationOptions, ScoreWidth};
use super::run::RankedDocument;

/// Grades in the order of the ranking.
pub(super) struct QueryRanking<'a> {
    /// `None` for an unjudged document.
    grades: Vec<Option<i64>>,
    /// Grades of all judged documents, returned or not.
    judged: &'a BTreeMap<String, i64>,
}

impl<'a> QueryRanking<'a> {
    /// Ranks the documents as trec_eval does. Cost: a sort.
    pub(super) fn new(
        query: &str,
        documents: &[RankedDocument],
        judged: &'a BTreeMap<String, i64>,
        options: &EvaluationOptions,
    ) -> QueryRanking<'a> {
        let is_kept =
            |ranked: &&RankedDocument| !(options.ignore_identical_ids && ranked.document == query);
        let mut ranked: Vec<&RankedDocument> = documents.iter().filter(is_kept).collect();
        let width = options.score_width;
        ranked.sort_unstable_by(|a, b| {
            let scores = match width {
                ScoreWidth::F32 => (b.score as f32).partial_cmp(&(a.score as f32)),
                ScoreWidth::F64 => b.score.partial_cmp(&a.score),
            };
            // Scores are finite, so they have an order.
            scores.unwrap_or(Ordering::Equal).then_with(|| b.document.cmp(&a.document))
        });
        let grades = ranked.iter().map(|ranked| judged.get(&ranked.document).copied()).collect();
        QueryRanking { grades, judged }
    }

    /// Documents with a judgement, and all of them.
    pub(super) fn judged_documents(&self) -> (usize, usize) {
        (self.grades.iter().flatten().count(), self.grades.len())
    }

    /// The value of a measure, usually from 0 to 1. Cost: the ranking's length, plus a sort of the grades for nDCG.
    pub(super) fn value(&self, measure: Measure) -> f64 {
        let level = measure.level();
        let limit = measure.cutoff().map(|k| k.get() as usize);
        match measure.kind() {
            MeasureKind::Ndcg => self.ndcg(limit),
            MeasureKind::Ap => self.average_precision(limit, level),
            MeasureKind::Rr => {
                self.first_relevant(limit, level).map_or(0.0, |rank| 1.0 / rank as f64)
            }
            MeasureKind::Recall | MeasureKind::SetRecall => {
                ratio(self.relevant_returned(limit, level), self.relevant(level))
            }
            MeasureKind::Precision => {
                ratio(self.relevant_returned(limit, level), limit.unwrap_or(self.grades.len()))
            }
            MeasureKind::SetPrecision => {
                ratio(self.relevant_returned(None, level), self.grades.len())
            }
            MeasureKind::RPrecision => {
                let relevant = self.relevant(level);
                ratio(self.relevant_returned(Some(relevant), level), relevant)
            }
            MeasureKind::Bpref => self.bpref(level),
            MeasureKind::Judged => {
                let judged = self.first(limit).filter(|grade| grade.is_some()).count();
                ratio(judged, self.first(limit).count())
            }
            MeasureKind::Success => {
                f64::from(u8::from(self.first_relevant(limit, level).is_some()))
            }
        }
    }

    fn first(&self, limit: Option<usize>) -> impl Iterator<Item = Option<i64>> {
        self.grades.iter().copied().take(limit.unwrap_or(usize::MAX))
    }

    /// Ranks, from 1, of relevant documents.
    fn relevant_ranks(&self, limit: Option<usize>, level: i64) -> impl Iterator<Item = usize> {
        (1..)
            .zip(self.first(limit))
            .filter(move |(_, grade)| grade.is_some_and(|grade| grade >= level))
            .map(|(rank, _)| rank)
    }

    fn relevant_returned(&self, limit: Option<usize>, level: i64) -> usize {
        self.relevant_ranks(limit, level).count()
    }

    fn first_relevant(&self, limit: Option<usize>, level: i64) -> Option<usize> {
        self.relevant_ranks(limit, level).next()
    }

    fn relevant(&self, level: i64) -> usize {
        self.judged.values().filter(|grade| **grade >= level).count()
    }

    fn average_precision(&self, limit: Option<usize>, level: i64) -> f64 {
        let found = (1u64..).zip(self.relevant_ranks(limit, level));
        let sum: f64 = found.map(|(found, rank)| found as f64 / rank as f64).sum();
        let relevant = self.relevant(level);
        if relevant == 0 { 0.0 } else { sum / relevant as f64 }
    }

    fn ndcg(&self, limit: Option<usize>) -> f64 {
        let mut ideal: Vec<i64> =
            self.judged.values().copied().filter(|grade| *grade > 0).collect();
        ideal.sort_unstable_by_key(|grade| Reverse(*grade));
        let best = discounted(ideal.into_iter().take(limit.unwrap_or(usize::MAX)));
        if best > 0.0 {
            discounted(self.first(limit).map(|grade| grade.unwrap_or(0).max(0))) / best
        } else {
            0.0
        }
    }

    /// After trec_eval's `m_bpref.c`, which bounds both counts by R.
    fn bpref(&self, level: i64) -> f64 {
        let relevant = self.relevant(level);
        let is_nonrelevant = |grade: i64| (0..level).contains(&grade);
        let nonrelevant = self.judged.values().filter(|grade| is_nonrelevant(**grade)).count();
        let bound = nonrelevant.min(relevant) as f64;
        let mut before = 0usize;
        let mut sum = 0.0;
        for grade in self.grades.iter().copied().flatten() {
            if is_nonrelevant(grade) {
                before += 1;
            } else if grade >= level {
                // `bound` is positive: this document is relevant, one before it is not.
                sum += if before == 0 { 1.0 } else { 1.0 - before.min(relevant) as f64 / bound };
            }
        }
        if relevant == 0 { 0.0 } else { sum / relevant as f64 }
    }
}

/// Sum of gains, each over the logarithm to base two of its rank plus one.
fn discounted(gains: impl Iterator<Item = i64>) -> f64 {
    let ranked = (2u64..).zip(gains).filter(|(_, gain)| *gain > 0);
    ranked.map(|(rank, gain)| gain as f64 / (rank as f64).log2()).sum()
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
