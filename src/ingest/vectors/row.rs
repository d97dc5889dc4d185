//! A row of a file of vectors.

use std::fmt;

use crate::error::Result;
use crate::ids::Key;
use crate::ingest::raw::input_error;
use crate::limits::DIMENSION_MAX;

/// A key with its vector, or why the vector is invalid.
pub(super) type Row = (Key, Result<Vec<f32>, String>);

/// Refuses a dimension that no vector can have.
pub(super) fn check_dimension(
    name: &str,
    place: &str,
    dimension: impl Copy + fmt::Display + TryInto<usize>,
) -> Result<usize> {
    match dimension.try_into() {
        Ok(dimension) if (1..=DIMENSION_MAX).contains(&dimension) => Ok(dimension),
        _ => Err(input_error(
            name,
            place.into(),
            format!("vectors of {dimension} numbers; expected 1 to {DIMENSION_MAX}"),
        )),
    }
}
