//! BioASQ's own scores: of the documents of any run, and of the documents and snippets of submissions.

use std::collections::BTreeMap;
use std::path::Path;

use super::interval::interval;
use super::measured::compare;
use super::open::name_of;
use super::report::{MeasureValue, TaskReport};
use super::settings::EvaluateSettings;
use super::task::Task;
use crate::error::{Error, Result};
use crate::eval::collection::bioasq::{
    BioAsqScores, DOCUMENTS_MAX, EPSILON, QuestionScores, each_question, score, score_snippets,
};
use crate::eval::collection::{Layout, Snippet};
use crate::eval::measures::{Judgements, RankedDocument, Run};
use crate::session::error::{SessionError, SessionResult};

/// Names of the scores of documents: trec_eval's measures of these names have other rules.
pub(super) const NAMES: [&str; 5] =
    ["BioASQ P", "BioASQ R", "BioASQ F1", "BioASQ MAP", "BioASQ GMAP"];

/// Names of the scores of snippets, in the same order.
const SNIPPET_NAMES: [&str; 5] = [
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

impl Task {
    /// Scores submissions to BioASQ's phase A, each a file of questions with `documents` and `snippets`: documents by the
    /// measures of the settings, and both by BioASQ's own rules. The first ten of each count. A question that a submission
    /// lacks counts as one with empty lists.
    ///
    /// # Errors
    /// [`SessionError::NoSnippets`] for a task that is not BioASQ; [`SessionError::OtherQueries`];
    /// [`Error::Input`] with the file and the line of what is no question.
    pub fn evaluate_submissions<P: AsRef<Path>>(
        &self,
        files: &[P],
        settings: &EvaluateSettings,
    ) -> SessionResult<TaskReport> {
        if self.layout != Some(Layout::BioAsq) {
            return Err(SessionError::NoSnippets { task: self.name.clone() });
        }
        let gold = self.answers.iter().map(|(id, answer)| (id.clone(), answer.snippets.clone()));
        let gold: BTreeMap<String, Vec<Snippet>> = gold.collect();
        let mut report = self.empty_report(&settings.measures);
        report.own_measures.extend(SNIPPET_NAMES.map(str::to_owned));
        for path in files {
            let path = path.as_ref();
            let name = name_of(path);
            let mut run = Run::new(name.clone());
            let mut snippets: BTreeMap<String, Vec<Snippet>> = BTreeMap::new();
            each_question(path, |question| {
                let listed = question.documents.into_iter().take(DOCUMENTS_MAX);
                let ranked =
                    listed.zip(1u32..).map(|(id, rank)| RankedDocument::new(id, -f64::from(rank)));
                let ranked: Vec<RankedDocument> = ranked.collect();
                if !ranked.is_empty() {
                    run.insert(question.id.as_str(), ranked).map_err(|error| error.to_string())?;
                }
                snippets.insert(question.id, question.answer.snippets);
                Ok(())
            })
            .map_err(Error::from)?;
            let is_known = |id: &String| self.answers.contains_key(id);
            if !snippets.keys().any(is_known) {
                return Err(SessionError::OtherQueries { run: name, task: self.name.clone() });
            }
            let mut system = self.measured(name, run, settings)?;
            let mut answered = snippets.clone();
            answered.retain(|_, listed| !listed.is_empty());
            for id in gold.keys() {
                snippets.entry(id.clone()).or_default();
            }
            let (answered, all) =
                (score_snippets(&gold, &answered), score_snippets(&gold, &snippets));
            system.own_values.extend(values_of(answered, all, settings.seed)?);
            report.systems.push(system);
        }
        compare(&mut report.systems, settings)?;
        Ok(report)
    }
}
