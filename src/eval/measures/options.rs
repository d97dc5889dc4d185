//! How a run is evaluated.

/// The width at which scores are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScoreWidth {
    /// Single precision, as in trec_eval up to 9.0.8 and in pytrec_eval-terrier: scores that are equal after rounding
    /// are ties.
    #[default]
    F32,
    /// Double precision, as in trec_eval from 10.0.
    F64,
}

/// How a run is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvaluationOptions {
    /// Drops a document whose id is the query's, as BEIR does for collections that query with their documents. Off
    /// by default.
    pub ignore_identical_ids: bool,
    /// The width at which scores are compared.
    pub score_width: ScoreWidth,
}

impl EvaluationOptions {
    /// Sets whether a document whose id is the query's is dropped.
    #[must_use]
    pub fn ignore_identical_ids(mut self, ignore: bool) -> EvaluationOptions {
        self.ignore_identical_ids = ignore;
        self
    }

    /// Sets the width at which scores are compared.
    #[must_use]
    pub fn score_width(mut self, width: ScoreWidth) -> EvaluationOptions {
        self.score_width = width;
        self
    }
}
