//! `config.json`: the shape of the network.

use serde::Deserialize;

use super::folder::Folder;
use crate::error::Result;

/// The fields of `config.json` that decide what the network computes. Early releases leave many
/// of them out; the defaults are those of Hugging Face's `BertConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct BertConfig {
    pub(super) model_type: String,
    pub(super) architectures: Option<Vec<String>>,
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) hidden_act: Activation,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    pub(super) layer_norm_eps: f64,
    pub(super) position_embedding_type: String,
    pub(super) is_decoder: bool,
}

/// The function between the two layers of the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Activation {
    /// With the error function.
    #[serde(rename = "gelu")]
    Gelu,
    /// With tanh.
    #[serde(rename = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    /// `max(0, x)`.
    #[serde(rename = "relu")]
    Relu,
}

impl Default for BertConfig {
    fn default() -> BertConfig {
        BertConfig {
            model_type: "bert".into(),
            architectures: None,
            vocab_size: 30_522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: Activation::Gelu,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            position_embedding_type: "absolute".into(),
            is_decoder: false,
        }
    }
}

impl BertConfig {
    /// Reads and checks `config.json`.
    pub(super) fn open(folder: &Folder) -> Result<BertConfig> {
        if folder.has("adapter_config.json") {
            return Err(folder.error(
                "this is a LoRA adapter, not a whole model; merge it into its base model first \
                 (peft: merge_and_unload, save_pretrained)",
            ));
        }
        let config: BertConfig = folder
            .json("config.json")?
            .ok_or_else(|| folder.error("config.json is missing; is this a model folder?"))?;
        config.check().map_err(|detail| folder.error(format!("config.json: {detail}")))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if self.model_type != "bert" {
            return Err(format!("model_type is {:?}, supported is \"bert\"", self.model_type));
        }
        let unsupported = |name: &&String| {
            !matches!(name.as_str(), "BertModel" | "BertForMaskedLM" | "BertForPreTraining")
        };
        if let Some(name) = self.architectures.iter().flatten().find(unsupported) {
            return Err(format!(
                "architecture {name} gives no text vectors; supported are BertModel, \
                 BertForMaskedLM and BertForPreTraining"
            ));
        }
        if self.position_embedding_type != "absolute" || self.is_decoder {
            return Err("only bidirectional models with absolute positions are supported".into());
        }
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(format!("{name} is 0"));
        }
        if self.hidden_size > crate::limits::DIMENSION_MAX {
            return Err(format!(
                "hidden_size is {}, the longest vector that can be stored is {}",
                self.hidden_size,
                crate::limits::DIMENSION_MAX
            ));
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(format!(
                "hidden_size {} is not a multiple of num_attention_heads {}",
                self.hidden_size, self.num_attention_heads
            ));
        }
        if !(self.layer_norm_eps.is_finite() && self.layer_norm_eps >= 0.0) {
            return Err(format!("layer_norm_eps is {}", self.layer_norm_eps));
        }
        Ok(())
    }

    /// What the weights' shapes do not tell but the vectors depend on; part of the fingerprint.
    pub(super) fn signature(&self) -> String {
        format!(
            "heads {} activation {:?} epsilon {:e}",
            self.num_attention_heads, self.hidden_act, self.layer_norm_eps
        )
    }
}
