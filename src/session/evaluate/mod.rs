//! How well systems answer the queries of a task: encoders, words, both, and runs of other programs.

mod ask;
mod bioasq;
mod decisions;
mod index;
mod interval;
mod kept;
mod latency;
mod measured;
mod open;
mod pairs;
mod report;
mod settings;
mod state;
mod submissions;
mod task;
#[cfg(test)]
mod tests;

pub use index::{IndexPoint, IndexReport};
pub use latency::Latency;
pub use open::{check_runs, open_run};
pub use pairs::evaluate_pairs;
pub use report::{Difference, EncoderReport, MeasureValue, SystemReport, TaskKind, TaskReport};
pub use settings::{Approach, EvaluateSettings};
pub use task::{Task, TaskDocuments};

// What tasks are read with, so that a face needs no room below.
pub use crate::eval::collection::{CollectionOptions, GoldAnswer, Layout, TestQuery};
pub use crate::eval::measures::Measure;

use kept::Kept;
use measured::compare;

use super::error::{SessionError, SessionResult};
use super::{EncoderChoice, Session};
use crate::control::Control;
use crate::error::Error;
use crate::eval::measures::Run;

impl Task {
    /// Asks every system and measures what it finds; without judgements the report has no measures. Each ranking is kept in the cache as soon as it is there: what is called
    /// again after an interruption goes on where it was.
    ///
    /// Cost: what is not in the cache is imported and embedded; then one exact search per system and query whose ranking
    /// is not in the cache, on all cores. The cache holds about 30 bytes per document of a ranking.
    ///
    /// # Errors
    /// [`SessionError`](super::SessionError): an encoder that cannot be opened, a corpus that cannot be read, a cache that
    /// cannot be written; as [`Session::ask`].
    pub fn evaluate(
        &self,
        settings: &EvaluateSettings,
        control: &Control,
    ) -> SessionResult<TaskReport> {
        if settings.depth == 0 {
            let detail = "the depth is 0: a ranking has one document at least".to_owned();
            return Err(Error::InvalidQuery { detail }.into());
        }
        task::create_cache(&settings.cache)?;
        let mut settings = settings.clone();
        if self.judgements.is_empty() {
            settings.measures.clear();
        }
        let settings = &settings;
        let mut report = self.empty_report(&settings.measures);
        let encoders: Vec<Option<&EncoderChoice>> =
            match settings.approaches.iter().any(|approach| approach.needs_vectors()) {
                true => settings.encoders.iter().map(Some).collect(),
                false => vec![None],
            };
        for (place, encoder) in encoders.iter().enumerate() {
            let (session, replaced) = self.imported(*encoder, settings, control)?;
            // Every encoder's index holds the same documents.
            if place == 0 {
                report.documents = Some(session.snapshot().len());
                report.missing = self.missing(&session)?;
                if replaced > 0 {
                    let what = "documents whose id comes again: the last one counts".to_owned();
                    report.skipped.push((what, replaced));
                }
            }
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
                let asked = (self, settings.depth);
                let state = state::state(&session, *approach, settings)?;
                let path = self.rankings(*encoder, *approach, settings);
                let kept = Kept::open(&path, state, &self.queries, settings.fresh)?;
                let rankings = ask::rank(&session, *approach, asked, (kept, &tag(&name)), control)?;
                let mut system = self.measured(name, rankings.run, settings)?;
                system.encoder = used;
                system.asked = Some(rankings.latencies.len());
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
        compare(&mut report.systems, report.queries, settings)?;
        Ok(report)
    }

    /// Measures runs that were made before, by this or another program.
    ///
    /// # Errors
    /// [`SessionError::OtherQueries`](super::SessionError::OtherQueries); those of the tests by chance, which need two queries.
    pub fn evaluate_runs(
        &self,
        runs: Vec<Run>,
        settings: &EvaluateSettings,
    ) -> SessionResult<TaskReport> {
        let mut report = self.empty_report(&settings.measures);
        for run in runs {
            let is_known = |query: &str| self.judgements.query(query).is_some();
            let unknown = run.queries().filter(|(query, _)| !is_known(query)).count();
            let name = run.tag().to_owned();
            if unknown > 0 {
                if unknown == run.len() {
                    return Err(SessionError::OtherQueries { run: name, task: self.name.clone() });
                }
                let what = format!("queries of the run {name} without judgements");
                report.skipped.push((what, unknown as u64));
            }
            let run = self.called_as_judged(run)?;
            report.systems.push(self.measured(name, run, settings)?);
        }
        compare(&mut report.systems, report.queries, settings)?;
        Ok(report)
    }

    fn empty_report(&self, measures: &[Measure]) -> TaskReport {
        TaskReport {
            task: self.name.clone(),
            kind: TaskKind::Retrieval,
            documents: None,
            missing: 0,
            queries: match self.judgements.len() {
                0 => self.queries.len(),
                judged => judged,
            },
            judgements: self.judgements.queries().map(|(_, grades)| grades.len()).sum(),
            skipped: self.skipped.clone(),
            measures: measures.iter().map(Measure::to_string).collect(),
            own_measures: self.own_measures(),
            systems: Vec::new(),
            indexes: Vec::new(),
        }
    }
}

fn encoder_of(session: &Session) -> SessionResult<Option<EncoderReport>> {
    Ok(Some(EncoderReport::of(session.encoder()?.spec())))
}

/// A name without blanks, which would end a column of a run.
fn tag(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("-")
}
