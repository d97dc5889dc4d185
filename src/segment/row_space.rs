//! The rules of a vector: which ones can be stored, which can be searched with, and how either
//! becomes a row. They are decided before anything is written or compared, so that no sum, rotation,
//! scale or score of an accepted vector leaves its number format.
//!
//! | metric | a stored vector | a query |
//! |---|---|---|
//! | cosine | any direction: finite, not all zeros | the same |
//! | dot | at most [`VECTOR_LENGTH_MAX`] long; in half precision no number above [`HALF_MAX`] | at most [`VECTOR_LENGTH_MAX`] long |

use std::sync::OnceLock;

use crate::encoder::Metric;
use crate::format::manifest::{RowType, VectorConfig};
use crate::format::segment::SegmentVectors;
use crate::kernel::quantize::{f16_from_f32, f32_from_f16};
use crate::kernel::rotate::Rotation;
use crate::kernel::{norm, normalize};
use crate::limits::{HALF_MAX, VECTOR_LENGTH_MAX};

/// What the vectors of a database have in common. Making one is free: the rotation is built when a
/// vector is first converted, so keep one where vectors are converted.
pub struct RowSpace {
    dimension: usize,
    metric: Metric,
    row_type: RowType,
    /// Seed of the rotation, 0 for none.
    seed: u64,
    rotation: OnceLock<Option<Rotation>>,
}

impl From<&VectorConfig> for RowSpace {
    fn from(config: &VectorConfig) -> RowSpace {
        RowSpace {
            dimension: config.dimension as usize,
            metric: config.metric,
            row_type: config.row_type,
            seed: config.rotation,
            rotation: OnceLock::new(),
        }
    }
}

impl From<&SegmentVectors> for RowSpace {
    fn from(stored: &SegmentVectors) -> RowSpace {
        RowSpace {
            dimension: stored.dimension as usize,
            metric: stored.metric,
            row_type: stored.row_type,
            seed: stored.rotation,
            rotation: OnceLock::new(),
        }
    }
}

impl RowSpace {
    /// The seed of the rotation that rows are stored under, 0 for none.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Checks a vector that a caller wants stored.
    ///
    /// # Errors
    /// What is wrong with it, and the limit.
    pub(crate) fn check_stored(&self, vector: &[f32]) -> Result<(), String> {
        self.check_query(vector)?;
        if self.metric == Metric::Dot && self.row_type == RowType::F16 {
            let place = vector.iter().position(|number| number.abs() > HALF_MAX);
            if let Some((place, number)) = place.and_then(|place| Some((place, vector.get(place)?)))
            {
                return Err(format!(
                    "number {place} is {number}, half precision ends at {HALF_MAX}; \
                     scale the vectors down, or store them as f32"
                ));
            }
        }
        Ok(())
    }

    /// Checks a vector to search with.
    ///
    /// # Errors
    /// What is wrong with it, and the limit.
    pub(crate) fn check_query(&self, vector: &[f32]) -> Result<(), String> {
        self.check_numbers(vector)?;
        match self.metric {
            Metric::Cosine if vector.iter().all(|number| *number == 0.0) => Err(no_direction()),
            Metric::Dot if norm(vector) > VECTOR_LENGTH_MAX => Err(format!(
                "its length is {:e}, products of vectors longer than {VECTOR_LENGTH_MAX:e} do not \
                 fit single precision; scale the vectors down",
                norm(vector) as f32
            )),
            _ => Ok(()),
        }
    }

    /// A query as rows are stored: checked, normalised where the metric wants it, and rotated.
    ///
    /// # Errors
    /// As [`RowSpace::check_query`].
    pub(crate) fn to_query(&self, vector: &[f32]) -> Result<Vec<f32>, String> {
        self.check_query(vector)?;
        let mut query = vector.to_vec();
        if self.metric == Metric::Cosine && !normalize(&mut query) {
            return Err(no_direction());
        }
        self.rotate(&mut query);
        Ok(query)
    }

    /// Appends a vector to an empty `row` as it is stored, before quantisation: normalised where the
    /// metric wants it, and rotated. Accepts more than [`RowSpace::check_stored`], so that a vector
    /// that was accepted once is accepted again as it was read back.
    ///
    /// # Errors
    /// What keeps it from being stored.
    pub(super) fn to_row(&self, vector: &[f32], row: &mut Vec<f32>) -> Result<(), String> {
        self.check_numbers(vector)?;
        row.extend_from_slice(vector);
        if self.metric == Metric::Cosine && !self.normalize_row(row) {
            return Err(no_direction());
        }
        self.rotate(row);
        let fits = |number: &f32| match self.row_type {
            RowType::F16 => f32_from_f16(f16_from_f32(*number)).is_finite(),
            RowType::Int8 | RowType::F32 => number.is_finite(),
        };
        match row.iter().position(|number| !fits(number)) {
            None => Ok(()),
            Some(place) => {
                let row_type = self.row_type;
                Err(format!("number {place} is too great to be stored as {row_type:?}"))
            }
        }
    }

    /// Turns a stored row back into a vector: the inverse of the rotation.
    pub(super) fn unrotate(&self, row: &mut [f32]) {
        if let Some(rotation) = self.rotation() {
            rotation.invert(row);
        }
    }

    fn rotate(&self, vector: &mut [f32]) {
        if let Some(rotation) = self.rotation() {
            rotation.apply(vector);
        }
    }

    fn rotation(&self) -> Option<&Rotation> {
        let made = || (self.seed != 0).then(|| Rotation::new(self.dimension, self.seed));
        self.rotation.get_or_init(made).as_ref()
    }

    /// Length and finiteness, which every vector must have.
    fn check_numbers(&self, vector: &[f32]) -> Result<(), String> {
        if vector.len() != self.dimension {
            let (found, dimension) = (vector.len(), self.dimension);
            return Err(format!("{found} numbers, this database has vectors of {dimension}"));
        }
        check_finite(vector)
    }

    /// Makes a row's length 1. A row whose length is 1 within the precision of its type stays as it
    /// is, so that a vector read from a row gives the same row again.
    fn normalize_row(&self, row: &mut [f32]) -> bool {
        let tolerance = match self.row_type {
            RowType::F16 => 1e-3,
            RowType::Int8 | RowType::F32 => 1e-6,
        };
        (norm(row) - 1.0).abs() < tolerance || normalize(row)
    }
}

/// Checks that every number is finite.
///
/// # Errors
/// The place of the first that is not.
pub(crate) fn check_finite(numbers: &[f32]) -> Result<(), String> {
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(()),
        Some(place) => Err(format!("number {place} is not finite")),
    }
}

fn no_direction() -> String {
    "all numbers are zero, its direction is undefined".to_owned()
}

/// Whether products of two such vectors are finite: none is greater than the greater squared length.
pub(super) fn fits_single(squared_length: f64) -> bool {
    squared_length <= f64::from(f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(metric: Metric, row_type: RowType) -> RowSpace {
        RowSpace::from(&VectorConfig::new(2, metric, row_type, None))
    }

    #[test]
    fn what_is_refused_and_what_the_limit_is() {
        let (dot, cosine) = (Metric::Dot, Metric::Cosine);
        let all = [RowType::Int8, RowType::F16, RowType::F32];
        for row_type in all {
            let space = space(cosine, row_type);
            for vector in [[f32::MAX, -f32::MAX], [1.0e-45, 0.0], [0.0, 65_505.0]] {
                assert_eq!(space.check_stored(&vector), Ok(()));
            }
            for vector in
                [vec![0.0, -0.0], vec![1.0, f32::NAN], vec![f32::INFINITY, 1.0], vec![1.0]]
            {
                assert!(space.check_stored(&vector).is_err(), "{vector:?}");
                assert!(space.check_query(&vector).is_err(), "{vector:?}");
            }
        }
        for row_type in all {
            let space = space(dot, row_type);
            assert_eq!(space.check_stored(&[0.0, 1.0e-45]), Ok(()));
            assert_eq!(space.check_query(&[1.0e18, 0.0]), Ok(()));
            assert!(space.check_query(&[1.0e18, 1.0e18]).unwrap_err().contains("1e18"));
            let half = row_type == RowType::F16;
            assert_eq!(space.check_stored(&[1.0e18, 0.0]).is_err(), half);
            assert_eq!(space.check_stored(&[65_504.0, -65_504.0]), Ok(()));
            assert_eq!(space.check_stored(&[0.0, -65_505.0]).is_err(), half);
        }
    }
}
