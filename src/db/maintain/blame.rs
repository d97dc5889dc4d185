//! Names the segment whose vectors are not numbers.

use super::super::next::NextGeneration;
use crate::error::Error;
use crate::segment::Segment;

/// An error of arithmetic on vectors, as damage of the segment that has the vector.
pub(super) fn blame(next: &NextGeneration, error: Error) -> Error {
    match error {
        Error::Vector { .. } => next.segments().find_map(Segment::broken_vector).unwrap_or(error),
        error => error,
    }
}
