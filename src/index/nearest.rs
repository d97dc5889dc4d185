//! The nearest of many centroids, for many vectors at once.
//!
//! `|x - c|^2 = |x|^2 - 2 (<x, c> - |c|^2 / 2)`: the nearest centroid is the one with the greatest
//! `<x, c> - |c|^2 / 2`, a product of matrices with a bias a column, and is computed as such
//! ([`matmul`](crate::kernel::matmul)): a tile of vectors times a block of centroids at a time.

use crate::kernel::Isa;
use crate::kernel::matmul::{Panels, Rows, multiply};

/// Centroids of one block: packed, 384 dimensions take 400 KB of the second-level cache.
const BLOCK_CENTROIDS: usize = 256;

/// Vectors of one tile; its scores against a block take 64 KB.
const TILE_ROWS: usize = 64;

/// What was found for a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// Number of the centroid.
    pub(super) centroid: u32,
    /// `<x, c> - |c|^2 / 2`.
    pub(super) score: f32,
}

impl Found {
    /// Before anything was found.
    pub(super) const NONE: Found = Found { centroid: 0, score: f32::NEG_INFINITY };
}

/// How much a second residual that lies along the first one counts against its list, beside its length: SOAR's
/// lambda. Searches scan 10 to 21 % more rows with 1, and with 4 from 5 % fewer to 17 % more (`benches/HISTORY.md`).
const LAMBDA: f32 = 2.0;

/// A row that has a list and wants a second one, whose residual should lie at a right angle to that of the first
/// (spilling with orthogonality-amplified residuals: Sun et al., NeurIPS 2023): where a question hides the row from
/// one list, it does not from the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Second {
    /// The list that it has.
    pub(super) list: u32,
    /// The product of the row and the direction of its residual, a vector of length 1.
    pub(super) along: f32,
}

impl Second {
    /// Turns scores of lists from `first` on into those of second lists; the list that the row has gets the least.
    #[inline]
    fn adjust(&self, scores: &mut [f32], along: &[f32], bias: &[f32], first: u32) {
        for ((score, along), bias) in scores.iter_mut().zip(along).zip(bias) {
            // A product of matrices with a bias: without it, the product of direction and centroid.
            let part = self.along - (along - bias);
            *score -= LAMBDA / 2.0 * part * part;
        }
        let own = self.list.checked_sub(first).and_then(|place| scores.get_mut(place as usize));
        if let Some(own) = own {
            *own = f32::NEG_INFINITY;
        }
    }
}

/// Centroids, packed for products.
#[derive(Debug)]
pub(super) struct Centroids {
    isa: Isa,
    dimension: usize,
    blocks: Vec<Block>,
}

/// Consecutive centroids.
#[derive(Debug)]
struct Block {
    panels: Panels,
    /// `-|c|^2 / 2` of each.
    bias: Vec<f32>,
}

impl Centroids {
    /// Packs `centroids`, vectors of `dimension` one after the other.
    pub(super) fn new(centroids: &[f32], dimension: usize) -> Centroids {
        let blocks = centroids.chunks(BLOCK_CENTROIDS * dimension).map(|block| {
            let count = block.len() / dimension;
            let mut panels = Panels::default();
            panels.pack_transposed(block, dimension, count, dimension);
            let bias = block.chunks(dimension).map(|row| -squared_length(row) / 2.0).collect();
            Block { panels, bias }
        });
        Centroids { isa: Isa::detect(), dimension, blocks: blocks.collect() }
    }

    /// Number of centroids.
    pub(super) fn count(&self) -> usize {
        self.blocks.iter().map(|block| block.bias.len()).sum()
    }

    /// For each of `rows`, improves `found` by the centroids here, which are numbered from `first`.
    /// Of equally good ones the lowest number wins. `scores` is working memory.
    pub(super) fn find(
        &self,
        rows: &[f32],
        first: u32,
        scores: &mut Vec<f32>,
        found: &mut [Found],
    ) {
        let tiles = rows.chunks(TILE_ROWS * self.dimension).zip(found.chunks_mut(TILE_ROWS));
        for (rows, found) in tiles {
            let mut first = first;
            for block in &self.blocks {
                let columns = block.bias.len();
                self.multiply(rows, block, scores);
                for (scores, found) in scores.chunks(columns).zip(&mut *found) {
                    improve(scores, first, found);
                }
                first += columns as u32;
            }
        }
    }

    /// As [`Centroids::find`], for the [second](Second) lists of rows that have one.
    pub(super) fn find_second(
        &self,
        rows: &[f32],
        seconds: &[Second],
        directions: &[f32],
        first: u32,
        scratch: &mut [Vec<f32>; 2],
        found: &mut [Found],
    ) {
        let tiles = rows.chunks(TILE_ROWS * self.dimension);
        let tiles = tiles.zip(directions.chunks(TILE_ROWS * self.dimension));
        let tiles = tiles.zip(seconds.chunks(TILE_ROWS)).zip(found.chunks_mut(TILE_ROWS));
        let [scores, along] = scratch;
        for (((rows, directions), seconds), found) in tiles {
            let mut first = first;
            for block in &self.blocks {
                let columns = block.bias.len();
                self.multiply(rows, block, scores);
                self.multiply(directions, block, along);
                let products = scores.chunks_mut(columns).zip(along.chunks(columns));
                for (((scores, along), second), found) in products.zip(seconds).zip(&mut *found) {
                    second.adjust(scores, along, &block.bias, first);
                    improve(scores, first, found);
                }
                first += columns as u32;
            }
        }
    }

    /// The scores of `rows` against all centroids: `scores` gets [`Centroids::count`] numbers per row.
    pub(super) fn scores(&self, rows: &[f32], scores: &mut Vec<f32>) {
        scores.clear();
        let count = self.count();
        scores.resize(rows.len() / self.dimension * count, 0.0);
        let mut column = 0;
        let mut out = Vec::new();
        for block in &self.blocks {
            let columns = block.bias.len();
            self.multiply(rows, block, &mut out);
            for (row, out) in scores.chunks_mut(count).zip(out.chunks(columns)) {
                row[column..column + columns].copy_from_slice(out);
            }
            column += columns;
        }
    }

    fn multiply(&self, rows: &[f32], block: &Block, out: &mut Vec<f32>) {
        let (count, columns) = (rows.len() / self.dimension, block.bias.len());
        out.resize(count * columns, 0.0);
        let rows = Rows { data: rows, stride: self.dimension };
        multiply(self.isa, count, rows, &block.panels, &block.bias, out, columns);
    }
}

/// Takes over the greatest of `scores`, numbered from `first`, when it is better.
#[inline]
fn improve(scores: &[f32], first: u32, found: &mut Found) {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = scores.as_chunks::<16>();
    for chunk in chunks {
        for (lane, score) in lanes.iter_mut().zip(chunk) {
            *lane = if *score > *lane { *score } else { *lane };
        }
    }
    let best = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |best, score| best.max(*score));
    let equal = best == found.score;
    if best > found.score || (equal && first < found.centroid) {
        let place = scores.iter().position(|score| *score == best).unwrap_or(0);
        *found = Found { centroid: first + place as u32, score: best };
    }
}

/// `|row|^2`, in the order of its elements.
pub(super) fn squared_length(row: &[f32]) -> f32 {
    row.iter().fold(0.0, |sum, value| sum + value * value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::Random;

    #[test]
    fn equals_a_search_in_double_precision() {
        let mut random = Random::new(3);
        let mut numbers =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.below(99) as f32).collect() };
        for (dimension, rows, count) in [(1, 3, 1), (3, 70, 40), (5, 129, 600), (24, 64, 257)] {
            let (rows, centroids) = (numbers(rows * dimension), numbers(count * dimension));
            let packed = Centroids::new(&centroids, dimension);
            assert_eq!(packed.count(), count);
            let mut found = vec![Found::NONE; rows.len() / dimension];
            packed.find(&rows, 0, &mut Vec::new(), &mut found);
            let mut scores = Vec::new();
            packed.scores(&rows, &mut scores);
            for (at, (row, found)) in rows.chunks(dimension).zip(&found).enumerate() {
                // Small integers: every sum is exact, in any order.
                let distance = |centroid: &[f32]| -> f32 {
                    row.iter().zip(centroid).map(|(x, c)| (x - c) * (x - c)).sum()
                };
                let all: Vec<f32> = centroids.chunks(dimension).map(distance).collect();
                let least = all.iter().copied().fold(f32::INFINITY, f32::min);
                let lowest = all.iter().position(|distance| *distance == least);
                assert_eq!(Some(found.centroid as usize), lowest);
                assert_eq!(squared_length(row) - 2.0 * found.score, least);
                assert_eq!(scores[at * count + found.centroid as usize], found.score);
            }
        }
    }

    #[test]
    fn better_finds_replace_and_equal_ones_do_not_unless_lower() {
        let packed = Centroids::new(&[1.0, 0.0, 0.0, 1.0], 2);
        let before = Found { centroid: 7, score: 0.5 };
        for (first, expected) in [(3, Found { centroid: 3, score: 0.5 }), (8, before)] {
            let mut found = [before];
            packed.find(&[1.0, 0.0], first, &mut Vec::new(), &mut found);
            assert_eq!(found, [expected]);
        }
    }
}
