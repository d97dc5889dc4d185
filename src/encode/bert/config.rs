//! `config.json`: the shape of the network.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;

use crate::encode::model::{Architecture, Folder};
use crate::error::Result;

/// What the names of layers' tensors start with, before the number.
pub(in crate::encode) const LAYERS: &str = "encoder.layer.";

/// How the parts of an attention are called.
pub(in crate::encode) struct AttentionNames {
    /// What makes queries, keys and values.
    pub(in crate::encode) projections: [&'static str; 3],
    /// The layer behind them.
    pub(in crate::encode) attended: &'static str,
    /// The norm at the end.
    pub(in crate::encode) norm: &'static str,
}

/// The names of BERT, or of MPNet.
pub(in crate::encode) fn attention_names(mpnet: bool) -> AttentionNames {
    if mpnet {
        return AttentionNames {
            projections: ["attention.attn.q", "attention.attn.k", "attention.attn.v"],
            attended: "attention.attn.o",
            norm: "attention.LayerNorm",
        };
    }
    AttentionNames {
        projections: ["attention.self.query", "attention.self.key", "attention.self.value"],
        attended: "attention.output.dense",
        norm: "attention.output.LayerNorm",
    }
}

/// The fields of `config.json` that decide what the network computes. Early releases leave many
/// of them out; the defaults are those of Hugging Face's `BertConfig` and `MPNetConfig`.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::encode) struct BertConfig {
    #[serde(skip)]
    pub(in crate::encode) mpnet: bool,
    vocab_size: Option<usize>,
    #[serde(default = "hidden_size")]
    pub(in crate::encode) hidden_size: usize,
    #[serde(default = "twelve")]
    pub(in crate::encode) num_hidden_layers: usize,
    #[serde(default = "twelve")]
    pub(in crate::encode) num_attention_heads: usize,
    #[serde(default = "intermediate_size")]
    pub(in crate::encode) intermediate_size: usize,
    #[serde(default)]
    pub(in crate::encode) hidden_act: Activation,
    #[serde(default = "positions")]
    pub(in crate::encode) max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    #[serde(default = "layer_norm_eps")]
    pub(in crate::encode) layer_norm_eps: f64,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    #[serde(default = "buckets")]
    pub(in crate::encode) relative_attention_num_buckets: usize,
    pad_token_id: Option<usize>,
    num_labels: Option<usize>,
    id2label: Option<HashMap<String, IgnoredAny>>,
}

fn hidden_size() -> usize {
    768
}

fn twelve() -> usize {
    12
}

fn intermediate_size() -> usize {
    3072
}

fn positions() -> usize {
    512
}

fn layer_norm_eps() -> f64 {
    1e-12
}

fn buckets() -> usize {
    32
}

/// The function between the two layers of the feed-forward block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(in crate::encode) enum Activation {
    /// With the error function.
    #[default]
    #[serde(rename = "gelu")]
    Gelu,
    /// With tanh.
    #[serde(rename = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    /// `max(0, x)`.
    #[serde(rename = "relu")]
    Relu,
}

impl BertConfig {
    /// Reads and checks `config.json`.
    pub(in crate::encode) fn open(folder: &Folder, of: Architecture) -> Result<BertConfig> {
        let mut config: BertConfig = folder.network_settings(of)?;
        config.mpnet = of == Architecture::Mpnet;
        config.check().map_err(|detail| folder.error(format!("config.json: {detail}")))?;
        Ok(config)
    }

    pub(in crate::encode) fn vocabulary(&self) -> usize {
        self.vocab_size.unwrap_or(if self.mpnet { 30_527 } else { 30_522 })
    }

    /// Token types; MPNet has none.
    pub(in crate::encode) fn types(&self) -> usize {
        if self.mpnet { 0 } else { self.type_vocab_size.unwrap_or(2) }
    }

    /// The padding's id, behind which MPNet's positions start.
    pub(in crate::encode) fn padding(&self) -> usize {
        self.pad_token_id.unwrap_or(1)
    }

    /// Rows of the position table before that of the first token.
    pub(in crate::encode) fn first_position(&self) -> usize {
        if self.mpnet { self.padding() + 1 } else { 0 }
    }

    /// Tokens of the longest input.
    pub(in crate::encode) fn tokens_max(&self) -> usize {
        self.max_position_embeddings - self.first_position()
    }

    /// Outputs of a classifier.
    pub(in crate::encode) fn labels(&self) -> usize {
        self.num_labels.or(self.id2label.as_ref().map(HashMap::len)).unwrap_or(2)
    }

    fn check(&self) -> Result<(), String> {
        let absolute = |kind: &String| kind == "absolute";
        if !self.position_embedding_type.as_ref().is_none_or(absolute) || self.is_decoder {
            return Err("only bidirectional models with absolute positions are supported".into());
        }
        let sizes = [
            ("vocab_size", self.vocabulary()),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size.unwrap_or(2)),
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
        if self.mpnet {
            self.check_mpnet()?;
        }
        Ok(())
    }

    fn check_mpnet(&self) -> Result<(), String> {
        let buckets = self.relative_attention_num_buckets;
        if !buckets.is_multiple_of(4) || !(4..=4096).contains(&buckets) {
            return Err(format!("relative_attention_num_buckets is {buckets}"));
        }
        if self.padding() >= self.max_position_embeddings - 1 {
            return Err(format!(
                "positions start behind pad_token_id {}, max_position_embeddings is {}",
                self.padding(),
                self.max_position_embeddings
            ));
        }
        // A row of biases is held for every distance.
        if self.max_position_embeddings > 1 << 20 {
            return Err(format!("max_position_embeddings is {}", self.max_position_embeddings));
        }
        Ok(())
    }

    /// What the vectors depend on beyond the shapes of the weights; part of the fingerprint.
    pub(in crate::encode) fn signature(&self) -> String {
        let mut signature = format!(
            "heads {} activation {:?} epsilon {:e}",
            self.num_attention_heads, self.hidden_act, self.layer_norm_eps
        );
        if self.mpnet {
            signature.push_str(&format!(" positions from {}", self.first_position()));
        }
        signature
    }
}
