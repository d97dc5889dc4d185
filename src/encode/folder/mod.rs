//! Text encoders loaded from model folders in the layouts of Hugging Face and sentence-transformers.
//!
//! | file | what it holds |
//! |---|---|
//! | `files` | files of the folder, digests, errors |
//! | `architecture` | which network `config.json` asks for |
//! | `recipe`, `modules`, `presets` | pooling, prefixes, lengths: what they are, as the folder says, of known models |
//! | `recognise` | which known model a folder holds |
//! | `tokenizer` | text to token ids |
//! | `weights/` | tensors by name, from safetensors or PyTorch's files, adapters merged |
//! | `pickle/` | PyTorch's pickles, read without running anything |
//! | `network` | what every network does; opens the right one |
//! | `linear` | their linear layers: packed, rounded or left in the file |
//! | `model` | runs the network over many texts |
//! | `pooling` | token vectors to one vector |
//! | `open` | finds all parts of a folder |
//! | `encoder`, `towers` | them as an [`Encoder`](crate::encoder::Encoder) |
//! | `cross` | them as a judge of pairs |
//! | `rehearsal` | what a known model would cost here |
//!
//! The networks are in rooms of their own (`bert`, `decoder`). They run on this crate's kernels
//! ([`crate::kernel::matmul`], [`crate::kernel::transformer`]), which repack the weights once, never
//! pad, and reuse their memory. `tests/encoders/` holds them against vectors made by Hugging Face
//! transformers.

mod architecture;
mod cross;
mod encoder;
mod files;
mod linear;
mod model;
mod modules;
mod network;
mod open;
mod outline;
mod pickle;
mod pooling;
mod presets;
mod recipe;
mod recognise;
mod rehearsal;
mod settings;
mod tokenizer;
mod towers;
mod weights;

pub use self::cross::CrossEncoder;
pub use self::encoder::FolderEncoder;
pub use self::open::{OpenOptions, is_cross_encoder};
pub use self::presets::{PRESETS, Preset, Purpose};
pub use self::recipe::{DOCUMENT, PAIR, QUERY, Recipe, Role};
pub use self::rehearsal::Rehearsal;
pub use self::tokenizer::Tokens;
pub use self::towers::{Towers, has_towers, paths_in, tower_names};
pub use crate::encode::device::Device;

pub(in crate::encode) use self::architecture::Architecture;
pub(in crate::encode) use self::files::Folder;
pub(in crate::encode) use self::linear::{Linear, Working, open_layers};
pub(in crate::encode) use self::network::{Network, Pool, Shape, signed};
pub(in crate::encode) use self::weights::{Table, Weights};
