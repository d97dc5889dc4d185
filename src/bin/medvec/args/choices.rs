//! Options that are one of a few words.

use clap::ValueEnum;
use medvec::{Fusion, Metric, Mode, RowType};

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
    /// One key per line, for `medvec get DB -` and other programs.
    Pmids,
}

/// How vectors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricName {
    /// By their inner product, as they are.
    Dot,
    /// By the cosine of their angle.
    Cosine,
}

impl MetricName {
    /// How the library calls it.
    pub(crate) fn metric(self) -> Metric {
        match self {
            MetricName::Dot => Metric::Dot,
            MetricName::Cosine => Metric::Cosine,
        }
    }
}

/// How vectors are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// One byte per dimension and a scale per row.
    Int8,
    /// Half precision.
    F16,
    /// Single precision.
    F32,
}

impl Rows {
    /// How the format calls it.
    pub(crate) fn row_type(self) -> RowType {
        match self {
            Rows::Int8 => RowType::Int8,
            Rows::F16 => RowType::F16,
            Rows::F32 => RowType::F32,
        }
    }
}

/// What documents are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// By words and by meaning, as far as the database has both.
    #[default]
    Auto,
    /// By meaning: the vectors of an encoder.
    Dense,
    /// By words: BM25.
    Lexical,
    /// By both.
    Hybrid,
}

impl ModeName {
    /// How the library calls it.
    pub(crate) fn mode(self) -> Mode {
        match self {
            ModeName::Auto => Mode::Auto,
            ModeName::Dense => Mode::Dense,
            ModeName::Lexical => Mode::Lexical,
            ModeName::Hybrid => Mode::Hybrid,
        }
    }
}

/// How two rankings become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FusionName {
    /// Scores relative to what the query could reach.
    #[default]
    Relative,
    /// Sums of reciprocal ranks.
    Ranks,
    /// Sums of scores over their theoretical bounds.
    Sum,
}

/// Usual in the literature.
const RANKS_K: u32 = 60;

/// The weight of the vectors in a sum where none is given.
const SUM_WEIGHT: f32 = 0.6;

impl FusionName {
    /// How the library calls it.
    pub(crate) fn fusion(self, vector_weight: Option<f32>) -> Fusion {
        match (self, vector_weight) {
            (FusionName::Relative, None) => Fusion::default(),
            (FusionName::Relative, Some(vector_weight)) => Fusion::Relative { vector_weight },
            (FusionName::Ranks, _) => Fusion::Ranks { k: RANKS_K },
            (FusionName::Sum, weight) => {
                Fusion::Sum { vector_weight: weight.unwrap_or(SUM_WEIGHT) }
            }
        }
    }
}
