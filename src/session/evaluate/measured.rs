//! From rankings to values, and whether they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::bioasq;
use super::interval::{interval, refused};
use super::report::{Difference, MeasureValue, SystemReport};
use super::settings::EvaluateSettings;
use super::task::Task;
use crate::error::Result;
use crate::eval::collection::Layout;
use crate::eval::measures::{EvaluationOptions, Run, evaluate};
use crate::eval::significance::{Paired, RandomizationOptions, holm, randomization_test};

impl Task {
    /// Names of the scores that the benchmark computes by rules of its own.
    pub(super) fn own_measures(&self) -> Vec<String> {
        match self.has_own_scores() {
            true => bioasq::NAMES.map(str::to_owned).to_vec(),
            false => Vec::new(),
        }
    }

    fn has_own_scores(&self) -> bool {
        self.layout == Some(Layout::BioAsq) && !self.judgements.is_empty()
    }

    /// Every measure of a run.
    ///
    /// # Errors
    /// Those of the tests by chance.
    pub(super) fn measured(
        &self,
        name: String,
        run: Run,
        settings: &EvaluateSettings,
    ) -> Result<SystemReport> {
        let identical = settings.ignore_identical_ids;
        let options = EvaluationOptions::default().ignore_identical_ids(identical);
        let evaluation = evaluate(&self.judgements, &run, &settings.measures, &options);
        let mut values = Vec::new();
        for summary in evaluation.summaries {
            let per_query = summary.per_query;
            // 0 where a query has no hits.
            let value = |query: &str| per_query.get(query).copied().unwrap_or(0.0);
            let all = self.judgements.queries().map(|(query, _)| value(query)).collect();
            values.push(MeasureValue {
                over_judged: summary.over_judged.value,
                over_returned: summary.over_returned.value,
                interval: interval(all, settings.seed)?,
                per_query,
            });
        }
        let own_values = match self.has_own_scores() {
            true => bioasq::values(&self.judgements, &run, settings.seed)?,
            false => Vec::new(),
        };
        Ok(SystemReport {
            system: name,
            encoder: None,
            answered: run.len(),
            asked: None,
            values,
            own_values,
            difference: None,
            latency: None,
            run,
        })
    }
}

/// Compares each system with the first one, by the first measure; `judged` is the number of judged queries.
///
/// # Errors
/// Those of the tests by chance.
pub(super) fn compare(
    systems: &mut [SystemReport],
    judged: usize,
    settings: &EvaluateSettings,
) -> Result<()> {
    let Some((first, others)) = systems.split_first_mut() else { return Ok(()) };
    let none = BTreeMap::new();
    let of = |system: &SystemReport| {
        system.values.first().map_or(none.clone(), |value| value.per_query.clone())
    };
    let own = of(first);
    let options = RandomizationOptions { seed: settings.seed, ..RandomizationOptions::default() };
    let mut tests = Vec::new();
    for other in others.iter() {
        let theirs = of(other);
        // A query that neither has hits for is equal in both, and changes nothing.
        let queries: BTreeSet<&String> = own.keys().chain(theirs.keys()).collect();
        let paired = Paired::over(queries.into_iter().map(String::as_str), &own, &theirs);
        if paired.first.is_empty() {
            return Ok(());
        }
        let test = randomization_test(&paired.first, &paired.second, options).map_err(refused)?;
        let pairs = paired.first.iter().zip(&paired.second);
        let mut differences: Vec<f64> = pairs.map(|(own, theirs)| theirs - own).collect();
        // The mean is over all judged queries.
        differences.resize(judged.max(differences.len()), 0.0);
        tests.push((test, interval(differences, settings.seed)?));
    }
    let p_values: Vec<f64> = tests.iter().map(|(test, _)| test.p_value).collect();
    let corrected =
        if p_values.is_empty() { Vec::new() } else { holm(&p_values).map_err(refused)? };
    let base = first.values.first().map_or(0.0, |value| value.over_judged);
    let found = tests.into_iter().zip(corrected);
    for (other, ((test, interval), p_corrected)) in others.iter_mut().zip(found) {
        let own = other.values.first().map_or(0.0, |value| value.over_judged);
        let (difference, p_value) = (own - base, test.p_value);
        other.difference = Some(Difference { difference, interval, p_value, p_corrected });
    }
    Ok(())
}
