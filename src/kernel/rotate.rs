//! A random rotation that costs `d log d`: it spreads what a vector keeps in few dimensions over all
//! of them, so that every sub-quantizer has the same work to do.
//!
//! Four rounds of: random signs, a fast Walsh-Hadamard transform, and a step of Kac's random walk;
//! the rotation of the RaBitQ library ("FhtKac", after Gao and Long, SIGMOD 2024). The transform
//! needs a power of two: rounds take the first and the last such part of the vector in
//! turn, and the walk mixes its halves. A round is orthogonal, so products of rotated vectors are
//! those of the vectors.
//!
//! Every operation is one addition, subtraction or multiplication of 32 bits in a fixed order:
//! the bits are the same on every machine.

use super::random::Random;

/// Rounds: with four, an outlier of any dimension reaches every other one.
const ROUNDS: usize = 4;

/// Numbers whose first sums and differences are made together.
const EIGHT: usize = 8;

/// `1 / sqrt(2)`: keeps a sum and a difference of two numbers as long as they were.
const HALF_SQRT: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// An orthogonal transform of vectors of one dimension, drawn from a seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    dimension: usize,
    /// The greatest power of two not above the dimension.
    part: usize,
    /// What makes the transform of a part orthogonal: `1 / sqrt(part)`.
    part_factor: f32,
    /// For every round, 1 or -1 for every dimension.
    signs: Vec<f32>,
}

impl Rotation {
    /// The rotation of `seed`. Memory: 16 bytes per dimension.
    pub fn new(dimension: usize, seed: u64) -> Rotation {
        let part = dimension.checked_ilog2().map_or(0, |log2| 1 << log2);
        let mut random = Random::new(seed);
        let mut signs = Vec::with_capacity(ROUNDS * dimension);
        while signs.len() < ROUNDS * dimension {
            let bits = random.bits();
            let left = (ROUNDS * dimension - signs.len()).min(u64::BITS as usize);
            signs.extend((0..left).map(|bit| if bits >> bit & 1 == 0 { 1.0 } else { -1.0 }));
        }
        Rotation { dimension, part, part_factor: (part as f64).sqrt().recip() as f32, signs }
    }

    /// Numbers in a vector.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Rotates a vector in place; its length stays, but for rounding (1e-6 of it). About 1 us at
    /// dimension 768.
    ///
    /// # Panics
    ///
    /// When the vector has another dimension.
    pub fn apply(&self, vector: &mut [f32]) {
        assert_eq!(vector.len(), self.dimension, "a vector of the rotation's dimension");
        for round in 0..self.rounds() {
            self.flip(round, vector);
            self.transform(&mut vector[self.range(round)]);
            if self.part < self.dimension {
                walk(vector);
            }
        }
    }

    /// Undoes [`Rotation::apply`], but for rounding.
    ///
    /// # Panics
    ///
    /// When the vector has another dimension.
    pub fn invert(&self, vector: &mut [f32]) {
        assert_eq!(vector.len(), self.dimension, "a vector of the rotation's dimension");
        for round in (0..self.rounds()).rev() {
            if self.part < self.dimension {
                walk(vector);
            }
            self.transform(&mut vector[self.range(round)]);
            self.flip(round, vector);
        }
    }

    fn rounds(&self) -> usize {
        if self.dimension == 0 { 0 } else { ROUNDS }
    }

    /// The part of the vector that a round transforms: the first or the last.
    fn range(&self, round: usize) -> std::ops::Range<usize> {
        if round.is_multiple_of(2) {
            0..self.part
        } else {
            self.dimension - self.part..self.dimension
        }
    }

    fn flip(&self, round: usize, vector: &mut [f32]) {
        let signs = &self.signs[round * self.dimension..][..self.dimension];
        for (value, sign) in vector.iter_mut().zip(signs) {
            *value *= sign;
        }
    }

    /// The Walsh-Hadamard transform, which is its own inverse.
    fn transform(&self, part: &mut [f32]) {
        let mut half = 1;
        if part.len() >= EIGHT {
            let (eights, _) = part.as_chunks_mut();
            eights.iter_mut().for_each(transform_eight);
            half = EIGHT;
        }
        while half < part.len() {
            for pair in part.chunks_exact_mut(2 * half) {
                let (low, high) = pair.split_at_mut(half);
                for (low, high) in low.iter_mut().zip(high) {
                    (*low, *high) = (*low + *high, *low - *high);
                }
            }
            half *= 2;
        }
        for value in part {
            *value *= self.part_factor;
        }
    }
}

/// The transform of eight numbers, but for its factor, in registers.
fn transform_eight(numbers: &mut [f32; EIGHT]) {
    let [a, b, c, d, e, f, g, h] = *numbers;
    let [a, b, c, d, e, f, g, h] = [a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h];
    let [a, b, c, d, e, f, g, h] = [a + c, b + d, a - c, b - d, e + g, f + h, e - g, f - h];
    *numbers = [a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h];
}

/// One step of Kac's walk: number `i` of the first half and number `i` of the second turn into their
/// sum and difference; its own inverse. The middle of an odd number of dimensions stays.
fn walk(vector: &mut [f32]) {
    let half = vector.len() / 2;
    let second = vector.len() - half;
    let (first, rest) = vector.split_at_mut(half);
    for (low, high) in first.iter_mut().zip(&mut rest[second - half..]) {
        (*low, *high) = ((*low + *high) * HALF_SQRT, (*low - *high) * HALF_SQRT);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dot(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    fn vector() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-1.0f32..1.0, 1..400)
    }

    proptest! {
        #[test]
        fn products_stay_and_the_inverse_undoes(
            (a, b) in vector().prop_flat_map(|a| {
                let len = a.len();
                (Just(a), prop::collection::vec(-1.0f32..1.0, len))
            }),
            seed in any::<u64>(),
        ) {
            let rotation = Rotation::new(a.len(), seed);
            let (mut turned_a, mut turned_b) = (a.clone(), b.clone());
            rotation.apply(&mut turned_a);
            rotation.apply(&mut turned_b);
            let scale = (dot(&a, &a) * dot(&b, &b)).sqrt();
            prop_assert!((dot(&turned_a, &turned_b) - dot(&a, &b)).abs() <= 1.0e-5 * scale);
            rotation.invert(&mut turned_a);
            let error: Vec<f32> = turned_a.iter().zip(&a).map(|(x, y)| x - y).collect();
            prop_assert!(dot(&error, &error).sqrt() <= 1.0e-6 * dot(&a, &a).sqrt());
        }
    }

    #[test]
    fn an_outlier_is_spread_over_all_dimensions() {
        for dimension in [64, 100, 300, 384, 768, 1000, 1024, 1536] {
            for place in [0, dimension / 2, dimension - 1] {
                let mut vector = vec![0.0; dimension];
                vector[place] = 1.0;
                Rotation::new(dimension, 7).apply(&mut vector);
                let greatest = vector.iter().fold(0.0f32, |max, value| max.max(value.abs()));
                let even = (dimension as f32).sqrt().recip();
                assert!(greatest < 5.5 * even, "{dimension} {place}: {greatest} of {even}");
                let lost = vector.iter().filter(|value| value.abs() < even * 1.0e-3).count();
                assert!(lost * 10 <= dimension, "{dimension} {place}: {lost} numbers stay zero");
            }
        }
    }

    #[test]
    fn seeds_give_different_rotations_and_the_same_one_again() {
        let rotate = |seed| {
            let mut vector: Vec<f32> = (0..48).map(|at| at as f32).collect();
            Rotation::new(48, seed).apply(&mut vector);
            vector
        };
        assert_eq!(rotate(1), rotate(1));
        assert_ne!(rotate(1), rotate(2));
    }

    #[test]
    fn bits_stay_the_same_for_ever() {
        // Computed by numpy from the description above.
        let mut vector = [1.0, 2.0, 3.0];
        Rotation::new(3, 42).apply(&mut vector);
        assert_eq!(vector.map(f32::to_bits), [1_058_056_834, 1_048_663_311, 1_080_830_624]);
    }

    /// The transform by its definition, one sum and one difference after the other.
    fn transform_plainly(rotation: &Rotation, part: &mut [f32]) {
        let mut half = 1;
        while half < part.len() {
            for low in (0..part.len()).filter(|at| at & half == 0) {
                let (a, b) = (part[low], part[low + half]);
                (part[low], part[low + half]) = (a + b, a - b);
            }
            half *= 2;
        }
        part.iter_mut().for_each(|value| *value *= rotation.part_factor);
    }

    #[test]
    fn the_transform_equals_its_definition_bit_for_bit() {
        for dimension in [1, 2, 4, 7, 8, 9, 16, 48, 256, 384, 1024] {
            let rotation = Rotation::new(dimension, 5);
            let numbers = (0..rotation.part).map(|at| (at as f32 * 0.37).sin() + 0.1);
            let mut expected: Vec<f32> = numbers.collect();
            let mut found = expected.clone();
            transform_plainly(&rotation, &mut expected);
            rotation.transform(&mut found);
            let bits =
                |numbers: &[f32]| -> Vec<u32> { numbers.iter().map(|x| x.to_bits()).collect() };
            assert_eq!(bits(&found), bits(&expected), "{dimension}");
        }
    }

    #[test]
    fn smallest_dimensions_are_rotated() {
        Rotation::new(0, 1).apply(&mut []);
        let mut one = [2.0];
        Rotation::new(1, 1).apply(&mut one);
        assert_eq!(one[0].abs(), 2.0);
    }
}
