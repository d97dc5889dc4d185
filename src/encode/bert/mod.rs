//! The bidirectional networks, BERT (Devlin et al., 2019) and MPNet (Song et al., 2020).
//!
//! | file | what it holds |
//! |---|---|
//! | `config` | `config.json`: the shape of the network |
//! | `network` | embeddings, layers, the forward pass |
//! | `distance` | MPNet's attention bias by the distance of two tokens |
//! | `head` | the pooler, and the classifier of cross-encoders |
//!
//! MPNet is BERT with a bias on attention scores that all layers share, positions counted from
//! behind the padding's, and no token types: one set of code runs both.

mod config;
mod distance;
mod head;
mod network;

#[cfg(any(feature = "cuda", feature = "oracle"))]
pub(in crate::encode) use self::config::{Activation, LAYERS};
pub(in crate::encode) use self::config::{AttentionNames, BertConfig, attention_names};
#[cfg(any(feature = "cuda", feature = "oracle"))]
pub(in crate::encode) use self::distance::bucket;
pub(in crate::encode) use self::head::{Classifier, Pooler};
pub(in crate::encode) use self::network::Bert;
