//! Causal attention of one text, head by head: `softmax(Q K^T) V`, where a token looks at itself
//! and at tokens before it, all of them or those in a window.
//!
//! Keys and values are packed once for all query heads that share them. Scores are worked on in
//! blocks of rows, and only against the panels of keys that the block can see, so a long text
//! with a short window costs what the window costs.

use super::pointwise::softmax;
use crate::kernel::isa::Isa;
use crate::kernel::matmul::{self, PANEL, Panels, Rows};

/// Rows of scores worked on at a time: few, as a block computes what its last row can see.
const BLOCK_ROWS: usize = 32;

/// The keys and values of one head of one text, and working memory.
#[derive(Clone, Debug, Default)]
pub struct KeysValues {
    keys: Panels,
    values: Panels,
    scores: Vec<f32>,
}

impl KeysValues {
    /// Packs the keys and values of `length` tokens, `head` numbers each.
    ///
    /// # Panics
    /// If a slice is too short for these shapes.
    pub fn set(&mut self, keys: Rows<'_>, values: Rows<'_>, length: usize, head: usize) {
        self.keys.pack_transposed(keys.data, keys.stride, length, head);
        self.values.pack(values.data, values.stride, head, length);
    }

    /// One row of `out` for each token of the text; token `i` sees those of
    /// `i + 1 - window ..= i` that exist. Queries are scaled already.
    ///
    /// # Panics
    /// If a slice is too short, or `window` is 0.
    pub fn attend_causally(
        &mut self,
        isa: Isa,
        queries: Rows<'_>,
        window: usize,
        out: &mut [f32],
        out_stride: usize,
    ) {
        assert!(window > 0, "a token sees itself");
        let (length, head) = (self.keys.columns(), self.keys.depth());
        for block in (0..length).step_by(BLOCK_ROWS) {
            let rows = BLOCK_ROWS.min(length - block);
            let first_seen = |token: usize| (token + 1).saturating_sub(window);
            let start = first_seen(block) / PANEL * PANEL;
            let end = block + rows;
            let stride = (end - start).next_multiple_of(PANEL);
            self.scores.resize(self.scores.len().max(BLOCK_ROWS * stride), 0.0);
            let block_queries =
                Rows { data: &queries.data[block * queries.stride..], stride: queries.stride };
            let (scores, keys) = (&mut self.scores, &self.keys);
            matmul::multiply_part(
                isa,
                rows,
                block_queries,
                keys,
                0..head,
                start..end,
                &[],
                scores,
                stride,
            );
            for (row, scores) in self.scores.chunks_mut(stride).take(rows).enumerate() {
                let token = block + row;
                let (before, seen) = scores.split_at_mut(first_seen(token) - start);
                let (seen, after) = seen.split_at_mut(token + 1 - first_seen(token));
                before.fill(0.0);
                softmax(isa, seen);
                after.fill(0.0);
            }
            let weights = Rows { data: &self.scores, stride };
            let out = &mut out[block * out_stride..];
            matmul::multiply_part(
                isa,
                rows,
                weights,
                &self.values,
                start..end,
                0..head,
                &[],
                out,
                out_stride,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(data: &[f32], stride: usize) -> Rows<'_> {
        Rows { data, stride }
    }

    /// In double precision, straight from the definition.
    fn oracle(
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        length: usize,
        head: usize,
        window: usize,
    ) -> Vec<f64> {
        let row = |from: &[f32], token: usize| -> Vec<f64> {
            from[token * head..][..head].iter().map(|value| f64::from(*value)).collect()
        };
        let mut out = Vec::new();
        for token in 0..length {
            let seen: Vec<usize> = (0..=token).filter(|other| token - other < window).collect();
            let weights: Vec<f64> = seen
                .iter()
                .map(|other| {
                    let products = row(queries, token).into_iter().zip(row(keys, *other));
                    products.map(|(a, b)| a * b).sum::<f64>().exp()
                })
                .collect();
            let sum: f64 = weights.iter().sum();
            for place in 0..head {
                let terms = seen.iter().zip(&weights);
                out.push(terms.map(|(other, w)| w / sum * row(values, *other)[place]).sum());
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_length_window_and_head_is_that_of_the_definition(
            length in 1usize..110, head in 1usize..40, window in 1usize..120, seed in 0usize..1000,
        ) {
            let number = |at: usize| {
                (((at + seed) * 2_654_435_761) >> 5 & 0xff) as f32 / 128.0 - 1.0
            };
            let numbers = |from: usize| -> Vec<f32> {
                (from..from + length * head).map(number).collect()
            };
            let (queries, keys, values) = (numbers(0), numbers(50_000), numbers(90_000));
            let want = oracle(&queries, &keys, &values, length, head, window);
            for isa in Isa::available() {
                let mut memory = KeysValues::default();
                // What an earlier, longer text has left must not matter.
                let old = vec![9.0; 130 * head];
                memory.set(rows(&old, head), rows(&old, head), 130, head);
                memory.attend_causally(isa, rows(&old, head), 130, &mut old.clone(), head);
                memory.set(rows(&keys, head), rows(&values, head), length, head);
                let mut got = vec![7.0; length * head];
                memory.attend_causally(isa, rows(&queries, head), window, &mut got, head);
                for (got, want) in got.iter().zip(&want) {
                    prop_assert!((f64::from(*got) - want).abs() < 1e-5, "{:?} {} {}", isa, got, want);
                }
            }
        }
    }
}
