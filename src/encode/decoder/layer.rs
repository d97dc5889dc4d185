//! The weights of one layer, by the names that each family gives them.

use super::config::Plan;
use crate::encode::folder::{Architecture, Table, Weights};
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::{self, Panels, Rows};
use crate::kernel::transformer::norm;

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
    Apart([Linear; 3]),
}

/// The feed-forward block.
pub(super) struct FeedForward {
    /// What is multiplied with the outputs of `up`, after the activation; none for a plain block.
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
}

/// `x * transposed(weights) + bias`; the weights stay in their file where they can.
pub(super) struct Linear {
    weights: Table,
    bias: Vec<f32>,
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
    pub(super) fn open(weights: &Weights, plan: &Plan, place: usize) -> Result<Layer> {
        let name = |part: &str| format!("layers.{place}.{part}");
        let linear = |part: &str, outputs: usize, inputs: usize, bias: bool| {
            Linear::open(weights, &name(part), outputs, inputs, bias)
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
                Projections::Apart([
                    linear("self_attn.q_proj", heads * head, hidden, biased)?,
                    linear("self_attn.k_proj", key_heads * head, hidden, biased)?,
                    linear("self_attn.v_proj", key_heads * head, hidden, biased)?,
                ]),
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

impl Linear {
    fn open(
        weights: &Weights,
        name: &str,
        outputs: usize,
        inputs: usize,
        bias: bool,
    ) -> Result<Linear> {
        let weight = weights.table(&format!("{name}.weight"), outputs, inputs)?;
        let bias = match bias {
            true => weights.get(&format!("{name}.bias"), &[outputs])?,
            false => Vec::new(),
        };
        Ok(Linear { weights: weight, bias })
    }

    /// Rows of `input` to rows of `output` that start `stride` apart; `panel` is working memory.
    pub(super) fn apply(
        &self,
        isa: Isa,
        input: &[f32],
        panel: &mut Panels,
        output: &mut [f32],
        stride: usize,
    ) {
        let weights = self.weights.stored();
        let rows = Rows { data: input, stride: weights.inputs() };
        let count = input.len() / weights.inputs();
        matmul::multiply_stored(isa, count, rows, weights, &self.bias, panel, output, stride);
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
