//! Which vectors can be stored, and which can be asked with: decided before anything is written or
//! compared, so that no sum, rotation, scale or score of what was accepted leaves its number format.
//!
//! | metric | a stored vector | a query |
//! |---|---|---|
//! | cosine | any direction: finite, not all zeros | the same |
//! | dot | at most [`VECTOR_LENGTH_MAX`] long; in half precision no number above [`HALF_MAX`] | at most [`VECTOR_LENGTH_MAX`] long |

use crate::encoder::Metric;
use crate::format::manifest::{RowType, VectorConfig};
use crate::kernel::norm;
use crate::limits::{HALF_MAX, VECTOR_LENGTH_MAX};

/// Checks a vector that is to be stored.
///
/// # Errors
/// What is wrong with it, and the limit.
pub(crate) fn check_stored(vector: &[f32], config: &VectorConfig) -> Result<(), String> {
    check_query(vector, config)?;
    if config.metric == Metric::Dot && config.row_type == RowType::F16 {
        let place = vector.iter().position(|number| number.abs() > HALF_MAX);
        if let Some((place, number)) = place.and_then(|place| Some((place, vector.get(place)?))) {
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
pub(crate) fn check_query(vector: &[f32], config: &VectorConfig) -> Result<(), String> {
    if vector.len() != config.dimension as usize {
        let (found, dimension) = (vector.len(), config.dimension);
        return Err(format!("{found} numbers, this database has vectors of {dimension}"));
    }
    if let Some(place) = vector.iter().position(|number| !number.is_finite()) {
        return Err(format!("number {place} is not finite"));
    }
    match config.metric {
        Metric::Cosine if vector.iter().all(|number| *number == 0.0) => {
            Err("all numbers are zero, its direction is undefined".into())
        }
        Metric::Dot if norm(vector) > VECTOR_LENGTH_MAX => Err(format!(
            "its length is {:e}, products of vectors longer than {VECTOR_LENGTH_MAX:e} do not fit \
             single precision; scale the vectors down",
            norm(vector) as f32
        )),
        _ => Ok(()),
    }
}

/// Whether products of two such vectors are finite: none is greater than the greater squared length.
pub(super) fn fits_single(squared_length: f64) -> bool {
    squared_length <= f64::from(f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(metric: Metric, row_type: RowType) -> VectorConfig {
        VectorConfig::new(2, metric, row_type, None)
    }

    #[test]
    fn what_is_refused_and_what_the_limit_is() {
        let (dot, cosine) = (Metric::Dot, Metric::Cosine);
        let all = [RowType::Int8, RowType::F16, RowType::F32];
        for row_type in all {
            let config = config(cosine, row_type);
            for vector in [[f32::MAX, -f32::MAX], [1.0e-45, 0.0], [0.0, 65_505.0]] {
                assert_eq!(check_stored(&vector, &config), Ok(()));
            }
            for vector in
                [vec![0.0, -0.0], vec![1.0, f32::NAN], vec![f32::INFINITY, 1.0], vec![1.0]]
            {
                assert!(check_stored(&vector, &config).is_err(), "{vector:?}");
                assert!(check_query(&vector, &config).is_err(), "{vector:?}");
            }
        }
        for row_type in all {
            let config = config(dot, row_type);
            assert_eq!(check_stored(&[0.0, 1.0e-45], &config), Ok(()));
            assert_eq!(check_query(&[1.0e18, 0.0], &config), Ok(()));
            assert!(check_query(&[1.0e18, 1.0e18], &config).unwrap_err().contains("1e18"));
            let half = row_type == RowType::F16;
            assert_eq!(check_stored(&[1.0e18, 0.0], &config).is_err(), half);
            assert_eq!(check_stored(&[65_504.0, -65_504.0], &config), Ok(()));
            assert_eq!(check_stored(&[0.0, -65_505.0], &config).is_err(), half);
        }
    }
}
