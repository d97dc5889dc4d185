//! Rows moved away from their neighbours, as queries lie.
//!
//! A query is about what some rows are about, and like none of them: its nearest row is not nearly as near as
//! rows are to each other. A row moved at random keeps its neighbours in their order and stays as easy as it was;
//! moved by the difference of two other rows it lies where rows do, but not among its own. Both together
//! make it as hard as a query (`benches/recall`).

use crate::index::kmeans::set_mean;
use crate::kernel::random::Random;

/// Rows that are enough to move the queries of a calibration by: two for each.
pub const MOVING_ROWS: usize = 1024;

/// How far along the rows, in differences of two random ones over the root of 2.
const ALONG: f32 = 1.0;

/// How far in a random direction, in distances of a row from the mean of rows: where all of them lie in a cone, its axis
/// tells them apart no more than it does for a search.
const ASIDE: f32 = 1.5;

/// Moves each of `queries`, which are rows, by the difference of two of `rows` and in a random direction.
pub fn move_away(queries: &mut [f32], rows: &[f32], dimension: usize) {
    let count = rows.len() / dimension.max(1);
    if count == 0 {
        return;
    }
    let mut mean = vec![0.0; dimension];
    set_mean(rows.chunks_exact(dimension), &mut Vec::new(), &mut mean);
    let mut random = Random::new(1);
    for query in queries.chunks_exact_mut(dimension) {
        let squares = query.iter().zip(&mean).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let aside = ASIDE * (squares / dimension as f32).sqrt();
        let along = ALONG / std::f32::consts::SQRT_2;
        let mut pick = || {
            let start = random.below(count) * dimension;
            rows.get(start..start + dimension).unwrap_or_default()
        };
        let (to, from) = (pick(), pick());
        for ((number, to), from) in query.iter_mut().zip(to).zip(from) {
            *number += along * (to - from) + aside * normal(&mut random);
        }
    }
}

/// About normally distributed, with variance 1.
fn normal(random: &mut Random) -> f32 {
    const STEPS: usize = 1 << 16;
    let sum: usize = (0..12).map(|_| random.below(STEPS)).sum();
    sum as f32 / STEPS as f32 - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::normalize;

    #[test]
    fn moved_rows_are_finite_the_same_each_time_and_still_near_where_they_were() {
        let dimension = 64;
        let mut random = Random::new(3);
        let mut rows: Vec<f32> = (0..200 * dimension).map(|_| normal(&mut random)).collect();
        rows.chunks_mut(dimension).for_each(|row| assert!(normalize(row)));
        let mut moved = rows.clone();
        move_away(&mut moved, &rows, dimension);
        let mut again = rows.clone();
        move_away(&mut again, &rows, dimension);
        assert_eq!(moved, again);
        moved.chunks_mut(dimension).for_each(|row| assert!(normalize(row)));
        let pairs = moved.chunks(dimension).zip(rows.chunks(dimension));
        let cosines = pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>());
        let mean = cosines.sum::<f32>() / 200.0;
        // 1 / sqrt(1 + 1 + 1.5^2).
        assert!((mean - 0.485).abs() < 0.05, "{mean}");
        // Where all rows lie in a cone, they are moved as far as without its axis.
        let shifted: Vec<f32> = rows.iter().map(|number| number + 2.0).collect();
        let mut moved_shifted = shifted.clone();
        move_away(&mut moved_shifted, &shifted, dimension);
        moved.copy_from_slice(&rows);
        move_away(&mut moved, &rows, dimension);
        assert!(moved_shifted.iter().zip(&moved).all(|(a, b)| (a - 2.0 - b).abs() < 1.0e-4));
        let mut none = vec![1.0; dimension];
        move_away(&mut none, &[], dimension);
        assert_eq!(none, vec![1.0; dimension]);
    }
}
