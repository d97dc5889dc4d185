//! Attention of a group of texts, in blocks of queries whose scores fit in memory, and what each token
//! may see.

use std::ops::Range;

use candle_core::{Result, Tensor};
use candle_nn::ops;

use super::batch::Batch;

/// Scores that are held at a time: 1 GiB. candle's kernels count in 32 bits, too.
pub(super) const SCORES_MAX: usize = 1 << 28;

/// What tokens see.
pub(super) enum Sight {
    /// Every token of their text, with a bias by distance if there is one.
    All { bias: Option<Distances> },
    /// Themselves and the tokens before, `window` in all.
    Causal { window: usize },
}

/// A bias on scores for every head and distance.
pub(super) struct Distances {
    /// `[buckets, heads]`.
    pub(super) table: Tensor,
    /// The bucket of a distance (key - query).
    pub(super) bucket: Box<dyn Fn(i64) -> usize + Send + Sync>,
}

/// Heads of an attention: those of keys and values are shared by `queries / keys` query heads each.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    pub(super) queries: usize,
    pub(super) keys: usize,
    /// Numbers of a head.
    pub(super) width: usize,
}

/// Queries that are worked on together, and the keys that any of them sees.
struct Block {
    queries: Range<usize>,
    keys: Range<usize>,
}

/// The attention of one group, the same in all layers but for its inputs.
pub(super) struct Attention<'a> {
    batch: &'a Batch<'a>,
    sight: &'a Sight,
    heads: Heads,
    padding: Option<Tensor>,
    blocks: Vec<Block>,
    /// What is added to the scores of the only block.
    added: Option<Vec<Tensor>>,
}

impl<'a> Attention<'a> {
    /// Holds at most `scores_max` scores at a time, or those of one query of each head and text.
    pub(super) fn new(
        batch: &'a Batch<'a>,
        sight: &'a Sight,
        heads: Heads,
        scores_max: usize,
    ) -> Result<Attention<'a>> {
        let length = batch.length;
        let rows = scores_max / (batch.texts.len() * heads.queries * length).max(1);
        let rows = rows.clamp(1, length.max(1));
        let block = |start: usize| {
            let queries = start..length.min(start + rows);
            let keys = match sight {
                Sight::All { .. } => 0..length,
                Sight::Causal { window } => (start + 1).saturating_sub(*window)..queries.end,
            };
            Block { queries, keys }
        };
        let blocks: Vec<Block> = (0..length).step_by(rows).map(block).collect();
        let padding = match sight {
            Sight::All { .. } => batch.padding()?,
            // It is behind all that is looked at.
            Sight::Causal { .. } => None,
        };
        let mut attention = Attention { batch, sight, heads, padding, blocks, added: None };
        if let [block] = attention.blocks.as_slice() {
            attention.added = Some(attention.added_to(block)?);
        }
        Ok(attention)
    }

    /// `softmax(Q K^T) V` for `[texts * length, heads * width]` of context. `projected` holds the
    /// queries, scaled, then keys and values of each token, `turn` changes queries and keys.
    pub(super) fn apply(
        &self,
        projected: &Tensor,
        turn: impl Fn(Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let Heads { queries, keys, width } = self.heads;
        let (texts, length) = (self.batch.texts.len(), self.batch.length);
        let all = projected.reshape((texts, length, queries + 2 * keys, width))?;
        let part = |from, count| all.narrow(2, from, count)?.transpose(1, 2)?.contiguous();
        let query = turn(part(0, queries)?)?;
        let key = turn(part(queries, keys)?)?;
        let value = part(queries + keys, keys)?;
        let blocks: Vec<Tensor> = self
            .blocks
            .iter()
            .map(|block| self.block(block, &query, &key, &value))
            .collect::<Result<_>>()?;
        let context = match blocks.as_slice() {
            [whole] => whole.clone(),
            blocks => Tensor::cat(blocks, 2)?,
        };
        context.transpose(1, 2)?.reshape((texts * length, queries * width))
    }

    /// `[texts, heads, queries of the block, width]`.
    fn block(&self, block: &Block, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<Tensor> {
        let Heads { queries: heads, keys: key_heads, width } = self.heads;
        let (texts, rows, seen) = (self.batch.texts.len(), block.queries.len(), block.keys.len());
        let keys = |all: &Tensor| all.narrow(2, block.keys.start, seen)?.contiguous();
        // The queries of all heads that share a key head are one matrix.
        let grouped = (texts, key_heads, heads / key_heads * rows, width);
        let query = query.narrow(2, block.queries.start, rows)?.contiguous()?.reshape(grouped)?;
        let mut scores =
            query.matmul(&keys(key)?.transpose(2, 3)?)?.reshape((texts, heads, rows, seen))?;
        let made = match &self.added {
            Some(_) => Vec::new(),
            None => self.added_to(block)?,
        };
        for added in self.added.as_ref().unwrap_or(&made) {
            scores = scores.broadcast_add(added)?;
        }
        let weights = ops::softmax_last_dim(&scores)?;
        let grouped = (texts, key_heads, heads / key_heads * rows, seen);
        weights.reshape(grouped)?.matmul(&keys(value)?)?.reshape((texts, heads, rows, width))
    }

    /// What is added to a block's scores, in shapes that spread to them.
    fn added_to(&self, block: &Block) -> Result<Vec<Tensor>> {
        let mut added: Vec<Tensor> = self.padding.iter().cloned().collect();
        let (rows, seen) = (block.queries.len(), block.keys.len());
        let machine = self.batch.machine;
        let pairs = || {
            let keys = block.keys.clone();
            block.queries.clone().flat_map(move |query| keys.clone().map(move |key| (query, key)))
        };
        match self.sight {
            Sight::All { bias: None } => {}
            Sight::All { bias: Some(Distances { table, bucket }) } => {
                let buckets: Vec<u32> =
                    pairs().map(|(query, key)| bucket(key as i64 - query as i64) as u32).collect();
                let buckets = Tensor::from_vec(buckets, rows * seen, machine)?;
                let biases = table.index_select(&buckets, 0)?.t()?.contiguous()?;
                added.push(biases.reshape((1, self.heads.queries, rows, seen))?);
            }
            Sight::Causal { .. } if rows == 1 => {}
            Sight::Causal { window } => {
                let is_seen = |query, key| key <= query && query - key < *window;
                let mask: Vec<f32> = pairs()
                    .map(|(query, key)| if is_seen(query, key) { 0.0 } else { f32::NEG_INFINITY })
                    .collect();
                added.push(Tensor::from_vec(mask, (1, 1, rows, seen), machine)?);
            }
        }
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device as Machine;

    use super::*;
    use crate::encode::model::Tokens;

    const HEADS: Heads = Heads { queries: 4, keys: 2, width: 3 };

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|n| ((n * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect()
    }

    fn sights() -> [Sight; 4] {
        let table = Tensor::from_vec(numbers(32), (8, 4), &Machine::Cpu).expect("a table");
        let bucket = Box::new(|distance: i64| (distance + 3).clamp(0, 7) as usize);
        [
            Sight::All { bias: None },
            Sight::All { bias: Some(Distances { table, bucket }) },
            Sight::Causal { window: usize::MAX },
            Sight::Causal { window: 3 },
        ]
    }

    /// One number of the context, straight from the definition, in double precision.
    fn expected(
        projected: &[f32],
        sight: &Sight,
        (start, length): (usize, usize),
        (place, head, at): (usize, usize, usize),
    ) -> f64 {
        let Heads { queries, keys, width } = HEADS;
        let row = (queries + 2 * keys) * width;
        let number = |token: usize, head: usize, at: usize| {
            f64::from(projected[(start + token) * row + head * width + at])
        };
        let key_head = queries + head / (queries / keys);
        let (mut sum, mut whole) = (0.0, 0.0);
        for key in 0..length {
            let mut score: f64 =
                (0..width).map(|at| number(place, head, at) * number(key, key_head, at)).sum();
            match sight {
                Sight::All { bias: Some(Distances { table, bucket }) } => {
                    let biases: Vec<Vec<f32>> = table.to_vec2().expect("a table");
                    score += f64::from(biases[bucket(key as i64 - place as i64)][head]);
                }
                Sight::Causal { window } if key > place || place - key >= *window => continue,
                _ => {}
            }
            whole += score.exp();
            sum += score.exp() * number(key, key_head + keys, at);
        }
        sum / whole
    }

    #[test]
    fn blocks_of_any_size_give_what_the_definition_says() {
        let lengths = [7, 4];
        let texts = lengths.map(|n| Tokens { ids: vec![1; n], type_ids: vec![0; n] });
        let batch = Batch::new(texts.iter().collect(), &Machine::Cpu);
        let row = (HEADS.queries + 2 * HEADS.keys) * HEADS.width;
        let projected = numbers(2 * 7 * row);
        let tensor = Tensor::from_vec(projected.clone(), (2 * 7, row), &Machine::Cpu);
        let tensor = tensor.expect("projections");
        for sight in sights() {
            // One query at a time, three, all.
            for (scores_max, blocks) in [(0, 7), (3 * 2 * 4 * 7, 3), (1 << 20, 1)] {
                let attention = Attention::new(&batch, &sight, HEADS, scores_max).expect("blocks");
                let context = attention.apply(&tensor, Ok).expect("context");
                let context: Vec<Vec<f32>> = context.to_vec2().expect("context");
                assert_eq!(attention.blocks.len(), blocks);
                for (text, length) in lengths.into_iter().enumerate() {
                    for place in 0..length {
                        for (at, got) in context[text * 7 + place].iter().enumerate() {
                            let (head, at) = (at / HEADS.width, at % HEADS.width);
                            let want =
                                expected(&projected, &sight, (text * 7, length), (place, head, at));
                            assert!((f64::from(*got) - want).abs() < 1e-5, "{got}, not {want}");
                        }
                    }
                }
            }
        }
    }
}
