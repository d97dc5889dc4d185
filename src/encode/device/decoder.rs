//! GPT-NeoX, Gemma and Mistral.

use candle_core::{Device as Machine, Tensor};
use candle_nn::rotary_emb;

use super::attention::{Attention, Heads, SCORES_MAX, Sight};
use super::batch::Batch;
use super::layers::{Linear, Loader, Norm};
use super::machine::Failure;
use super::program::Program;
use crate::encode::decoder::{Activation, Plan};
use crate::encode::model::{Architecture, Folder, Shape, Weights};
use crate::kernel::transformer::rotary::Angles;

/// The weights of one model on the device.
pub(super) struct Decoder {
    plan: Plan,
    words: Tensor,
    sight: Sight,
    layers: Vec<Layer>,
    norm: Norm,
}

struct Layer {
    attention_norm: Norm,
    projections: Linear,
    attended: Linear,
    feed_norm: Norm,
    /// None for a plain block.
    gate: Option<Linear>,
    up: Linear,
    down: Linear,
}

impl Decoder {
    /// Loads every tensor that `config.json` asks for and checks its shape.
    pub(super) fn open(
        folder: &Folder,
        architecture: Architecture,
        weights: &Weights,
        machine: &Machine,
    ) -> Result<Decoder, Failure> {
        let plan = Plan::open(folder, architecture)?;
        weights.refuse_beyond("layers.", plan.layers)?;
        let loader = Loader { weights, machine };
        let (words, last) = match architecture {
            Architecture::GptNeox => ("embed_in.weight", "final_layer_norm"),
            _ => ("embed_tokens.weight", "norm"),
        };
        let mut words = loader.table(words, &[plan.vocabulary, plan.hidden])?;
        if architecture == Architecture::Gemma {
            words = (words * f64::from((plan.hidden as f32).sqrt()))?;
        }
        Ok(Decoder {
            words,
            norm: norm(&loader, &plan, last)?,
            layers: (0..plan.layers)
                .map(|place| Layer::open(&loader, &plan, place))
                .collect::<Result<_, _>>()?,
            sight: Sight::Causal { window: plan.window },
            plan,
        })
    }

    fn layer(
        &self,
        layer: &Layer,
        states: &Tensor,
        attention: &Attention<'_>,
        angles: &Option<(Tensor, Tensor)>,
    ) -> candle_core::Result<Tensor> {
        let projected = layer.projections.apply(&layer.attention_norm.apply(states)?)?;
        let context = attention.apply(&projected, |heads| turn(heads, angles))?;
        let attended = (layer.attended.apply(&context)? + states)?;
        let input = if self.plan.parallel { states } else { &attended };
        let input = layer.feed_norm.apply(input)?;
        let activate = |values: Tensor| match self.plan.activation {
            Activation::Gelu => values.gelu_erf(),
            Activation::GeluTanh => values.gelu(),
            Activation::Silu => values.silu(),
        };
        let up = layer.up.apply(&input)?;
        let inner = match &layer.gate {
            Some(gate) => (activate(gate.apply(&input)?)? * up)?,
            None => activate(up)?,
        };
        layer.down.apply(&inner)? + attended
    }

    /// Cosines and sines, `[length, pairs]` each; none where nothing is turned.
    fn angles(&self, batch: &Batch<'_>) -> candle_core::Result<Option<(Tensor, Tensor)>> {
        if self.plan.rotary == 0 {
            return Ok(None);
        }
        let mut angles = Angles::new(self.plan.theta, self.plan.rotary);
        angles.extend(batch.length);
        let (mut cosines, mut sines) = (Vec::new(), Vec::new());
        for position in 0..batch.length {
            let (cosine, sine) = angles.at(position);
            cosines.extend_from_slice(cosine);
            sines.extend_from_slice(sine);
        }
        let shape = (batch.length, self.plan.rotary / 2);
        let table = |numbers| Tensor::from_vec(numbers, shape, batch.machine);
        Ok(Some((table(cosines)?, table(sines)?)))
    }
}

/// Turns the front of every head, `[texts, heads, length, width]`, to its token's position.
fn turn(heads: Tensor, angles: &Option<(Tensor, Tensor)>) -> candle_core::Result<Tensor> {
    let Some((cosines, sines)) = angles else { return Ok(heads) };
    let (width, turned) = (heads.dim(3)?, 2 * cosines.dim(1)?);
    if turned == width {
        return rotary_emb::rope(&heads, cosines, sines);
    }
    let front = heads.narrow(3, 0, turned)?.contiguous()?;
    let front = rotary_emb::rope(&front, cosines, sines)?;
    Tensor::cat(&[front, heads.narrow(3, turned, width - turned)?], 3)
}

fn norm(loader: &Loader<'_>, plan: &Plan, name: &str) -> Result<Norm, Failure> {
    let Plan { hidden, epsilon, .. } = *plan;
    match plan.architecture {
        Architecture::GptNeox => loader.layer_norm(name, hidden, epsilon),
        // What Gemma stores is the difference from 1.
        Architecture::Gemma => loader.rms_norm(name, hidden, epsilon, 1.0),
        _ => loader.rms_norm(name, hidden, epsilon, 0.0),
    }
}

impl Layer {
    fn open(loader: &Loader<'_>, plan: &Plan, place: usize) -> Result<Layer, Failure> {
        let name = |part: &str| format!("layers.{place}.{part}");
        let linear = |part: &str, outputs, inputs, is_biased| {
            loader.linear(name(part), outputs, inputs, is_biased)
        };
        let Plan { hidden, heads, key_heads, head, intermediate, .. } = *plan;
        let is_biased = plan.attention_bias;
        let attention_norm = norm(loader, plan, &name("input_layernorm"))?;
        let feed_norm = norm(loader, plan, &name("post_attention_layernorm"))?;
        if plan.architecture == Architecture::GptNeox {
            return Ok(Layer {
                attention_norm,
                projections: fused(loader, plan, &name("attention.query_key_value"))?,
                attended: linear("attention.dense", hidden, heads * head, is_biased)?,
                feed_norm,
                gate: None,
                up: linear("mlp.dense_h_to_4h", intermediate, hidden, true)?,
                down: linear("mlp.dense_4h_to_h", hidden, intermediate, true)?,
            });
        }
        let projections = [
            (name("self_attn.q_proj"), heads * head, query_scale(plan)),
            (name("self_attn.k_proj"), key_heads * head, 1.0),
            (name("self_attn.v_proj"), key_heads * head, 1.0),
        ];
        Ok(Layer {
            attention_norm,
            projections: loader.stacked(&projections, hidden, is_biased)?,
            attended: linear("self_attn.o_proj", hidden, heads * head, is_biased)?,
            feed_norm,
            gate: Some(linear("mlp.gate_proj", intermediate, hidden, false)?),
            up: linear("mlp.up_proj", intermediate, hidden, false)?,
            down: linear("mlp.down_proj", hidden, intermediate, false)?,
        })
    }
}

fn query_scale(plan: &Plan) -> f32 {
    1.0 / (plan.head as f32).sqrt()
}

/// GPT-NeoX's layer of all projections, in which each head's query, key and value stand side by side,
/// brought to the order of the others: queries, scaled, then keys, then values.
fn fused(loader: &Loader<'_>, plan: &Plan, name: &str) -> Result<Linear, Failure> {
    let Plan { hidden, heads, head, .. } = *plan;
    let outputs = 3 * heads * head;
    let part = |part: &str, shape: &[usize], width: usize| -> Result<Vec<f32>, Failure> {
        let numbers = loader.weights.get(&format!("{name}.{part}"), shape)?;
        Ok(by_kind(&numbers, head * width, query_scale(plan)))
    };
    let weight = part("weight", &[outputs, hidden], hidden)?;
    let bias = match plan.attention_bias {
        true => part("bias", &[outputs], 1)?,
        false => Vec::new(),
    };
    Linear::new(weight, bias, hidden, loader.machine)
}

/// Blocks of `length` numbers, a query's, key's and value's in turn, to those of all queries, multiplied by
/// `scale`, all keys, all values.
fn by_kind(numbers: &[f32], length: usize, scale: f32) -> Vec<f32> {
    let mut sorted = Vec::with_capacity(numbers.len());
    for kind in 0..3 {
        let blocks = numbers.chunks(length).skip(kind).step_by(3);
        sorted.extend(
            blocks.flatten().map(|number| if kind == 0 { number * scale } else { *number }),
        );
    }
    sorted
}

impl Program for Decoder {
    fn shape(&self) -> Shape {
        Shape {
            dimension: self.plan.hidden,
            vocabulary: self.plan.vocabulary,
            tokens_max: self.plan.tokens_max,
            types: 0,
        }
    }

    fn signature(&self) -> String {
        self.plan.signature()
    }

    fn run(
        &self,
        batch: &Batch<'_>,
        next_layer: &dyn Fn() -> Result<(), Failure>,
    ) -> Result<Tensor, Failure> {
        let Plan { heads, key_heads, head, .. } = self.plan;
        let mut states = self.words.index_select(&batch.numbers(|text| text.ids.clone())?, 0)?;
        let heads = Heads { queries: heads, keys: key_heads, width: head };
        let attention = Attention::new(batch, &self.sight, heads, SCORES_MAX)?;
        let angles = self.angles(batch)?;
        for layer in &self.layers {
            next_layer()?;
            states = self.layer(layer, &states, &attention, &angles)?;
        }
        Ok(self.norm.apply(&states)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projections_are_sorted_by_kind() {
        // Two heads of two numbers: q, k, v, q, k, v.
        let numbers: Vec<f32> = (0..12).map(|n| n as f32).collect();
        let sorted = by_kind(&numbers, 2, 10.0);
        assert_eq!(sorted, [0., 10., 60., 70., 2., 3., 8., 9., 4., 5., 10., 11.]);
    }
}
