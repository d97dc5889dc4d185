//! The weights of one layer, by the names that each family gives them.

use super::config::Plan;
use crate::encode::model::{Architecture, Linear, Weights};
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::Precision;
use crate::kernel::transformer::norm;

/// What the names of the layers' tensors start with, before the number.
pub(super) const LAYERS: &str = "layers.";

/// One layer.
pub(super) struct Layer {
    pub(super) attention_norm: Norm,
    pub(super) projections: Projections,
    pub(super) attended: Linear,
    pub(super) feed_norm: Norm,
    pub(super) feed: FeedForward,
}

/// The layers that make queries, keys and values of a token's vector.
pub(super) enum Projections {
    /// One layer; each head's query, key and value stand side by side.
    Fused(Linear),
    /// Three layers.
    Apart(Box<[Linear; 3]>),
}

/// The feed-forward block.
pub(super) struct FeedForward {
    /// What is multiplied with the outputs of `up`, after the activation; none for a plain block.
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
}

/// Normalisation of a token's vector.
pub(super) enum Norm {
    /// By mean and deviation.
    Layer { weight: Vec<f32>, bias: Vec<f32>, epsilon: f32 },
    /// By the root of the mean square.
    Rms { weight: Vec<f32>, epsilon: f32 },
}

impl Layer {
    /// Loads layer `place` and checks its shapes.
    pub(super) fn open(
        weights: &Weights,
        plan: &Plan,
        place: usize,
        precision: Precision,
        matrix: &mut Vec<f32>,
    ) -> Result<Layer> {
        let name = |part: &str| format!("{LAYERS}{place}.{part}");
        let mut linear = |part: &str, outputs: usize, inputs: usize, bias: bool| {
            Linear::stored(weights, &name(part), [outputs, inputs], bias, precision, matrix)
        };
        let Plan { hidden, heads, key_heads, head, intermediate, .. } = *plan;
        let biased = plan.attention_bias;
        let (projections, attended, feed) = match plan.architecture {
            Architecture::GptNeox => (
                Projections::Fused(linear(
                    "attention.query_key_value",
                    3 * heads * head,
                    hidden,
                    biased,
                )?),
                linear("attention.dense", hidden, heads * head, biased)?,
                FeedForward {
                    gate: None,
                    up: linear("mlp.dense_h_to_4h", intermediate, hidden, true)?,
                    down: linear("mlp.dense_4h_to_h", hidden, intermediate, true)?,
                },
            ),
            _ => (
                Projections::Apart(Box::new([
                    linear("self_attn.q_proj", heads * head, hidden, biased)?,
                    linear("self_attn.k_proj", key_heads * head, hidden, biased)?,
                    linear("self_attn.v_proj", key_heads * head, hidden, biased)?,
                ])),
                linear("self_attn.o_proj", hidden, heads * head, biased)?,
                FeedForward {
                    gate: Some(linear("mlp.gate_proj", intermediate, hidden, false)?),
                    up: linear("mlp.up_proj", intermediate, hidden, false)?,
                    down: linear("mlp.down_proj", hidden, intermediate, false)?,
                },
            ),
        };
        Ok(Layer {
            attention_norm: Norm::open(weights, plan, &name("input_layernorm"))?,
            projections,
            attended,
            feed_norm: Norm::open(weights, plan, &name("post_attention_layernorm"))?,
            feed,
        })
    }
}

impl Norm {
    pub(super) fn open(weights: &Weights, plan: &Plan, name: &str) -> Result<Norm> {
        let epsilon = plan.epsilon;
        let mut weight = weights.get(&format!("{name}.weight"), &[plan.hidden])?;
        if plan.architecture == Architecture::GptNeox {
            let bias = weights.get(&format!("{name}.bias"), &[plan.hidden])?;
            return Ok(Norm::Layer { weight, bias, epsilon });
        }
        if plan.architecture == Architecture::Gemma {
            // What Gemma stores is the difference from 1.
            weight.iter_mut().for_each(|value| *value += 1.0);
        }
        Ok(Norm::Rms { weight, epsilon })
    }

    /// Every row of `input`, normalised, to `output`.
    pub(super) fn apply(&self, isa: Isa, input: &[f32], output: &mut [f32]) {
        let (Norm::Layer { weight, .. } | Norm::Rms { weight, .. }) = self;
        let width = weight.len();
        for (row, out) in input.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
            match self {
                Norm::Layer { weight, bias, epsilon } => {
                    norm::layer_norm(isa, row, weight, bias, *epsilon, out);
                }
                Norm::Rms { weight, epsilon } => norm::rms_norm(isa, row, weight, *epsilon, out),
            }
        }
    }
}
