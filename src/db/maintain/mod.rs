//! Maintenance: improves a database without changing its documents.
//!
//! Each piece of work changes the next generation: that of a [`Writer`](super::Writer), which commits it all at once,
//! or one of its own beside the writer, which takes the lock to publish each step.
//!
//! | file | what it does |
//! |---|---|
//! | `course` | what is due, step by step |
//! | `maintainer`, `background` | maintenance beside a writer, by whoever asks for it and by the writer itself |
//! | `plan`, `merge`, `compact` | choosing segments, merging them, compaction |
//! | `sample`, `train` | the codebook of the index |
//! | `queries`, `calibrate`, `recall` | measuring which effort reaches which recall |
//! | `optimize` | all of the above |
//! | `embed`, `adopt` | vectors for documents that wait, and the encoder of vectors from elsewhere |
//! | `memory`, `blame` | refusing what does not fit, and naming a damaged vector |

mod adopt;
mod background;
mod blame;
mod calibrate;
mod compact;
mod course;
mod embed;
mod maintainer;
mod memory;
mod merge;
mod optimize;
mod options;
mod plan;
mod queries;
mod recall;
mod report;
mod sample;
mod train;

pub use adopt::AdoptReport;
pub use embed::{EmbedOptions, EmbedProgress, EmbedReport};
pub use maintainer::Maintainer;
pub use options::{OptimizeOptions, OptimizeStage};
pub use recall::{RecallPoint, RecallReport};
pub use report::{CompactReport, OptimizeReport};
