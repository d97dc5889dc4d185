//! A query vector, prepared once to be scored against many rows.

use super::quantize::ROUND;
use crate::limits::DIMENSION_MAX;

/// The vector that rows are scored against: its numbers, and the same quantised to 16 bits for
/// int8 rows.
///
/// A query's code is `round(value / scale)`, its magnitude at most 2047 at dimension 8192 and up
/// to 32767 at dimension 511 and below: the largest for which no sum of `dimension` products with
/// int8 codes can leave 32 bits. Its rounding error is thus at least sixteen times smaller than
/// that of the rows. Preparing costs about a microsecond.
#[derive(Clone, Debug)]
pub struct PreparedVector {
    pub(super) values: Vec<f32>,
    pub(super) codes: Vec<i16>,
    pub(super) scale: f32,
}

impl PreparedVector {
    /// Prepares a query; `None` when it is empty, longer than [`DIMENSION_MAX`], or not finite.
    pub fn new(values: &[f32]) -> Option<PreparedVector> {
        let valid = (1..=DIMENSION_MAX).contains(&values.len());
        if !valid || !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        let code_max = code_max(values.len());
        let value_max = values.iter().fold(0.0f32, |max, value| max.max(value.abs()));
        let scale = value_max / code_max;
        let code = |value: &f32| {
            if scale == 0.0 {
                return 0;
            }
            ((value / scale).clamp(-code_max, code_max) + ROUND).to_bits() as i16
        };
        Some(PreparedVector {
            codes: values.iter().map(code).collect(),
            values: values.to_vec(),
            scale,
        })
    }

    /// Number of elements.
    pub fn dimension(&self) -> usize {
        self.values.len()
    }

    /// The score of an int8 row from the integer sum of products and the row's scale. The order of
    /// operations is part of the result: every variant does exactly this.
    #[inline]
    pub(super) fn int8_score(&self, sum: i32, row_scale: f32) -> f32 {
        sum as f32 * (row_scale * self.scale)
    }
}

/// The greatest magnitude of a query's code; a row's code may be -128.
fn code_max(dimension: usize) -> f32 {
    let limit = i32::MAX as usize / (128 * dimension);
    limit.min(i16::MAX as usize) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_fit_32_bits_at_every_dimension() {
        for dimension in 1..=DIMENSION_MAX {
            let sum = code_max(dimension) as i64 * 128 * dimension as i64;
            assert!(sum <= i64::from(i32::MAX), "dimension {dimension}: {sum}");
            assert!(code_max(dimension) >= 2047.0, "dimension {dimension}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_scored() {
        assert!(PreparedVector::new(&[]).is_none());
        assert!(PreparedVector::new(&[0.0, f32::NAN]).is_none());
        assert!(PreparedVector::new(&[f32::NEG_INFINITY]).is_none());
        assert!(PreparedVector::new(&vec![0.5; DIMENSION_MAX]).is_some());
        assert!(PreparedVector::new(&vec![0.5; DIMENSION_MAX + 1]).is_none());
    }

    #[test]
    fn the_greatest_value_gets_the_greatest_code() {
        let query = PreparedVector::new(&[0.25, -0.5, 0.0]).unwrap();
        assert_eq!(query.codes, [16384, -32767, 0]);
        let zero = PreparedVector::new(&[0.0, -0.0]).unwrap();
        assert_eq!((zero.codes.as_slice(), zero.scale), ([0, 0].as_slice(), 0.0));
    }
}
