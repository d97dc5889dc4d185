//! The real binary, end to end: what a user types, what it prints, how it exits.

mod device;
mod embed;
mod encode;
mod encoders;
mod errors;
mod formats;
mod import;
mod index;
#[cfg(unix)]
mod interrupt;
#[path = "../common/npy.rs"]
mod npy;
mod quickstart;
mod round_trip;
mod sandbox;
mod vectors;
#[path = "../common/wide.rs"]
mod wide;
