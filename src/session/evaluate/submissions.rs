//! Submissions to BioASQ's phase A: documents and snippets of other programs.

use std::collections::BTreeMap;
use std::path::Path;

use super::bioasq;
use super::measured::compare;
use super::open::name_of;
use super::report::TaskReport;
use super::settings::EvaluateSettings;
use super::task::Task;
use crate::error::Error;
use crate::eval::collection::bioasq::{DOCUMENTS_MAX, each_question};
use crate::eval::collection::{Layout, Snippet};
use crate::eval::measures::{RankedDocument, Run};
use crate::session::error::{SessionError, SessionResult};

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
        report.own_measures.extend(bioasq::SNIPPET_NAMES.map(str::to_owned));
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
            let of_snippets = bioasq::snippet_values(&gold, snippets, settings.seed)?;
            system.own_values.extend(of_snippets);
            report.systems.push(system);
        }
        compare(&mut report.systems, report.queries, settings)?;
        Ok(report)
    }
}
