//! MPNet's attention bias: one number per head for each distance between two tokens, shared by all
//! layers; distances are gathered in buckets, near ones each in its own, far ones by their logarithm
//! (as in T5, Raffel et al., 2020).

/// Distances from which on there is one bucket for all.
const DISTANCE_MAX: f64 = 128.0;

/// The bias of every head for every distance.
#[derive(Clone, Debug)]
pub(super) struct DistanceBias {
    tokens_max: usize,
    /// A head's biases for distances (key - query) from `1 - tokens_max` to `tokens_max - 1`.
    heads: Vec<Vec<f32>>,
}

impl DistanceBias {
    /// From the model's table of `buckets` rows of `heads` numbers.
    pub(super) fn new(table: &[f32], buckets: usize, heads: usize, tokens_max: usize) -> Self {
        let bias = |head: usize| {
            let distances = (0..2 * tokens_max - 1).map(|at| at as i64 - (tokens_max as i64 - 1));
            distances.map(|distance| table[bucket(distance, buckets) * heads + head]).collect()
        };
        DistanceBias { tokens_max, heads: (0..heads).map(bias).collect() }
    }

    /// Adds the biases of a query at `place` to its scores with the keys from 0 on.
    pub(super) fn add(&self, head: usize, place: usize, scores: &mut [f32]) {
        let biases = &self.heads[head][self.tokens_max - 1 - place..];
        for (score, bias) in scores.iter_mut().zip(biases) {
            *score += bias;
        }
    }
}

/// The bucket of a distance (key - query): the lower half for keys before the query, the upper for
/// those after it. In single precision, as the reference computes it.
pub(in crate::encode) fn bucket(distance: i64, buckets: usize) -> usize {
    let half = buckets / 2;
    let side = if distance > 0 { half } else { 0 };
    let far = distance.unsigned_abs() as usize;
    let exact = half / 2;
    if far < exact {
        return side + far;
    }
    let scale = (DISTANCE_MAX / exact as f64).ln() as f32;
    let steps = (far as f32 / exact as f32).ln() / scale * (half - exact) as f32;
    side + (exact + steps as usize).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_transformers() {
        // MPNetEncoder.relative_position_bucket(distance, 32, 128)
        for (distance, expected) in [
            (0, 0),
            (1, 17),
            (-1, 1),
            (7, 23),
            (-7, 7),
            (8, 24),
            (-8, 8),
            (11, 24),
            (12, 25),
            (-16, 10),
            (23, 27),
            (-32, 12),
            (64, 30),
            (91, 31),
            (127, 31),
            (-127, 15),
            (500, 31),
        ] {
            assert_eq!(bucket(distance, 32), expected, "distance {distance}");
        }
    }

    #[test]
    fn a_row_of_scores_gets_the_biases_of_its_distances() {
        let table: Vec<f32> = (0..64).map(|n| n as f32).collect();
        let bias = DistanceBias::new(&table, 32, 2, 10);
        let mut scores = [0.0; 4];
        bias.add(1, 2, &mut scores);
        let expected = [-2, -1, 0, 1].map(|distance| (bucket(distance, 32) * 2 + 1) as f32);
        assert_eq!(scores, expected);
    }
}
