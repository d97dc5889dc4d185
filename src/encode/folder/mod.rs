//! Text encoders loaded from model folders in the layouts of Hugging Face and sentence-transformers.
//!
//! | file | what it holds |
//! |---|---|
//! | `files` | files of the folder, digests, errors |
//! | `architecture` | which network `config.json` asks for |
//! | `recipe` | pooling, prefixes, lengths, similarity |
//! | `tokenizer` | text to token ids |
//! | `weights`, `table` | tensors by name |
//! | `network` | what every network does; opens the right one |
//! | `model` | runs the network over many texts |
//! | `pooling` | token vectors to one vector |
//! | `encoder` | all of it as an [`Encoder`](crate::encoder::Encoder) |
//!
//! The networks are in rooms of their own (`bert`). They run on this crate's kernels
//! ([`crate::kernel::matmul`], [`crate::kernel::transformer`]), which repack the weights once, never
//! pad, and reuse their memory. `tests/encoders.rs` holds them against vectors made by Hugging Face
//! transformers.

mod architecture;
mod encoder;
mod files;
mod model;
mod network;
mod pooling;
mod recipe;
mod table;
mod tokenizer;
mod weights;

pub use self::encoder::FolderEncoder;
pub use self::recipe::{Recipe, Role, Roles};
pub use self::tokenizer::Tokens;

pub(in crate::encode) use self::architecture::{Architecture, Kind};
pub(in crate::encode) use self::files::Folder;
pub(in crate::encode) use self::network::{Network, Pool, Shape};
pub(in crate::encode) use self::table::Table;
pub(in crate::encode) use self::weights::Weights;
