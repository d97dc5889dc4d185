//! How systems are compared.

use std::path::PathBuf;

use crate::eval::measures::{Measure, MeasureKind};
use crate::session::EncoderChoice;

/// What ranks documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approach {
    /// By vectors alone, exactly.
    Dense,
    /// By words alone.
    Lexical,
    /// By both, as a question is answered by default.
    Hybrid,
    /// The first hits of [`Approach::Hybrid`], sorted again by a cross-encoder.
    #[cfg(feature = "bert")]
    Reranked,
}

impl Approach {
    /// As reports and run files have it.
    pub fn name(self) -> &'static str {
        match self {
            Approach::Dense => "dense",
            Approach::Lexical => "lexical",
            Approach::Hybrid => "hybrid",
            #[cfg(feature = "bert")]
            Approach::Reranked => "reranked",
        }
    }

    /// Whether it needs vectors.
    pub(super) fn needs_vectors(self) -> bool {
        self != Approach::Lexical
    }
}

/// How systems are compared on a task.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EvaluateSettings {
    /// What ranks.
    pub approaches: Vec<Approach>,
    /// Encoders; each makes an index of its own. A database is asked with the one that it names.
    pub encoders: Vec<EncoderChoice>,
    /// The folder of a cross-encoder, for [`Approach::Reranked`].
    #[cfg(feature = "bert")]
    pub reranker: Option<PathBuf>,
    /// What is measured; the first one decides whether systems differ.
    pub measures: Vec<Measure>,
    /// Whether documents whose id is the query's do not count, as BEIR has it for collections that query with their
    /// documents.
    pub ignore_identical_ids: bool,
    /// Documents of each ranking.
    pub depth: usize,
    /// Where the indexes of corpora and the rankings of queries are kept: a second run imports, embeds and asks nothing,
    /// and one after an interruption goes on.
    pub cache: PathBuf,
    /// Whether every query is asked anew.
    pub fresh: bool,
    /// Whether the index is measured against exact search too.
    pub index: bool,
    /// Of the tests by chance.
    pub seed: u64,
}

impl EvaluateSettings {
    /// By vectors, words and both, with the built-in encoder: nDCG@10, AP, recall@100 and reciprocal rank of rankings of
    /// 1,000 documents.
    pub fn new(cache: impl Into<PathBuf>) -> EvaluateSettings {
        let usual = [
            (MeasureKind::Ndcg, Some(10)),
            (MeasureKind::Ap, None),
            (MeasureKind::Recall, Some(100)),
            (MeasureKind::Rr, None),
        ];
        EvaluateSettings {
            approaches: vec![Approach::Dense, Approach::Lexical, Approach::Hybrid],
            encoders: vec![EncoderChoice::default()],
            #[cfg(feature = "bert")]
            reranker: None,
            measures: usual
                .into_iter()
                .filter_map(|(kind, cutoff)| Measure::new(kind, cutoff, 1).ok())
                .collect(),
            ignore_identical_ids: false,
            depth: 1000,
            cache: cache.into(),
            fresh: false,
            index: false,
            seed: 0,
        }
    }
}
