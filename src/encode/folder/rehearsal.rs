//! What a model that is not at hand would cost: one layer of its shape is run, with weights of zero.
//!
//! Products take as long whatever the numbers are, so a model of `n` layers takes `n` times as long but
//! for its token table and its pooling, which cost next to nothing. The weights are a file of holes,
//! which takes no room on most disks.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::model::Model;
use super::presets::{Layers, Preset};
use crate::encode::bert::{AttentionNames, attention_names};
use crate::encode::device::Device;
use crate::encode::model::{Architecture, Folder, Kind, Tokens, Weights};
use crate::error::{Error, Result};
use crate::kernel::matmul::Precision;

/// Rows of the token table.
const WORDS: usize = 4;
/// Tokens of the longest text.
const TOKENS_MAX: usize = 512;
/// Bytes of one weight: half precision.
const NUMBER_BYTES: usize = 2;

/// One layer in the shape of a model.
pub struct Rehearsal {
    // Before the files that it has mapped.
    model: Model,
    layers: usize,
    tokens_max: usize,
    _files: TempDir,
}

impl Rehearsal {
    /// Makes the files of a model with one layer in the system's folder for such, and loads it.
    ///
    /// # Errors
    /// [`Error::Io`] when they cannot be made, [`Error::Encoder`] as for any folder.
    pub fn new(preset: &Preset) -> Result<Rehearsal> {
        // A new folder that only this user can enter, whatever others put into the shared one.
        let files = tempfile::Builder::new().prefix("medvec-").tempdir().map_err(|source| {
            Error::io("write", std::env::temp_dir().display().to_string(), source)
        })?;
        let (architecture, layers) = (preset.architecture, preset.layers);
        write(files.path(), architecture, layers)
            .map_err(|source| Error::io("write", files.path().display().to_string(), source))?;
        let folder = Folder::open(files.path())?;
        let weights = Weights::open(&folder)?;
        let kind = Kind { architecture, classifier: false };
        let model = Model::open(&folder, kind, &weights, Precision::F32, Device::Cpu)?;
        let tokens_max = match preset.length {
            0 => TOKENS_MAX,
            length => TOKENS_MAX.min(length as usize),
        };
        Ok(Rehearsal { model, layers: layers.count, tokens_max, _files: files })
    }

    /// Tokens that longer texts are cut to.
    pub fn tokens_max(&self) -> usize {
        self.tokens_max
    }

    /// Layers of the whole model.
    pub fn layers(&self) -> usize {
        self.layers
    }

    /// Takes a text of so many tokens, or of as many as the model takes, through the layer.
    ///
    /// # Errors
    /// None that a model's own folder would not have.
    pub fn run(&self, tokens: usize) -> Result<()> {
        let length = tokens.clamp(1, self.tokens_max);
        let text = Tokens { ids: vec![0; length], type_ids: vec![0; length] };
        self.model.run(&[text], &|| Ok(()), |_| Ok(()))
    }
}

fn write(folder: &Path, architecture: Architecture, layers: Layers) -> io::Result<()> {
    let mut config = json!({
        "model_type": architecture.model_type(),
        "vocab_size": WORDS,
        "hidden_size": layers.hidden,
        "num_hidden_layers": 1,
        "num_attention_heads": layers.heads,
        "intermediate_size": layers.intermediate,
        // MPNet has no place for the first two.
        "max_position_embeddings": TOKENS_MAX + 2,
    });
    if matches!(architecture, Architecture::Gemma | Architecture::Mistral)
        && let Some(config) = config.as_object_mut()
    {
        config.insert("num_key_value_heads".into(), layers.key_heads.into());
        config.insert("head_dim".into(), layers.head.into());
    }
    File::create(folder.join("config.json"))?.write_all(config.to_string().as_bytes())?;
    let (mut header, mut end) = (Map::new(), 0);
    for (name, shape) in tensors(architecture, layers) {
        let start = end;
        end += shape.iter().product::<usize>() * NUMBER_BYTES;
        let tensor: Value = json!({ "dtype": "F16", "shape": shape, "data_offsets": [start, end] });
        header.insert(name, tensor);
    }
    let header = Value::Object(header).to_string();
    let mut file = File::create(folder.join("model.safetensors"))?;
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    file.set_len((8 + header.len() + end) as u64)
}

/// Names and shapes of all tensors.
fn tensors(architecture: Architecture, layers: Layers) -> Vec<(String, Vec<usize>)> {
    let Layers { hidden, heads, key_heads, head, intermediate, .. } = layers;
    let mut all = Vec::new();
    let mut matrix = |name: &str, rows: usize, columns: usize| {
        all.push((format!("{name}.weight"), vec![rows, columns]));
    };
    let (queries, keys) = (heads * head, key_heads * head);
    let mut vectors: Vec<(&str, usize)> = Vec::new();
    match architecture {
        Architecture::Bert | Architecture::Mpnet => {
            matrix("embeddings.word_embeddings", WORDS, hidden);
            matrix("embeddings.position_embeddings", TOKENS_MAX + 2, hidden);
            let mpnet = architecture == Architecture::Mpnet;
            match mpnet {
                true => matrix("encoder.relative_attention_bias", 32, heads),
                false => matrix("embeddings.token_type_embeddings", 2, hidden),
            }
            let AttentionNames { projections, attended, norm } = attention_names(mpnet);
            let linear = [
                (&projections[..], hidden, hidden),
                (&[attended], hidden, hidden),
                (&["intermediate.dense"], intermediate, hidden),
                (&["output.dense"], hidden, intermediate),
            ];
            for (names, outputs, inputs) in linear {
                for name in names {
                    let name = format!("encoder.layer.0.{name}");
                    all.push((format!("{name}.weight"), vec![outputs, inputs]));
                    all.push((format!("{name}.bias"), vec![outputs]));
                }
            }
            let norm = format!("encoder.layer.0.{norm}");
            for norm in ["embeddings.LayerNorm", &norm, "encoder.layer.0.output.LayerNorm"] {
                all.push((format!("{norm}.weight"), vec![hidden]));
                all.push((format!("{norm}.bias"), vec![hidden]));
            }
        }
        Architecture::GptNeox => {
            matrix("embed_in", WORDS, hidden);
            matrix("layers.0.attention.query_key_value", 3 * queries, hidden);
            matrix("layers.0.attention.dense", hidden, queries);
            matrix("layers.0.mlp.dense_h_to_4h", intermediate, hidden);
            matrix("layers.0.mlp.dense_4h_to_h", hidden, intermediate);
            vectors.extend([
                ("layers.0.attention.query_key_value.bias", 3 * queries),
                ("layers.0.attention.dense.bias", hidden),
                ("layers.0.mlp.dense_h_to_4h.bias", intermediate),
                ("layers.0.mlp.dense_4h_to_h.bias", hidden),
                ("layers.0.input_layernorm.weight", hidden),
                ("layers.0.input_layernorm.bias", hidden),
                ("layers.0.post_attention_layernorm.weight", hidden),
                ("layers.0.post_attention_layernorm.bias", hidden),
                ("final_layer_norm.weight", hidden),
                ("final_layer_norm.bias", hidden),
            ]);
        }
        Architecture::Gemma | Architecture::Mistral => {
            matrix("embed_tokens", WORDS, hidden);
            matrix("layers.0.self_attn.q_proj", queries, hidden);
            matrix("layers.0.self_attn.k_proj", keys, hidden);
            matrix("layers.0.self_attn.v_proj", keys, hidden);
            matrix("layers.0.self_attn.o_proj", hidden, queries);
            matrix("layers.0.mlp.gate_proj", intermediate, hidden);
            matrix("layers.0.mlp.up_proj", intermediate, hidden);
            matrix("layers.0.mlp.down_proj", hidden, intermediate);
            vectors.extend([
                ("layers.0.input_layernorm.weight", hidden),
                ("layers.0.post_attention_layernorm.weight", hidden),
                ("norm.weight", hidden),
            ]);
        }
    }
    all.extend(vectors.into_iter().map(|(name, length)| (name.to_owned(), vec![length])));
    all
}

#[cfg(test)]
mod tests {
    use super::super::presets::PRESETS;
    use super::*;

    #[test]
    fn every_small_preset_can_be_rehearsed_and_leaves_no_files() {
        // The smallest of each architecture is enough; the largest takes seconds.
        let mut presets: Vec<_> =
            PRESETS.iter().filter(|preset| preset.layers.hidden <= 2048).collect();
        presets.sort_by_key(|preset| preset.layers.hidden);
        let mut seen = Vec::new();
        for preset in presets {
            if seen.contains(&preset.architecture) {
                continue;
            }
            seen.push(preset.architecture);
            let rehearsal = Rehearsal::new(preset).expect(preset.name);
            rehearsal.run(9).expect(preset.name);
            // The length is cut to what the model takes; one model shows it, a large one takes a minute for it.
            if seen.len() == 1 {
                rehearsal.run(100_000).expect(preset.name);
            }
            assert_eq!(rehearsal.layers(), preset.layers.count);
            let files = rehearsal._files.path().to_owned();
            assert!(files.is_dir());
            drop(rehearsal);
            assert!(!files.exists());
        }
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn layers_make_up_the_parameters_that_a_preset_says() {
        for preset in PRESETS {
            let layers = preset.layers;
            let one: usize = tensors(preset.architecture, layers)
                .iter()
                .filter(|(name, _)| name.contains("layers.0.") || name.contains("layer.0."))
                .map(|(_, shape)| shape.iter().product::<usize>())
                .sum();
            let all = (one * layers.count) as f64 / 1e6;
            let stated = f64::from(preset.parameters);
            // The rest are tables: half of a small model.
            assert!(
                all < stated && all > 0.4 * stated,
                "{}: {all} of {stated} million",
                preset.name
            );
        }
    }
}
