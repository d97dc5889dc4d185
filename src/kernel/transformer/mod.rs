//! The arithmetic of a transformer's forward pass on one core, between the matrix products of
//! [`matmul`](super::matmul): element-wise functions and reductions of a row.
//!
//! Every function works row by row in a fixed order of additions, so the result for a row is the
//! same to the last bit whatever other rows are computed beside it. That is what lets an encoder
//! promise that a text's vector does not depend on its batch.

pub mod attention;
pub mod gate;
pub mod norm;
pub mod pointwise;
pub mod rotary;
