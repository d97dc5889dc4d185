//! Search algorithms on slices; no files.
//!
//! [`flat`] scores every allowed row. It is exact, needs no training, and is what small segments
//! and narrow filters are searched with.

pub mod flat;
