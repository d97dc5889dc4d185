//! Lengths of vectors, and the angle between two.

/// Lanes of a sum, so that the compiler may use vector registers without changing the result.
const LANES: usize = 8;

/// The Euclidean length, summed in double precision: no finite single-precision row overflows.
pub fn norm(row: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(*value) * f64::from(*value);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += f64::from(*value) * f64::from(*value);
    }
    sums.iter().sum::<f64>().sqrt()
}

/// The cosine of the angle between two rows, summed in double precision; 0 where one has no length.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    let lengths = norm(a) * norm(b);
    if lengths > 0.0 { product / lengths } else { 0.0 }
}

/// Divides a row by its length; false, and the row unchanged, when that length is zero or not finite.
#[must_use]
pub fn normalize(row: &mut [f32]) -> bool {
    let norm = norm(row);
    if norm == 0.0 || !norm.is_finite() {
        return false;
    }
    for value in row {
        *value = (f64::from(*value) / norm) as f32;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_are_of_directions_alone() {
        assert_eq!(cosine(&[3.0, 4.0], &[30.0, 40.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), 0.0);
        assert_eq!(cosine(&[1.0e30, 0.0], &[-1.0e-30, 0.0]), -1.0);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
    }

    #[test]
    fn lengths_of_any_magnitude() {
        assert_eq!(norm(&[]), 0.0);
        assert_eq!(norm(&[3.0, 0.0, -4.0]), 5.0);
        assert_eq!(norm(&[1.0; 25]), 5.0);
        assert_eq!(norm(&[f32::MAX; 4]), 2.0 * f64::from(f32::MAX));
    }

    #[test]
    fn normalized_rows_have_length_one() {
        for scale in [1.0e-40f32, 1.0e-3, 1.0, 1.0e38] {
            let mut row: Vec<f32> = (1..=37).map(|i| scale * (i % 3) as f32).collect();
            assert!(normalize(&mut row));
            assert!((norm(&row) - 1.0).abs() < 1.0e-6, "{scale}: {}", norm(&row));
        }
    }

    #[test]
    fn rows_without_a_direction_stay_as_they_are() {
        for bad in [vec![], vec![0.0, -0.0], vec![1.0, f32::NAN], vec![f32::INFINITY]] {
            let mut row = bad.clone();
            assert!(!normalize(&mut row));
            let bits = |row: &[f32]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&row), bits(&bad));
        }
    }
}
