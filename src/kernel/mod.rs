//! Arithmetic on slices.

pub mod quantize;
mod rows;

pub use rows::Rows;
