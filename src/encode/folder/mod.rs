//! Text encoders loaded from model folders in the layouts of Hugging Face and sentence-transformers.
//!
//! | file | what it holds |
//! |---|---|
//! | `recipe`, `modules`, `presets` | pooling, prefixes, lengths: what they are, as the folder says, of known models |
//! | `recognise` | which known model a folder holds |
//! | `outline`, `agreement`, `tokenizer` | what a tokenizer may cost; whether its files agree; text to token ids |
//! | `model` | opens the right network and runs it over many texts |
//! | `names` | names of encoders |
//! | `options`, `open` | what the caller knows better; finds all parts of a folder |
//! | `encoder`, `towers` | them as an [`Encoder`](crate::encoder::Encoder) |
//! | `cross` | them as a judge of pairs |
//! | `rehearsal` | what a known model would cost here |
//!
//! What a network is stands in [`model`](super::model), the networks in rooms of their own (`bert`,
//! `decoder`). They run on this crate's kernels ([`crate::kernel::matmul`],
//! [`crate::kernel::transformer`]), which repack the weights once, never pad, and reuse their memory.
//! `tests/encoders/` compares them with vectors made by Hugging Face transformers.

mod agreement;
mod cross;
mod encoder;
mod model;
mod modules;
mod names;
mod open;
mod options;
mod outline;
mod presets;
mod recipe;
mod recognise;
mod rehearsal;
mod tokenizer;
mod towers;

pub use self::cross::CrossEncoder;
pub use self::encoder::FolderEncoder;
pub use self::names::{paths_in, tower_names};
pub use self::open::is_cross_encoder;
pub use self::options::FolderOptions;
pub use self::presets::{PRESETS, Preset, Purpose};
pub use self::recipe::{DOCUMENT, PAIR, QUERY, Recipe, Role};
pub use self::rehearsal::Rehearsal;
pub use self::towers::Towers;
pub use crate::encode::device::Device;
pub use crate::encode::model::Tokens;
