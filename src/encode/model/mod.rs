//! What a network is: its files, its weights, its layers.
//!
//! | file | what it holds |
//! |---|---|
//! | `files` | files of a model folder, and errors that name it |
//! | `architecture` | which network `config.json` asks for |
//! | `settings` | which settings of a folder's files are understood; others are refused |
//! | `weights/` | tensors by name, from safetensors or PyTorch's files, adapters merged |
//! | `pickle/` | PyTorch's pickles, read without running anything |
//! | `tokens` | what a network reads |
//! | `network` | what every network does |
//! | `linear` | linear layers: packed, rounded or left in the file |
//! | `pooling` | token vectors to one vector |
//!
//! The networks themselves (`bert`, `decoder`, and on a GPU `device`) are built from these;
//! [`folder`](super::folder) opens them.

mod architecture;
mod files;
mod linear;
mod network;
mod pickle;
mod pooling;
mod settings;
mod tokens;
mod weights;

pub(in crate::encode) use self::architecture::{Architecture, Kind};
pub(in crate::encode) use self::files::{Folder, regular};
pub(in crate::encode) use self::linear::{Linear, Working, open_layers};
pub(in crate::encode) use self::network::{Network, Pool, Shape, refuse, signed};
pub(in crate::encode) use self::pooling::pool;
pub(in crate::encode) use self::settings::{
    Known, MODULE, POOLING, SENTENCES, TOKENIZER, TRANSFORMER,
};
pub use self::tokens::Tokens;
pub(in crate::encode) use self::weights::{Table, Weights};
