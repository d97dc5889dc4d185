//! static_encoder
