//! The forward pass over several texts at once, without padding and without a cache: the tokens of
//! all texts lie one after another, and only attention looks at one text at a time.

use super::config::{Activation, Plan};
use super::layer::{FeedForward, LAYERS, Layer, Norm, Projections};
use crate::encode::model::{
    Architecture, Folder, Network, Pool, Shape, Table, Tokens, Weights, Working, open_layers,
    signed,
};
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::{Precision, Rows};
use crate::kernel::transformer::attention::KeysValues;
use crate::kernel::transformer::rotary::Angles;
use crate::kernel::transformer::{gate, norm, pointwise};

/// The weights of one model, ready to run.
pub(in crate::encode) struct Decoder {
    isa: Isa,
    signature: String,
    plan: Plan,
    words: Table,
    layers: Vec<Layer>,
    norm: Norm,
    scratch: Pool<Scratch>,
}

/// Working memory of one forward pass.
#[derive(Default)]
struct Scratch {
    normed: Vec<f32>,
    /// Queries, keys and values of every token; see [`Places`].
    projected: Vec<f32>,
    context: Vec<f32>,
    added: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    working: Working,
    angles: Option<Angles>,
    memory: KeysValues,
}

/// Where a head's query, key and value are in a token's row of projections.
struct Places {
    row: usize,
    head: usize,
    /// Distance between two heads of the same kind, and where the first of each kind starts.
    stride: usize,
    starts: [usize; 3],
}

impl Decoder {
    /// Loads every tensor that `config.json` asks for and checks its shape.
    pub(in crate::encode) fn open(
        folder: &Folder,
        architecture: Architecture,
        weights: &Weights,
        precision: Precision,
    ) -> Result<Decoder> {
        let plan = Plan::open(folder, architecture)?;
        weights.refuse_beyond(LAYERS, plan.layers)?;
        let (words, last) = match architecture {
            Architecture::GptNeox => ("embed_in.weight", "final_layer_norm"),
            _ => ("embed_tokens.weight", "norm"),
        };
        Ok(Decoder {
            isa: Isa::detect(),
            words: weights.table(words, plan.vocabulary, plan.hidden)?,
            norm: Norm::open(weights, &plan, last)?,
            layers: open_layers(weights, LAYERS, plan.layers, |place, matrix| {
                Layer::open(weights, &plan, place, precision, matrix)
            })?,
            signature: signed(plan.signature(), precision),
            plan,
            scratch: Pool::default(),
        })
    }

    /// The table's rows; Gemma's are scaled by the root of their length.
    fn embed(&self, texts: &[Tokens], states: &mut Vec<f32>) {
        let hidden = self.plan.hidden;
        let ids = || texts.iter().flat_map(|text| &text.ids);
        states.resize(ids().count() * hidden, 0.0);
        for (id, state) in ids().zip(states.chunks_exact_mut(hidden)) {
            self.words.row(*id as usize, state);
            if self.plan.architecture == Architecture::Gemma {
                let scale = (hidden as f32).sqrt();
                state.iter_mut().for_each(|value| *value *= scale);
            }
        }
    }

    fn places(&self, projections: &Projections) -> Places {
        let Plan { heads, key_heads, head, .. } = self.plan;
        match projections {
            Projections::Fused(_) => Places {
                row: 3 * heads * head,
                head,
                stride: 3 * head,
                starts: [0, head, 2 * head],
            },
            Projections::Apart(_) => Places {
                row: (heads + 2 * key_heads) * head,
                head,
                stride: head,
                starts: [0, heads * head, (heads + key_heads) * head],
            },
        }
    }

    /// `added = attention(normed)`.
    fn attention(
        &self,
        layer: &Layer,
        texts: &[Tokens],
        scratch: &mut Scratch,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let Plan { hidden, heads, key_heads, head, .. } = self.plan;
        let places = self.places(&layer.projections);
        let tokens = scratch.normed.len() / hidden;
        let Scratch { normed, projected, context, added, working, angles, memory, .. } = scratch;
        projected.resize(tokens * places.row, 0.0);
        context.resize(tokens * heads * head, 0.0);
        match &layer.projections {
            Projections::Fused(all) => {
                all.apply(self.isa, normed, working, projected, places.row, proceed)?;
            }
            Projections::Apart(three) => {
                for (one, start) in three.iter().zip(places.starts) {
                    let out = projected.get_mut(start..).unwrap_or_default();
                    one.apply(self.isa, normed, working, out, places.row, proceed)?;
                }
            }
        }
        if let Some(angles) = angles {
            self.turn(&places, texts, angles, projected);
        }
        let mut first = 0;
        for text in texts {
            let length = text.ids.len();
            let rows = |kind: usize, head: usize| Rows {
                data: &projected[first * places.row + places.at(kind, head)..],
                stride: places.row,
            };
            for key_head in 0..key_heads {
                memory.set(rows(1, key_head), rows(2, key_head), length, head);
                let group = heads / key_heads;
                for query_head in key_head * group..(key_head + 1) * group {
                    proceed()?;
                    let out = &mut context[(first * heads + query_head) * head..];
                    let queries = rows(0, query_head);
                    let window = self.plan.window;
                    memory.attend_causally(self.isa, queries, window, out, heads * head);
                }
            }
            first += length;
        }
        layer.attended.apply(self.isa, context, working, added, hidden, proceed)
    }

    /// Turns queries and keys to their positions; queries are scaled for the softmax as well.
    fn turn(&self, places: &Places, texts: &[Tokens], angles: &Angles, projected: &mut [f32]) {
        let Plan { heads, key_heads, head, .. } = self.plan;
        let scale = 1.0 / (head as f32).sqrt();
        let positions = texts.iter().flat_map(|text| 0..text.ids.len());
        for (position, row) in positions.zip(projected.chunks_exact_mut(places.row)) {
            for (kind, count, scale) in [(0, heads, scale), (1, key_heads, 1.0)] {
                for place in 0..count {
                    let start = places.at(kind, place);
                    angles.turn(self.isa, position, scale, &mut row[start..start + places.head]);
                }
            }
        }
    }

    /// `added = feed_forward(normed)`.
    fn feed_forward(
        &self,
        block: &FeedForward,
        scratch: &mut Scratch,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let Plan { hidden, intermediate, .. } = self.plan;
        let Scratch { normed, added, gate, up, working, .. } = scratch;
        let size = normed.len() / hidden * intermediate;
        up.resize(size, 0.0);
        block.up.apply(self.isa, normed, working, up, intermediate, proceed)?;
        let inner = match &block.gate {
            Some(layer) => {
                gate.resize(size, 0.0);
                layer.apply(self.isa, normed, working, gate, intermediate, proceed)?;
                match self.plan.activation {
                    Activation::Gelu => gate::gelu(self.isa, gate, up),
                    Activation::GeluTanh => gate::gelu_tanh(self.isa, gate, up),
                    Activation::Silu => gate::silu(self.isa, gate, up),
                }
                gate
            }
            None => {
                match self.plan.activation {
                    Activation::Gelu => pointwise::gelu(self.isa, up),
                    Activation::GeluTanh => pointwise::gelu_tanh(self.isa, up),
                    Activation::Silu => pointwise::silu(self.isa, up),
                }
                up
            }
        };
        block.down.apply(self.isa, inner, working, added, hidden, proceed)
    }

    fn run(
        &self,
        texts: &[Tokens],
        states: &mut Vec<f32>,
        scratch: &mut Scratch,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let isa = self.isa;
        self.embed(texts, states);
        scratch.normed.resize(states.len(), 0.0);
        scratch.added.resize(states.len(), 0.0);
        let longest = texts.iter().map(|text| text.ids.len()).max().unwrap_or(0);
        let angles =
            scratch.angles.get_or_insert_with(|| Angles::new(self.plan.theta, self.plan.rotary));
        angles.extend(longest);
        for layer in &self.layers {
            layer.attention_norm.apply(isa, states, &mut scratch.normed);
            self.attention(layer, texts, scratch, proceed)?;
            if self.plan.parallel {
                layer.feed_norm.apply(isa, states, &mut scratch.normed);
                norm::add(isa, states, &scratch.added);
            } else {
                norm::add(isa, states, &scratch.added);
                layer.feed_norm.apply(isa, states, &mut scratch.normed);
            }
            self.feed_forward(&layer.feed, scratch, proceed)?;
            norm::add(isa, states, &scratch.added);
        }
        self.norm.apply(isa, states, &mut scratch.normed);
        states.copy_from_slice(&scratch.normed);
        Ok(())
    }
}

impl Places {
    /// Start of head `place` of queries (0), keys (1) or values (2).
    fn at(&self, kind: usize, place: usize) -> usize {
        self.starts[kind] + place * self.stride
    }
}

impl Network for Decoder {
    fn shape(&self) -> Shape {
        Shape {
            dimension: self.plan.hidden,
            vocabulary: self.plan.vocabulary,
            tokens_max: self.plan.tokens_max,
            types: 0,
        }
    }

    fn signature(&self) -> String {
        self.signature.clone()
    }

    /// About `2 * tokens * parameters` operations, and one pass over the weights.
    fn forward(
        &self,
        texts: &[Tokens],
        states: &mut Vec<f32>,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        self.scratch.with(|scratch| self.run(texts, states, scratch, proceed))
    }
}
