//! The values of two runs for the same queries.

use std::collections::BTreeMap;

/// Values of two runs, query by query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paired {
    /// Values of the first run, in byte order of the queries.
    pub first: Vec<f64>,
    /// Values of the second run, in the same order.
    pub second: Vec<f64>,
    /// Queries that only one of the runs has a value for.
    pub left_out: usize,
}

impl Paired {
    /// Joins the per query values of one measure. A query that one run lacks is left out and counted.
    pub fn join(first: &BTreeMap<String, f64>, second: &BTreeMap<String, f64>) -> Paired {
        let mut paired = Paired::default();
        for (query, value) in first {
            if let Some(other) = second.get(query) {
                paired.first.push(*value);
                paired.second.push(*other);
            }
        }
        let joined = paired.first.len();
        paired.left_out = (first.len() - joined) + (second.len() - joined);
        paired
    }

    /// The values of the given queries; 0 where a run lacks one. With all judged queries, the means are those over
    /// judged queries.
    pub fn over<'a>(
        queries: impl IntoIterator<Item = &'a str>,
        first: &BTreeMap<String, f64>,
        second: &BTreeMap<String, f64>,
    ) -> Paired {
        let mut paired = Paired::default();
        for query in queries {
            paired.first.push(first.get(query).copied().unwrap_or(0.0));
            paired.second.push(second.get(query).copied().unwrap_or(0.0));
        }
        paired
    }
}
