//! The real binary, end to end: what a user types, what it prints, how it exits.

mod device;
mod embed;
#[path = "../common/embedders.rs"]
mod embedders;
mod embeddings;
mod encode;
mod encoders;
mod errors;
mod eval;
mod eval_encoders;
mod filters;
mod formats;
mod harmless;
mod import;
mod index;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod limits;
mod literature;
mod mesh;
mod moving;
#[path = "../common/npy.rs"]
mod npy;
mod pairs;
mod participants;
mod progress;
mod quickstart;
mod reports;
mod round_trip;
mod sandbox;
#[cfg(unix)]
mod small_disk;
mod strategy;
mod sync;
mod triples;
mod vectors;
#[path = "../common/wide.rs"]
mod wide;
