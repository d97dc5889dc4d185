//! Stored vectors, as slices of a mapped file.

use crate::kernel::quantize::f32_from_f16;

/// Vectors of equal length, one after the other, in one of three forms.
///
/// Row `r` of dimension `d` is elements `r * d .. (r + 1) * d`.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// `value = scales[row] * code`; one byte per dimension. See
    /// [`quantize_int8`](crate::kernel::quantize::quantize_int8).
    Int8 {
        /// Codes of all rows.
        codes: &'a [i8],
        /// One scale per row.
        scales: &'a [f32],
    },
    /// The bits of half-precision numbers; two bytes per dimension.
    F16(&'a [u16]),
    /// Single precision; four bytes per dimension.
    F32(&'a [f32]),
}

impl Rows<'_> {
    /// How many rows of `dimension` elements these are; `None` when they are not whole rows, when
    /// scales and rows differ in number, or when the dimension is 0.
    pub fn count(&self, dimension: usize) -> Option<usize> {
        let elements = match self {
            Rows::Int8 { codes, .. } => codes.len(),
            Rows::F16(values) => values.len(),
            Rows::F32(values) => values.len(),
        };
        if elements.checked_rem(dimension)? != 0 {
            return None;
        }
        let count = elements / dimension;
        match self {
            Rows::Int8 { scales, .. } if scales.len() != count => None,
            _ => Some(count),
        }
    }

    /// The sum of the squares of row `row`; `None` for a row that does not exist.
    pub fn squared_length(&self, row: usize, dimension: usize) -> Option<f64> {
        let start = row.checked_mul(dimension)?;
        let place = start..start.checked_add(dimension)?;
        let square = |number: f32| f64::from(number) * f64::from(number);
        Some(match self {
            Rows::Int8 { codes, scales } => {
                let squares = |code: &i8| i64::from(*code) * i64::from(*code);
                let sum: i64 = codes.get(place)?.iter().map(squares).sum();
                sum as f64 * square(*scales.get(row)?)
            }
            Rows::F16(halves) => {
                halves.get(place)?.iter().map(|half| square(f32_from_f16(*half))).sum()
            }
            Rows::F32(numbers) => numbers.get(place)?.iter().map(|number| square(*number)).sum(),
        })
    }

    /// Writes row `row` as numbers; a row that does not exist is left as it is.
    pub fn read(&self, row: usize, out: &mut [f32]) {
        let Some(place) = row.checked_mul(out.len()).map(|start| start..start + out.len()) else {
            return;
        };
        match self {
            Rows::Int8 { codes, scales } => {
                let scale = scales.get(row).copied().unwrap_or_default();
                for (out, code) in out.iter_mut().zip(codes.get(place).unwrap_or_default()) {
                    *out = f32::from(*code) * scale;
                }
            }
            Rows::F16(values) => {
                for (out, bits) in out.iter_mut().zip(values.get(place).unwrap_or_default()) {
                    *out = f32_from_f16(*bits);
                }
            }
            Rows::F32(values) => {
                if let Some(values) = values.get(place) {
                    out.copy_from_slice(values);
                }
            }
        }
    }
}
