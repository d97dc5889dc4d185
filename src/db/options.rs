//! How a database is made, opened and written.

use std::sync::Arc;

use crate::control::Control;
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::{Error, Result};
use crate::format::manifest::{RowType, VectorConfig};
use crate::limits::{DIMENSION_MAX, INDEX_ROWS_MIN, TRAIN_ROWS_MIN};
use crate::storage::Access;

/// What a new database is for.
#[derive(Clone, Debug, Default)]
pub struct CreateOptions {
    /// Its vectors; `None` for documents without any.
    pub vectors: Option<VectorConfig>,
}

impl CreateOptions {
    /// A database whose documents are embedded by this encoder.
    pub fn for_encoder(spec: &EncoderSpec, row_type: RowType) -> CreateOptions {
        CreateOptions {
            vectors: Some(VectorConfig::new(
                spec.dimension,
                spec.metric,
                row_type,
                Some(spec.clone()),
            )),
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match &self.vectors {
            Some(config) if !(1..=DIMENSION_MAX).contains(&(config.dimension as usize)) => {
                Err(Error::Vector {
                    subject: "a new database".into(),
                    detail: format!(
                        "dimension {} is not between 1 and {DIMENSION_MAX}",
                        config.dimension
                    ),
                })
            }
            _ => Ok(()),
        }
    }
}

/// How a database is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Mapped or read into memory.
    pub access: Access,
}

/// How a writer works.
#[derive(Clone)]
pub struct WriterOptions {
    /// Embeds documents that come without a vector, and vouches for those that come with one.
    pub encoder: Option<Arc<dyn Encoder>>,
    /// What made the vectors that documents come with, where there is no `encoder` at hand to vouch
    /// for them; see [`EncoderSpec::of_origin`].
    pub origin: Option<EncoderSpec>,
    /// Leave embedding to [`crate::db::Writer::embed_pending`]: documents without a vector are stored and
    /// found by filters at once, and wait for their vectors.
    pub defer: bool,
    /// A segment is written out when its buffers reach this many bytes.
    pub segment_bytes_max: usize,
    /// A compaction indexes segments of at least this many vectors.
    pub index_rows_min: u64,
    /// A compaction trains an index once there are this many vectors.
    pub train_rows_min: u64,
    /// Memory that a merge or the training of an index may take, in bytes; one that needs more is refused
    /// with [`Error::Memory`] before it starts. `None`: as much as the system gives.
    pub memory_bytes_max: Option<u64>,
    /// Deadline and cancel token of embedding in [`crate::db::Writer::apply`] and its like.
    pub control: Control,
}

impl Default for WriterOptions {
    /// No encoder, 96 MiB, [`INDEX_ROWS_MIN`] and [`TRAIN_ROWS_MIN`], no limit of memory.
    fn default() -> WriterOptions {
        WriterOptions {
            encoder: None,
            origin: None,
            defer: false,
            segment_bytes_max: 96 << 20,
            index_rows_min: INDEX_ROWS_MIN,
            train_rows_min: TRAIN_ROWS_MIN,
            memory_bytes_max: None,
            control: Control::default(),
        }
    }
}

impl WriterOptions {
    /// Default options with an encoder.
    pub fn with_encoder(encoder: Arc<dyn Encoder>) -> WriterOptions {
        WriterOptions { encoder: Some(encoder), ..WriterOptions::default() }
    }
}
