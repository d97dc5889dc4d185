//! Decoder networks as text encoders: GPT-NeoX, Gemma and Mistral.
//!
//! | file | what it holds |
//! |---|---|
//! | `config` | `config.json` of each family, brought to one plan |
//! | `layer` | the weights of a layer, by each family's names |
//! | `network` | the forward pass |
//!
//! All three are one network with switches (`config::Plan`): normalisation in front of every block,
//! causal attention with rotary positions, a feed-forward block that is plain or gated. Weights are
//! used in place, in the file ([`crate::kernel::matmul::Stored`]), so a model needs no more memory
//! than its weights.

mod config;
mod layer;
mod network;

#[cfg(any(feature = "cuda", feature = "oracle"))]
pub(in crate::encode) use self::config::{Activation, Plan};
pub(in crate::encode) use self::network::Decoder;
