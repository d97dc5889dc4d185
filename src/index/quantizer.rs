//! Training of the sub-quantizers' points: 16-means of every sub-vector by itself
//! (product quantisation: Jegou, Douze and Schmid, 2011).

use crate::control::Control;
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::points::{LANES, POINTS, nearest_points};
use crate::kernel::random::Random;
use crate::parallel;

/// Passes over the vectors; further ones change the error by less than a thousandth.
const ITERATIONS: usize = 12;

/// Points of all sub-quantizers for `vectors` of `dimension`: `[sub-quantizer][point][sub_dimension]`.
///
/// The last sub-vector is padded with zeros. Sub-quantizers are independent of each other, and
/// are what threads share out. Costs about as much as encoding the vectors a dozen times.
pub(super) fn train_points(
    vectors: &[f32],
    dimension: usize,
    sub_dimension: usize,
    seed: u64,
    threads: usize,
    control: &Control,
) -> Result<Vec<f32>> {
    let sub_quantizers = dimension.div_ceil(sub_dimension);
    let mut points = vec![0.0; sub_quantizers * POINTS * sub_dimension];
    let tables = points.chunks_mut(POINTS * sub_dimension).enumerate();
    let run = |training: &mut Training, (number, table): (usize, &mut [f32])| {
        training.load(vectors, dimension, number * sub_dimension, sub_dimension);
        training.run(table, sub_dimension, seed ^ number as u64);
        Ok(())
    };
    parallel::for_each(threads, tables, control, Training::default, run, &mut |_| ())?;
    Ok(points)
}

/// The sub-vectors of one sub-quantizer, in lanes, and their codes.
#[derive(Debug, Default)]
struct Training {
    count: usize,
    lanes: Vec<[f32; LANES]>,
    codes: Vec<[u8; LANES]>,
}

impl Training {
    /// Takes elements `from .. from + sub` of every vector.
    fn load(&mut self, vectors: &[f32], dimension: usize, from: usize, sub: usize) {
        self.count = vectors.len() / dimension;
        let blocks = self.count.div_ceil(LANES);
        self.lanes.clear();
        self.lanes.resize(blocks * sub, [0.0; LANES]);
        self.codes.clear();
        self.codes.resize(blocks, [0; LANES]);
        for (row, vector) in vectors.chunks(dimension).enumerate() {
            let block = &mut self.lanes[row / LANES * sub..][..sub];
            for (lanes, value) in block.iter_mut().zip(&vector[from..]) {
                lanes[row % LANES] = *value;
            }
        }
    }

    fn element(&self, row: usize, element: usize, sub: usize) -> f32 {
        self.lanes[row / LANES * sub + element][row % LANES]
    }

    /// Lloyd's iterations from points drawn by chance, distant ones more likely (k-means++).
    fn run(&mut self, points: &mut [f32], sub: usize, seed: u64) {
        self.seed(points, sub, &mut Random::new(seed));
        for _ in 0..ITERATIONS {
            nearest_points(Isa::detect(), &self.lanes, points, sub, &mut self.codes);
            self.update(points, sub);
        }
    }

    /// k-means++ (Arthur and Vassilvitskii, 2007).
    fn seed(&self, points: &mut [f32], sub: usize, random: &mut Random) {
        if self.count == 0 {
            return;
        }
        let mut nearest = vec![f32::INFINITY; self.count];
        let mut row = random.below(self.count);
        for point in 0..POINTS {
            for (element, column) in points.chunks_mut(POINTS).enumerate() {
                column[point] = self.element(row, element, sub);
            }
            let mut total = 0.0f64;
            for (row, nearest) in nearest.iter_mut().enumerate() {
                let columns = points.chunks(POINTS).enumerate();
                let offsets =
                    columns.map(|(at, column)| self.element(row, at, sub) - column[point]);
                *nearest = nearest.min(offsets.fold(0.0, |sum, offset| sum + offset * offset));
                total += f64::from(*nearest);
            }
            let target = random.below(1 << 32) as f64 / (1u64 << 32) as f64 * total;
            let mut sum = 0.0;
            let reaches = |nearest: &f32| {
                sum += f64::from(*nearest);
                sum > target
            };
            // All sub-vectors equal: any one will do.
            row = nearest.iter().position(reaches).unwrap_or(0);
        }
    }

    /// Moves every point to the mean of its sub-vectors; one without any stays.
    fn update(&self, points: &mut [f32], sub: usize) {
        let mut sums = [[0.0f64; 4]; POINTS];
        let mut counts = [0u32; POINTS];
        for row in 0..self.count {
            let code = usize::from(self.codes[row / LANES][row % LANES]);
            counts[code] += 1;
            for (element, sum) in sums[code].iter_mut().enumerate().take(sub) {
                *sum += f64::from(self.element(row, element, sub));
            }
        }
        for (point, (sums, count)) in sums.into_iter().zip(counts).enumerate() {
            for (column, sum) in points.chunks_mut(POINTS).zip(sums).filter(|_| count > 0) {
                column[point] = (sum / f64::from(count)) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of squared distances of `vectors` to their nearest points.
    fn error(vectors: &[f32], dimension: usize, points: &[f32], sub: usize) -> f32 {
        let mut total = 0.0;
        for vector in vectors.chunks(dimension) {
            for (part, table) in vector.chunks(sub).zip(points.chunks(POINTS * sub)) {
                let distance = |point: usize| -> f32 {
                    let padded = part.iter().chain(std::iter::repeat(&0.0));
                    let offsets = padded.zip(table.chunks(POINTS)).map(|(x, p)| x - p[point]);
                    offsets.map(|offset| offset * offset).sum()
                };
                total += (0..POINTS).map(distance).fold(f32::INFINITY, f32::min);
            }
        }
        total
    }

    #[test]
    fn sixteen_clumps_are_found_exactly_or_nearly() {
        // Clumps at the corners of a hypercube, in each of three sub-quantizers; the last is short.
        let mut random = Random::new(4);
        let vectors: Vec<f32> =
            (0..2000 * 10).map(|_| random.below(2) as f32 * 8.0 - 4.0).collect();
        let points = train_points(&vectors, 10, 4, 1, 2, &Control::default()).unwrap();
        let nothing = error(&vectors, 10, &vec![0.0; points.len()], 4);
        assert!(error(&vectors, 10, &points, 4) < 0.05 * nothing);
    }

    #[test]
    fn smaller_sub_vectors_and_the_mean_point_are_never_worse() {
        let mut random = Random::new(5);
        let vectors: Vec<f32> =
            (0..3000 * 9).map(|_| (0..4).map(|_| random.below(1000) as f32).sum()).collect();
        let train = |sub| train_points(&vectors, 9, sub, 1, 1, &Control::default()).unwrap();
        let (two, four) = (error(&vectors, 9, &train(2), 2), error(&vectors, 9, &train(4), 4));
        assert!(two < 0.5 * four, "{two} {four}");
    }

    #[test]
    fn fewer_vectors_than_points_are_kept_as_they_are() {
        let vectors = [1.0, 2.0, 3.0, -1.0, -2.0, -3.0];
        let points = train_points(&vectors, 3, 2, 9, 1, &Control::default()).unwrap();
        assert_eq!(error(&vectors, 3, &points, 2), 0.0);
        let none = train_points(&[], 3, 2, 9, 1, &Control::default()).unwrap();
        assert_eq!(none, vec![0.0; 2 * POINTS * 2]);
    }
}
