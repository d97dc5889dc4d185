//! Retrieval measures: how good the ranking of a run is, by relevance judgements.
//!
//! ```text
//! qrels ---- read_judgements --> Judgements --+
//!                                             +--> evaluate --> per query values, two means
//! run ------ read_run ---------> Run ---------+
//! ```
//!
//! The values are those of trec_eval 9.0.8, which pytrec_eval-terrier, BEIR, MTEB and ir-measures call. These are
//! its rules, some of them surprising:
//!
//! | subject | rule |
//! |---|---|
//! | order | by score, descending; the rank column does not count |
//! | equal scores | by document id, descending, in byte order |
//! | width of scores | single precision: scores that differ less are equal (see [`ScoreWidth`]) |
//! | unjudged document | not relevant; left out by Bpref |
//! | negative grade | gain 0, not relevant; Bpref takes the document as unjudged |
//! | nDCG | the gain is the grade, the discount log2(rank + 1), the ideal ranking that of all judged documents |
//! | query without relevant documents | 0 for every measure, and it counts in the mean |
//! | query that the run lacks | left out of one mean, 0 in the other ([`MeasureSummary`]) |
//!
//! `benches/compare/check_measures.py` compares with pytrec_eval and trec_eval on random runs; the unit tests read
//! values that it stored.
//!
//! Sources: Buckley and Voorhees, "Retrieval System Evaluation", in TREC: Experiment and Evaluation in Information
//! Retrieval (2005); Järvelin and Kekäläinen (2002) for nDCG; Buckley and Voorhees (2004) for Bpref; MacAvaney et
//! al., "Streamlining Evaluation with ir-measures" (2022) for the names.

mod evaluate;
mod judgement_file;
mod judgements;
mod measure;
mod options;
mod parse;
mod query_ranking;
mod run;
mod run_file;

pub use crate::eval::qrels::JudgementFormat;
pub use evaluate::{Evaluation, MeasureSummary, QueryMean, evaluate};
pub use judgement_file::read_judgements;
pub use judgements::Judgements;
pub use measure::{Measure, MeasureError, MeasureKind};
pub use options::{EvaluationOptions, ScoreWidth};
pub use run::{RankedDocument, Run};
pub use run_file::{read_run, write_run};

#[cfg(test)]
mod tests;
