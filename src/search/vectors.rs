//! The vectors of a snapshot, and a query's vector in the form in which they are stored.

use super::query::Query;
use crate::encoder::Metric;
use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::index::calibrate::Calibration;
use crate::kernel::normalize;
use crate::kernel::rotate::Rotation;
use crate::segment::check_query;

/// What the vectors of a snapshot have in common.
pub struct Vectors {
    /// Their form.
    pub config: VectorConfig,
    /// The rotation that they are stored under.
    pub rotation: Option<Rotation>,
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
    let Some(Vectors { config, rotation, .. }) = vectors else {
        return Err(Error::InvalidQuery {
            detail: "this database has no vectors, because it was created without a vector \
                     configuration; search with filters only, or create one with vectors"
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
    as_stored(vector, config, rotation.as_ref()).map_err(wrong)
}

/// A query vector as rows are stored: checked, normalised where the metric wants it, and rotated.
///
/// # Errors
/// What is wrong with the numbers.
pub(crate) fn as_stored(
    vector: &[f32],
    config: &VectorConfig,
    rotation: Option<&Rotation>,
) -> Result<Vec<f32>, String> {
    check_query(vector, config)?;
    let mut vector = vector.to_vec();
    if config.metric == Metric::Cosine && !normalize(&mut vector) {
        return Err("its direction is undefined".into());
    }
    if let Some(rotation) = rotation {
        rotation.apply(&mut vector);
    }
    Ok(vector)
}
