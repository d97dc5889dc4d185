//! Encoders: text to vectors.

#[cfg(feature = "bert")]
pub mod bert;
#[cfg(feature = "bert")]
pub mod distill;
pub mod static_encoder;
pub mod wordpiece;
