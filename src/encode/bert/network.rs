//! BERT's forward pass (Devlin et al., 2019) over several texts at once, without padding.
//!
//! The tokens of all texts lie one after another, so linear layers see one tall matrix; only
//! attention looks at one text at a time ("ragged" execution). The query, key and value
//! projections are one matrix product, and `1 / sqrt(head length)` is multiplied into the query
//! weights when they are loaded. Weights are repacked once for [`matmul`], and all working memory
//! is in a [`Scratch`] that is used again.

use super::config::{Activation, BertConfig};
use super::folder::Folder;
use super::tokenizer::Tokens;
use super::weights::Weights;
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::{self, PANEL, Panels, Rows};
use crate::kernel::transformer::pointwise;

/// Rows of the feed-forward block and of attention scores that are worked on at a time: what
/// keeps the intermediate numbers in the second-level cache.
const BLOCK_ROWS: usize = 96;

/// The weights of one model, ready to run.
pub(super) struct Network {
    isa: Isa,
    hidden: usize,
    head: usize,
    intermediate: usize,
    activation: Activation,
    epsilon: f32,
    words: Vec<f32>,
    positions: Vec<f32>,
    types: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    query_key_value: Linear,
    attended: Linear,
    attended_norm: Norm,
    up: Linear,
    down: Linear,
    output_norm: Norm,
}

struct Linear {
    weights: Panels,
    bias: Vec<f32>,
}

struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// Working memory of one forward pass.
#[derive(Default)]
pub(super) struct Scratch {
    /// After [`Network::forward`]: the last layer's vector of each token, texts concatenated.
    pub(super) hidden: Vec<f32>,
    query_key_value: Vec<f32>,
    context: Vec<f32>,
    projected: Vec<f32>,
    intermediate: Vec<f32>,
    scores: Vec<f32>,
    keys: Panels,
    values: Panels,
}

impl Network {
    /// Loads every tensor that `config` asks for and checks its shape.
    pub(super) fn open(folder: &Folder, config: &BertConfig, weights: &Weights) -> Result<Network> {
        let hidden = config.hidden_size;
        let table = |name: &str, rows| {
            weights.get(&format!("embeddings.{name}_embeddings.weight"), &[rows, hidden])
        };
        let beyond = format!("encoder.layer.{}.", config.num_hidden_layers);
        if weights.has_prefix(&beyond) {
            return Err(folder.error(format!(
                "config.json asks for {} layers, the weights have more",
                config.num_hidden_layers
            )));
        }
        Ok(Network {
            isa: Isa::detect(),
            hidden,
            head: hidden / config.num_attention_heads,
            intermediate: config.intermediate_size,
            activation: config.hidden_act,
            epsilon: config.layer_norm_eps as f32,
            words: table("word", config.vocab_size)?,
            positions: table("position", config.max_position_embeddings)?,
            types: table("token_type", config.type_vocab_size)?,
            norm: Norm::open(weights, "embeddings.LayerNorm", hidden)?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| Layer::open(weights, layer, config))
                .collect::<Result<_>>()?,
        })
    }

    /// Length of a token's vector.
    pub(super) fn dimension(&self) -> usize {
        self.hidden
    }

    /// What is wrong with an input, if anything is: [`Network::forward`] relies on this check.
    pub(super) fn refuse(&self, tokens: &Tokens) -> Option<String> {
        let rows = |table: &[f32]| table.len() / self.hidden;
        let outside = |ids: &[u32], rows: usize| ids.iter().any(|id| *id as usize >= rows);
        let length = tokens.ids.len();
        if length == 0 {
            Some("the tokenizer gave no tokens, not even special ones".into())
        } else if tokens.type_ids.len() != length {
            Some(format!("{length} tokens but {} token types", tokens.type_ids.len()))
        } else if length > rows(&self.positions) {
            Some(format!("{length} tokens, the model has {} positions", rows(&self.positions)))
        } else if outside(&tokens.ids, rows(&self.words)) {
            Some(format!("a token id is beyond the {} known words", rows(&self.words)))
        } else if outside(&tokens.type_ids, rows(&self.types)) {
            Some(format!("a token type is beyond the {} known types", rows(&self.types)))
        } else {
            None
        }
    }

    /// Runs all layers over texts that [`Network::refuse`] has passed; leaves the token vectors in
    /// `scratch.hidden`. Single-threaded; about `2 * tokens * parameters` operations.
    pub(super) fn forward(&self, texts: &[Tokens], scratch: &mut Scratch) {
        self.embed(texts, scratch);
        for layer in &self.layers {
            self.attention_block(layer, texts, scratch);
            self.feed_forward_block(layer, scratch);
        }
    }

    fn embed(&self, texts: &[Tokens], scratch: &mut Scratch) {
        let hidden = self.hidden;
        let tokens: usize = texts.iter().map(|text| text.ids.len()).sum();
        let Scratch { hidden: states, projected, .. } = scratch;
        states.clear();
        states.reserve(tokens * hidden);
        projected.clear();
        for text in texts {
            for (place, (id, kind)) in text.ids.iter().zip(&text.type_ids).enumerate() {
                states.extend_from_slice(&self.words[*id as usize * hidden..][..hidden]);
                let position = &self.positions[place * hidden..][..hidden];
                let kind = &self.types[*kind as usize * hidden..][..hidden];
                projected.extend(position.iter().zip(kind).map(|(position, kind)| position + kind));
            }
        }
        self.add_norm(states, projected, &self.norm);
    }

    /// `hidden = norm(hidden + attention(hidden))`.
    fn attention_block(&self, layer: &Layer, texts: &[Tokens], scratch: &mut Scratch) {
        let hidden = self.hidden;
        let tokens = scratch.hidden.len() / hidden;
        scratch.query_key_value.resize(tokens * 3 * hidden, 0.0);
        scratch.context.resize(tokens * hidden, 0.0);
        scratch.projected.resize(tokens * hidden, 0.0);
        layer.query_key_value.apply(self.isa, &scratch.hidden, &mut scratch.query_key_value);
        let mut first = 0;
        for text in texts {
            for head in 0..hidden / self.head {
                self.attend(first, text.ids.len(), head, scratch);
            }
            first += text.ids.len();
        }
        layer.attended.apply(self.isa, &scratch.context, &mut scratch.projected);
        self.add_norm(&mut scratch.hidden, &scratch.projected, &layer.attended_norm);
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
            for row in scores.chunks_mut(width).take(rows) {
                pointwise::softmax(self.isa, &mut row[..length]);
            }
            let out = &mut context[(first + block) * hidden + head * self.head..];
            let weights = Rows { data: scores, stride: width };
            matmul::multiply(self.isa, rows, weights, values, &[], out, hidden);
        }
    }

    /// `hidden = norm(hidden + down(activation(up(hidden))))`, a block of rows at a time.
    fn feed_forward_block(&self, layer: &Layer, scratch: &mut Scratch) {
        let Scratch { hidden: states, projected, intermediate, .. } = scratch;
        let block = BLOCK_ROWS * self.hidden;
        for (states, projected) in states.chunks(block).zip(projected.chunks_mut(block)) {
            intermediate.resize(states.len() / self.hidden * self.intermediate, 0.0);
            layer.up.apply(self.isa, states, intermediate);
            match self.activation {
                Activation::Gelu => pointwise::gelu(self.isa, intermediate),
                Activation::GeluTanh => pointwise::gelu_tanh(self.isa, intermediate),
                Activation::Relu => {
                    intermediate.iter_mut().for_each(|value| *value = value.max(0.0));
                }
            }
            layer.down.apply(self.isa, intermediate, projected);
        }
        self.add_norm(states, projected, &layer.output_norm);
    }

    fn add_norm(&self, states: &mut [f32], added: &[f32], norm: &Norm) {
        let rows = states.chunks_exact_mut(self.hidden).zip(added.chunks_exact(self.hidden));
        for (state, added) in rows {
            let Norm { weight, bias } = norm;
            pointwise::add_layer_norm(self.isa, state, added, weight, bias, self.epsilon);
        }
    }
}

impl Layer {
    fn open(weights: &Weights, layer: usize, config: &BertConfig) -> Result<Layer> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let linear = |part: &str, outputs, inputs| {
            Linear::open(weights, &[name(part)], outputs, inputs, 1.0)
        };
        let norm = |part: &str| Norm::open(weights, &name(part), hidden);
        let projections =
            ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
        let head = (hidden / config.num_attention_heads) as f32;
        Ok(Layer {
            query_key_value: Linear::open(
                weights,
                &projections,
                hidden,
                hidden,
                1.0 / head.sqrt(),
            )?,
            attended: linear("attention.output.dense", hidden, hidden)?,
            attended_norm: norm("attention.output.LayerNorm")?,
            up: linear("intermediate.dense", intermediate, hidden)?,
            down: linear("output.dense", hidden, intermediate)?,
            output_norm: norm("output.LayerNorm")?,
        })
    }
}

impl Linear {
    /// Stacks layers of equal shape into one; the first is multiplied by `first_scale`.
    fn open(
        weights: &Weights,
        names: &[String],
        outputs: usize,
        inputs: usize,
        first_scale: f32,
    ) -> Result<Linear> {
        let (mut matrix, mut bias) = (Vec::new(), Vec::new());
        for (place, name) in names.iter().enumerate() {
            let scale = if place == 0 { first_scale } else { 1.0 };
            let part = weights.get(&format!("{name}.weight"), &[outputs, inputs])?;
            matrix.extend(part.into_iter().map(|value| value * scale));
            let part = weights.get(&format!("{name}.bias"), &[outputs])?;
            bias.extend(part.into_iter().map(|value| value * scale));
        }
        let mut packed = Panels::default();
        packed.pack_transposed(&matrix, inputs, bias.len(), inputs);
        Ok(Linear { weights: packed, bias })
    }

    /// Rows of `input` to rows of `output`.
    fn apply(&self, isa: Isa, input: &[f32], output: &mut [f32]) {
        let (inputs, outputs) = (self.weights.depth(), self.weights.columns());
        let rows = Rows { data: input, stride: inputs };
        let count = input.len() / inputs;
        matmul::multiply(isa, count, rows, &self.weights, &self.bias, output, outputs);
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
