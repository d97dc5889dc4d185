//! BERT and MPNet.

use candle_core::{Device as Machine, Tensor};

use super::attention::{Attention, Distances, Heads, SCORES_MAX, Sight};
use super::batch::Batch;
use super::layers::{Linear, Loader, Norm};
use super::machine::Failure;
use super::program::Program;
use crate::encode::bert::{
    Activation, AttentionNames, BertConfig, LAYERS, attention_names, bucket,
};
use crate::encode::model::{Shape, Tokens, Weights};

/// The weights of one model on the device.
pub(super) struct Bert {
    config: BertConfig,
    words: Tensor,
    positions: Tensor,
    /// None where the network knows no token types.
    types: Option<Tensor>,
    norm: Norm,
    sight: Sight,
    layers: Vec<Layer>,
}

struct Layer {
    projections: Linear,
    attended: Linear,
    attended_norm: Norm,
    up: Linear,
    down: Linear,
    output_norm: Norm,
}

impl Bert {
    /// Loads every tensor that `config` asks for and checks its shape.
    pub(super) fn open(
        config: BertConfig,
        weights: &Weights,
        machine: &Machine,
    ) -> Result<Bert, Failure> {
        weights.refuse_beyond(LAYERS, config.num_hidden_layers)?;
        let (hidden, epsilon) = (config.hidden_size, config.layer_norm_eps as f32);
        let loader = Loader { weights, machine };
        let table = |name: &str, rows| {
            loader.table(&format!("embeddings.{name}_embeddings.weight"), &[rows, hidden])
        };
        let types = match config.mpnet {
            true => None,
            false => Some(table("token_type", config.types())?),
        };
        let bias = match config.mpnet {
            true => Some(distances(&config, &loader)?),
            false => None,
        };
        Ok(Bert {
            words: table("word", config.vocabulary())?,
            positions: table("position", config.max_position_embeddings)?,
            types,
            norm: loader.layer_norm("embeddings.LayerNorm", hidden, epsilon)?,
            sight: Sight::All { bias },
            layers: (0..config.num_hidden_layers)
                .map(|place| Layer::open(&loader, &config, place))
                .collect::<Result<_, _>>()?,
            config,
        })
    }

    /// Places in the table of positions; MPNet gives the padding's own to a token of its kind.
    fn places(&self, text: &Tokens) -> Vec<u32> {
        let mut next = self.config.first_position();
        let place = |id: &u32| {
            if self.config.mpnet && *id as usize == self.config.padding() {
                return *id;
            }
            next += 1;
            (next - 1) as u32
        };
        text.ids.iter().map(place).collect()
    }
}

fn distances(config: &BertConfig, loader: &Loader<'_>) -> Result<Distances, Failure> {
    let (buckets, heads) = (config.relative_attention_num_buckets, config.num_attention_heads);
    let table = loader.table("encoder.relative_attention_bias.weight", &[buckets, heads])?;
    Ok(Distances { table, bucket: Box::new(move |distance| bucket(distance, buckets)) })
}

impl Layer {
    fn open(loader: &Loader<'_>, config: &BertConfig, place: usize) -> Result<Layer, Failure> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let epsilon = config.layer_norm_eps as f32;
        let name = |part: &str| format!("{LAYERS}{place}.{part}");
        let AttentionNames { projections: [query, key, value], attended, norm: attended_norm } =
            attention_names(config.mpnet);
        let scale = 1.0 / ((hidden / config.num_attention_heads) as f32).sqrt();
        let projections =
            [(name(query), hidden, scale), (name(key), hidden, 1.0), (name(value), hidden, 1.0)];
        Ok(Layer {
            projections: loader.stacked(&projections, hidden, true)?,
            attended: loader.linear(name(attended), hidden, hidden, true)?,
            attended_norm: loader.layer_norm(&name(attended_norm), hidden, epsilon)?,
            up: loader.linear(name("intermediate.dense"), intermediate, hidden, true)?,
            down: loader.linear(name("output.dense"), hidden, intermediate, true)?,
            output_norm: loader.layer_norm(&name("output.LayerNorm"), hidden, epsilon)?,
        })
    }
}

impl Program for Bert {
    fn shape(&self) -> Shape {
        Shape {
            dimension: self.config.hidden_size,
            vocabulary: self.config.vocabulary(),
            tokens_max: self.config.tokens_max(),
            types: self.config.types(),
        }
    }

    fn signature(&self) -> String {
        self.config.signature()
    }

    fn run(
        &self,
        batch: &Batch<'_>,
        next_layer: &dyn Fn() -> Result<(), Failure>,
    ) -> Result<Tensor, Failure> {
        let rows = |table: &Tensor, numbers: Tensor| table.index_select(&numbers, 0);
        let words = rows(&self.words, batch.numbers(|text| text.ids.clone())?)?;
        let mut added = rows(&self.positions, batch.numbers(|text| self.places(text))?)?;
        if let Some(types) = &self.types {
            added = (added + rows(types, batch.numbers(|text| text.type_ids.clone())?)?)?;
        }
        let mut states = self.norm.apply(&(words + added)?)?;
        let heads = self.config.num_attention_heads;
        let width = self.config.hidden_size / heads;
        let heads = Heads { queries: heads, keys: heads, width };
        let attention = Attention::new(batch, &self.sight, heads, SCORES_MAX)?;
        for layer in &self.layers {
            next_layer()?;
            let context = attention.apply(&layer.projections.apply(&states)?, Ok)?;
            states = layer.attended_norm.apply(&(layer.attended.apply(&context)? + states)?)?;
            let inner = layer.up.apply(&states)?;
            let inner = match self.config.hidden_act {
                Activation::Gelu => inner.gelu_erf()?,
                Activation::GeluTanh => inner.gelu()?,
                Activation::Relu => inner.relu()?,
            };
            states = layer.output_norm.apply(&(layer.down.apply(&inner)? + states)?)?;
        }
        Ok(states)
    }
}
