//! How well systems answer the queries of a task: encoders, words, both, and runs of other programs.

mod ask;
mod index;
mod latency;
mod open;
mod pairs;
mod report;
mod settings;
mod task;

pub use index::{IndexPoint, IndexReport};
pub use latency::Latency;
pub use open::open_run;
pub use pairs::evaluate_pairs;
pub use report::{Difference, EncoderReport, MeasureValue, SystemReport, TaskKind, TaskReport};
pub use settings::{Approach, EvaluateSettings};
pub use task::{Task, TaskDocuments};

// What tasks are read with, so that a face needs no room below.
pub use crate::eval::collection::{CollectionOptions, Layout, TestQuery};
pub use crate::eval::measures::Measure;

use std::collections::BTreeMap;

use super::error::SessionResult;
use super::{EncoderChoice, Session};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::eval::measures::{Evaluation, EvaluationOptions, Run, evaluate};
use crate::eval::significance::{
    BootstrapOptions, Paired, RandomizationOptions, bootstrap_mean, holm, randomization_test,
};

impl Task {
    /// Asks every system and measures what it finds.
    ///
    /// Cost: what is not in the cache is imported and embedded; then one exact search per system and query, on all cores.
    ///
    /// # Errors
    /// [`SessionError`](super::SessionError): an encoder that cannot be opened, a corpus that cannot be read; as
    /// [`Session::ask`].
    pub fn evaluate(
        &self,
        settings: &EvaluateSettings,
        control: &Control,
    ) -> SessionResult<TaskReport> {
        let mut report = self.empty_report(&settings.measures);
        let encoders: Vec<Option<&EncoderChoice>> =
            match settings.approaches.iter().any(|approach| approach.needs_vectors()) {
                true => settings.encoders.iter().map(Some).collect(),
                false => vec![None],
            };
        for (place, encoder) in encoders.iter().enumerate() {
            let session = self.session(*encoder, settings, control)?;
            report.documents = Some(session.snapshot().len());
            for approach in &settings.approaches {
                // Words are the same in every index.
                if place > 0 && !approach.needs_vectors() {
                    continue;
                }
                let used = if approach.needs_vectors() { encoder_of(&session)? } else { None };
                let name = match (&used, encoders.len()) {
                    (Some(used), 2..) => format!("{} {}", used.name, approach.name()),
                    _ => approach.name().to_owned(),
                };
                let asked = (self.queries.as_slice(), settings.depth);
                let rankings = ask::rank(&session, *approach, asked, &tag(&name), control)?;
                let mut system = self.measured(name, rankings.run, settings)?;
                system.encoder = used;
                system.latency = Latency::of(&rankings.latencies);
                report.systems.push(system);
            }
            if settings.index && encoder.is_some() {
                let is_own = matches!(self.documents, TaskDocuments::Corpus(_));
                let name = encoder_of(&session)?.map_or(String::new(), |encoder| encoder.name);
                let asked = (self.queries.as_slice(), is_own);
                report.indexes.push(index::measure(&session, asked, name, control)?);
            }
        }
        compare(&mut report.systems, settings)?;
        Ok(report)
    }

    /// Measures runs that were made before, by this or another program.
    ///
    /// # Errors
    /// None but those of the tests by chance, which need two queries.
    pub fn evaluate_runs(
        &self,
        runs: Vec<Run>,
        settings: &EvaluateSettings,
    ) -> SessionResult<TaskReport> {
        let mut report = self.empty_report(&settings.measures);
        for run in runs {
            report.systems.push(self.measured(run.tag().to_owned(), run, settings)?);
        }
        compare(&mut report.systems, settings)?;
        Ok(report)
    }

    fn empty_report(&self, measures: &[Measure]) -> TaskReport {
        TaskReport {
            task: self.name.clone(),
            kind: TaskKind::Retrieval,
            documents: None,
            queries: self.judgements.len(),
            judgements: self.judgements.queries().map(|(_, grades)| grades.len()).sum(),
            skipped: self.skipped.clone(),
            measures: measures.iter().map(Measure::to_string).collect(),
            systems: Vec::new(),
            indexes: Vec::new(),
        }
    }

    fn measured(
        &self,
        name: String,
        run: Run,
        settings: &EvaluateSettings,
    ) -> Result<SystemReport> {
        let options = EvaluationOptions::default();
        let evaluation = evaluate(&self.judgements, &run, &settings.measures, &options);
        let mut values = Vec::new();
        for (place, summary) in evaluation.summaries.iter().enumerate() {
            let options = BootstrapOptions { seed: settings.seed, ..BootstrapOptions::default() };
            let interval = match self.values(&evaluation, place) {
                values if values.len() < 2 => None,
                values => Some(bootstrap_mean(&values, options).map_err(refused)?),
            };
            values.push(MeasureValue {
                over_judged: summary.over_judged.value,
                over_returned: summary.over_returned.value,
                interval: interval.map(|interval| (interval.low, interval.high)),
            });
        }
        Ok(SystemReport {
            system: name,
            encoder: None,
            answered: run.len(),
            values,
            difference: None,
            latency: None,
            evaluation,
            run,
        })
    }

    /// Values of one measure, 0 where a query has no hits, in the order of the judged queries.
    fn values(&self, evaluation: &Evaluation, measure: usize) -> Vec<f64> {
        let known = evaluation.summaries.get(measure).map(|summary| &summary.per_query);
        let value = |query: &str| known.and_then(|known| known.get(query)).copied();
        self.judgements.queries().map(|(query, _)| value(query).unwrap_or(0.0)).collect()
    }
}

/// Compares each system with the first one, by the first measure.
fn compare(systems: &mut [SystemReport], settings: &EvaluateSettings) -> Result<()> {
    let Some((first, others)) = systems.split_first_mut() else { return Ok(()) };
    let none = BTreeMap::new();
    let of = |evaluation: &Evaluation| {
        evaluation.summaries.first().map_or(none.clone(), |summary| summary.per_query.clone())
    };
    let own = of(&first.evaluation);
    let options = RandomizationOptions { seed: settings.seed, ..RandomizationOptions::default() };
    let mut tests = Vec::new();
    for other in others.iter() {
        let theirs = of(&other.evaluation);
        // A query that neither has hits for is equal in both, and changes nothing.
        let queries: std::collections::BTreeSet<&String> =
            own.keys().chain(theirs.keys()).collect();
        let paired = Paired::over(queries.into_iter().map(String::as_str), &own, &theirs);
        if paired.first.is_empty() {
            return Ok(());
        }
        tests.push(randomization_test(&paired.first, &paired.second, options).map_err(refused)?);
    }
    let p_values: Vec<f64> = tests.iter().map(|test| test.p_value).collect();
    let corrected =
        if p_values.is_empty() { Vec::new() } else { holm(&p_values).map_err(refused)? };
    let base = first.values.first().map_or(0.0, |value| value.over_judged);
    for ((other, p_value), p_corrected) in others.iter_mut().zip(p_values).zip(corrected) {
        let own = other.values.first().map_or(0.0, |value| value.over_judged);
        other.difference = Some(Difference { difference: own - base, p_value, p_corrected });
    }
    Ok(())
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::InvalidQuery { detail: error.to_string() }
}

fn encoder_of(session: &Session) -> SessionResult<Option<EncoderReport>> {
    Ok(Some(EncoderReport::of(session.encoder()?.spec())))
}

/// A name without blanks, which would end a column of a run.
fn tag(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("-")
}
