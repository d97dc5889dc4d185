//! BioASQ's own scores of documents and of snippets.

use std::collections::BTreeMap;

use super::interval::interval;
use super::report::MeasureValue;
use crate::error::Result;
use crate::eval::collection::Snippet;
use crate::eval::collection::bioasq::{
    BioAsqScores, EPSILON, QuestionScores, score, score_snippets,
};
use crate::eval::measures::{Judgements, RankedDocument, Run};

/// Names of the scores of documents: trec_eval's measures of these names have other rules.
pub(super) const NAMES: [&str; 5] =
    ["BioASQ P", "BioASQ R", "BioASQ F1", "BioASQ MAP", "BioASQ GMAP"];

/// Names of the scores of snippets, in the same order.
pub(super) const SNIPPET_NAMES: [&str; 5] = [
    "BioASQ snippet P",
    "BioASQ snippet R",
    "BioASQ snippet F1",
    "BioASQ snippet MAP",
    "BioASQ snippet GMAP",
];

/// How the means and the question of each score but GMAP are had.
type Of = (fn(&BioAsqScores) -> f64, fn(&QuestionScores) -> f64);
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
    values_of(returned, score(judgements, &lists), seed)
}

/// Scores over the questions that are answered, and over all.
///
/// # Errors
/// Those of [`interval`].
fn values_of(
    returned: Option<BioAsqScores>,
    judged: Option<BioAsqScores>,
    seed: u64,
) -> Result<Vec<MeasureValue>> {
    let Some(judged) = judged else {
        return Ok(vec![MeasureValue::default(); NAMES.len()]);
    };
    let over_returned = |of: fn(&BioAsqScores) -> f64| returned.as_ref().map_or(0.0, of);
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

/// The scores of snippets by question in the order of [`SNIPPET_NAMES`], as [`values`] has those of documents.
///
/// # Errors
/// Those of [`interval`].
pub(super) fn snippet_values(
    gold: &BTreeMap<String, Vec<Snippet>>,
    mut lists: BTreeMap<String, Vec<Snippet>>,
    seed: u64,
) -> Result<Vec<MeasureValue>> {
    lists.retain(|_, listed| !listed.is_empty());
    let answered = score_snippets(gold, &lists);
    for id in gold.keys() {
        lists.entry(id.clone()).or_default();
    }
    values_of(answered, score_snippets(gold, &lists), seed)
}
