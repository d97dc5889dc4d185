//! The vectors of a snapshot, and the check of a query's vector against them.

use super::query::Query;
use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::index::calibrate::Calibration;
use crate::segment::RowSpace;

/// What the vectors of a snapshot have in common.
pub struct Vectors {
    /// Their form.
    pub config: VectorConfig,
    /// Which vectors can be searched with, and how they become rows.
    pub space: RowSpace,
    /// How much of the index reaches which recall.
    pub calibration: Option<Calibration>,
}

/// The vector to compare with: checked, normalised where the metric wants it, and rotated as rows are.
pub(super) fn prepare(
    vector: &[f32],
    vectors: Option<&Vectors>,
    query: &Query,
) -> Result<Vec<f32>> {
    let wrong = |detail: String| Error::Vector { subject: "the query".into(), detail };
    let Some(Vectors { config, space, .. }) = vectors else {
        return Err(Error::InvalidQuery {
            detail: "this database has no vectors, because it was created without a vector \
                     configuration; search by words or filters, or create one with vectors"
                .into(),
        });
    };
    if let (Some((name, fingerprint)), Some(spec)) = (&query.encoder, &config.encoder) {
        let stored = spec.fingerprint();
        if stored != *fingerprint {
            return Err(Error::EncoderMismatch {
                stored_name: spec.name.clone(),
                stored,
                given_name: name.clone(),
                given: *fingerprint,
            });
        }
    }
    space.to_query(vector).map_err(wrong)
}
