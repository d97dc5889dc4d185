//! Search algorithms on slices; no files.
//!
//! [`flat`] scores every allowed row. It is exact, needs no training, and is what small segments
//! and narrow filters are searched with. A [`codebook`] is what vectors are quantised with for
//! everything larger.

pub mod codebook;
pub mod flat;
