//! How a database is made, opened and written.

use std::sync::Arc;
use std::time::Duration;

use super::preconditions::check_encoder;
use super::setters::setters;
use crate::control::{CancelToken, Control};
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::{Error, Result};
use crate::format::manifest::{LexicalConfig, RowType, VectorConfig};
use crate::limits::{DIMENSION_MAX, INDEX_ROWS_MIN, TRAIN_ROWS_MIN};
use crate::storage::Access;

/// Bytes up to which all segments of a database are merged into one: each more is another place where a search looks.
pub(super) const MERGED_BYTES_MAX: u64 = 2 << 30;

/// What a new database holds.
///
/// ```
/// use medvec::Metric;
/// use medvec::db::CreateOptions;
/// use medvec::format::manifest::{RowType, VectorConfig};
///
/// let vectors = VectorConfig::new(256, Metric::Cosine, RowType::Int8, None);
/// let options = CreateOptions::default().vectors(Some(vectors));
/// assert!(options.vectors.is_some());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreateOptions {
    /// Its vectors; `None` for documents without any.
    pub vectors: Option<VectorConfig>,
    /// Its lexical index, by default one with positions; `None` for none: words cannot be searched for then.
    pub lexical: Option<LexicalConfig>,
}

impl Default for CreateOptions {
    /// No vectors; a lexical index with positions.
    fn default() -> CreateOptions {
        CreateOptions { vectors: None, lexical: Some(LexicalConfig { positions: true }) }
    }
}

impl CreateOptions {
    /// A database whose documents are embedded by this encoder.
    #[must_use]
    pub fn for_encoder(spec: &EncoderSpec, row_type: RowType) -> CreateOptions {
        CreateOptions {
            vectors: Some(VectorConfig::new(
                spec.dimension,
                spec.metric,
                row_type,
                Some(spec.clone()),
            )),
            ..CreateOptions::default()
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

    /// Fails unless a database that is there holds such vectors.
    pub(super) fn check_same(&self, stored: Option<&VectorConfig>) -> Result<()> {
        if let Some(spec) = self.vectors.as_ref().and_then(|config| config.encoder.as_ref()) {
            check_encoder(spec, stored)?;
        }
        let shape = |config: &VectorConfig| (config.dimension, config.metric, config.row_type);
        let (found, wanted) = (stored.map(shape), self.vectors.as_ref().map(shape));
        if found == wanted {
            return Ok(());
        }
        let say = |shape: Option<(u32, _, _)>| match shape {
            Some((dimension, metric, row_type)) => {
                format!("{dimension} numbers per vector, {metric:?}, {row_type:?}")
            }
            None => "no vectors".to_owned(),
        };
        Err(Error::Vector {
            subject: "the existing database".into(),
            detail: format!("it holds {}, the options ask for {}", say(found), say(wanted)),
        })
    }
}

setters!(CreateOptions { vectors: Option<VectorConfig>, lexical: Option<LexicalConfig> });

/// How a database is opened.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Mapped or read into memory.
    pub access: Access,
}

setters!(OpenOptions { access: Access });

/// Whether a writer improves the database while it writes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Maintenance {
    /// Only [`Writer::compact`](crate::db::Writer::compact) and [`Writer::optimize`](crate::db::Writer::optimize)
    /// do, and a [`Maintainer`](crate::db::Maintainer).
    #[default]
    Off,
    /// After each commit, what is due is done on a thread beside the writer, and published with the next commit: as
    /// [`Writer::compact`](crate::db::Writer::compact), without waiting. The token pauses, paces and cancels it.
    Auto(CancelToken),
}

/// How a writer works.
///
/// ```
/// use std::time::Duration;
/// use medvec::db::WriterOptions;
///
/// let options = WriterOptions::default()
///     .segment_bytes_max(32 << 20)
///     .lock_wait(Some(Duration::from_secs(10)));
/// assert!(options.encoder.is_none());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WriterOptions {
    /// Embeds documents that come without a vector, and vouches for those that come with one.
    pub encoder: Option<Arc<dyn Encoder>>,
    /// What made the vectors that documents come with, if there is no `encoder` to vouch for them; see [`EncoderSpec::of_origin`].
    pub origin: Option<EncoderSpec>,
    /// Leave embedding to [`crate::db::Writer::embed_pending`]: filters find documents at once, and vector
    /// searches once they have their vectors.
    pub defer: bool,
    /// A segment is written out when its buffers reach this many bytes.
    pub segment_bytes_max: usize,
    /// Segments are merged up to this many bytes or a quarter of the database's, whichever is more: while one is made, as much
    /// disk is needed beside its parts.
    pub merged_bytes_max: u64,
    /// A compaction indexes segments of at least this many vectors.
    pub index_rows_min: u64,
    /// A compaction trains an index once there are this many vectors.
    pub train_rows_min: u64,
    /// Memory that a merge or the training of an index may take, in bytes; one that needs more is refused
    /// with [`Error::Memory`] before it starts. `None`: no limit but the system's.
    pub memory_bytes_max: Option<u64>,
    /// Whether the database is improved while it is written.
    pub maintenance: Maintenance,
    /// How long to wait for another writer to finish; `None` fails at once.
    pub lock_wait: Option<Duration>,
    /// Deadline and cancel token of waiting for the lock, and of embedding in
    /// [`crate::db::Writer::apply`] and [`crate::db::Writer::update`].
    pub control: Control,
}

setters!(WriterOptions {
    encoder: Option<Arc<dyn Encoder>>,
    origin: Option<EncoderSpec>,
    defer: bool,
    segment_bytes_max: usize,
    merged_bytes_max: u64,
    index_rows_min: u64,
    train_rows_min: u64,
    memory_bytes_max: Option<u64>,
    maintenance: Maintenance,
    lock_wait: Option<Duration>,
    control: Control,
});

impl Default for WriterOptions {
    /// No encoder, 96 MiB, 2 GiB, [`INDEX_ROWS_MIN`] and [`TRAIN_ROWS_MIN`], no memory limit, no maintenance, no
    /// waiting for the lock.
    fn default() -> WriterOptions {
        WriterOptions {
            encoder: None,
            origin: None,
            defer: false,
            segment_bytes_max: 96 << 20,
            merged_bytes_max: MERGED_BYTES_MAX,
            index_rows_min: INDEX_ROWS_MIN,
            train_rows_min: TRAIN_ROWS_MIN,
            memory_bytes_max: None,
            maintenance: Maintenance::Off,
            lock_wait: None,
            control: Control::default(),
        }
    }
}

impl WriterOptions {
    /// Default options with an encoder.
    #[must_use]
    pub fn with_encoder(encoder: Arc<dyn Encoder>) -> WriterOptions {
        WriterOptions { encoder: Some(encoder), ..WriterOptions::default() }
    }
}
