//! What an evaluation found, for programs and for tables.

use std::collections::BTreeMap;

use serde::Serialize;

use super::index::IndexReport;
use super::latency::Latency;
use crate::encoder::EncoderSpec;
use crate::eval::measures::Run;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Rankings of documents.
    Retrieval,
    /// Scores of pairs of texts.
    Pairs,
    /// Predictions of yes, no or maybe.
    Decisions,
}

/// One task and the systems that were asked.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TaskReport {
    /// The task's name.
    pub task: String,
    /// What is measured.
    pub kind: TaskKind,
    /// Documents that were asked; `None` where the runs came from files.
    pub documents: Option<u64>,
    /// Relevant documents that are not among those asked: they count, and no system can find them.
    pub missing: u64,
    /// Queries with a judgement (all, where there is none), pairs, or questions with a decision.
    pub queries: usize,
    /// Judgements.
    pub judgements: usize,
    /// What of the task was passed over, and how often.
    pub skipped: Vec<(String, u64)>,
    /// Names of the measures, in the order of every system's values.
    pub measures: Vec<String>,
    /// Names of the benchmark's own scores of documents (BioASQ), in the order of every system's own values.
    pub own_measures: Vec<String>,
    /// The systems, in the order that they were asked in. Each but the first is compared with the first.
    pub systems: Vec<SystemReport>,
    /// How the index of each encoder does, where that was asked for.
    pub indexes: Vec<IndexReport>,
}

/// What one system reached.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SystemReport {
    /// Its name.
    pub system: String,
    /// The encoder that it ranks by, with the fingerprint of its vectors.
    pub encoder: Option<EncoderReport>,
    /// Queries that it ranked something for.
    pub answered: usize,
    /// Queries that were asked in this run; the rankings of the others were kept by an earlier one. `None` for a run from
    /// a file.
    pub asked: Option<usize>,
    /// A value per measure.
    pub values: Vec<MeasureValue>,
    /// A value per score of the benchmark's own.
    pub own_values: Vec<MeasureValue>,
    /// The difference to the first system by the first measure; `None` for the first, and where there is no query.
    pub difference: Option<Difference>,
    /// How long the queries took that were asked in this run; `None` without any.
    pub latency: Option<Latency>,
    /// Its rankings.
    #[serde(skip)]
    pub run: Run,
}

/// The encoder of a system.
#[derive(Clone, Debug, Serialize)]
pub struct EncoderReport {
    /// Its name.
    pub name: String,
    /// The fingerprint of its vectors.
    pub fingerprint: String,
}

/// What a system reached by one measure.
///
/// BioASQ's rules are those of `over_returned` for a run, and those of `over_judged` for a submission, which has an empty
/// list for a question without hits.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct MeasureValue {
    /// The mean over all judged queries; one without hits counts 0. That of trec_eval with `-c`.
    pub over_judged: f64,
    /// The mean over the queries that have hits: that of trec_eval and BEIR.
    pub over_returned: f64,
    /// The mean over all judged queries lies between these with a confidence of 95 % (percentile bootstrap).
    pub interval: Option<(f64, f64)>,
    /// Values by query that has hits; empty for what has no value per query.
    #[serde(skip)]
    pub per_query: BTreeMap<String, f64>,
}

/// How a system differs from the first one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Difference {
    /// Its mean less that of the first system, over all judged queries.
    pub difference: f64,
    /// That lies between these with a confidence of 95 % (percentile bootstrap over queries).
    pub interval: Option<(f64, f64)>,
    /// How often chance alone gives as large a difference (paired randomisation, two-sided).
    pub p_value: f64,
    /// The same, corrected for the number of systems (Holm).
    pub p_corrected: f64,
}

impl EncoderReport {
    /// Of a folder its last part is the name.
    pub(super) fn of(spec: &EncoderSpec) -> EncoderReport {
        let last = spec.name.rsplit(['/', '\\']).find(|part| !part.is_empty());
        EncoderReport {
            name: last.unwrap_or(&spec.name).to_owned(),
            fingerprint: spec.fingerprint().to_string(),
        }
    }
}
