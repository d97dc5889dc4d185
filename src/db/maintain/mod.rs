//! Maintenance: improves a database without changing its documents.
//!
//! Each piece of work changes the next generation under a [`Writer`](super::Writer), which commits it.
//!
//! | file | what it does |
//! |---|---|
//! | `plan`, `merge`, `compact` | choosing segments, merging them, compaction |
//! | `sample`, `train` | the codebook of the index |
//! | `queries`, `calibrate`, `recall` | measuring which effort reaches which recall |
//! | `optimize` | all of the above |
//! | `embed`, `adopt` | vectors for documents that wait, and the encoder of vectors from elsewhere |
//! | `memory`, `blame` | refusing what does not fit, and naming a damaged vector |

mod adopt;
mod blame;
mod calibrate;
mod compact;
mod embed;
mod memory;
mod merge;
mod optimize;
mod options;
mod plan;
mod queries;
mod recall;
mod sample;
mod train;

pub use adopt::AdoptReport;
pub use compact::CompactReport;
pub use embed::{EmbedOptions, EmbedProgress, EmbedReport};
pub use optimize::OptimizeReport;
pub use options::{OptimizeOptions, OptimizeStage};
pub use recall::{RecallPoint, RecallReport};
