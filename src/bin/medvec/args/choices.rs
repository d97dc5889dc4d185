//! Options that are one of a few words.

use clap::ValueEnum;
use medvec::{Metric, RowType};

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
