//! BioASQ's own scores of documents.

use std::collections::BTreeMap;

use super::interval::interval;
use super::report::MeasureValue;
use crate::error::Result;
use crate::eval::collection::bioasq::{DocumentScores, EPSILON, QuestionScores, score};
use crate::eval::measures::{Judgements, RankedDocument, Run};

/// Names of the scores: trec_eval's measures of these names have other rules.
pub(super) const NAMES: [&str; 5] =
    ["BioASQ P", "BioASQ R", "BioASQ F1", "BioASQ MAP", "BioASQ GMAP"];

/// How the means and the question of each score but GMAP are had.
type Of = (fn(&DocumentScores) -> f64, fn(&QuestionScores) -> f64);
const MEANS: [Of; 4] = [
    (|all| all.precision, |one| one.precision),
    (|all| all.recall, |one| one.recall),
    (|all| all.f1, |one| one.f1),
    (|all| all.map, |one| one.average_precision),
];

/// The scores of a run in the order of [`NAMES`]: over the questions that it answers, and over all, where a question
/// without hits has an empty list, as a submission has.
///
/// # Errors
/// Those of [`interval`].
pub(super) fn values(judgements: &Judgements, run: &Run, seed: u64) -> Result<Vec<MeasureValue>> {
    let ids = |(query, documents): (&str, &[RankedDocument])| {
        let ids = documents.iter().map(|ranked| ranked.document.clone());
        (query.to_owned(), ids.collect())
    };
    let mut lists: BTreeMap<String, Vec<String>> = run.queries().map(ids).collect();
    let returned = score(judgements, &lists);
    for (query, _) in judgements.queries() {
        lists.entry(query.to_owned()).or_default();
    }
    let Some(judged) = score(judgements, &lists) else {
        return Ok(vec![MeasureValue::default(); NAMES.len()]);
    };
    let over_returned = |of: fn(&DocumentScores) -> f64| returned.as_ref().map_or(0.0, of);
    let mut values = Vec::with_capacity(NAMES.len());
    for (of_all, of_one) in MEANS {
        let all = judged.per_question.values().map(of_one).collect();
        let answered = returned.iter().flat_map(|scores| &scores.per_question);
        values.push(MeasureValue {
            over_judged: of_all(&judged),
            over_returned: over_returned(of_all),
            interval: interval(all, seed)?,
            per_query: answered.map(|(query, one)| (query.clone(), of_one(one))).collect(),
        });
    }
    let logarithms = judged.per_question.values().map(|one| (one.average_precision + EPSILON).ln());
    let spread = interval(logarithms.collect(), seed)?;
    values.push(MeasureValue {
        over_judged: judged.gmap,
        over_returned: over_returned(|all| all.gmap),
        interval: spread.map(|(low, high)| (low.exp(), high.exp())),
        per_query: BTreeMap::new(),
    });
    Ok(values)
}
