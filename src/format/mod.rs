//! Bytes to values and back: no I/O, no `unsafe`, no panic on any input.
//!
//! One file for each chapter of `format-spec/`. Integers are little-endian. Structured records are
//! rkyv archives that are only reached through validated access ([`archive`]); arrays are plain
//! numbers, cast after a length check ([`cursor`]).

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod archive;
pub mod blocks;
mod body;
pub mod codebook;
pub(crate) mod content;
pub mod cursor;
pub mod documents;
pub mod frame;
pub mod layout;
pub mod lexical;
pub mod manifest;
pub mod mesh;
pub mod names;
pub mod postings;
pub mod record;
pub mod rows;
pub mod segment;
pub mod terms;
pub mod tombstones;
pub mod wire;

/// The rules that a reader checks.
pub mod rules {
    pub use crate::rules::Rule;
}
