//! A run against judgements: per query values and their means.

use std::collections::BTreeMap;

use super::judgements::Judgements;
use super::measure::Measure;
use super::options::EvaluationOptions;
use super::query_ranking::QueryRanking;
use super::run::Run;

/// What [`evaluate`] found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// One per measure, in the order of the measures.
    pub summaries: Vec<MeasureSummary>,
    /// Queries that are judged and in the run.
    pub evaluated: usize,
    /// Queries that are judged and not in the run.
    pub missing: usize,
    /// Queries of the run without judgements; they do not count.
    pub unjudged: usize,
    /// Documents returned for evaluated queries that have a judgement, and all of these documents.
    pub judged_documents: (usize, usize),
}

/// The values of one measure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeasureSummary {
    /// The measure.
    pub measure: Measure,
    /// Values by query, of queries that are judged and in the run.
    pub per_query: BTreeMap<String, f64>,
    /// The mean of these values, which trec_eval, BEIR and MTEB print. It rewards a run that leaves out hard queries.
    pub over_returned: QueryMean,
    /// The mean over all judged queries, where a query that the run lacks has the value 0: that of trec_eval
    /// with `-c`, and of ir-measures.
    pub over_judged: QueryMean,
}

/// A mean over queries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueryMean {
    /// The mean; 0 without queries.
    pub value: f64,
    /// The number of queries.
    pub queries: usize,
}

impl QueryMean {
    fn new(sum: f64, queries: usize) -> QueryMean {
        QueryMean { value: if queries == 0 { 0.0 } else { sum / queries as f64 }, queries }
    }
}

/// Computes measures of a run. Sums run in byte order of the queries, so that results do not depend on the order of
/// files.
///
/// Cost per query of the run: a sort of its documents and a look-up each, then one pass per measure.
pub fn evaluate(
    judgements: &Judgements,
    run: &Run,
    measures: &[Measure],
    options: &EvaluationOptions,
) -> Evaluation {
    let mut per_query = vec![BTreeMap::new(); measures.len()];
    let mut sums = vec![0.0; measures.len()];
    let (mut evaluated, mut unjudged) = (0, 0);
    let mut judged_documents = (0, 0);
    for (query, documents) in run.queries() {
        let Some(judged) = judgements.query(query) else {
            unjudged += 1;
            continue;
        };
        evaluated += 1;
        let ranking = QueryRanking::new(query, documents, judged, options);
        let (known, all) = ranking.judged_documents();
        judged_documents = (judged_documents.0 + known, judged_documents.1 + all);
        for ((measure, values), sum) in measures.iter().zip(&mut per_query).zip(&mut sums) {
            let value = ranking.value(*measure);
            values.insert(query.to_owned(), value);
            *sum += value;
        }
    }
    let summaries = measures.iter().zip(per_query).zip(sums).map(|((measure, per_query), sum)| {
        MeasureSummary {
            measure: *measure,
            per_query,
            over_returned: QueryMean::new(sum, evaluated),
            over_judged: QueryMean::new(sum, judgements.len()),
        }
    });
    let summaries = summaries.collect();
    let missing = judgements.len().saturating_sub(evaluated);
    Evaluation { summaries, evaluated, missing, unjudged, judged_documents }
}
