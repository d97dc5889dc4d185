//! Networks as tensor programs, which run on a GPU.
//!
//! | file | what it holds |
//! |---|---|
//! | `name` | [`Device`]: what a model runs on |
//! | `open` | loads a network to a device |
//! | `machine` | the device: found, tried, named in errors |
//! | `batch` | texts gathered into groups of nearly equal length, padded |
//! | `layers` | weights on the device: linear layers, norms, tables |
//! | `attention` | attention in blocks of bounded memory, and what a token may see |
//! | `bert`, `decoder` | the networks: BERT and MPNet; GPT-NeoX, Gemma and Mistral |
//! | `program` | what a network on a device does |
//! | `network` | a program as a [`Network`] |
//!
//! The programs are written in candle's operations, which have kernels for CUDA, in single precision
//! without TF32: vectors are those of the CPU's networks but for the rounding of sums, so an encoder has
//! one fingerprint on every device. candle runs the same programs on the CPU, slowly, which is how
//! tests hold them against the references without a GPU (feature `oracle`).

#[cfg(any(feature = "cuda", feature = "oracle"))]
mod attention;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod batch;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod bert;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod decoder;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod layers;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod machine;
mod name;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod network;
mod open;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod program;

pub use self::name::Device;
pub(in crate::encode) use self::open::open;
