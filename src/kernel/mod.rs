//! Arithmetic on slices.

pub mod quantize;
