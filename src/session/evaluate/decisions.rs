//! Predictions of yes, no or maybe, by PubMedQA's own rules.

use std::path::Path;

use super::interval::interval;
use super::measured::compare;
use super::open::name_of;
use super::report::{MeasureValue, SystemReport, TaskKind, TaskReport};
use super::settings::EvaluateSettings;
use super::task::Task;
use crate::error::Error;
use crate::eval::collection::{Layout, pubmedqa};
use crate::eval::measures::Run;
use crate::session::error::{SessionError, SessionResult};

impl Task {
    /// Scores files of predictions, `{"PMID": "yes"}`, with accuracy and macro F1 as PubMedQA's `evaluation.py` does. Like
    /// that script it wants all questions of the task and no others.
    ///
    /// # Errors
    /// [`SessionError::NoDecisions`] for a task that is not PubMedQA or is not labelled; [`Error::Input`] with the file and the
    /// line: an unknown or repeated question, a decision other than yes, no or maybe, a question without a prediction.
    pub fn evaluate_predictions<P: AsRef<Path>>(
        &self,
        files: &[P],
        settings: &EvaluateSettings,
    ) -> SessionResult<TaskReport> {
        let truth = match self.layout {
            Some(Layout::PubMedQa) => pubmedqa::decisions(&self.answers),
            _ => Default::default(),
        };
        if truth.is_empty() {
            return Err(SessionError::NoDecisions { task: self.name.clone() });
        }
        let mut report = self.empty_report(&[]);
        report.kind = TaskKind::Decisions;
        report.queries = truth.len();
        report.measures = ["PubMedQA accuracy", "PubMedQA macro F1"].map(str::to_owned).to_vec();
        for path in files {
            let path = path.as_ref();
            let found = pubmedqa::predictions_for(path, &truth).map_err(Error::from)?;
            let scores = pubmedqa::score(&truth, &found)
                .map_err(|detail| Error::input(path.display().to_string(), "whole file", detail))?;
            let is_right = |(pmid, label): (&String, &String)| {
                (pmid.clone(), f64::from(u8::from(truth.get(pmid) == Some(label))))
            };
            let per_query: std::collections::BTreeMap<_, _> = found.iter().map(is_right).collect();
            let accuracy = MeasureValue {
                over_judged: scores.accuracy,
                over_returned: scores.accuracy,
                interval: interval(per_query.values().copied().collect(), settings.seed)?,
                per_query,
            };
            let macro_f1 = MeasureValue {
                over_judged: scores.macro_f1,
                over_returned: scores.macro_f1,
                ..MeasureValue::default()
            };
            report.systems.push(SystemReport {
                system: name_of(path),
                encoder: None,
                answered: found.len(),
                asked: None,
                values: vec![accuracy, macro_f1],
                own_values: Vec::new(),
                difference: None,
                latency: None,
                run: Run::default(),
            });
        }
        compare(&mut report.systems, report.queries, settings)?;
        Ok(report)
    }
}
