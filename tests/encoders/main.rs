//! Model folders against vectors made by Hugging Face transformers, against candle-transformers,
//! and against damage.
//!
//! The fixtures are tiny random-weight models, `fixtures/encoders` of the shared folder that
//! `MEDVEC_SHARED` names (default `../shared`).
#![cfg(feature = "bert")]

mod adapters;
mod cross;
mod decoders;
mod device;
#[path = "../common/embedders.rs"]
mod embedders;
mod fixtures;
mod goldens;
mod hostile;
mod precision;
mod real;
mod refusals;
mod towers;
mod weights;
#[path = "../common/wide.rs"]
mod wide;
