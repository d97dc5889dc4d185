//! Search algorithms on slices; no files.
//!
//! [`flat`] scores every allowed row. It is exact, needs no training, and is what small segments
//! and narrow filters are searched with. For everything larger a [`codebook`] is [trained](train) and
//! rows are [encoded](encode) with it; [`ivf`] searches what they become.

pub mod calibrate;
pub mod codebook;
pub mod cost;
pub mod encode;
pub mod flat;
pub mod ivf;
mod kmeans;
pub mod lexical;
mod nearest;
mod quantizer;
pub mod train;
mod two_level;
