//! Arithmetic on slices.

pub mod quantize;
#[cfg(feature = "bert")]
pub mod transformer;
