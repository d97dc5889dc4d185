//! What is known of vectors beside their numbers.

use crate::encoder::Metric;
use crate::format::manifest::{RowType, VectorConfig};
use crate::session::row_type_name;

/// What made vectors, and how they are to be compared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EmbeddingInfo {
    /// Vectors.
    pub len: u64,
    /// Numbers in each.
    pub dimension: u32,
    /// How they are compared.
    pub metric: Metric,
    /// What they were rounded to when they were stored.
    pub row_type: RowType,
    /// What made them; `None` where nobody said.
    pub encoder: Option<EmbeddingOrigin>,
}

/// An encoder by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbeddingOrigin {
    /// Its name.
    pub name: String,
    /// Its architecture; `precomputed` for vectors that were made elsewhere.
    pub family: String,
    /// What identifies it, in hexadecimal digits.
    pub fingerprint: String,
}

impl EmbeddingInfo {
    /// Of `len` vectors of a database.
    pub fn of(config: &VectorConfig, len: u64) -> EmbeddingInfo {
        let encoder = config.encoder.as_ref().map(|spec| EmbeddingOrigin {
            name: spec.name.clone(),
            family: spec.family.clone(),
            fingerprint: spec.fingerprint().to_string(),
        });
        let &VectorConfig { dimension, metric, row_type, .. } = config;
        EmbeddingInfo { len, dimension, metric, row_type, encoder }
    }

    /// Whether all have length 1, but for rounding.
    pub fn is_normalized(&self) -> bool {
        self.metric == Metric::Cosine
    }

    /// The metadata of formats that have a place for such.
    pub(super) fn members(&self) -> Vec<(&'static str, String)> {
        let metric = match self.metric {
            Metric::Cosine => "cosine",
            Metric::Dot => "dot",
        };
        let mut members = vec![
            ("written_by", format!("medvec {}", env!("CARGO_PKG_VERSION"))),
            ("metric", metric.to_owned()),
            ("normalized", self.is_normalized().to_string()),
            ("stored_as", row_type_name(self.row_type).to_owned()),
        ];
        if let Some(encoder) = &self.encoder {
            members.push(("encoder", encoder.name.clone()));
            members.push(("encoder_family", encoder.family.clone()));
            members.push(("encoder_fingerprint", encoder.fingerprint.clone()));
        }
        members
    }
}
