//! The forward pass over several texts at once, without padding.
//!
//! The tokens of all texts lie one after another, so linear layers see one tall matrix; only
//! attention looks at one text at a time ("ragged" execution). The query, key and value
//! projections are one matrix product, and `1 / sqrt(head length)` is multiplied into the query
//! weights when they are loaded. Weights are repacked once for [`matmul`], and all working memory
//! is used again.

use super::config::{Activation, AttentionNames, BertConfig, LAYERS, attention_names};
use super::distance::DistanceBias;
use crate::encode::model::{
    Linear, Network, Pool, Shape, Table, Tokens, Weights, Working, open_layers, signed,
};
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::{self, PANEL, Panels, Precision, Rows};
use crate::kernel::transformer::pointwise;

/// Rows of the feed-forward block and of attention scores that are worked on at a time: what
/// keeps the intermediate numbers in the second-level cache.
const BLOCK_ROWS: usize = 96;

/// The weights of one model, ready to run.
pub(in crate::encode) struct Bert {
    isa: Isa,
    shape: Shape,
    signature: String,
    hidden: usize,
    head: usize,
    intermediate: usize,
    activation: Activation,
    epsilon: f32,
    words: Table,
    positions: Vec<f32>,
    first_position: usize,
    /// Empty where the network knows no token types.
    types: Vec<f32>,
    distances: Option<Distances>,
    norm: Norm,
    layers: Vec<Layer>,
    scratch: Pool<Scratch>,
}

/// What MPNet has in place of token types.
struct Distances {
    bias: DistanceBias,
    /// The padding's id, which gets the position before the first.
    padding: usize,
}

struct Layer {
    query_key_value: Linear,
    attended: Linear,
    attended_norm: Norm,
    up: Linear,
    down: Linear,
    output_norm: Norm,
}

struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// Working memory of one forward pass.
#[derive(Default)]
struct Scratch {
    /// The vector of each token, texts concatenated.
    hidden: Vec<f32>,
    query_key_value: Vec<f32>,
    context: Vec<f32>,
    projected: Vec<f32>,
    intermediate: Vec<f32>,
    scores: Vec<f32>,
    keys: Panels,
    values: Panels,
    working: Working,
}

impl Bert {
    /// Loads every tensor that `config` asks for and checks its shape.
    pub(in crate::encode) fn open(
        config: &BertConfig,
        weights: &Weights,
        precision: Precision,
    ) -> Result<Bert> {
        let hidden = config.hidden_size;
        let table = |name: &str, rows| {
            weights.get(&format!("embeddings.{name}_embeddings.weight"), &[rows, hidden])
        };
        weights.refuse_beyond(LAYERS, config.num_hidden_layers)?;
        let (words, heads) = ("embeddings.word_embeddings.weight", config.num_attention_heads);
        Ok(Bert {
            isa: Isa::detect(),
            shape: Shape {
                dimension: hidden,
                vocabulary: config.vocabulary(),
                tokens_max: config.tokens_max(),
                types: config.types(),
            },
            signature: signed(config.signature(), precision),
            hidden,
            head: hidden / heads,
            intermediate: config.intermediate_size,
            activation: config.hidden_act,
            epsilon: config.layer_norm_eps as f32,
            words: weights.table(words, config.vocabulary(), hidden)?,
            positions: table("position", config.max_position_embeddings)?,
            first_position: config.first_position(),
            types: if config.mpnet { Vec::new() } else { table("token_type", config.types())? },
            distances: if config.mpnet { Some(Distances::open(config, weights)?) } else { None },
            norm: Norm::open(weights, "embeddings.LayerNorm", hidden)?,
            layers: open_layers(weights, LAYERS, config.num_hidden_layers, |layer, matrix| {
                Layer::open(weights, layer, config, precision, matrix)
            })?,
            scratch: Pool::default(),
        })
    }

    fn embed(&self, texts: &[Tokens], scratch: &mut Scratch) {
        let hidden = self.hidden;
        let tokens: usize = texts.iter().map(|text| text.ids.len()).sum();
        let Scratch { hidden: states, projected, .. } = scratch;
        states.resize(tokens * hidden, 0.0);
        projected.clear();
        let mut rows = states.chunks_exact_mut(hidden);
        for text in texts {
            let mut next = self.first_position;
            for (id, (kind, row)) in text.ids.iter().zip(text.type_ids.iter().zip(&mut rows)) {
                self.words.row(*id as usize, row);
                let place = match &self.distances {
                    Some(distances) if *id as usize == distances.padding => distances.padding,
                    _ => {
                        next += 1;
                        next - 1
                    }
                };
                let position = &self.positions[place * hidden..][..hidden];
                if self.types.is_empty() {
                    projected.extend_from_slice(position);
                    continue;
                }
                let kind = &self.types[*kind as usize * hidden..][..hidden];
                projected.extend(position.iter().zip(kind).map(|(position, kind)| position + kind));
            }
        }
        self.add_norm(states, projected, &self.norm);
    }

    /// `hidden = norm(hidden + attention(hidden))`.
    fn attention_block(
        &self,
        layer: &Layer,
        texts: &[Tokens],
        scratch: &mut Scratch,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let hidden = self.hidden;
        let tokens = scratch.hidden.len() / hidden;
        scratch.query_key_value.resize(tokens * 3 * hidden, 0.0);
        scratch.context.resize(tokens * hidden, 0.0);
        scratch.projected.resize(tokens * hidden, 0.0);
        let Scratch { hidden: states, query_key_value, working, .. } = &mut *scratch;
        layer.query_key_value.apply(
            self.isa,
            states,
            working,
            query_key_value,
            3 * hidden,
            proceed,
        )?;
        let mut first = 0;
        for text in texts {
            for head in 0..hidden / self.head {
                proceed()?;
                self.attend(first, text.ids.len(), head, scratch);
            }
            first += text.ids.len();
        }
        let Scratch { hidden: states, context, projected, working, .. } = scratch;
        layer.attended.apply(self.isa, context, working, projected, hidden, proceed)?;
        self.add_norm(states, projected, &layer.attended_norm);
        Ok(())
    }

    /// One head of one text: `softmax(Q K^T) V` for the `length` tokens from `first`.
    fn attend(&self, first: usize, length: usize, head: usize, scratch: &mut Scratch) {
        let (hidden, stride) = (self.hidden, 3 * self.hidden);
        let Scratch { query_key_value, context, scores, keys, values, .. } = scratch;
        let at = |part: usize, token: usize| token * stride + part * hidden + head * self.head;
        keys.pack_transposed(&query_key_value[at(1, first)..], stride, length, self.head);
        values.pack(&query_key_value[at(2, first)..], stride, self.head, length);
        let width = length.next_multiple_of(PANEL);
        scores.resize(scores.len().max(BLOCK_ROWS * width), 0.0);
        for block in (0..length).step_by(BLOCK_ROWS) {
            let rows = BLOCK_ROWS.min(length - block);
            let queries = Rows { data: &query_key_value[at(0, first + block)..], stride };
            matmul::multiply(self.isa, rows, queries, keys, &[], scores, width);
            for (row, scores) in scores.chunks_mut(width).take(rows).enumerate() {
                let scores = &mut scores[..length];
                if let Some(distances) = &self.distances {
                    distances.bias.add(head, block + row, scores);
                }
                pointwise::softmax(self.isa, scores);
            }
            let out = &mut context[(first + block) * hidden + head * self.head..];
            let weights = Rows { data: scores, stride: width };
            matmul::multiply(self.isa, rows, weights, values, &[], out, hidden);
        }
    }

    /// `hidden = norm(hidden + down(activation(up(hidden))))`, a block of rows at a time.
    fn feed_forward_block(
        &self,
        layer: &Layer,
        scratch: &mut Scratch,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let Scratch { hidden: states, projected, intermediate, working, .. } = scratch;
        let block = BLOCK_ROWS * self.hidden;
        for (states, projected) in states.chunks(block).zip(projected.chunks_mut(block)) {
            intermediate.resize(states.len() / self.hidden * self.intermediate, 0.0);
            layer.up.apply(self.isa, states, working, intermediate, self.intermediate, proceed)?;
            match self.activation {
                Activation::Gelu => pointwise::gelu(self.isa, intermediate),
                Activation::GeluTanh => pointwise::gelu_tanh(self.isa, intermediate),
                Activation::Relu => {
                    intermediate.iter_mut().for_each(|value| *value = value.max(0.0));
                }
            }
            layer.down.apply(self.isa, intermediate, working, projected, self.hidden, proceed)?;
        }
        self.add_norm(states, projected, &layer.output_norm);
        Ok(())
    }

    fn add_norm(&self, states: &mut [f32], added: &[f32], norm: &Norm) {
        let rows = states.chunks_exact_mut(self.hidden).zip(added.chunks_exact(self.hidden));
        for (state, added) in rows {
            let Norm { weight, bias } = norm;
            pointwise::add_layer_norm(self.isa, state, added, weight, bias, self.epsilon);
        }
    }
}

impl Network for Bert {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn signature(&self) -> String {
        self.signature.clone()
    }

    /// About `2 * tokens * parameters` operations.
    fn forward(
        &self,
        texts: &[Tokens],
        states: &mut Vec<f32>,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        self.scratch.with(|scratch| {
            self.embed(texts, scratch);
            for layer in &self.layers {
                self.attention_block(layer, texts, scratch, proceed)?;
                self.feed_forward_block(layer, scratch, proceed)?;
            }
            std::mem::swap(states, &mut scratch.hidden);
            Ok(())
        })
    }
}

impl Distances {
    fn open(config: &BertConfig, weights: &Weights) -> Result<Distances> {
        let (buckets, heads) = (config.relative_attention_num_buckets, config.num_attention_heads);
        let table = weights.get("encoder.relative_attention_bias.weight", &[buckets, heads])?;
        let bias = DistanceBias::new(&table, buckets, heads, config.tokens_max());
        Ok(Distances { bias, padding: config.padding() })
    }
}

impl Layer {
    fn open(
        weights: &Weights,
        layer: usize,
        config: &BertConfig,
        precision: Precision,
        matrix: &mut Vec<f32>,
    ) -> Result<Layer> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("{LAYERS}{layer}.{part}");
        let mut linear = |parts: &[&str], outputs, inputs, scale| {
            let names: Vec<String> = parts.iter().map(|part| name(part)).collect();
            Linear::packed(weights, &names, [outputs, inputs], scale, precision, matrix)
        };
        let norm = |part: &str| Norm::open(weights, &name(part), hidden);
        let AttentionNames { projections, attended, norm: attended_norm } =
            attention_names(config.mpnet);
        let scale = 1.0 / ((hidden / config.num_attention_heads) as f32).sqrt();
        Ok(Layer {
            query_key_value: linear(&projections, hidden, hidden, scale)?,
            attended: linear(&[attended], hidden, hidden, 1.0)?,
            attended_norm: norm(attended_norm)?,
            up: linear(&["intermediate.dense"], intermediate, hidden, 1.0)?,
            down: linear(&["output.dense"], hidden, intermediate, 1.0)?,
            output_norm: norm("output.LayerNorm")?,
        })
    }
}

impl Norm {
    fn open(weights: &Weights, name: &str, length: usize) -> Result<Norm> {
        Ok(Norm {
            weight: weights.get(&format!("{name}.weight"), &[length])?,
            bias: weights.get(&format!("{name}.bias"), &[length])?,
        })
    }
}
